/**
 * The embedded store: one SQLite file, one `serve` a file.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";

import { AppError } from "../../errors.ts";
import { questionsOf } from "../../facts.ts";
import type { Candidate, Outcome, Received } from "../../batch.ts";
import { candidatesOf, logKeyOf, planBatch } from "../../plan.ts";
import type { Metric } from "../../statistics.ts";
import type { Census, CensusQuery, History, HistoryQuery, TotalsQuery } from "../history.ts";
import type {
  AccountingReport,
  BreakdownDimension,
  BreakdownStatistics,
  DayValue,
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
  SeriesQuery,
  Star,
  StarChange,
  Store,
  StoreOptions,
  TagStatistics,
  TokenRole,
} from "../store.ts";
import type { UnusedItem, UnusedQuery } from "../unused.ts";
import type { DaySums, DaySumsQuery } from "../day_sums.ts";
import { answer } from "./answers.ts";
import { Database, type RowsStatement } from "./database.ts";
import { sumDays } from "./day_sums.ts";
import { Expiry } from "./expiry.ts";
import { Instances, readWatchedSince } from "./instances.ts";
import { census } from "./census.ts";
import { history, totals } from "./history.ts";
import { listManifests } from "./manifests.ts";
import { Names } from "./names.ts";
import { accounting, findTag, listBreakdown, listEvents } from "./reads.ts";
import { listTags, series } from "./reads.ts";
import { listUnused } from "./unused.ts";
import { listStars, setStar } from "./stars.ts";
import { findItems, findRepositories, listRepositories } from "./repositories.ts";
import { Watchers } from "./watchers.ts";
import { addIgnored, applyPlan } from "./writes.ts";

/** Where the database is, and whether this process is the one that serves it. */
export interface SqliteLocation {
  /** The file; it and its folder are made where they are missing. */
  readonly path: string;
  /** Refuse to open a file that another process has opened so. */
  readonly exclusive: boolean;
}

/**
 * Opens the embedded store.
 *
 * @param location Where it is.
 * @param options How events are counted and how long things are kept.
 * @returns The store, ready.
 * @throws {AppError} `unavailable` or `conflict`, with the remedy.
 */
export async function openSqliteStore(
  { path, exclusive }: SqliteLocation,
  options: StoreOptions,
): Promise<Store> {
  const folder = dirname(path);
  try {
    await Deno.mkdir(folder, { recursive: true });
  } catch (error) {
    throw new AppError("unavailable", `Cannot make folder "${folder}": ${String(error)}`, {
      hint: "make it, or name another file in `sqlite.path`",
      cause: error,
    });
  }
  return new SqliteStore(new Database(path, exclusive), options);
}

/** Which of many ids the log has; `n` is their number in the list. */
const KNOWN_IDS: RowsStatement = {
  key: "known ids",
  render: (values) =>
    `SELECT asked.column1 AS n FROM (VALUES ${values}) AS asked CROSS JOIN event_ids
      WHERE registry_id = asked.column2 AND id = asked.column3`,
};

/** A batch of fewer events says that nobody else is sending. */
const MIN_SHARED = 3;

/** {@linkcode Store} on SQLite; see there. */
class SqliteStore implements Store {
  readonly #database: Database;
  readonly #options: StoreOptions;
  readonly #expiry: Expiry;
  readonly #names: Names;
  readonly #instances = new Instances();
  readonly #watchers: Watchers;
  readonly #key: string;

  constructor(database: Database, options: StoreOptions) {
    this.#database = database;
    this.#options = options;
    this.#expiry = new Expiry(database, options.retention);
    this.#names = new Names(database);
    this.#watchers = new Watchers(database);
    this.#key = this.#madeKey();
  }

  async record(
    received: readonly Received[],
    { ignored = [] }: { ignored?: readonly IgnoredCount[] } = {},
  ): Promise<Outcome[]> {
    // One synchronous transaction: nothing can come in between.
    this.#names.begin();
    const outcomes = this.#database.transaction(() => this.#record(received, ignored));
    this.#names.commit();
    this.#instances.commit();
    const tell = this.#watchers.committed();
    try {
      await this.#database.flush(received.length < MIN_SHARED);
    } finally {
      // Readers see what is committed, even if the disk has failed.
      tell();
    }
    return outcomes;
  }

  #record(received: readonly Received[], ignored: readonly IgnoredCount[]): Outcome[] {
    const options = { ...this.#options, key: this.#key };
    const names = this.#names;
    const candidates = candidatesOf(received, options);
    const duplicates = this.#duplicatesOf(candidates);
    const fresh = candidates.flatMap((candidate) =>
      candidate.sighting === undefined || duplicates.has(logKeyOf(candidate))
        ? []
        : [candidate.sighting]
    );
    const known = answer(this.#database, names, questionsOf(fresh));
    const plan = planBatch(candidates, { duplicates, known, options });
    applyPlan({ database: this.#database, names }, plan);
    this.#instances.write({ database: this.#database, names }, plan.log);
    addIgnored({ database: this.#database, names }, ignored);
    this.#watchers.note(plan);
    return [...plan.outcomes];
  }

  /** Names the candidates whose ids the log has. */
  #duplicatesOf(candidates: readonly Candidate[]): Set<string> {
    const rows = candidates.map(({ received, id }, n) =>
      [n, this.#names.registry(received.registry), this.#names.id(id)] as const
    );
    const known = this.#database.allRows(KNOWN_IDS, rows);
    return new Set(known.flatMap(({ n }) => {
      const candidate = candidates[Number(n)];
      return candidate === undefined ? [] : [logKeyOf(candidate)];
    }));
  }

  listRepositories(query: RepositoryQuery): Promise<Page<RepositoryStatistics>> {
    return listRepositories(this.#database, query);
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
      await this.#database.flush(false);
    } finally {
      // Readers see what is committed, also where the disk has not said so.
      this.#watchers.tell([of]);
    }
    return stars;
  }

  listEvents(of: RepositoryRef, page: PageQuery): Promise<Page<EventRecord>> {
    return this.#read((database) => listEvents(database, of, page));
  }

  series(query: SeriesQuery): Promise<DayValue[]> {
    return this.#read((database) => series(database, query));
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

  accounting(): Promise<AccountingReport> {
    return this.#read(accounting);
  }

  listUnused(query: UnusedQuery): Promise<Page<UnusedItem>> {
    return listUnused(this.#database, query);
  }

  watchedSince(): Promise<ReadonlyMap<string, number>> {
    return this.#read(readWatchedSince);
  }

  /** In the database, other than a token: a copy of the numbers opens nothing but badges. */
  async madeKey(purpose: KeyPurpose, make: () => string): Promise<string> {
    const name = `${purpose}_key`;
    const isNew = await settle(() =>
      this.#database.transaction(() =>
        this.#database.run("INSERT OR IGNORE INTO meta VALUES (?, ?)", name, make()) > 0
      )
    );
    if (isNew) await this.#database.flush(true);
    return await this.#read((database) =>
      String(database.get("SELECT value FROM meta WHERE key = ?", name)?.value)
    );
  }

  watch(watcher: RepositoryWatcher): Promise<AsyncDisposable> {
    return settle(() => this.#watchers.add(watcher));
  }

  /** In a file of its own beside the database, so that a copy of the numbers holds no secret. */
  async madeToken(role: TokenRole, make: () => string): Promise<{ token: string; isNew: boolean }> {
    const path = join(dirname(this.#database.path), `token-${role}`);
    try {
      await Deno.writeTextFile(path, `${make()}\n`, { mode: 0o600, createNew: true });
      return { token: (await Deno.readTextFile(path)).trim(), isNew: true };
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) {
        throw new AppError("unavailable", `Cannot write token "${path}": ${String(error)}`, {
          hint: "let the user that runs DREC write to this folder",
          cause: error,
        });
      }
      return { token: (await Deno.readTextFile(path)).trim(), isNew: false };
    }
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
    return this.#database.warmUp();
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

  #madeKey(): string {
    const made = randomBytes(32).toString("hex");
    this.#database.run("INSERT OR IGNORE INTO meta VALUES ('fingerprint_key', ?)", made);
    return String(
      this.#database.get("SELECT value FROM meta WHERE key = 'fingerprint_key'")?.value,
    );
  }
}

/** Runs something synchronous, and turns what it throws into a rejection. */
function settle<T>(action: () => T): Promise<T> {
  return new Promise((resolve) => resolve(action()));
}
