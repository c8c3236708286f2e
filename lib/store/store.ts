/**
 * The contract between DREC and the place where its statistics live.
 *
 * Every adapter keeps all of it; one table of tests runs against each. Times are milliseconds since
 * 1970 (`null`: never), days are counted since 1970, both UTC.
 *
 * @module
 */

import type { Outcome, PlanOptions, Received } from "../batch.ts";
import type { Metric } from "../statistics.ts";
import type { DayValue, HistoryStore } from "./history.ts";

export type { DayValue } from "./history.ts";

/** A repository of a registry. */
export interface RepositoryRef {
  readonly registry: string;
  readonly repository: string;
}

/** Numbers and times of a repository. */
export interface RepositoryStatistics extends RepositoryRef {
  readonly pulls: number;
  readonly pushes: number;
  readonly stars: number;
  readonly checks: number;
  readonly childPulls: number;
  readonly digestPushes: number;
  readonly unchangedPushes: number;
  readonly firstPulled: number | null;
  readonly lastPulled: number | null;
  readonly firstPushed: number | null;
  readonly lastPushed: number | null;
  readonly lastChecked: number | null;
  readonly lastUsed: number | null;
  readonly deletes: {
    readonly tags: number;
    readonly manifests: number;
    readonly blobs: number;
    readonly unknown: number;
  };
  /** At most 1,000 names in code point order; empty in lists. */
  readonly actors: readonly string[];
  readonly actorCount: number;
  /** Tags that exist now, as far as is known. */
  readonly tagCount: number;
  readonly deleted: number | null;
}

/** Numbers and times of a tag. */
export interface TagStatistics {
  /** `(overflow)` for the row of all tags beyond the bound. */
  readonly tag: string;
  readonly overflow: boolean;
  readonly digest: string | null;
  readonly pulls: number;
  readonly pushes: number;
  readonly unchangedPushes: number;
  readonly checks: number;
  readonly firstPulled: number | null;
  readonly lastPulled: number | null;
  readonly firstPushed: number | null;
  readonly lastPushed: number | null;
  readonly lastChecked: number | null;
  /** Of the tag, or of the manifest it points to where that was used later. */
  readonly lastUsed: number | null;
  readonly deleted: number | null;
}

/** Numbers and times of a manifest. */
export interface ManifestStatistics {
  readonly digest: string;
  readonly mediaType: string | null;
  /** Kind of artifact. */
  readonly kind: string;
  /** Bytes of config and layers; of an index: of its platform images. `null`: unknown. */
  readonly size: number | null;
  /** `os/architecture[/variant]`, sorted; empty where unknown. */
  readonly platforms: readonly string[];
  readonly pulls: number;
  readonly childPulls: number;
  readonly checks: number;
  readonly pushes: number;
  readonly digestPushes: number;
  readonly firstSeen: number | null;
  readonly lastUsed: number | null;
  /** A delete that no later use contradicts. */
  readonly deleted: number | null;
}

/** What can be broken down. */
export type BreakdownDimension = "actor" | "client" | "consumer";

/** Numbers of one actor, client family or consumer in a repository. */
export interface BreakdownStatistics {
  /** `(anonymous)`, and `(overflow)` for the row of all actors beyond the bound. */
  readonly name: string;
  readonly overflow: boolean;
  readonly pulls: number;
  readonly pushes: number;
  readonly firstSeen: number | null;
  readonly lastSeen: number | null;
}

/** An event of the log with what it was counted as. */
export interface EventRecord {
  readonly id: string;
  /** By the registry's clock. */
  readonly timestamp: number;
  readonly receivedAt: number;
  readonly action: string;
  readonly method: string | null;
  readonly tag: string | null;
  readonly digest: string | null;
  readonly mediaType: string | null;
  readonly actor: string | null;
  readonly address: string | null;
  readonly client: string | null;
  readonly userAgent: string | null;
  readonly outcome: Outcome;
  /** Type of its meaning, such as `pull`, `childPull`, `check`. */
  readonly countedAs: string;
  /** Row of the decision table. */
  readonly row: number;
  /** The tag it counted for: its own, or that of the HEAD before it. */
  readonly countedTag: string | null;
  readonly estimated: boolean;
}

/** What became of all events ever received. */
export interface Accounting {
  readonly received: number;
  readonly counted: number;
  readonly duplicate: number;
  readonly ignored: number;
  readonly quarantined: number;
}

/** {@linkcode Accounting} in all and by registry. */
export interface AccountingReport extends Accounting {
  /** In order of the name. */
  readonly byRegistry: readonly (Accounting & { readonly registry: string })[];
}

/** Position in a list: the sort values of the last item, of one kind a list. */
export type Cursor = readonly (string | number | null)[];

/** A part of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; `null` after the last. */
  readonly next: Cursor | null;
}

/** Which part of a list. */
export interface PageQuery {
  /** At most this many items, from 1 on. */
  readonly limit: number;
  /** From the page before. */
  readonly after?: Cursor;
}

/** Orders of the list of repositories; ties go by repository, then registry. */
export const REPOSITORY_SORTS = [
  "name",
  "-pulls",
  "-pushes",
  "-stars",
  "-lastPulled",
  "-lastPushed",
  "-lastUsed",
] as const;

/** One of {@linkcode REPOSITORY_SORTS}. */
export type RepositorySort = typeof REPOSITORY_SORTS[number];

/** Which repositories. */
export interface RepositoryQuery extends PageQuery {
  readonly sort: RepositorySort;
  readonly registry?: string;
  /** Text anywhere in the name, without regard to ASCII case. */
  readonly q?: string;
  /** What the name begins with, exactly. */
  readonly prefix?: string;
}

/** Which days of which number. */
export interface SeriesQuery extends RepositoryRef {
  readonly metric: Metric;
  /** First and last day, inclusive. */
  readonly from: number;
  readonly to: number;
  /** Only of this tag. */
  readonly tag?: string;
}

/** Events counted as ignored before they reached the store, by registry. */
export interface IgnoredCount {
  readonly registry: string;
  /** Milliseconds since 1970, of the arrival. */
  readonly receivedAt: number;
  readonly count: number;
}

/** How long things are kept, in milliseconds. */
export interface Retention {
  readonly ids: number;
  readonly events: number;
  readonly days: number;
  readonly tagDays: number;
  readonly deleted: number;
  readonly quarantine: number;
}

/** Roles that tokens are made for. */
export type TokenRole = "ingest" | "read" | "admin";

/** What every adapter is opened with. */
export interface StoreOptions extends Omit<PlanOptions, "key"> {
  readonly retention: Retention;
  /** Names this process in accounting, so that collectors do not collide. */
  readonly collector: string;
}

/**
 * Thrown by {@linkcode Store.record} where a batch cannot be stored because of what an event is:
 * the caller splits the batch until the event stands alone. Any other error is the store's.
 */
export class EventFault extends Error {
  override readonly name = "EventFault";
}

/** Where statistics live. Safe to be called concurrently. */
export interface Store extends HistoryStore {
  /**
   * Records entries in one transaction, durable on return. An id that the log has already changes
   * nothing but the accounting.
   *
   * @param received The entries, in order of arrival; not all need be of one body.
   * @param options `ignored`: counts to add to the accounting in the same transaction;
   *   `deadline`: milliseconds since 1970, after which retries of a conflict are given up.
   * @returns What became of each, in order.
   * @throws {EventFault} If one of the entries is at fault; nothing is recorded.
   * @throws {AppError} `unavailable`: nothing is recorded, or it is not known whether; recording
   *   the same entries again is right in both cases.
   */
  record(
    received: readonly Received[],
    options?: { ignored?: readonly IgnoredCount[]; deadline?: number },
  ): Promise<Outcome[]>;

  listRepositories(query: RepositoryQuery): Promise<Page<RepositoryStatistics>>;
  /** @returns The repository of each registry that has one of that name, in order of registry. */
  findRepositories(repository: string, registry?: string): Promise<RepositoryStatistics[]>;
  /** In order of the tag; the overflow row last. */
  listTags(of: RepositoryRef, page: PageQuery): Promise<Page<TagStatistics>>;
  findTag(of: RepositoryRef, tag: string): Promise<TagStatistics | undefined>;
  /** In order of the digest. */
  listManifests(of: RepositoryRef, page: PageQuery): Promise<Page<ManifestStatistics>>;
  /** Most pulls first, then by name. */
  listBreakdown(
    of: RepositoryRef,
    dimension: BreakdownDimension,
    page: PageQuery,
  ): Promise<Page<BreakdownStatistics>>;
  /** Latest arrival first. */
  listEvents(of: RepositoryRef, page: PageQuery): Promise<Page<EventRecord>>;
  /** @returns The days with a value, in order; a day without one is zero. */
  series(query: SeriesQuery): Promise<DayValue[]>;
  accounting(): Promise<AccountingReport>;

  /**
   * The token made for a role that is not configured.
   *
   * @param role The role.
   * @param make Makes a token where none has been made; collectors that race agree on one.
   * @returns The token, and whether this call made it.
   */
  madeToken(role: TokenRole, make: () => string): Promise<{ token: string; isNew: boolean }>;

  /**
   * Drops what is older than its retention, a little at a time.
   *
   * @param now Milliseconds since 1970.
   * @returns True while there is more to drop.
   */
  expire(now: number): Promise<boolean>;

  /** Makes the first commits as fast as later ones; to be called once, after becoming ready. */
  warmUp(): Promise<void>;
  /** @throws {AppError} `unavailable` if the store does not take writes. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
