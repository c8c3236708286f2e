import assert from "node:assert/strict";

import fc from "fast-check";

import type { Received } from "../lib/batch.ts";
import {
  digestOf,
  eventOf,
  type EventParts,
  mediaTypes,
  noonUs,
  receivedOf,
} from "./support/events.ts";
import { MemoryStore } from "./support/memory_facts.ts";

/** Everything that a store shows of what it was told. */
function totalsOf(store: MemoryStore): unknown {
  const sorted = <T>(rows: ReadonlyMap<string, T>): [string, T][] =>
    [...rows].sort(([one], [other]) => one < other ? -1 : 1);
  return {
    changes: sorted(store.changes).map(([key, { counts, times }]) => ({ key, counts, times })),
    tags: sorted(store.tags),
    manifests: sorted(store.manifests),
    repositories: sorted(store.repositories),
    actors: [...store.actors].sort(),
    counted: [...store.accounting.values()].map(({ registry, counted }) => ({ registry, counted })),
  };
}

function replay(batches: readonly Received[][]): MemoryStore {
  const store = new MemoryStore();
  for (const batch of batches) store.record(batch);
  return store;
}

/** Cuts a list at some places. */
function cut<T>(list: readonly T[], sizes: readonly number[]): T[][] {
  const batches: T[][] = [];
  let from = 0;
  for (const size of sizes) {
    batches.push(list.slice(from, from + size));
    from += size;
  }
  return [...batches, list.slice(from)].filter((batch) => batch.length > 0);
}

const anySizes = fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 20 });

// What means the same whatever came before: no push has the digest of another event, no GET lacks
// its tag, and no digest is known to the deletes.
const anyKind = fc.constantFrom<EventParts>(
  { action: "pull" },
  { action: "pull", method: "HEAD" },
  { action: "pull", method: "HEAD", tag: undefined },
  { action: "pull", mediaType: mediaTypes.index },
  { action: "push", tag: undefined },
  { action: "pull", kind: "blob", tag: undefined, size: 3_000_000_000 },
  { action: "push", kind: "blob", tag: undefined },
  { action: "mount", kind: "blob", tag: undefined },
);
const anyIndependent = fc.oneof(
  fc.tuple(anyKind, fc.constantFrom("a", "b")).map(([kind, seed]) => ({
    ...kind,
    digest: digestOf(`${kind.mediaType ?? ""}${seed}`),
  })),
  fc.uuid().map((seed) => ({ action: "push", method: "PUT", digest: digestOf(seed) })),
  fc.uuid().map((seed) => ({
    action: "delete",
    kind: "unknown" as const,
    mediaType: undefined,
    tag: undefined,
    digest: digestOf(seed),
  })),
);
const anyPlace: fc.Arbitrary<EventParts> = fc.record({
  repository: fc.constantFrom("team/app", "team"),
  at: fc.integer({ min: noonUs - 2e11, max: noonUs }),
  actor: fc.constantFrom("alice", "bob", undefined),
  id: fc.uuid(),
});
const anyReceived = fc
  .tuple(anyIndependent, anyPlace, fc.constantFrom("1.0", "2.0"), fc.constantFrom("main", "other"))
  .map(([kind, place, tag, registry]) =>
    receivedOf(eventOf({ tag, ...kind, ...place }), { registry })
  );

/** Independent events, and the same in another order, some of them several times. */
const anyDelivery = fc
  .uniqueArray(anyReceived, { maxLength: 25, selector: idOf })
  .chain((events) => {
    const again = fc.subarray(events);
    const all = again.map((some) => [...events, ...some]);
    const shuffled = all.chain((list) => fc.shuffledSubarray(list, { minLength: list.length }));
    return fc.tuple(fc.constant(events), shuffled, anySizes);
  });

function idOf({ registry, entry }: Received): string {
  return `${registry} ${"event" in entry ? entry.event.id : entry.rejected.id}`;
}

Deno.test("planBatch() comes to the same in any order, any duplication, any cutting", () => {
  fc.assert(fc.property(anyDelivery, ([events, delivered, sizes]) => {
    const once = replay([events]);
    const store = replay(cut(delivered, sizes));
    const sortedByRegistry = (of: MemoryStore): unknown => {
      const totals = totalsOf(of) as { counted: { registry: string }[] };
      totals.counted.sort((a, b) => a.registry < b.registry ? -1 : 1);
      return totals;
    };
    assert.deepEqual(sortedByRegistry(store), sortedByRegistry(once));
    const rows = [...store.accounting.values()];
    const sum = (name: "counted" | "duplicate" | "ignored" | "quarantined"): number =>
      rows.reduce((total, row) => total + row[name], 0);
    assert.deepEqual(
      [sum("counted"), sum("duplicate"), sum("ignored"), sum("quarantined")],
      [events.length, delivered.length - events.length, 0, 0],
    );
  }));
});

/** What one client does, in its order, each client with an address of its own. */
const sessions: ((client: EventParts, start: number) => EventParts[])[] = [
  // docker pull of an image of one platform, and again.
  (client, at) => [
    { ...client, at, method: "HEAD" },
    { ...client, at: at + 1, tag: undefined },
    { ...client, at: at + 2, method: "HEAD" },
  ],
  // docker pull of an index, whose children the registry tells.
  (client, at) => {
    const references = [{ digest: digestOf("child"), size: 5, platform: "linux/amd64" }];
    const index = { ...client, digest: digestOf("index"), mediaType: mediaTypes.index, references };
    return [
      { ...index, at, method: "HEAD", tag: "multi" },
      { ...index, at: at + 1, tag: undefined },
      { ...client, at: at + 2, tag: undefined, digest: digestOf("child") },
    ];
  },
  // podman pull of an index without references.
  (client, at) => {
    const index = { digest: digestOf("bare"), mediaType: mediaTypes.index };
    return [
      { ...client, ...index, at, tag: "bare" },
      { ...client, at: at + 1, tag: undefined, digest: digestOf("part") },
    ];
  },
  // A list that the registry answers with one of its images.
  (client, at) => [
    { ...client, at, tag: "list", digest: digestOf("list"), requestId: `${client.address}` },
    { ...client, at, tag: undefined, digest: digestOf("inner"), requestId: `${client.address}` },
  ],
  // ctr pull of two tags of one digest within two seconds.
  (client, at) => [
    { ...client, at, method: "HEAD", tag: "one" },
    { ...client, at: at + 1, tag: undefined },
    { ...client, at: at + 1_000_000, method: "HEAD", tag: "two" },
  ],
];

interface Session {
  readonly kind: number;
  readonly start: number;
}

function eventsOf({ kind, start }: Session, number: number): Received[] {
  const client = { address: `192.0.2.${number}` };
  const events = sessions[kind]?.(client, noonUs + start) ?? [];
  return events.map((parts, at) => receivedOf(eventOf({ ...parts, id: `${number}-${at}` })));
}

/** Merges lists so that each keeps its order; `choices` says whose turn it is. */
function interleave<T>(lists: readonly T[][], choices: readonly number[]): T[] {
  const rest = lists.map((list) => [...list]);
  const merged: T[] = [];
  for (const choice of choices) {
    const list = rest[choice % rest.length];
    const next = list?.shift();
    if (next !== undefined) merged.push(next);
  }
  return [...merged, ...rest.flat()];
}

const anySession: fc.Arbitrary<Session> = fc.record({
  kind: fc.nat({ max: sessions.length - 1 }),
  start: fc.nat({ max: 30_000_000 }),
});

Deno.test("planBatch() comes to the same however the requests of clients interleave", () => {
  const anyRun = fc.tuple(
    fc.array(anySession, { minLength: 1, maxLength: 8 }),
    fc.array(fc.nat(), { maxLength: 30 }),
    anySizes,
  );
  fc.assert(fc.property(anyRun, ([runs, choices, sizes]) => {
    const lists = runs.map(eventsOf);
    const oneAfterAnother = totalsOf(replay([lists.flat()]));
    const mixed = interleave(lists, choices);
    assert.deepEqual(totalsOf(replay(cut(mixed, sizes))), oneAfterAnother);
    const doubled = mixed.flatMap((event) => [event, event]);
    assert.deepEqual(totalsOf(replay(cut(doubled, sizes))), oneAfterAnother);
  }));
});

Deno.test("planBatch() counts each session as a person watching the client would", () => {
  const wants = [
    { pulls: 1, checks: 2 },
    { pulls: 1, checks: 1, childPulls: 1 },
    { pulls: 1, childPulls: 1 },
    { pulls: 1, childPulls: 1 },
    { pulls: 1, checks: 2 },
  ];
  for (const [kind, want] of wants.entries()) {
    const store = replay([eventsOf({ kind, start: 0 }, 1)]);
    assert.deepEqual(store.counts("default", "team/app", "r"), want, `session ${kind}`);
  }
});
