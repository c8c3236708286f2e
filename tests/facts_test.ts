import assert from "node:assert/strict";

import {
  type Answers,
  CHECK_LATE_US,
  CHECK_WINDOW_US,
  createAnswers,
  factsOf,
  isNewer,
  isUnknownIndexFetch,
  isUntaggedGet,
  keyOf,
  learnContent,
  questionsOf,
  type Sighting,
  sightingOf,
} from "../lib/facts.ts";
import { digestOf, eventOf, type EventParts, mediaTypes, noonUs } from "./support/events.ts";

const [a, b] = [digestOf("a"), digestOf("b")];

function sighted(parts: EventParts = {}, more: Partial<Sighting> = {}): Sighting {
  const seen = { registry: "main", event: eventOf(parts), fingerprint: "f".repeat(16) };
  return sightingOf({ ...seen, ...more });
}

function learnt(...sightings: Sighting[]): Answers {
  const known = createAnswers();
  for (const sighting of sightings) learnContent(known, sighting);
  return known;
}

Deno.test("isUntaggedGet() is about GETs of manifests without a tag alone", () => {
  assert.equal(isUntaggedGet(eventOf({ tag: undefined })), true);
  assert.equal(isUntaggedGet(eventOf({ tag: undefined, method: undefined })), true);
  assert.equal(isUntaggedGet(eventOf({ tag: "1.0" })), false);
  assert.equal(isUntaggedGet(eventOf({ tag: undefined, method: "HEAD" })), false);
  assert.equal(isUntaggedGet(eventOf({ tag: undefined, kind: "blob" })), false);
  assert.equal(isUntaggedGet(eventOf({ tag: undefined, action: "push" })), false);
});

Deno.test("questionsOf() asks only for what an event needs", async (t) => {
  const key = (name: string) => keyOf("main", "team/app", name);
  await t.step("a GET by tag", () => {
    const questions = questionsOf([sighted({}, { actor: "alice" })]);
    assert.deepEqual([...questions.repositories.keys()], [keyOf("main", "team/app")]);
    assert.deepEqual([...questions.tags.keys()], [key("1.0")]);
    assert.deepEqual([...questions.manifests.keys()], [key(a)]);
    assert.deepEqual([...questions.actors.keys()], [key("alice")]);
    assert.deepEqual([questions.parts.size, questions.deleted.size], [0, 0]);
    assert.deepEqual([questions.checks, questions.indexFetches], [[], []]);
    assert.equal(questions.requests.size, 0);
  });
  await t.step("a GET by digest", () => {
    const questions = questionsOf([sighted({ tag: undefined, requestId: "r" })]);
    const client = {
      registry: "main",
      repository: "team/app",
      fingerprint: "f".repeat(16),
      from: noonUs - CHECK_WINDOW_US,
    };
    assert.deepEqual(questions.checks, [{ ...client, name: a, to: noonUs + CHECK_LATE_US }]);
    assert.deepEqual(questions.indexFetches, [{ ...client, to: noonUs }]);
    assert.deepEqual([...questions.parts.keys()], [key(a)]);
    const request = { ...client, name: "r", to: noonUs + CHECK_WINDOW_US };
    assert.deepEqual([...questions.requests], [
      [keyOf("main", "team/app", client.fingerprint, "r"), request],
    ]);
    assert.equal(questions.tags.size, 0);
  });
  await t.step("a delete by digest", () => {
    const questions = questionsOf([
      sighted({ action: "delete", kind: "unknown", tag: undefined }),
    ]);
    assert.deepEqual([...questions.deleted.keys()], [key(a)]);
    assert.deepEqual([...questions.parts.keys()], [key(a)]);
    assert.deepEqual([...questions.manifests.keys()], [key(a)]);
    assert.deepEqual(questions.checks, []);
  });
  await t.step("a blob", () => {
    const questions = questionsOf([sighted({ kind: "blob", tag: undefined }, { actor: "x" })]);
    assert.equal(questions.repositories.size, 1);
    assert.deepEqual([questions.manifests.size, questions.actors.size], [0, 0]);
  });
  await t.step("the same twice", () => {
    const questions = questionsOf([sighted(), sighted()]);
    assert.deepEqual([questions.tags.size, questions.manifests.size], [1, 1]);
  });
});

Deno.test("questionsOf() asks once about spans that overlap", () => {
  const get = (at: number, parts: EventParts = {}): Sighting =>
    sighted({ tag: undefined, at: noonUs + at, ...parts });
  const apart = 2 * CHECK_WINDOW_US;
  // As they come: in no order.
  const gets = Array.from({ length: 500 }, (_, i) => get(i % 2 === 0 ? i : apart + i));
  const { checks, indexFetches } = questionsOf([...gets, get(9, { digest: b })]);
  const from = noonUs - CHECK_WINDOW_US;
  assert.deepEqual(checks.map(({ name, from, to }) => [name, from, to]), [
    [a, from, noonUs + 498 + CHECK_LATE_US],
    [a, from + apart + 1, noonUs + apart + 499 + CHECK_LATE_US],
    [b, from + 9, noonUs + 9 + CHECK_LATE_US],
  ]);
  assert.deepEqual(indexFetches.map(({ from, to }) => [from, to]), [
    [from, noonUs + 498],
    [from + apart + 1, noonUs + apart + 499],
  ]);
});

Deno.test("factsOf() knows nothing at first", () => {
  assert.deepEqual(factsOf(createAnswers(), sighted()), {
    tagChecks: [],
    isChild: false,
    isSameRequest: false,
    followsUnknownIndex: false,
  });
});

Deno.test("learnContent() learns the parts of an index and of an image", () => {
  const references = [{ digest: b }];
  const index = learnt(sighted({ mediaType: mediaTypes.index, references }));
  assert.equal(factsOf(index, sighted({ digest: b })).isChild, true);
  assert.equal(factsOf(index, sighted({ digest: b })).digestIs, "manifest");
  const image = learnt(sighted({ references }));
  assert.equal(factsOf(image, sighted({ digest: b })).isChild, false);
  assert.equal(factsOf(image, sighted({ digest: b })).digestIs, "blob");
});

Deno.test("learnContent() learns children from pushes, GETs and HEADs alike", () => {
  const parts = { mediaType: mediaTypes.index, references: [{ digest: b }] };
  for (const seen of [{ action: "push" }, { method: "GET" }, { method: "HEAD" }]) {
    const known = learnt(sighted({ ...parts, ...seen }));
    assert.equal(factsOf(known, sighted({ digest: b })).isChild, true);
  }
});

Deno.test("learnContent() keeps repositories and registries apart", () => {
  const known = learnt(sighted({ mediaType: mediaTypes.index, references: [{ digest: b }] }));
  assert.equal(factsOf(known, sighted({ digest: b, repository: "team" })).isChild, false);
  const elsewhere = sighted({ digest: b }, { registry: "other" });
  assert.equal(factsOf(known, elsewhere).isChild, false);
});

Deno.test("learnContent() learns blobs from blob events, and nothing from deletes", () => {
  const known = learnt(sighted({ kind: "blob", digest: b, tag: undefined }));
  assert.equal(factsOf(known, sighted({ digest: b })).digestIs, "blob");
  const deleted = sighted({ action: "delete", kind: "blob", digest: a, tag: undefined });
  assert.equal(factsOf(learnt(deleted), sighted()).digestIs, undefined);
});

Deno.test("learnContent() remembers the requests of GETs", () => {
  const known = learnt(
    sighted({ requestId: "r1" }),
    sighted({ requestId: "r2", method: "HEAD" }),
  );
  assert.equal(factsOf(known, sighted({ requestId: "r1" })).isSameRequest, true);
  assert.equal(factsOf(known, sighted({ requestId: "r2" })).isSameRequest, false);
  assert.equal(factsOf(known, sighted()).isSameRequest, false);
  const others: Sighting[] = [
    sighted({ requestId: "r1" }, { fingerprint: "0".repeat(16) }),
    sighted({ requestId: "r1", repository: "team/other" }),
    sighted({ requestId: "r1", at: noonUs + CHECK_WINDOW_US + 1 }),
    sighted({ requestId: "r1", at: noonUs - CHECK_WINDOW_US - 1 }),
  ];
  for (const other of others) assert.equal(factsOf(known, other).isSameRequest, false);
});

Deno.test("factsOf() sees an index without references up to 60 s before", async (t) => {
  const known = learnt(sighted({ mediaType: mediaTypes.index }));
  const cases: [name: string, later: number, want: boolean][] = [
    ["at the same time", 0, true],
    ["60 s after", CHECK_WINDOW_US, true],
    ["a microsecond later", CHECK_WINDOW_US + 1, false],
    ["a microsecond before", -1, false],
  ];
  for (const [name, later, want] of cases) {
    await t.step(name, () => {
      const facts = factsOf(known, sighted({ tag: undefined, at: noonUs + later }));
      assert.equal(facts.followsUnknownIndex, want);
    });
  }
  await t.step("by another client", () => {
    const other = sighted({ tag: undefined }, { fingerprint: "0".repeat(16) });
    assert.equal(factsOf(known, other).followsUnknownIndex, false);
  });
});

Deno.test("isUnknownIndexFetch() is about indexes whose children nobody has told", () => {
  const known = createAnswers();
  const index = { mediaType: mediaTypes.index };
  const ask = (parts: EventParts) => isUnknownIndexFetch(known, sighted(parts));
  assert.equal(ask(index), true);
  assert.equal(ask({ ...index, method: "HEAD" }), false);
  assert.equal(ask({ ...index, action: "push" }), false);
  assert.equal(ask({ ...index, references: [{ digest: b }] }), false);
  assert.equal(ask({}), false);
  known.manifests.set(keyOf("main", "team/app", a), {
    kind: "index",
    hasReferences: false,
    hasMediaType: true,
  });
  assert.equal(ask(index), true);
  known.manifests.set(keyOf("main", "team/app", a), {
    kind: "index",
    hasReferences: true,
    hasMediaType: true,
  });
  assert.equal(ask(index), false);
});

Deno.test("factsOf() forgets what came before the repository's delete", () => {
  const known = createAnswers();
  const f = "f".repeat(16);
  known.checks.set(keyOf("main", "team/app", a, f), [
    { id: "1", tag: "old", at: noonUs - 2 },
    { id: "2", tag: "new", at: noonUs },
  ]);
  known.indexFetches.set(keyOf("main", "team/app", f), [noonUs - 2]);
  known.repositories.set(keyOf("main", "team/app"), {
    tombstone: noonUs - 2,
    actorCount: 0,
    tagRows: 0,
  });
  const facts = factsOf(known, sighted({ tag: undefined, at: noonUs + 1 }));
  assert.deepEqual(facts.tagChecks.map((check) => check.tag), ["new"]);
  assert.equal(facts.followsUnknownIndex, false);
  assert.equal(facts.tombstone, noonUs - 2);
});

Deno.test("isNewer() goes by time, then by id", () => {
  const at = (time: number, id: string) => ({ at: time, id });
  assert.equal(isNewer(at(1, "a"), undefined), true);
  assert.equal(isNewer(at(2, "a"), at(1, "b")), true);
  assert.equal(isNewer(at(1, "b"), at(2, "a")), false);
  assert.equal(isNewer(at(1, "b"), at(1, "a")), true);
  assert.equal(isNewer(at(1, "a"), at(1, "a")), false);
});
