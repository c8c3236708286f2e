/**
 * The shared store: any number of collectors on one MongoDB replica set or sharded cluster.
 *
 * @module
 */

import { randomBytes } from "node:crypto";

import { AppError } from "../../errors.ts";
import { InstanceWatch } from "../../instances.ts";
import type { Outcome, PlanOptions, Received } from "../../batch.ts";
import { createConsumerMatcher } from "../../consumer.ts";
import { keyOf } from "../../facts.ts";
import type { Metric } from "../../statistics.ts";
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
import { adoptDocuments, dropOldIndex } from "./adoption.ts";
import { lastArrival } from "./arrivals.ts";
import { connect, type Database, type MongoConnection } from "./connection.ts";
import { sumDays } from "./day_sums.ts";
import { META_IDS } from "./documents.ts";
import { asStoreError } from "./errors.ts";
import { expire } from "./expiry.ts";
import { census, history, totals } from "./history.ts";
import { moveFormerInstances } from "./former.ts";
import { accounting, listBreakdown, listEvents } from "./reads.ts";
import { readWatchedSince } from "./instances.ts";
import { listManifests } from "./manifests.ts";
import { madeOnce, touch } from "./meta.ts";
import type { PartOutcomes } from "./parts.ts";
import { recordBatch } from "./record_batch.ts";
import { findItems, findRepositories, findRepository, listRepositories } from "./repositories.ts";
import { createCollections, createIndexes, noteVersion } from "./schema.ts";
import { listStars, setStar } from "./stars.ts";
import { findTag, listTags } from "./tags.ts";
import { withDeadline } from "./transaction.ts";
import { listUnused } from "./unused.ts";
import { Turns } from "./turns.ts";
import { RepositoryWatch } from "./watch.ts";

export type { MongoConnection } from "./connection.ts";

/** How long a batch is tried where the caller sets no deadline, in milliseconds. */
const RECORD_MS = 5000;
/** A person waits for it, behind all who star the same repository at that moment. */
const STAR_MS = 10_000;
const PING_MS = 1000;
/** How long it may take to begin watching. */
const WATCH_MS = 5000;
/** How long a reader waits. */
const READ_MS = 30_000;

/**
 * Opens the store: connects, makes what is missing, adopts a collection of 2015.
 *
 * @param connection Where.
 * @param options How events are counted and how long things are kept.
 * @returns The store, ready for events.
 * @throws {AppError} `invalid`, `unauthorized`, `unavailable` or `unsupported`, with the remedy.
 */
export async function openMongoStore(
  connection: MongoConnection,
  options: StoreOptions,
): Promise<Store> {
  const database = await connect(connection);
  try {
    await createCollections(database);
    await noteVersion(database);
    await dropOldIndex(database);
    await createIndexes(database, options.retention);
    await adoptDocuments(database);
    await moveFormerInstances(database);
    const key = await madeOnce(database, META_IDS.fingerprintKey, makeKey());
    return new MongoStore(database, options, {
      consumerOf: createConsumerMatcher(options.consumers),
      key: key.value,
    });
  } catch (error) {
    await database.client.close();
    throw asStoreError(error, `prepare MongoDB database "${connection.database}"`);
  }
}

/** 256 random bits. */
function makeKey(): string {
  return randomBytes(32).toString("hex");
}

class MongoStore implements Store {
  readonly #database: Database;
  readonly #options: StoreOptions & PlanOptions;
  readonly #instances = new InstanceWatch();
  readonly #parts: PartOutcomes = new WeakMap();
  readonly #turns = new Turns();
  readonly #watches = new Set<RepositoryWatch>();

  constructor(
    database: Database,
    options: StoreOptions,
    parts: Pick<PlanOptions, "consumerOf" | "key">,
  ) {
    this.#database = database;
    this.#options = { ...options, ...parts };
  }

  async record(
    received: readonly Received[],
    { ignored = [], deadline = Date.now() + RECORD_MS }: {
      ignored?: readonly IgnoredCount[];
      deadline?: number;
    } = {},
  ): Promise<Outcome[]> {
    if (received.length === 0 && ignored.length === 0) return [];
    const doing = "record events in MongoDB";
    const batch = { received, ignored, deadline };
    const recorded = recordBatch(this.#database, {
      ...this.#options,
      instances: this.#instances,
      parts: this.#parts,
    }, batch);
    return await this.#ask(doing, () => withDeadline(recorded, deadline, doing));
  }

  listRepositories(query: RepositoryQuery): Promise<Page<RepositoryStatistics>> {
    return this.#read((database) => listRepositories(database, query));
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
    return this.#read((database) => listManifests(database, of, page));
  }

  listBreakdown(
    of: RepositoryRef,
    dimension: BreakdownDimension,
    page: PageQuery,
  ): Promise<Page<BreakdownStatistics>> {
    return this.#read((database) => listBreakdown(database, of, { ...page, dimension }));
  }

  listStars(of: RepositoryRef, page: PageQuery): Promise<Page<Star>> {
    return this.#read((database) => listStars(database, of, page));
  }

  setStar(of: RepositoryRef, change: StarChange): Promise<number | undefined> {
    const doing = "change a star in MongoDB";
    const deadline = Date.now() + STAR_MS;
    const changed = this.#turns.take(
      keyOf(of.registry, of.repository),
      () => setStar(this.#database, of, { ...change, deadline }),
    );
    return this.#ask(doing, () => withDeadline(changed, deadline, doing));
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
    return this.#read((database) => totals(database, query));
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
    return this.#read((database) => listUnused(database, query));
  }

  watchedSince(): Promise<ReadonlyMap<string, number>> {
    return this.#read(readWatchedSince);
  }

  async madeKey(purpose: KeyPurpose, candidate: string): Promise<string> {
    return (await this.#read((database) => madeOnce(database, `key:${purpose}`, candidate))).value;
  }

  async watch(watcher: RepositoryWatcher): Promise<AsyncDisposable> {
    const watch = new RepositoryWatch(this.#database, watcher);
    const doing = "watch MongoDB for changes";
    this.#watches.add(watch);
    try {
      await this.#ask(doing, () => withDeadline(watch.open(), Date.now() + WATCH_MS, doing));
    } catch (error) {
      this.#watches.delete(watch);
      // It may still be opening: then it ends as soon as it is open.
      void watch.close();
      throw error;
    }
    return {
      [Symbol.asyncDispose]: async () => {
        this.#watches.delete(watch);
        await watch.close();
      },
    };
  }

  async madeToken(
    role: TokenRole,
    candidate: string,
  ): Promise<{ token: string; isNew: boolean }> {
    const made = await this.#read((database) => madeOnce(database, `token:${role}`, candidate));
    return { token: made.value, isNew: made.isNew };
  }

  expire(now: number): Promise<boolean> {
    const { retention } = this.#options;
    return this.#ask("drop old data from MongoDB", () => expire(this.#database, retention, now));
  }

  /** Connections are there already, and a transaction is the same whether it is the first. */
  async warmUp(): Promise<void> {}

  /** Writes, as a server without a majority reads well. */
  async ping(): Promise<void> {
    const doing = "write to MongoDB";
    if (!this.#database.isUp()) {
      const hint = "check that MongoDB runs and has a primary";
      throw new AppError("unavailable", `Cannot ${doing}: no server takes writes`, { hint });
    }
    const answer = touch(this.#database);
    await this.#ask(doing, () => withDeadline(answer, Date.now() + PING_MS, doing));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#watches].map((watch) => watch.close()));
    await this.#database.client.close();
  }

  #read<T>(read: (database: Database) => Promise<T>): Promise<T> {
    const doing = "read from MongoDB";
    const deadline = Date.now() + READ_MS;
    return this.#ask(doing, () => withDeadline(read(this.#database), deadline, doing));
  }

  async #ask<T>(doing: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw asStoreError(error, doing);
    }
  }
}
