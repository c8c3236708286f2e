import assert from "node:assert/strict";

import { createConsumerMatcher } from "../lib/consumer.ts";
import type { EnvelopeEntry } from "../lib/event.ts";
import { keyOf } from "../lib/facts.ts";
import {
  MAX_ACTORS,
  MAX_TAGS,
  type Outcome,
  type PlanOptions,
  type Received,
} from "../lib/batch.ts";
import { candidatesOf } from "../lib/plan.ts";
import {
  digestOf,
  eventOf,
  type EventParts,
  mediaTypes,
  noon,
  noonUs,
  planOptionsOf,
  receivedOf,
  receivedOfBody,
} from "./support/events.ts";
import { MemoryStore } from "./support/memory_facts.ts";

const [a, b] = [digestOf("a"), digestOf("b")];
const second = 1_000_000;

/** Counters of the repository that all tests here are about, or of one of its rows. */
const row = (...parts: string[]): string[] => ["default", "team/app", ...parts];
const app = keyOf("default", "team/app");

function received(...events: EventParts[]): Received[] {
  return events.map((parts) => receivedOf(eventOf(parts)));
}

/** The store after some batches. */
function storeOf(batches: Received[][], options: Partial<PlanOptions> = {}): MemoryStore {
  const store = new MemoryStore(planOptionsOf(options));
  for (const batch of batches) store.record(batch);
  return store;
}

/** Both ways for events to come: together, or each in a batch of its own. */
const cuts: [name: string, cut: (events: Received[]) => Received[][]][] = [
  ["in one batch", (events) => [events]],
  ["in a batch each", (events) => events.map((event) => [event])],
];

const head = { method: "HEAD", id: "head", at: noonUs };
const get = { tag: undefined, at: noonUs + second };
const gone = { action: "delete", method: "DELETE", mediaType: undefined } as const;

for (const [name, cut] of cuts) {
  Deno.test(`planBatch() uses a HEAD once, ${name}`, () => {
    const events = received(head, { ...get, id: "first" }, { ...get, id: "second" });
    const store = storeOf(cut(events));
    assert.deepEqual(store.counts(...row("r")), { checks: 1, pulls: 2 });
    assert.deepEqual(store.counts(...row("t", "1.0")), { checks: 1, pulls: 1 });
    assert.equal(store.log.get(keyOf("default", "head"))?.claimedBy, "first");
    assert.equal(store.log.get(keyOf("default", "second"))?.meaning.row, 4);
  });

  Deno.test(`planBatch() gives a pull the HEAD of its own client, ${name}`, () => {
    const others: EventParts[] = [
      { ...get, address: "192.0.2.2" },
      { ...get, userAgent: "docker/1" },
      { ...get, actor: "alice" },
      { ...get, repository: "team/other" },
      { ...get, digest: b },
    ];
    const events = received(head, ...others);
    const elsewhere = receivedOf(eventOf(get), { registry: "other" });
    const store = storeOf(cut([...events, elsewhere]));
    assert.deepEqual(store.counts(...row("t", "1.0")), { checks: 1 });
    assert.equal(store.log.get(keyOf("default", "head"))?.claimedBy, undefined);
  });

  Deno.test(`planBatch() takes the HEAD before a GET, not the one after it, ${name}`, () => {
    // What two `ctr pull` of two tags with one digest send.
    const store = storeOf(cut(received(
      { ...head, tag: "latest" },
      get,
      { ...head, tag: "1.0", id: "head 2", at: noonUs + 2 * second },
    )));
    assert.deepEqual(store.counts(...row("t", "latest")), { checks: 1, pulls: 1 });
    assert.deepEqual(store.counts(...row("t", "1.0")), { checks: 1 });
  });

  Deno.test(`planBatch() does not count the row of a claimed tag again, ${name}`, () => {
    const pairs = Array.from({ length: 5 }, (_, at) => [
      { ...head, id: `head ${at}`, at: noonUs + at * second },
      { ...get, at: noonUs + at * second },
    ]);
    const store = storeOf(cut(received(...pairs.flat())));
    assert.deepEqual(store.counts(...row("t", "1.0")), { checks: 5, pulls: 5 });
    assert.equal(store.repositories.get(app)?.tagRows, 1);
    assert.equal(store.repositories.get(app)?.tagCount, 1);
  });

  Deno.test(`planBatch() learns the children of an index before they are fetched, ${name}`, () => {
    const index = { mediaType: mediaTypes.index, references: [{ digest: b }] };
    const store = storeOf(cut(received(
      { ...head, ...index },
      { ...get, ...index },
      { ...get, digest: b },
    )));
    assert.deepEqual(store.counts(...row("r")), { checks: 1, pulls: 1, childPulls: 1 });
    assert.deepEqual(store.counts(...row("m", b)), { childPulls: 1 });
  });

  Deno.test(`planBatch() does not rewrite what it counted before it knew better, ${name}`, () => {
    const index = { action: "push", mediaType: mediaTypes.index, references: [{ digest: b }] };
    const store = storeOf(cut(received({ ...get, digest: b }, index)));
    assert.deepEqual(store.counts(...row("m", b)), { pulls: 1 });
  });

  Deno.test(`planBatch() estimates the children of an index without references, ${name}`, () => {
    const store = storeOf(cut(received(
      { mediaType: mediaTypes.index },
      { ...get, digest: b, id: "child" },
      { ...get, digest: b, at: noonUs + 61 * second },
    )));
    assert.deepEqual(store.counts(...row("r")), { pulls: 2, childPulls: 1 });
    const meaning = store.log.get(keyOf("default", "child"))?.meaning;
    assert.deepEqual(meaning, { type: "childPull", row: 5, digest: b, estimated: true });
  });

  Deno.test(`planBatch() knows the second manifest of one request, ${name}`, () => {
    const store = storeOf(cut(received(
      { requestId: "r" },
      { ...get, digest: b, requestId: "r" },
      { ...get, digest: b, requestId: "s" },
    )));
    assert.deepEqual(store.counts(...row("r")), { pulls: 2, childPulls: 1 });
  });

  Deno.test(`planBatch() counts unchanged pushes, ${name}`, () => {
    const push = { action: "push", method: "PUT" };
    const at = (seconds: number) => ({ ...push, at: noonUs + seconds * second });
    const store = storeOf(cut(received(
      at(0),
      at(1),
      { ...at(2), digest: b },
      at(3),
      { ...gone, digest: undefined, at: noonUs + 4 * second },
      at(5),
      at(6),
    )));
    assert.deepEqual(store.counts(...row("t", "1.0")), { pushes: 6, unchangedPushes: 2 });
    assert.deepEqual(store.counts(...row("r")), { pushes: 6, unchangedPushes: 2, tagDeletes: 1 });
  });

  Deno.test(`planBatch() deletes the tags with their manifest, ${name}`, () => {
    const push = { action: "push", method: "PUT" };
    const store = storeOf(cut(received(
      { ...push, tag: "1.0" },
      { ...push, tag: "latest" },
      { ...push, tag: "2.0", digest: b },
      { ...push, tag: "1.0", repository: "team/other" },
      { ...gone, tag: undefined, kind: "unknown", at: noonUs + second, id: "gone" },
    )));
    const state = { at: noonUs + second, id: "gone", digest: a, deletedAt: noonUs + second };
    assert.deepEqual(store.tags.get(keyOf("default", "team/app", "1.0")), state);
    assert.deepEqual(store.tags.get(keyOf("default", "team/app", "latest")), state);
    assert.equal(store.tags.get(keyOf("default", "team/app", "2.0"))?.deletedAt, undefined);
    assert.equal(store.tags.get(keyOf("default", "team/other", "1.0"))?.deletedAt, undefined);
    assert.equal(store.repositories.get(app)?.tagCount, 1);
    assert.deepEqual(store.counts(...row("r")), { pushes: 3, manifestDeletes: 1 });
  });

  Deno.test(`planBatch() deletes a tag once where registries name it too, ${name}`, () => {
    const store = storeOf(cut(received(
      { action: "push" },
      { ...gone, tag: undefined, kind: "unknown", at: noonUs + 1 },
      { ...gone, digest: undefined, at: noonUs + 2 },
    )));
    assert.equal(store.repositories.get(app)?.tagCount, 0);
    assert.deepEqual(store.counts(...row("r")), { pushes: 1, manifestDeletes: 1, tagDeletes: 1 });
    assert.equal(store.tags.get(keyOf("default", "team/app", "1.0"))?.deletedAt, noonUs + 2);
  });

  Deno.test(`planBatch() tells what a deleted digest was, ${name}`, () => {
    const [layer, blob, child] = [digestOf("layer"), digestOf("blob"), digestOf("child")];
    const never = digestOf("never");
    const ends = [a, layer, blob, child, never].map((digest) => ({
      ...gone,
      tag: undefined,
      kind: "unknown" as const,
      digest,
      at: noonUs + second,
    }));
    const store = storeOf(cut(received(
      { references: [{ digest: layer }] },
      { kind: "blob", tag: undefined, action: "push", digest: blob },
      { digest: b, mediaType: mediaTypes.index, references: [{ digest: child }] },
      ...ends,
    )));
    const { manifestDeletes, blobDeletes, unknownDeletes } = store.counts(...row("r"));
    assert.deepEqual([manifestDeletes, blobDeletes, unknownDeletes], [2, 2, 1]);
  });

  Deno.test(`planBatch() removes a repository, and lets the late not revive it, ${name}`, () => {
    const events = received(
      { action: "push", at: noonUs },
      { ...head, tag: "latest", at: noonUs + 1 },
      { actor: "alice", at: noonUs + 2 },
      { ...gone, tag: undefined, digest: undefined, kind: "unknown", at: noonUs + second },
      { id: "late", at: noonUs + second },
      { ...get, id: "after", at: noonUs + second + 1 },
    );
    const store = storeOf(cut(events));
    assert.equal(store.log.get(keyOf("default", "late"))?.outcome, "ignored");
    // The HEAD of before went with the repository.
    assert.equal(store.log.get(keyOf("default", "after"))?.meaning.row, 4);
    assert.deepEqual(store.counts(...row("r")), { pulls: 1 });
    assert.equal(store.tags.size, 0);
    assert.deepEqual([...store.actors], []);
    assert.deepEqual(store.repositories.get(app), {
      isListed: true,
      tombstone: noonUs + second,
      actorCount: 0,
      tagRows: 0,
      tagCount: 0,
    });
    const [{ registry: _, day: __, ...outcomes } = assert.fail()] = store.accounting.values();
    assert.deepEqual(outcomes, { counted: 5, duplicate: 0, ignored: 1, quarantined: 0 });
    // What all repositories of a directory come to is no statistics of this one.
    const day = String(Math.floor(noon / 86_400_000));
    for (const namespace of ["", "team/"]) {
      const counts = store.counts("default", "", "n", namespace, day, "other");
      assert.deepEqual(counts, { pulls: 2, pushes: 1, checks: 1 });
    }
  });

  Deno.test(`planBatch() keeps other repositories when one is removed, ${name}`, () => {
    const store = storeOf(cut([
      ...received({ repository: "team/app/x" }, { repository: "team" }, {}),
      receivedOf(eventOf(), { registry: "other" }),
      ...received({ ...gone, tag: undefined, digest: undefined, kind: "unknown", at: noonUs + 1 }),
    ]));
    assert.deepEqual(store.counts("default", "team/app/x", "r"), { pulls: 1 });
    assert.deepEqual(store.counts("default", "team", "r"), { pulls: 1 });
    assert.deepEqual(store.counts("other", "team/app", "r"), { pulls: 1 });
    assert.deepEqual(store.counts(...row("r")), {});
  });

  Deno.test(`planBatch() marks a repository where that is wanted, ${name}`, () => {
    const end = { ...gone, tag: undefined, digest: undefined, kind: "unknown" as const };
    const events = received(
      { action: "push", at: noonUs },
      { ...end, at: noonUs + 10 },
      { at: noonUs + 5 },
      { at: noonUs + 20 },
    );
    const options = { onRepositoryDelete: "keep" } as const;
    const store = storeOf(cut(events), options);
    assert.deepEqual(store.counts(...row("r")), { pushes: 1, pulls: 2 });
    assert.equal(store.repositories.get(app)?.deletedAt, noonUs + 10);
    const again = storeOf(
      cut([...events, ...received({ action: "push", at: noonUs + 9 })]),
      options,
    );
    assert.equal(again.repositories.get(app)?.deletedAt, noonUs + 10);
    const revived = storeOf(
      cut([...events, ...received({ action: "push", at: noonUs + 11 })]),
      options,
    );
    assert.equal(revived.repositories.get(app)?.deletedAt, undefined);
  });

  Deno.test(`planBatch() bounds the actors of a repository, ${name}`, () => {
    const actors = Array.from({ length: MAX_ACTORS + 2 }, (_, at) => `user ${at}`);
    const events = received(...actors.map((actor) => ({ actor })), { actor: "user 0" }, {});
    // Each in a batch of its own would take too long for so many.
    const batches = name === "in one batch" ? [events] : [events.slice(0, 990), events.slice(990)];
    const store = storeOf(batches);
    assert.equal(store.actors.size, MAX_ACTORS);
    assert.equal(store.repositories.get(app)?.actorCount, MAX_ACTORS);
    assert.deepEqual(store.counts(...row("b", "overflow", "")), { pulls: 2 });
    assert.deepEqual(store.counts(...row("b", "anonymous", "")), { pulls: 1 });
    assert.deepEqual(store.counts(...row("b", "actor", "user 0")), { pulls: 2 });
    assert.deepEqual(store.counts(...row("r")), { pulls: MAX_ACTORS + 4 });
  });
}

Deno.test("planBatch() bounds the tags of a repository", () => {
  const tags = Array.from({ length: MAX_TAGS }, (_, at) => `t${at}`);
  const store = storeOf([received(...tags.map((tag) => ({ tag })))]);
  store.record(received({ tag: "more", action: "push" }, { tag: "more", id: "2" }, { tag: "t7" }));
  // A HEAD in one batch and its GET in the next, of a tag within the bound and of one beyond it.
  store.record(received({ ...head, tag: "t1" }));
  store.record(received(get));
  store.record(received({ ...head, id: "head 2", digest: b, tag: "beyond" }));
  store.record(received({ ...get, digest: b }));
  assert.equal(store.tags.size, MAX_TAGS);
  assert.equal(store.repositories.get(app)?.tagRows, MAX_TAGS);
  assert.equal(store.repositories.get(app)?.tagCount, MAX_TAGS);
  assert.deepEqual(store.counts(...row("t", "")), { pushes: 1, pulls: 2, checks: 1 });
  assert.deepEqual(store.counts(...row("t", "t7")), { pulls: 2 });
  assert.deepEqual(store.counts(...row("t", "t1")), { pulls: 2, checks: 1 });
  assert.deepEqual(store.counts(...row("t", "beyond")), {});
  assert.deepEqual(store.counts(...row("r")), { pulls: MAX_TAGS + 4, pushes: 1, checks: 2 });
});

Deno.test("planBatch() sets a tag to what the newest event says, in any order", async (t) => {
  const push = { action: "push", method: "PUT" };
  const events: EventParts[] = [
    { ...push, id: "1", at: noonUs, digest: a },
    { ...push, id: "2", at: noonUs + 1, digest: b },
    { id: "3", at: noonUs + 2, digest: a },
    { ...push, id: "4", at: noonUs + 3, digest: b },
    { id: "5", at: noonUs + 3, digest: a },
  ];
  const want = { at: noonUs + 3, id: "5", digest: a };
  for (const order of [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 4, 0, 3, 1], [3, 4, 1, 0, 2]]) {
    for (const [name, cut] of cuts) {
      await t.step(`${order.join(" ")} ${name}`, () => {
        const store = storeOf(cut(received(...order.map((at) => events[at] ?? {}))));
        assert.deepEqual(store.tags.get(keyOf("default", "team/app", "1.0")), want);
        assert.equal(store.repositories.get(app)?.tagCount, 1);
        const { pushes, pulls } = store.counts(...row("t", "1.0"));
        assert.deepEqual([pushes, pulls], [3, 2]);
      });
    }
  }
  await t.step("a delete that comes late", () => {
    const late = { ...gone, digest: undefined, id: "d", at: noonUs + 1 };
    const store = storeOf([received({ ...push, at: noonUs + 2 }), received(late)]);
    assert.equal(store.tags.get(keyOf("default", "team/app", "1.0"))?.deletedAt, undefined);
    assert.equal(store.repositories.get(app)?.tagCount, 1);
  });
  await t.step("a push that comes late", () => {
    const end = { ...gone, digest: undefined, id: "d", at: noonUs + 3 };
    const store = storeOf([
      received({ ...push, at: noonUs }, end),
      received({ ...push, at: noonUs + 2 }),
    ]);
    assert.equal(store.tags.get(keyOf("default", "team/app", "1.0"))?.deletedAt, noonUs + 3);
    assert.equal(store.repositories.get(app)?.tagCount, 0);
  });
});

Deno.test("planBatch() counts the row of a tag that is first heard of by its delete", () => {
  const store = storeOf([received({}), received({ ...gone, digest: undefined, tag: "2.0" })]);
  const { tagRows, tagCount } = store.repositories.get(app) ?? {};
  assert.deepEqual([tagRows, tagCount], [2, 1]);
});

Deno.test("planBatch() says when a tag has not moved", () => {
  const store = storeOf([received({ action: "push" })]);
  const moved = (parts: EventParts) =>
    store.plan(received(parts)).tags.map(({ hasMoved }) => hasMoved);
  const at = (offset: number) => ({ at: noonUs + offset });
  assert.deepEqual(moved(at(1)), [false]);
  assert.deepEqual(moved({ ...at(2), digest: b }), [true]);
  assert.deepEqual(moved({ ...gone, ...at(3), digest: undefined }), [true]);
  assert.deepEqual(moved({ ...gone, ...at(4), digest: undefined }), [true]);
  assert.deepEqual(moved({ ...at(5), digest: b }), [true]);
  assert.deepEqual(moved({ ...gone, ...at(6), digest: undefined, tag: "new" }), [true]);
  assert.deepEqual(moved(at(0)), []);
});

Deno.test("planBatch() takes HEADs for word of where a tag points", () => {
  const store = storeOf([received({ ...head, digest: b })]);
  assert.equal(store.tags.get(keyOf("default", "team/app", "1.0"))?.digest, b);
});

Deno.test("planBatch() does not move a tag by the pull that claims its HEAD", () => {
  const store = storeOf([
    received(head),
    received({ action: "push", digest: b, at: noonUs + 1 }),
    received(get),
  ]);
  assert.equal(store.tags.get(keyOf("default", "team/app", "1.0"))?.digest, b);
  assert.deepEqual(store.counts(...row("t", "1.0")), { checks: 1, pulls: 1, pushes: 1 });
});

Deno.test("planBatch() counts an id once, whatever comes with it", () => {
  const store = new MemoryStore();
  const outcomes: Outcome[] = [];
  const add = (...items: Received[]) => outcomes.push(...store.record(items));
  const [event = assert.fail()] = received({ id: "1" });
  const [other = assert.fail()] = received({ id: "1", tag: "2.0", action: "push" });
  add(event, event, other);
  add(other, event);
  assert.deepEqual(outcomes, ["counted", "duplicate", "duplicate", "duplicate", "duplicate"]);
  assert.deepEqual(store.counts(...row("r")), { pulls: 1 });
  assert.deepEqual(store.record([receivedOf(eventOf({ id: "1" }), { registry: "other" })]), [
    "counted",
  ]);
  const [accounting] = store.accounting.values();
  assert.deepEqual([accounting?.counted, accounting?.duplicate], [1, 4]);
});

Deno.test("planBatch() quarantines once an envelope, and recognises what it quarantined", () => {
  const good = JSON.stringify({
    id: "1",
    action: "pull",
    target: { repository: "a", tag: "1", digest: a },
  });
  const bad = '{"id":"2","action":"pull","target":{}}';
  const worse = '{"id":"3","action":"frobnicate","target":{"repository":"a"}}';
  const body = `{"events":[${bad},${good},${worse}]}`;
  const plan = new MemoryStore().plan([...receivedOfBody(body), ...receivedOfBody("no JSON")]);
  assert.deepEqual(plan.outcomes, ["quarantined", "counted", "quarantined", "quarantined"]);
  const [first, second, ...rest] = plan.quarantine;
  assert.equal(rest.length, 0);
  assert.deepEqual(first, {
    registry: "default",
    envelope: body,
    receivedAt: noon,
    reasons: ['"target.repository" is missing', 'unknown action "frobnicate"'],
    events: 2,
    bytes: body.length,
    excerpt: body,
  });
  assert.match(second?.reasons[0] ?? "", /not JSON/);

  const store = new MemoryStore();
  store.record(receivedOfBody(body));
  assert.deepEqual(store.record(receivedOfBody(body)), ["duplicate", "duplicate", "duplicate"]);
  store.record(receivedOfBody("no JSON"));
  assert.deepEqual(store.record(receivedOfBody("no JSON")), ["duplicate"]);
  assert.equal(store.quarantine.size, 2);
});

Deno.test("planBatch() keeps at most 20 reasons of an envelope", () => {
  const events = Array.from({ length: 30 }, (_, at) => ({
    id: String(at),
    action: `act ${at}`,
    target: { repository: "a" },
  }));
  const [entry] = new MemoryStore().plan(receivedOfBody(JSON.stringify({ events }))).quarantine;
  assert.deepEqual([entry?.events, entry?.reasons.length], [30, 20]);
});

Deno.test("planBatch() redacts what it quarantines", () => {
  const body =
    '{"events":[{"id":"1","action":"x","target":{"repository":"a"},"actor":{"name":"alice"}}]}';
  const privacy = { actors: "drop", addresses: "keep" } as const;
  const [entry] = new MemoryStore(planOptionsOf({ privacy })).plan(receivedOfBody(body)).quarantine;
  assert.equal(entry?.excerpt.includes("alice"), false);
});

Deno.test("planBatch() accounts for every entry, by registry and day of arrival", () => {
  const entries: EnvelopeEntry[] = [
    { event: eventOf({ id: "1" }) },
    { event: eventOf({ id: "1" }) },
    { event: eventOf({ id: "2", action: "x" }) },
    { rejected: { id: "3", reason: "broken" } },
    { event: eventOf({ id: "4", at: noonUs - 400 * 86_400_000_000 }) },
  ];
  const tomorrow = noon + 86_400_000;
  const store = storeOf([[
    ...entries.map((entry) => receivedOf(entry)),
    receivedOf(eventOf({ id: "1" }), { registry: "other" }),
    receivedOf(eventOf({ id: "5" }), { receivedAt: tomorrow }),
  ]]);
  const today = Math.floor(noon / 86_400_000);
  const none = { counted: 0, duplicate: 0, ignored: 0, quarantined: 0 };
  assert.deepEqual([...store.accounting.values()], [
    { registry: "default", day: today, ...none, counted: 2, duplicate: 1, quarantined: 2 },
    { registry: "other", day: today, ...none, counted: 1 },
    { registry: "default", day: today + 1, ...none, counted: 1 },
  ]);
});

Deno.test("planBatch() counts the same whatever `privacy` says", async (t) => {
  const clients = ["alice", "bob", undefined].map((actor, at) => ({
    actor,
    address: `192.0.2.${at}`,
  }));
  const events = clients.flatMap((client, at) =>
    received(
      { ...client, ...head, id: `head ${at}`, tag: `t${at}` },
      { ...client, ...get, id: `get ${at}` },
      { ...client, mediaType: mediaTypes.index, digest: b, id: `index ${at}` },
      { ...client, ...get, digest: digestOf("c"), id: `child ${at}` },
    )
  );
  const kept = storeOf([events]);
  const modes = ["keep", "hash", "drop"] as const;
  for (const actors of modes) {
    for (const addresses of modes) {
      await t.step(`actors: ${actors}, addresses: ${addresses}`, () => {
        const store = storeOf([events], { privacy: { actors, addresses } });
        const plain = (key: string): boolean =>
          !key.includes("\nb\nactor\n") && !key.includes("\nb\nanonymous");
        const numbers = (from: MemoryStore) =>
          [...from.changes.values()].filter(({ key }) => plain(key));
        assert.deepEqual(numbers(store), numbers(kept));
        const names = actors === "drop" ? [] : actors === "keep" ? ["alice", "bob"] : ["#", "#"];
        const seen = [...store.actors].map((key) => key.split("\n")[2] ?? "");
        assert.deepEqual(seen.map((name) => actors === "hash" ? name[0] : name), names);
        const shown = store.log.get(keyOf("default", "get 0"))?.address;
        if (addresses === "keep") assert.equal(shown, "192.0.2.0");
        else assert.equal(shown?.[0], addresses === "hash" ? "#" : undefined);
      });
    }
  }
});

Deno.test("planBatch() counts by client family and by consumer", () => {
  const rule = { name: "ci", addresses: ["192.0.2.0/24"], actors: [], useragents: [] };
  const options = { consumerOf: createConsumerMatcher([rule]) };
  const store = storeOf(
    [received({}, { address: "198.51.100.1", userAgent: "skopeo/1" })],
    options,
  );
  assert.deepEqual(store.counts(...row("b", "client", "docker")), { pulls: 1 });
  assert.deepEqual(store.counts(...row("b", "client", "skopeo")), { pulls: 1 });
  assert.deepEqual(store.counts(...row("b", "consumer", "ci")), { pulls: 1 });
  assert.deepEqual(store.counts(...row("b", "consumer", "other")), { pulls: 1 });
});

Deno.test("planBatch() takes a consumer from the address that `privacy` drops", () => {
  const rule = { name: "ci", addresses: ["192.0.2.0/24"], actors: ["alice"], useragents: [] };
  const store = storeOf([received({}, { address: "198.51.100.1", actor: "alice" })], {
    consumerOf: createConsumerMatcher([rule]),
    privacy: { actors: "drop", addresses: "drop" },
  });
  assert.deepEqual(store.counts(...row("b", "consumer", "ci")), { pulls: 2 });
});

Deno.test("planBatch() keeps layers out of the repository", () => {
  const blob = {
    kind: "blob",
    tag: undefined,
    mediaType: mediaTypes.blob,
    actor: "alice",
  } as const;
  const store = storeOf([received(
    { ...blob, size: 5 },
    { ...blob, size: 7, method: "HEAD" },
    { ...blob, action: "push" },
    { ...blob, action: "mount" },
  )]);
  assert.deepEqual(store.repositories.size, 0);
  assert.deepEqual(store.counts(...row("r")), {});
  assert.deepEqual(store.countsOfDays("default", "team/app"), {
    blobPulls: 1,
    blobBytes: 5,
    blobChecks: 1,
    blobPushes: 1,
    mounts: 1,
  });
});

Deno.test("planBatch() writes what is learnt of a manifest, once", () => {
  const references = [{ digest: digestOf("c"), size: 3, mediaType: mediaTypes.config }, {
    digest: digestOf("l"),
    size: 4,
    mediaType: mediaTypes.layer,
  }];
  const store = new MemoryStore();
  const manifests = (...events: EventParts[]) => store.plan(received(...events)).manifests;
  const row = { registry: "default", repository: "team/app", digest: a, isIndex: false };
  const { mediaType } = eventOf();
  assert.deepEqual(manifests({}, {}), [{ ...row, kind: "unknown", mediaType }]);
  assert.deepEqual(manifests({}), []);
  assert.deepEqual(manifests({}, { references }, { references }), [
    { ...row, kind: "image", mediaType, size: 7, references },
  ]);
  assert.deepEqual(manifests({ references }, {}), []);
  const signature = `sha256-${"0".repeat(64)}.sig`;
  assert.deepEqual(manifests({ tag: signature }), [{ ...row, kind: "signature", mediaType }]);
  assert.deepEqual(manifests({}), []);
});

Deno.test("planBatch() leaves the size of an index to its parts", () => {
  const references = [{ digest: b, size: 3, platform: "linux/amd64" }];
  const plan = new MemoryStore().plan(received({ mediaType: mediaTypes.index, references }));
  assert.deepEqual(plan.manifests, [{
    registry: "default",
    repository: "team/app",
    digest: a,
    isIndex: true,
    kind: "index",
    mediaType: mediaTypes.index,
    references,
  }]);
});

Deno.test("planBatch() has one row for each thing it writes", () => {
  const events = Array.from(
    { length: 50 },
    (_, at) => ({ tag: `t${at % 3}`, actor: `u${at % 2}` }),
  );
  const plan = new MemoryStore().plan(received(...events));
  const names = [
    plan.changes.map(({ key }) => key),
    plan.tags.map(({ tag }) => tag),
    plan.manifests.map(({ digest }) => digest),
    plan.repositories.map(({ repository }) => repository),
    plan.log.map(({ id }) => id),
  ];
  for (const list of names) assert.equal(new Set(list).size, list.length);
  assert.deepEqual(names.map((list) => list.length), [15, 3, 1, 1, 50]);
});

Deno.test("candidatesOf() identifies the clients of what may belong together", () => {
  const joined: EventParts[] = [{}, { tag: undefined }, { method: "HEAD" }];
  const alone: EventParts[] = [{ action: "push" }, gone, { kind: "blob", tag: undefined }];
  const prints = candidatesOf(received(...joined, ...alone), planOptionsOf())
    .map(({ sighting }) => sighting?.fingerprint);
  const [print, ...others] = prints;
  assert.match(print ?? "", /^[\w-]{11}$/);
  assert.deepEqual(others, [print, print, "", "", ""]);
});

Deno.test("candidatesOf() disguises actors, and has nothing to say of what is rejected", () => {
  const options = planOptionsOf({ privacy: { actors: "drop", addresses: "keep" } });
  const rejected = { rejected: { id: "r", reason: "" } };
  const candidates = candidatesOf(
    [receivedOf(eventOf({ actor: "a" })), receivedOf(rejected)],
    options,
  );
  assert.equal(candidates[0]?.sighting?.actor, undefined);
  assert.deepEqual([candidates[1]?.id, candidates[1]?.sighting], ["r", undefined]);
});

Deno.test({
  name: "events are read, mapped and planned without any permission",
  permissions: "none",
  fn: () => {
    const store = storeOf([
      receivedOfBody('{"events":[{}]}'),
      received({}, { action: "push", tag: "2.0" }),
    ]);
    assert.deepEqual(store.counts(...row("r")), { pulls: 1, pushes: 1 });
  },
});
