/**
 * What a meaning adds to which statistics.
 *
 * A {@linkcode Change} adds numbers and moves first and last times of one row. Changes of the same
 * row merge in any order and any grouping to the same change; what does not add (where a tag
 * points, what is deleted) is not a change and is decided in `draft.ts`.
 *
 * @module
 */

import type { Meaning } from "./mapping.ts";
import { namespacesOf } from "./namespace.ts";
import { type Dimension, keyOfTarget, type OfRepository, type Target } from "./target.ts";

export type { Dimension, Target } from "./target.ts";

/** The numbers, by their names in the API. See `docs/counting.md`. */
export const METRICS = [
  "pulls",
  "checks",
  "childPulls",
  "pushes",
  "unchangedPushes",
  "digestPushes",
  "tagDeletes",
  "manifestDeletes",
  "blobDeletes",
  "unknownDeletes",
  "blobPulls",
  "blobChecks",
  "blobPushes",
  "mounts",
  "blobBytes",
] as const;

/** One of {@linkcode METRICS}. */
export type Metric = typeof METRICS[number];

/** Numbers to add. */
export type Counts = Partial<Record<Metric, number>>;

/** The times: `first…` keep the least, all others the greatest. */
export const TIMES = [
  "firstPulled",
  "lastPulled",
  "firstPushed",
  "lastPushed",
  "lastChecked",
  "lastUsed",
  "firstSeen",
  "lastSeen",
  "deletedAt",
] as const;

/** Times in milliseconds since 1970. */
export type Times = Partial<Record<typeof TIMES[number], number>>;

/** What is added to one row. */
export interface Change {
  readonly key: string;
  readonly target: Target;
  readonly counts: Counts;
  readonly times: Times;
}

/** Who and when, beside what an event means. */
export interface Circumstances extends OfRepository {
  /** Microseconds since 1970. */
  readonly at: number;
  /** Row of the tag; `""` beyond the bound. */
  readonly tag?: string;
  /** Row of the actor. */
  readonly actor: { readonly dimension: Dimension; readonly name: string };
  readonly client: string;
  readonly consumer: string;
  /** Size of the blob in bytes. */
  readonly size?: number;
}

const DAY_US = 86_400_000_000;

/** The number that each meaning adds one to. */
const METRIC_OF: Readonly<Partial<Record<Meaning["type"], Metric>>> = {
  pull: "pulls",
  check: "checks",
  childPull: "childPulls",
  push: "pushes",
  digestPush: "digestPushes",
  tagDelete: "tagDeletes",
  manifestDelete: "manifestDeletes",
  blobDelete: "blobDeletes",
  unknownDelete: "unknownDeletes",
  blobPull: "blobPulls",
  blobCheck: "blobChecks",
  blobPush: "blobPushes",
  mount: "mounts",
};
const BLOB_METRICS: ReadonlySet<Metric> = new Set([
  "blobPulls",
  "blobChecks",
  "blobPushes",
  "mounts",
]);
/** What moves `lastUsed`. */
const USES: ReadonlySet<Metric> = new Set([
  "pulls",
  "childPulls",
  "checks",
  "pushes",
  "digestPushes",
]);

/**
 * Names the number that a meaning is counted in.
 *
 * @param type The meaning's type.
 * @returns The metric, or `undefined` where it is counted in none.
 */
export function metricOf(type: Meaning["type"]): Metric | undefined {
  return METRIC_OF[type];
}

/**
 * Numbers the UTC day of a time.
 *
 * @param at Microseconds since 1970.
 * @returns Days since 1970.
 */
export function dayOf(at: number): number {
  return Math.floor(at / DAY_US);
}

/**
 * Lists what a meaning adds to which rows.
 *
 * @param meaning What the event means.
 * @param circumstances Who and when.
 * @returns The changes, one a row; none for what is not counted in numbers.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { changesOf } from "./statistics.ts";
 *
 * const changes = changesOf({ type: "blobPush", row: 10, digest: "sha256:ab" }, {
 *   registry: "default", repository: "team/app", at: 0,
 *   actor: { dimension: "anonymous", name: "" }, client: "docker", consumer: "other",
 * });
 * assert.deepEqual(changes.map((change) => change.target.kind), [
 *   "day", "namespace", "namespace",
 * ]);
 * ```
 */
export function changesOf(meaning: Meaning, circumstances: Circumstances): Change[] {
  const metric = METRIC_OF[meaning.type];
  if (metric === undefined) return [];
  const counts = countsOf(meaning, metric, circumstances);
  const { registry, repository, at, consumer } = circumstances;
  const day = dayOf(at);
  const days = [changeOf({ kind: "day", registry, repository, day, consumer }, counts, {})];
  for (const namespace of namespacesOf(repository)) {
    days.push(changeOf({ kind: "namespace", registry, namespace, day, consumer }, counts, {}));
  }
  // A layer is no update of a repository: it is kept by day only.
  if (BLOB_METRICS.has(metric)) return days;
  return [...days, ...rowsOf(meaning, metric, { counts, circumstances })];
}

function rowsOf(
  meaning: Meaning,
  metric: Metric,
  { counts, circumstances }: { counts: Counts; circumstances: Circumstances },
): Change[] {
  const { registry, repository, at, tag, actor, client, consumer } = circumstances;
  const time = Math.floor(at / 1000);
  const times = timesOf(metric, time);
  const seen = { firstSeen: time, lastSeen: time };
  const of = { registry, repository };
  const changes = [changeOf({ kind: "repository", ...of }, counts, times)];
  if (tag !== undefined) {
    const isDelete = metric === "tagDeletes";
    changes.push(changeOf({ kind: "tag", ...of, tag }, isDelete ? {} : counts, times));
    changes.push(changeOf({ kind: "tagDay", ...of, day: dayOf(at), tag }, counts, {}));
  }
  if ("digest" in meaning && metric !== "blobDeletes" && metric !== "unknownDeletes") {
    const target = { kind: "manifest", ...of, digest: meaning.digest } as const;
    const isDelete = metric === "manifestDeletes";
    changes.push(changeOf(target, isDelete ? {} : counts, manifestTimesOf(metric, time)));
  }
  const breakdowns = [
    actor,
    { dimension: "client", name: client } as const,
    {
      dimension: "consumer",
      name: consumer,
    } as const,
  ];
  for (const row of breakdowns) {
    changes.push(changeOf({ kind: "breakdown", ...of, ...row }, counts, seen));
  }
  return changes;
}

function countsOf(meaning: Meaning, metric: Metric, { size }: Circumstances): Counts {
  const counts: Counts = { [metric]: 1 };
  if (meaning.type === "push" && meaning.unchanged) counts.unchangedPushes = 1;
  if (meaning.type === "blobPull" && size !== undefined) counts.blobBytes = size;
  return counts;
}

function timesOf(metric: Metric, time: number): Times {
  const times: Times = USES.has(metric) ? { lastUsed: time } : {};
  if (metric === "pulls") return { ...times, firstPulled: time, lastPulled: time };
  if (metric === "pushes") return { ...times, firstPushed: time, lastPushed: time };
  return metric === "checks" ? { ...times, lastChecked: time } : times;
}

function manifestTimesOf(metric: Metric, time: number): Times {
  return metric === "manifestDeletes" ? { deletedAt: time } : { firstSeen: time, lastUsed: time };
}

function changeOf(target: Target, counts: Counts, times: Times): Change {
  return { key: keyOfTarget(target), target, counts, times };
}

/**
 * Merges one more change into those of a batch.
 *
 * @param merged By key; changed in place.
 * @param change Stays as it is.
 * @returns The change of the row, as it is now.
 */
export function addChange(merged: Map<string, Change>, change: Change): Change {
  const present = merged.get(change.key);
  if (present === undefined) {
    const first = { ...change, counts: { ...change.counts }, times: { ...change.times } };
    merged.set(change.key, first);
    return first;
  }
  const { counts, times } = change;
  addCounts(present.counts, counts);
  for (const text in times) {
    const name = text as keyof Times;
    addTime(present.times, name, times[name] ?? 0);
  }
  return present;
}

/**
 * Adds to the numbers of a row.
 *
 * @param counts Changed in place.
 * @param added What to add.
 */
export function addCounts(counts: Counts, added: Counts): void {
  // `for … in`: this runs a dozen times for each event, and a list of entries would be garbage.
  for (const name in added) {
    const metric = name as Metric;
    counts[metric] = (counts[metric] ?? 0) + (added[metric] ?? 0);
  }
}

/**
 * Moves a time of a row.
 *
 * @param times Changed in place.
 * @param name Which one: `first…` keep the least, all others the greatest.
 * @param time Milliseconds since 1970.
 */
export function addTime(times: Times, name: keyof Times, time: number): void {
  const present = times[name] ?? time;
  times[name] = name.startsWith("first") ? Math.min(present, time) : Math.max(present, time);
}
