import assert from "node:assert/strict";

import type { Facts, TagCheck } from "../lib/facts.ts";
import { mapEvent, type Meaning, whyNotUnderstood } from "../lib/mapping.ts";
import { digestOf, eventOf, type EventParts, mediaTypes, noonUs } from "./support/events.ts";

const digest = digestOf("a");
const nothing: Facts = {
  tagChecks: [],
  isChild: false,
  isSameRequest: false,
  followsUnknownIndex: false,
};

function map(parts: EventParts, facts: Partial<Facts> = {}): Meaning {
  return mapEvent(eventOf(parts), { ...nothing, ...facts });
}

/** A manifest fetched by its digest. */
function mapGet(facts: Partial<Facts> = {}, parts: EventParts = {}): Meaning {
  return map({ tag: undefined, ...parts }, facts);
}

/** A delete as registries send it: no media type, no url. */
function mapDelete(parts: EventParts, facts: Partial<Facts> = {}): Meaning {
  const bare = { action: "delete", kind: "unknown", method: "DELETE", mediaType: undefined };
  return map({ ...bare, tag: undefined, digest: undefined, ...parts } as EventParts, facts);
}

/** A HEAD so many seconds before noon; after, where negative. */
function checkAt(secondsBefore: number, tag = "1.0", id = `head ${secondsBefore}`): TagCheck {
  return { id, tag, at: noonUs - secondsBefore * 1_000_000 };
}

Deno.test("row 1: a GET by tag is a pull of that tag", () => {
  assert.deepEqual(map({ tag: "1.0" }), { type: "pull", row: 1, digest, tag: "1.0" });
  const index = { mediaType: mediaTypes.index };
  assert.deepEqual(map(index), { type: "pull", row: 1, digest, tag: "1.0" });
  // Also of a child, and whatever was asked before: the client named the tag.
  const facts = { isChild: true, isSameRequest: true, tagChecks: [checkAt(1, "2.0")] };
  assert.deepEqual(map({ tag: "1.0" }, facts), { type: "pull", row: 1, digest, tag: "1.0" });
  assert.equal(map({ method: undefined }).row, 1);
});

Deno.test("row 2: a GET by digest after a HEAD of a tag is a pull of that tag", () => {
  assert.deepEqual(mapGet({ tagChecks: [checkAt(1)] }), {
    type: "pull",
    row: 2,
    digest,
    tag: "1.0",
    claims: "head 1",
  });
});

Deno.test("row 3: a GET of a known child is a platform fetch", () => {
  const want = { type: "childPull", row: 3, digest, estimated: false };
  assert.deepEqual(mapGet({ isChild: true }), want);
  // An inner index, too.
  assert.deepEqual(mapGet({ isChild: true }, { mediaType: mediaTypes.index }), want);
});

Deno.test("row 4: a GET of an index by digest, or of what nothing is known of, is a pull", () => {
  const want = { type: "pull", row: 4, digest };
  assert.deepEqual(mapGet({}, { mediaType: mediaTypes.index }), want);
  const list = "application/vnd.docker.distribution.manifest.list.v2+json";
  assert.deepEqual(mapGet({}, { mediaType: list }), want);
  assert.deepEqual(mapGet(), want);
});

Deno.test("row 5: a GET of the same request, or after an unknown index, is a platform fetch", () => {
  assert.deepEqual(mapGet({ isSameRequest: true }), {
    type: "childPull",
    row: 5,
    digest,
    estimated: false,
  });
  assert.deepEqual(mapGet({ followsUnknownIndex: true }), {
    type: "childPull",
    row: 5,
    digest,
    estimated: true,
  });
});

Deno.test("row 6: a HEAD of a manifest is a check, never a pull", () => {
  const head = { method: "HEAD" };
  assert.deepEqual(map(head), { type: "check", row: 6, digest, tag: "1.0" });
  assert.deepEqual(map({ ...head, tag: undefined }), { type: "check", row: 6, digest });
  const facts = { isChild: true, tagChecks: [checkAt(1)], followsUnknownIndex: true };
  assert.deepEqual(map({ ...head, tag: undefined }, facts), { type: "check", row: 6, digest });
});

Deno.test("row 7: reading a blob is no pull, GET and HEAD apart", () => {
  const blob: EventParts = { kind: "blob", tag: undefined, mediaType: mediaTypes.blob };
  assert.deepEqual(map({ ...blob, method: "GET" }), { type: "blobPull", row: 7, digest });
  assert.deepEqual(map({ ...blob, method: "HEAD" }), { type: "blobCheck", row: 7, digest });
  assert.deepEqual(map({ ...blob, method: undefined }), { type: "blobPull", row: 7, digest });
});

Deno.test("row 8: a PUT by tag is a push, unchanged where the tag had the digest", async (t) => {
  const push = { action: "push", method: "PUT" };
  const state = { at: noonUs - 1, id: "0" };
  const want = { type: "push", row: 8, digest, tag: "1.0" };
  const cases: [name: string, facts: Partial<Facts>, unchanged: boolean][] = [
    ["a new tag", {}, false],
    ["the same digest", { tag: { ...state, digest } }, true],
    ["another digest", { tag: { ...state, digest: digestOf("b") } }, false],
    ["a tag that was deleted", { tag: { ...state, digest, deletedAt: noonUs - 1 } }, false],
    ["a tag that was never seen to point anywhere", { tag: state }, false],
  ];
  for (const [name, facts, unchanged] of cases) {
    await t.step(name, () => assert.deepEqual(map(push, facts), { ...want, unchanged }));
  }
});

Deno.test("row 9: a PUT by digest is a digest push", () => {
  const want = { type: "digestPush", row: 9, digest };
  assert.deepEqual(map({ action: "push", tag: undefined }), want);
  assert.deepEqual(map({ action: "push", tag: undefined }, { isChild: true }), want);
});

Deno.test("row 10: an upload of a blob", () => {
  const push: EventParts = { action: "push", kind: "blob", tag: undefined, method: "PUT" };
  assert.deepEqual(map(push), { type: "blobPush", row: 10, digest });
});

Deno.test("row 11: a mount is neither pull nor push", () => {
  const mount: EventParts = { action: "mount", kind: "blob", tag: undefined, method: "POST" };
  assert.deepEqual(map(mount), { type: "mount", row: 11, digest });
});

Deno.test("row 12: a delete that names a tag", () => {
  const parts: EventParts = { tag: "1.0", kind: "manifest" };
  assert.deepEqual(mapDelete(parts), { type: "tagDelete", row: 12, tag: "1.0" });
});

Deno.test("row 13: a delete of a digest known as a manifest", () => {
  const want = { type: "manifestDelete", row: 13, digest };
  assert.deepEqual(mapDelete({ digest }, { digestIs: "manifest" }), want);
});

Deno.test("row 14: a delete of a digest known as a blob, or of what its sender calls one", () => {
  const want = { type: "blobDelete", row: 14, digest };
  assert.deepEqual(mapDelete({ digest }, { digestIs: "blob" }), want);
  assert.deepEqual(mapDelete({ digest, kind: "blob", mediaType: mediaTypes.blob }), want);
});

Deno.test("row 15: a delete of a digest never seen stays unknown", () => {
  assert.deepEqual(mapDelete({ digest }), { type: "unknownDelete", row: 15, digest });
});

Deno.test("row 16: a delete that names the repository alone", () => {
  assert.deepEqual(mapDelete({}), { type: "repositoryDelete", row: 16 });
  assert.deepEqual(mapDelete({ method: undefined }), { type: "repositoryDelete", row: 16 });
});

Deno.test("row 17: a delete with a media type is of a manifest", () => {
  const want = { type: "manifestDelete", row: 17, digest };
  const parts: EventParts = { digest, kind: "manifest", mediaType: mediaTypes.image };
  assert.deepEqual(mapDelete(parts), want);
  assert.deepEqual(mapDelete(parts, { digestIs: "blob" }), want);
});

Deno.test("row 18: what cannot be understood is rejected with a reason", async (t) => {
  const cases: [name: string, parts: EventParts, reason: string][] = [
    ["an unknown action", { action: "frobnicate" }, 'unknown action "frobnicate"'],
    ["Azure's ping", { action: "ping", digest: undefined }, 'unknown action "ping"'],
    ["a pull without a digest", { digest: undefined }, "a pull without a digest"],
    ["a push without a digest", { action: "push", digest: undefined }, "a push without a digest"],
    [
      "a mount without a digest",
      { action: "mount", kind: "blob", digest: undefined },
      "a mount without a digest",
    ],
    [
      "a pull of something else",
      { kind: "unknown", tag: undefined },
      "a pull of neither a manifest nor a blob",
    ],
    [
      "a push of something else",
      { action: "push", kind: "unknown", tag: undefined },
      "a push of neither a manifest nor a blob",
    ],
    [
      "a delete of a manifest without its name",
      { action: "delete", digest: undefined, tag: undefined },
      "a delete without a digest",
    ],
  ];
  for (const [name, parts, reason] of cases) {
    await t.step(name, () => {
      assert.deepEqual(map(parts), { type: "rejected", row: 18, reason });
      assert.equal(whyNotUnderstood(eventOf(parts)), reason);
    });
  }
  await t.step("whatever else is known", () => {
    const facts = { tombstone: noonUs + 1, isChild: true };
    assert.equal(map({ action: "frobnicate" }, facts).type, "rejected");
  });
});

Deno.test("whyNotUnderstood() has nothing to say of what can be understood", () => {
  const blob: EventParts = { kind: "blob", tag: undefined };
  const fine: EventParts[] = [{}, { tag: undefined }, { action: "push" }, blob];
  for (const parts of [...fine, { ...blob, action: "mount" }]) {
    assert.equal(whyNotUnderstood(eventOf(parts)), undefined);
  }
});

Deno.test("what is not younger than the repository's delete is ignored", async (t) => {
  const reason = "the repository was deleted later";
  const ignored = { type: "ignored", row: 0, reason };
  const events: [name: string, parts: EventParts][] = [
    ["pull", {}],
    ["push", { action: "push" }],
    ["blob", { kind: "blob" }],
    ["delete", { action: "delete", digest: undefined }],
  ];
  for (const [name, parts] of events) {
    await t.step(name, () => {
      assert.deepEqual(map(parts, { tombstone: noonUs + 1 }), ignored);
      assert.deepEqual(map(parts, { tombstone: noonUs }), ignored);
      assert.notEqual(map(parts, { tombstone: noonUs - 1 }).type, "ignored");
    });
  }
});

// The rules for a GET without a tag, each against all that come after it.
const rules: { rule: string; facts: Partial<Facts>; parts?: EventParts; want: string }[] = [
  { rule: "a: a HEAD of a tag", facts: { tagChecks: [checkAt(1)] }, want: "pull 2" },
  { rule: "b: a known child", facts: { isChild: true }, want: "childPull 3" },
  { rule: "c: an index", facts: {}, parts: { mediaType: mediaTypes.index }, want: "pull 4" },
  { rule: "d: the same request", facts: { isSameRequest: true }, want: "childPull 5" },
  {
    rule: "e: after an unknown index",
    facts: { followsUnknownIndex: true },
    want: "childPull 5 ~",
  },
  { rule: "f: else", facts: {}, want: "pull 4" },
];

function shortOf(meaning: Meaning): string {
  const isEstimated = "estimated" in meaning && meaning.estimated;
  return `${meaning.type} ${meaning.row}${isEstimated ? " ~" : ""}`;
}

for (const [position, { rule, facts, parts, want }] of rules.entries()) {
  Deno.test(`rule ${rule}, stands before those that follow`, async (t) => {
    await t.step("alone", () => assert.equal(shortOf(mapGet(facts, parts)), want));
    for (const later of rules.slice(position + 1)) {
      await t.step(`before ${later.rule}`, () => {
        const both = mapGet({ ...later.facts, ...facts }, { ...later.parts, ...parts });
        assert.equal(shortOf(both), want);
      });
    }
  });
}

Deno.test("rule a: the HEAD of a child's own tag makes its GET a pull of that tag", () => {
  assert.deepEqual(mapGet({ isChild: true, tagChecks: [checkAt(0.1, "amd64", "head")] }), {
    type: "pull",
    row: 2,
    digest,
    tag: "amd64",
    claims: "head",
  });
});

const windows: [name: string, checks: TagCheck[], claims: string | undefined][] = [
  ["at the same time", [checkAt(0, "1.0", "x")], "x"],
  ["60 s before", [checkAt(60, "1.0", "x")], "x"],
  ["a microsecond more", [checkAt(60.000001, "1.0", "x")], undefined],
  ["2 s after", [checkAt(-2, "1.0", "x")], "x"],
  ["a microsecond later", [checkAt(-2.000001, "1.0", "x")], undefined],
  ["the latest before", [checkAt(9, "a"), checkAt(3, "b", "x"), checkAt(5, "c")], "x"],
  ["the earliest after", [checkAt(-1.9, "a"), checkAt(-0.1, "b", "x"), checkAt(-1, "c")], "x"],
  // A client may HEAD its next tag of the same digest right after the GET.
  ["before, however long, before after", [checkAt(-0.001, "a"), checkAt(59, "b", "x")], "x"],
  ["at the same time before after", [checkAt(-0.001, "a"), checkAt(0, "b", "x")], "x"],
  ["after, where before is too old", [checkAt(61, "a"), checkAt(-1, "b", "x")], "x"],
  ["the greater id of two at one time", [checkAt(1, "a", "x"), checkAt(1, "b", "w")], "x"],
  ["the same in another order", [checkAt(1, "b", "w"), checkAt(1, "a", "x")], "x"],
  ["the lesser id of two after", [checkAt(-1, "a", "y"), checkAt(-1, "b", "x")], "x"],
  ["none", [], undefined],
];

Deno.test("rule a: takes the latest HEAD of the 60 s before, else the earliest of 2 s after", async (t) => {
  for (const [name, tagChecks, claims] of windows) {
    await t.step(name, () => {
      const meaning = mapGet({ tagChecks });
      assert.equal("claims" in meaning ? meaning.claims : undefined, claims);
      assert.equal(meaning.row, claims === undefined ? 4 : 2);
    });
  }
});

Deno.test("rule e: the HEAD of a tag is proof against the estimate", () => {
  assert.equal(mapGet({ tagChecks: [checkAt(1)], followsUnknownIndex: true }).type, "pull");
});

Deno.test("mapEvent() never guesses a tag from where one points", () => {
  const meaning = mapGet({ tag: { digest, at: noonUs, id: "0" } });
  assert.equal("tag" in meaning, false);
});
