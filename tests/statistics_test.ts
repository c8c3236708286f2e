import assert from "node:assert/strict";

import fc from "fast-check";

import type { Meaning } from "../lib/mapping.ts";
import {
  type Change,
  changesOf,
  type Circumstances,
  type Counts,
  dayOf,
  type Metric,
  metricOf,
  METRICS,
  type Times,
} from "../lib/statistics.ts";
import { keyOfTarget } from "../lib/target.ts";
import { merged } from "./support/changes.ts";
import { digestOf, noon, noonUs } from "./support/events.ts";

const digest = digestOf("a");
const day = Math.floor(noon / 86_400_000);
const of = { registry: "main", repository: "team/app" };
const circumstances: Circumstances = {
  ...of,
  at: noonUs + 999,
  actor: { dimension: "actor", name: "alice" },
  client: "docker",
  consumer: "prod-eu",
};

/** The rows that a meaning changes: what is added, and which times move to noon. */
type Rows = Record<string, [counts: Counts, times: string[]]>;

function rowsOf(meaning: Meaning, more: Partial<Circumstances> = {}): Rows {
  const rows: Rows = {};
  for (const { target, counts, times } of changesOf(meaning, { ...circumstances, ...more })) {
    const isDimension = target.kind === "breakdown";
    const name = isDimension
      ? `${target.dimension}:${target.name}`
      : target.kind === "namespace"
      ? `in ${target.namespace}`
      : target.kind;
    assert.equal(name in rows, false, `two changes of ${name}`);
    for (const time of Object.values(times)) assert.equal(time, noon);
    rows[name] = [counts, Object.keys(times).sort()];
  }
  return rows;
}

/** What every number but those of blobs adds to. */
function everywhere(counts: Counts, repositoryTimes: string[]): Rows {
  const seen: [Counts, string[]] = [counts, ["firstSeen", "lastSeen"]];
  return {
    day: [counts, []],
    "in ": [counts, []],
    "in team/": [counts, []],
    repository: [counts, repositoryTimes],
    "actor:alice": seen,
    "client:docker": seen,
    "consumer:prod-eu": seen,
  };
}

const pullTimes = ["firstPulled", "lastPulled", "lastUsed"];
const pushTimes = ["firstPushed", "lastPushed", "lastUsed"];
const manifestTimes = ["firstSeen", "lastUsed"];

const tables: { name: string; meaning: Meaning; tag?: string; size?: number; want: Rows }[] = [
  {
    name: "a pull of a tag",
    meaning: { type: "pull", row: 1, digest, tag: "1.0" },
    tag: "1.0",
    want: {
      ...everywhere({ pulls: 1 }, pullTimes),
      tag: [{ pulls: 1 }, pullTimes],
      tagDay: [{ pulls: 1 }, []],
      manifest: [{ pulls: 1 }, manifestTimes],
    },
  },
  {
    name: "a pull by digest",
    meaning: { type: "pull", row: 4, digest },
    want: {
      ...everywhere({ pulls: 1 }, pullTimes),
      manifest: [{ pulls: 1 }, manifestTimes],
    },
  },
  {
    name: "a platform fetch",
    meaning: { type: "childPull", row: 3, digest, estimated: false },
    want: {
      ...everywhere({ childPulls: 1 }, ["lastUsed"]),
      manifest: [{ childPulls: 1 }, manifestTimes],
    },
  },
  {
    name: "a check of a tag",
    meaning: { type: "check", row: 6, digest, tag: "1.0" },
    tag: "1.0",
    want: {
      ...everywhere({ checks: 1 }, ["lastChecked", "lastUsed"]),
      tag: [{ checks: 1 }, ["lastChecked", "lastUsed"]],
      tagDay: [{ checks: 1 }, []],
      manifest: [{ checks: 1 }, manifestTimes],
    },
  },
  {
    name: "a push",
    meaning: { type: "push", row: 8, digest, tag: "1.0", unchanged: false },
    tag: "1.0",
    want: {
      ...everywhere({ pushes: 1 }, pushTimes),
      tag: [{ pushes: 1 }, pushTimes],
      tagDay: [{ pushes: 1 }, []],
      manifest: [{ pushes: 1 }, manifestTimes],
    },
  },
  {
    name: "an unchanged push is a push, too",
    meaning: { type: "push", row: 8, digest, tag: "1.0", unchanged: true },
    tag: "1.0",
    want: {
      ...everywhere({ pushes: 1, unchangedPushes: 1 }, pushTimes),
      tag: [{ pushes: 1, unchangedPushes: 1 }, pushTimes],
      tagDay: [{ pushes: 1, unchangedPushes: 1 }, []],
      manifest: [{ pushes: 1, unchangedPushes: 1 }, manifestTimes],
    },
  },
  {
    name: "a digest push",
    meaning: { type: "digestPush", row: 9, digest },
    want: {
      ...everywhere({ digestPushes: 1 }, ["lastUsed"]),
      manifest: [{ digestPushes: 1 }, manifestTimes],
    },
  },
  {
    name: "a tag delete, no use of it",
    meaning: { type: "tagDelete", row: 12, tag: "1.0" },
    tag: "1.0",
    want: {
      ...everywhere({ tagDeletes: 1 }, []),
      tag: [{}, []],
      tagDay: [{ tagDeletes: 1 }, []],
    },
  },
  {
    name: "a manifest delete",
    meaning: { type: "manifestDelete", row: 13, digest },
    want: {
      ...everywhere({ manifestDeletes: 1 }, []),
      manifest: [{}, ["deletedAt"]],
    },
  },
  {
    name: "a blob delete, of no manifest",
    meaning: { type: "blobDelete", row: 14, digest },
    want: everywhere({ blobDeletes: 1 }, []),
  },
  {
    name: "an unknown delete",
    meaning: { type: "unknownDelete", row: 15, digest },
    want: everywhere({ unknownDeletes: 1 }, []),
  },
  {
    name: "a blob pull with its size, by day only",
    meaning: { type: "blobPull", row: 7, digest },
    size: 5 * 2 ** 30,
    want: {
      day: [{ blobPulls: 1, blobBytes: 5 * 2 ** 30 }, []],
      "in ": [{ blobPulls: 1, blobBytes: 5 * 2 ** 30 }, []],
      "in team/": [{ blobPulls: 1, blobBytes: 5 * 2 ** 30 }, []],
    },
  },
  {
    name: "a blob pull without a size",
    meaning: { type: "blobPull", row: 7, digest },
    want: {
      day: [{ blobPulls: 1 }, []],
      "in ": [{ blobPulls: 1 }, []],
      "in team/": [{ blobPulls: 1 }, []],
    },
  },
  {
    name: "a blob check moves no bytes",
    meaning: { type: "blobCheck", row: 7, digest },
    size: 7,
    want: {
      day: [{ blobChecks: 1 }, []],
      "in ": [{ blobChecks: 1 }, []],
      "in team/": [{ blobChecks: 1 }, []],
    },
  },
  {
    name: "a blob push",
    meaning: { type: "blobPush", row: 10, digest },
    size: 7,
    want: {
      day: [{ blobPushes: 1 }, []],
      "in ": [{ blobPushes: 1 }, []],
      "in team/": [{ blobPushes: 1 }, []],
    },
  },
  {
    name: "a mount",
    meaning: { type: "mount", row: 11, digest },
    want: { day: [{ mounts: 1 }, []], "in ": [{ mounts: 1 }, []], "in team/": [{ mounts: 1 }, []] },
  },
  { name: "a repository delete", meaning: { type: "repositoryDelete", row: 16 }, want: {} },
  { name: "what is ignored", meaning: { type: "ignored", row: 0, reason: "" }, want: {} },
  { name: "what is rejected", meaning: { type: "rejected", row: 18, reason: "" }, want: {} },
];

Deno.test("changesOf() adds each meaning to its rows", async (t) => {
  for (const { name, meaning, tag, size, want } of tables) {
    await t.step(name, () => {
      const more = {
        ...(tag === undefined ? {} : { tag }),
        ...(size === undefined ? {} : { size }),
      };
      assert.deepEqual(rowsOf(meaning, more), want);
    });
  }
});

Deno.test("changesOf() names rows by registry, repository and more", () => {
  const meaning: Meaning = { type: "pull", row: 1, digest, tag: "1.0" };
  const targets = changesOf(meaning, { ...circumstances, tag: "1.0" }).map((change) =>
    change.target
  );
  assert.deepEqual(targets, [
    { kind: "day", ...of, day, consumer: "prod-eu" },
    { kind: "namespace", registry: "main", namespace: "", day, consumer: "prod-eu" },
    { kind: "namespace", registry: "main", namespace: "team/", day, consumer: "prod-eu" },
    { kind: "repository", ...of },
    { kind: "tag", ...of, tag: "1.0" },
    { kind: "tagDay", ...of, day, tag: "1.0" },
    { kind: "manifest", ...of, digest },
    { kind: "breakdown", ...of, dimension: "actor", name: "alice" },
    { kind: "breakdown", ...of, dimension: "client", name: "docker" },
    { kind: "breakdown", ...of, dimension: "consumer", name: "prod-eu" },
  ]);
});

Deno.test("changesOf() gives rows that may be confused different keys", () => {
  const keys = new Set<string>();
  const meaning: Meaning = { type: "pull", row: 1, digest, tag: "1.0" };
  const parts: Partial<Circumstances>[] = [
    {},
    { registry: "other" },
    { repository: "team" },
    { repository: "team/app/x" },
    { tag: "1" },
    { tag: "" },
    { actor: { dimension: "anonymous", name: "" } },
    { actor: { dimension: "overflow", name: "" } },
    { actor: { dimension: "actor", name: "docker" } },
    { client: "alice" },
    { consumer: "docker" },
    { at: noonUs + 86_400_000_000 },
  ];
  const changes = parts.flatMap((part) =>
    changesOf(meaning, { ...circumstances, tag: "1.0", ...part })
  );
  const byTarget = new Map(changes.map((change) => [JSON.stringify(change.target), change.key]));
  for (const key of byTarget.values()) keys.add(key);
  assert.equal(keys.size, byTarget.size);
});

Deno.test("metricOf() names a number for each meaning that has one", () => {
  const named = tables.map(({ meaning }) => metricOf(meaning.type));
  const others: Metric[] = ["unchangedPushes", "blobBytes"];
  assert.deepEqual(
    new Set([...named, ...others].filter((name) => name !== undefined)),
    new Set(METRICS),
  );
});

Deno.test("dayOf() counts UTC days", () => {
  assert.equal(dayOf(0), 0);
  assert.equal(dayOf(86_400_000_000 - 1), 0);
  assert.equal(dayOf(86_400_000_000), 1);
  assert.equal(dayOf(-1), -1);
  assert.equal(dayOf(noonUs), day);
});

const anyMeaning: fc.Arbitrary<Meaning> = fc.constantFrom(...tables.map(({ meaning }) => meaning));
const anyCircumstances: fc.Arbitrary<Circumstances> = fc.record({
  registry: fc.constantFrom("main", "other"),
  repository: fc.constantFrom("team/app", "team"),
  at: fc.integer({ min: noonUs - 2e12, max: noonUs + 2e12 }),
  actor: fc.constantFrom(
    { dimension: "actor", name: "alice" } as const,
    { dimension: "anonymous", name: "" } as const,
  ),
  client: fc.constantFrom("docker", "podman"),
  consumer: fc.constantFrom("ci", "other"),
  tag: fc.constantFrom("1.0", "2.0"),
  size: fc.nat(),
});
const anyChanges: fc.Arbitrary<Change[]> = fc
  .array(fc.tuple(anyMeaning, anyCircumstances), { maxLength: 12 })
  .map((events) => events.flatMap(([meaning, around]) => changesOf(meaning, around)));

Deno.test("addChange() comes to the same in any order", () => {
  const shuffled = anyChanges.chain((changes) =>
    fc.tuple(fc.constant(changes), fc.shuffledSubarray(changes, { minLength: changes.length }))
  );
  fc.assert(fc.property(shuffled, ([changes, others]) => {
    assert.deepEqual(merged(others), merged(changes));
  }));
});

Deno.test("addChange() comes to the same in any grouping", () => {
  fc.assert(fc.property(anyChanges, anyChanges, anyChanges, (a, b, c) => {
    const left = merged([...merged([...a, ...b]), ...c]);
    const right = merged([...a, ...merged([...b, ...c])]);
    assert.deepEqual(left, right);
    assert.deepEqual(left, merged([...a, ...b, ...c]));
  }));
});

Deno.test("addChange() has one change a row, and leaves what it was given as it was", () => {
  fc.assert(fc.property(anyChanges, (changes) => {
    const before = structuredClone(changes);
    const rows = merged([...changes, ...changes]);
    for (const row of rows) assert.equal(row.key, keyOfTarget(row.target));
    assert.equal(new Set(rows.map((change) => change.key)).size, rows.length);
    assert.deepEqual(changes, before);
  }));
});

Deno.test("addChange() never has a first after a last", () => {
  const pairs: [first: keyof Times, last: keyof Times][] = [
    ["firstPulled", "lastPulled"],
    ["firstPushed", "lastPushed"],
    ["firstSeen", "lastSeen"],
  ];
  fc.assert(fc.property(anyChanges, (changes) => {
    for (const { times } of merged(changes)) {
      for (const [first, last] of pairs) {
        const { [first]: earliest, [last]: latest } = times;
        if (earliest === undefined || latest === undefined) continue;
        assert.ok(earliest <= latest);
      }
    }
  }));
});

Deno.test("addChange() keeps the least of first times and the greatest of all others", () => {
  const change = (times: Times): Change => ({
    key: "k",
    target: { kind: "repository", ...of },
    counts: { pulls: 1 },
    times,
  });
  const rows = merged([
    change({ firstPulled: 5, lastPulled: 5, deletedAt: 1 }),
    change({ firstPulled: 3, lastPulled: 3, lastUsed: 9, deletedAt: 2 }),
  ]);
  assert.deepEqual(rows.map(({ counts, times }) => ({ counts, times })), [{
    counts: { pulls: 2 },
    times: { firstPulled: 3, lastPulled: 5, lastUsed: 9, deletedAt: 2 },
  }]);
});
