/**
 * The embedded store: one SQLite file, one `serve` a file.
 *
 * @module
 */

import { createConsumerMatcher } from "../../consumer.ts";
import type { Outcome, Received } from "../../batch.ts";
import type { Metric } from "../../statistics.ts";
import type { Counted, CountOptions } from "../inbox.ts";
import type { Census, CensusQuery, History, HistoryQuery, TotalsQuery } from "../history.ts";
import type {
  AccountingReport,
  BreakdownDimension,
  BreakdownStatistics,
  EventRecord,
  IgnoredCount,
  KeyPurpose,
  ManifestStatistics,
  Page,
  PageQuery,
  RepositoryQuery,
  RepositoryRef,
  RepositoryStatistics,
  RepositoryWatcher,
  Star,
  StarChange,
  Store,
  StoreOptions,
  TagStatistics,
  TokenRole,
} from "../store.ts";
import type { UnusedItem, UnusedQuery } from "../unused.ts";
import type { DaySums, DaySumsQuery } from "../day_sums.ts";
import { lastArrival } from "./arrivals.ts";
import { countRecords } from "./counting.ts";
import { Database } from "./database.ts";
import { sumDays } from "./day_sums.ts";
import { readPosition } from "./inbox_counted.ts";
import { Expiry } from "./expiry.ts";
import { readWatchedSince } from "./instances.ts";
import { census } from "./census.ts";
import { history, totals } from "./history.ts";
import { madeFingerprintKey, madeKey } from "./made.ts";
import { madeToken } from "./made_token.ts";
import { listManifests } from "./manifests.ts";
import { BatchRecorder } from "./record_batch.ts";
import { accounting, findTag, listBreakdown, listEvents, listTags } from "./reads.ts";
import { listUnused } from "./unused.ts";
import { listStars, setStar } from "./stars.ts";
import { findItems, findRepositories, findRepository, listRepositories } from "./repositories.ts";
import { Watchers } from "./watchers.ts";

/** {@linkcode Store} on SQLite; see there, and `open.ts`. */
export class SqliteStore implements Store {
  readonly #database: Database;
  readonly #recorder: BatchRecorder;
  readonly #expiry: Expiry;
  readonly #watchers: Watchers;

  private constructor(database: Database, options: StoreOptions) {
    this.#database = database;
    this.#recorder = new BatchRecorder(database, {
      ...options,
      consumerOf: createConsumerMatcher(options.consumers),
      key: madeFingerprintKey(database),
    });
    this.#expiry = new Expiry(database, options.retention);
    this.#watchers = new Watchers(database);
  }

  /**
   * Opens the store on this thread.
   *
   * @param path The file; it is made where it is missing, its folder must be there.
   * @param options How events are counted and how long things are kept.
   * @returns The store, ready.
   * @throws {AppError} `unavailable` or `unsupported`, with the remedy.
   */
  static open(path: string, options: StoreOptions): SqliteStore {
    const database = new Database(path);
    try {
      return new SqliteStore(database, options);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  async record(
    received: readonly Received[],
    { ignored = [] }: { ignored?: readonly IgnoredCount[] } = {},
  ): Promise<Outcome[]> {
    const plan = this.#recorder.record(received, { ignored });
    try {
      await this.#database.flush();
    } finally {
      // Readers see what is committed, even if the disk has failed.
      this.#watchers.tellOf(plan);
    }
    return [...plan.outcomes];
  }

  listRepositories(query: RepositoryQuery): Promise<Page<RepositoryStatistics>> {
    return listRepositories(this.#database, query);
  }

  findRepository(of: RepositoryRef): Promise<RepositoryStatistics | undefined> {
    return this.#read((database) => findRepository(database, of));
  }

  findRepositories(repository: string, registry?: string): Promise<RepositoryStatistics[]> {
    return this.#read((database) => findRepositories(database, repository, registry));
  }

  findItems(wanted: readonly RepositoryRef[]): Promise<RepositoryStatistics[]> {
    return this.#read((database) => findItems(database, wanted));
  }

  listTags(of: RepositoryRef, page: PageQuery): Promise<Page<TagStatistics>> {
    return this.#read((database) => listTags(database, of, page));
  }

  findTag(of: RepositoryRef, tag: string): Promise<TagStatistics | undefined> {
    return this.#read((database) => findTag(database, of, tag));
  }

  listManifests(of: RepositoryRef, page: PageQuery): Promise<Page<ManifestStatistics>> {
    return listManifests(this.#database, of, page);
  }

  listBreakdown(
    of: RepositoryRef,
    dimension: BreakdownDimension,
    page: PageQuery,
  ): Promise<Page<BreakdownStatistics>> {
    return this.#read((database) => listBreakdown(database, of, { dimension, ...page }));
  }

  listStars(of: RepositoryRef, page: PageQuery): Promise<Page<Star>> {
    return this.#read((database) => listStars(database, of, page));
  }

  async setStar(of: RepositoryRef, change: StarChange): Promise<number | undefined> {
    const stars = this.#database.transaction(() => setStar(this.#database, of, change));
    try {
      await this.#database.flush();
    } finally {
      // Readers see what is committed, also where the disk has not said so.
      this.#watchers.tell([of]);
    }
    return stars;
  }

  listEvents(of: RepositoryRef, page: PageQuery): Promise<Page<EventRecord>> {
    return this.#read((database) => listEvents(database, of, page));
  }

  sumDays(query: DaySumsQuery): Promise<Page<DaySums>> {
    return this.#read((database) => sumDays(database, query));
  }

  history(query: HistoryQuery): Promise<History> {
    return this.#read((database) => history(database, query));
  }

  totals(query: TotalsQuery): Promise<Record<Metric, number>> {
    return totals(this.#database, query);
  }

  census(query: CensusQuery): Promise<Census> {
    return this.#read((database) => census(database, query));
  }

  lastArrival(registry?: string): Promise<number | null> {
    return this.#read((database) => lastArrival(database, registry));
  }

  accounting(): Promise<AccountingReport> {
    return this.#read(accounting);
  }

  listUnused(query: UnusedQuery): Promise<Page<UnusedItem>> {
    return listUnused(this.#database, query);
  }

  watchedSince(): Promise<ReadonlyMap<string, number>> {
    return this.#read(readWatchedSince);
  }

  async madeKey(purpose: KeyPurpose, candidate: string): Promise<string> {
    const { value, isNew } = await settle(() =>
      madeKey(this.#database, `${purpose}_key`, candidate)
    );
    if (isNew) await this.#database.flush();
    return value;
  }

  watch(watcher: RepositoryWatcher): Promise<AsyncDisposable> {
    return settle(() => this.#watchers.add(watcher));
  }

  madeToken(role: TokenRole, candidate: string): Promise<{ token: string; isNew: boolean }> {
    return madeToken(this.#database, role, candidate);
  }

  expire(now: number): Promise<boolean> {
    return settle(() => this.#expiry.step(now));
  }

  /** Writes, for a disk that is full reads well; and holds up nobody who is to be refused. */
  ping(): Promise<void> {
    const write = () => this.#database.run("INSERT OR REPLACE INTO meta VALUES ('ping', '')");
    return settle(() => {
      this.#database.impatiently(() => this.#database.transaction(write));
    });
  }

  warmUp(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Takes the lock that writing takes, and lets go of it.
   *
   * @throws {AppError} `unavailable`, if another process has it.
   */
  requireWritable(): Promise<void> {
    return settle(() => this.#database.transaction(() => {}));
  }

  /**
   * Counts what is durable in the inbox; see `Inbox.count()`. What it commits is not flushed.
   *
   * @param records The notifications, from `joined()`.
   * @param options How to count.
   * @returns What was counted.
   */
  count(records: Uint8Array, options: CountOptions): Promise<Counted> {
    return countRecords(records, options, {
      position: () => this.#database.reading(() => readPosition(this.#database)),
      record: (received, rest) => {
        const plan = this.#recorder.record(received, rest);
        this.#watchers.tellOf(plan);
        return [...plan.outcomes];
      },
    });
  }

  /**
   * Waits until all that was committed is on the disk.
   *
   * @returns The number of the last notification of the inbox of which all is.
   * @throws {AppError} `unavailable`, if the disk fails.
   */
  async flush(): Promise<number> {
    const { last } = await this.#read(readPosition);
    await this.#database.flush();
    return last;
  }

  close(): Promise<void> {
    return settle(() => {
      this.#watchers.close();
      this.#database.close();
    });
  }

  #read<T>(query: (database: Database) => T): Promise<T> {
    return settle(() => this.#database.reading(() => query(this.#database)));
  }
}

/** Runs something synchronous, and turns what it throws into a rejection. */
function settle<T>(action: () => T): Promise<T> {
  return new Promise((resolve) => resolve(action()));
}
