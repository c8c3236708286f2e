/**
 * The contract between DREC and the place where its statistics live.
 *
 * Every adapter keeps all of it; one table of tests runs against each. Times are milliseconds since
 * 1970 (`null`: never), days are counted since 1970, both UTC.
 *
 * @module
 */

import type { IgnoredCount, Outcome, PlanOptions, Received } from "../batch.ts";
import type { ConsumerRule } from "../consumer.ts";
import type { Inbox } from "./inbox.ts";
import type {
  AccountingReport,
  BreakdownDimension,
  BreakdownStatistics,
  EventRecord,
  ManifestStatistics,
  RepositoryRef,
  RepositoryStatistics,
  Star,
  StarChange,
  TagStatistics,
} from "./items.ts";
import type { UnusedItem, UnusedQuery } from "./unused.ts";
import type { DaySums, DaySumsQuery } from "./day_sums.ts";
import type { HistoryStore } from "./history.ts";

export type { IgnoredCount } from "../batch.ts";
export type * from "./items.ts";

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
export const TOKEN_ROLES = ["ingest", "read", "admin"] as const;

/** One of {@linkcode TOKEN_ROLES}. */
export type TokenRole = typeof TOKEN_ROLES[number];

/** What keys are made for. */
export type KeyPurpose = "badge";

/** What every adapter is opened with. */
export interface StoreOptions extends Omit<PlanOptions, "key" | "consumerOf"> {
  readonly consumers: readonly ConsumerRule[];
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

/** Told of what happens to repositories: {@linkcode Store.watch}. Neither may throw or wait. */
export interface RepositoryWatcher {
  /** A repository has changed, is new, or is gone: reading it tells which. */
  onChange(of: RepositoryRef): void;
  /** Changes may have been missed: what was read before may be out of date. */
  onLost(): void;
}

/** Where statistics live. Safe to be called concurrently. */
export interface Store extends HistoryStore {
  /** Where notifications are kept until they are counted; only an embedded store has one. */
  readonly inbox?: Inbox | undefined;

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
  /** With the names of its actors, which nothing else tells. */
  findRepository(of: RepositoryRef): Promise<RepositoryStatistics | undefined>;
  /**
   * As in lists, for hundreds of registries may have the same name.
   *
   * @returns The repository of each registry that has one of that name, in order of registry.
   */
  findRepositories(repository: string, registry?: string): Promise<RepositoryStatistics[]>;
  /**
   * As in lists, but those that are asked for, as they are at least since the last
   * {@linkcode RepositoryWatcher.onChange}.
   *
   * @param wanted Some hundreds at most.
   * @returns Those that there are, in no order.
   */
  findItems(wanted: readonly RepositoryRef[]): Promise<RepositoryStatistics[]>;
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
  /** In order of the user. */
  listStars(of: RepositoryRef, page: PageQuery): Promise<Page<Star>>;
  /**
   * Gives a star or takes it back, and moves the repository's `stars` in the same transaction,
   * durable on return. Doing it again changes nothing. `stars` is moved by one and never set, for
   * others may move it, too; DREC does not move it below zero.
   *
   * @returns The repository's `stars` afterwards; `undefined` if there is no such repository.
   */
  setStar(of: RepositoryRef, change: StarChange): Promise<number | undefined>;
  /** Latest arrival first. */
  listEvents(of: RepositoryRef, page: PageQuery): Promise<Page<EventRecord>>;
  /**
   * Sums up days of all repositories that exist, in no order that means anything, as many in a step
   * as do not hold up events.
   *
   * @returns What the step found; it may be nothing, and yet not the last.
   */
  sumDays(query: DaySumsQuery): Promise<Page<DaySums>>;
  accounting(): Promise<AccountingReport>;
  /** Oldest use first, by the day where they are tags; a page may be short and not the last. */
  listUnused(query: UnusedQuery): Promise<Page<UnusedItem>>;
  /** @returns Since when each registry has been watched without a possible gap. */
  watchedSince(): Promise<ReadonlyMap<string, number>>;

  /**
   * Tells of changes in the numbers of repositories from now on, whoever makes them: once or more
   * often, after they can be read, and not necessarily each.
   *
   * @param watcher Told of them.
   * @returns Ends it; closing the store does so, too.
   * @throws {AppError} `unavailable`.
   */
  watch(watcher: RepositoryWatcher): Promise<AsyncDisposable>;

  /**
   * The token made for a role that is not configured.
   *
   * @param role The role.
   * @param candidate Kept where none has been made; collectors that race agree on one.
   * @returns The token, and whether it is the candidate.
   */
  madeToken(role: TokenRole, candidate: string): Promise<{ token: string; isNew: boolean }>;

  /**
   * A secret key, shared by all collectors.
   *
   * @param purpose What it is for.
   * @param candidate Kept where none has been made.
   * @returns The key.
   */
  madeKey(purpose: KeyPurpose, candidate: string): Promise<string>;

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
