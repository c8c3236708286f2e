/**
 * The JSON of the API: what it shows of the store's results, field by field in this order.
 * Times are RFC 3339 in UTC, `null` for never.
 *
 * @module
 */

import type {
  Accounting,
  BreakdownStatistics,
  EventRecord,
  ManifestStatistics,
  RepositoryStatistics,
  TagStatistics,
} from "../../store/store.ts";

/** JSON of an object. */
export type Shape = Readonly<Record<string, unknown>>;

/**
 * Writes a time.
 *
 * @param time Milliseconds since 1970.
 * @returns For example `2026-11-23T08:36:27.801Z`, or `null`.
 */
export function renderTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

/**
 * A repository by itself.
 *
 * @param statistics From the store.
 * @returns All that is known of it.
 */
export function repositoryShape(statistics: RepositoryStatistics): Shape {
  const { registry, repository, actors, actorCount, tagCount, deleted } = statistics;
  const { pulls, pushes, stars, checks, childPulls, digestPushes, unchangedPushes } = statistics;
  const { tags, manifests, blobs, unknown } = statistics.deletes;
  return {
    registry,
    repository,
    pulls,
    pushes,
    stars,
    checks,
    childPulls,
    digestPushes,
    unchangedPushes,
    ...usageShape(statistics),
    deletes: { tags, manifests, blobs, unknown },
    actors,
    actorCount,
    tagCount,
    deleted: renderTime(deleted),
  };
}

/**
 * A repository in a list.
 *
 * @param statistics From the store.
 * @returns The same as {@linkcode repositoryShape}, but for the names of actors.
 */
export function repositoryItem(statistics: RepositoryStatistics): Shape {
  const { actors: _, ...item } = repositoryShape(statistics);
  return item;
}

/**
 * A tag.
 *
 * @param statistics From the store.
 * @returns Its numbers and times; `overflow` only on the row of all tags beyond the bound.
 */
export function tagShape(statistics: TagStatistics): Shape {
  const { tag, digest, pulls, pushes, unchangedPushes, checks, deleted } = statistics;
  return {
    tag,
    digest,
    pulls,
    pushes,
    unchangedPushes,
    checks,
    ...usageShape(statistics),
    deleted: renderTime(deleted),
    ...overflowShape(statistics),
  };
}

/**
 * A manifest.
 *
 * @param statistics From the store.
 * @returns What it is, its numbers and times.
 */
export function manifestShape(statistics: ManifestStatistics): Shape {
  const { digest, mediaType, kind, size, platforms } = statistics;
  const { pulls, childPulls, checks, pushes, digestPushes } = statistics;
  const { firstSeen, lastUsed, deleted } = statistics;
  return {
    digest,
    mediaType,
    kind,
    size,
    platforms,
    pulls,
    childPulls,
    checks,
    pushes,
    digestPushes,
    firstSeen: renderTime(firstSeen),
    lastUsed: renderTime(lastUsed),
    deleted: renderTime(deleted),
  };
}

/**
 * An actor, client family or consumer.
 *
 * @param statistics From the store.
 * @returns Its numbers and times; `anonymous` and `overflow` only on the rows of requests without a
 *   name and of all actors beyond the bound.
 */
export function breakdownShape(statistics: BreakdownStatistics): Shape {
  const { name, anonymous, pulls, pushes, firstSeen, lastSeen } = statistics;
  return {
    name,
    pulls,
    pushes,
    firstSeen: renderTime(firstSeen),
    lastSeen: renderTime(lastSeen),
    ...(anonymous ? { anonymous } : {}),
    ...overflowShape(statistics),
  };
}

/**
 * An event of the log.
 *
 * @param event From the store.
 * @returns What it said and what it was counted as.
 */
export function eventShape(event: EventRecord): Shape {
  const { id, timestamp, receivedAt, action, method, tag, digest, mediaType } = event;
  const { actor, address, client, userAgent } = event;
  const { outcome, countedAs, row, countedTag, estimated } = event;
  return {
    id,
    timestamp: renderTime(timestamp),
    receivedAt: renderTime(receivedAt),
    action,
    method,
    tag,
    digest,
    mediaType,
    actor,
    address,
    client,
    userAgent,
    outcome,
    countedAs,
    row,
    countedTag,
    estimated,
  };
}

/**
 * What became of events.
 *
 * @param accounting From the store.
 * @returns The numbers; the first is the sum of the others.
 */
export function accountingShape(accounting: Accounting): Shape {
  const { received, counted, duplicate, ignored, quarantined } = accounting;
  return { received, counted, duplicate, ignored, quarantined };
}

type Usage = Pick<
  TagStatistics,
  "firstPulled" | "lastPulled" | "firstPushed" | "lastPushed" | "lastChecked" | "lastUsed"
>;

function usageShape(usage: Usage): Shape {
  return {
    firstPulled: renderTime(usage.firstPulled),
    lastPulled: renderTime(usage.lastPulled),
    firstPushed: renderTime(usage.firstPushed),
    lastPushed: renderTime(usage.lastPushed),
    lastChecked: renderTime(usage.lastChecked),
    lastUsed: renderTime(usage.lastUsed),
  };
}

function overflowShape({ overflow }: { overflow: boolean }): Shape {
  return overflow ? { overflow } : {};
}
