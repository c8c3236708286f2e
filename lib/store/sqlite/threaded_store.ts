/**
 * The embedded store as the one who serves it sees it: SQLite on a thread of its own, the inbox on
 * this one.
 *
 * @module
 */

import type { Outcome, Received } from "../../batch.ts";
import type { Metric } from "../../statistics.ts";
import type { DaySums, DaySumsQuery } from "../day_sums.ts";
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
import type { Counted, CountOptions } from "../inbox.ts";
import { SqliteInbox } from "./inbox.ts";
import { LockProbe } from "./lock_probe.ts";
import { portable } from "./portable_received.ts";
import { ServeLock } from "./serve_lock.ts";
import type { SqliteStore } from "./sqlite_store.ts";
import { startThread } from "./thread.ts";
import { ThreadCalls } from "./thread_calls.ts";
import type { ChangeMessage } from "./thread_messages.ts";

/** A method of the store that is called by its name, and takes and returns plain data. */
type Plain = Exclude<keyof SqliteStore, "record" | "count" | "watch">;

/** {@linkcode Store} on a thread; see there. */
export class ThreadedStore implements Store {
  readonly #calls = new ThreadCalls(startThread(), (message) => this.#tell(message));
  readonly #watchers = new Set<RepositoryWatcher>();
  /** Settled when the thread tells of changes; `undefined` while nobody wants to know. */
  #watching: Promise<unknown> | undefined;
  #isCounting = false;
  #lock: ServeLock | undefined;
  #probe: LockProbe | undefined;
  #inbox: SqliteInbox | undefined;

  /**
   * Opens the store, and its inbox.
   *
   * @param path The file of the database, not a link to it; its folder must be there.
   * @param options How events are counted and how long things are kept.
   * @returns The store, ready.
   * @throws {AppError} `conflict`, if another process serves it; `unavailable` or `unsupported`.
   */
  static async open(path: string, options: StoreOptions): Promise<ThreadedStore> {
    const store = new ThreadedStore();
    try {
      store.#lock = new ServeLock(path);
      await store.#calls.open({ path, options });
      store.#probe = new LockProbe(path);
      store.#inbox = await SqliteInbox.open(path, {
        requireLock: () => store.#lock?.require(),
        requireWritable: () => store.#requireWritable(),
        count: (records, options) => store.#count(records, options),
        flush: () => store.#call("flush"),
      });
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  get inbox(): SqliteInbox | undefined {
    return this.#inbox;
  }

  async record(
    received: readonly Received[],
    options: { ignored?: readonly IgnoredCount[]; deadline?: number } = {},
  ): Promise<Outcome[]> {
    return await this.#calls.post("record", [received.map(portable), options]) as Outcome[];
  }

  listRepositories(query: RepositoryQuery): Promise<Page<RepositoryStatistics>> {
    return this.#call("listRepositories", query);
  }

  findRepository(of: RepositoryRef): Promise<RepositoryStatistics | undefined> {
    return this.#call("findRepository", of);
  }

  findRepositories(repository: string, registry?: string): Promise<RepositoryStatistics[]> {
    return this.#call("findRepositories", repository, registry);
  }

  findItems(wanted: readonly RepositoryRef[]): Promise<RepositoryStatistics[]> {
    return this.#call("findItems", wanted);
  }

  listTags(of: RepositoryRef, page: PageQuery): Promise<Page<TagStatistics>> {
    return this.#call("listTags", of, page);
  }

  findTag(of: RepositoryRef, tag: string): Promise<TagStatistics | undefined> {
    return this.#call("findTag", of, tag);
  }

  listManifests(of: RepositoryRef, page: PageQuery): Promise<Page<ManifestStatistics>> {
    return this.#call("listManifests", of, page);
  }

  listBreakdown(
    of: RepositoryRef,
    dimension: BreakdownDimension,
    page: PageQuery,
  ): Promise<Page<BreakdownStatistics>> {
    return this.#call("listBreakdown", of, dimension, page);
  }

  listStars(of: RepositoryRef, page: PageQuery): Promise<Page<Star>> {
    return this.#call("listStars", of, page);
  }

  setStar(of: RepositoryRef, change: StarChange): Promise<number | undefined> {
    return this.#call("setStar", of, change);
  }

  listEvents(of: RepositoryRef, page: PageQuery): Promise<Page<EventRecord>> {
    return this.#call("listEvents", of, page);
  }

  sumDays(query: DaySumsQuery): Promise<Page<DaySums>> {
    return this.#call("sumDays", query);
  }

  history(query: HistoryQuery): Promise<History> {
    return this.#call("history", query);
  }

  totals(query: TotalsQuery): Promise<Record<Metric, number>> {
    return this.#call("totals", query);
  }

  census(query: CensusQuery): Promise<Census> {
    return this.#call("census", query);
  }

  lastArrival(registry?: string): Promise<number | null> {
    return this.#call("lastArrival", registry);
  }

  accounting(): Promise<AccountingReport> {
    return this.#call("accounting");
  }

  listUnused(query: UnusedQuery): Promise<Page<UnusedItem>> {
    return this.#call("listUnused", query);
  }

  watchedSince(): Promise<ReadonlyMap<string, number>> {
    return this.#call("watchedSince");
  }

  async watch(watcher: RepositoryWatcher): Promise<AsyncDisposable> {
    this.#watchers.add(watcher);
    // One on the other side for all that are here.
    const watching = this.#watching ??= this.#calls.post("watch", []);
    try {
      await watching;
    } catch (error) {
      this.#watchers.delete(watcher);
      // Whoever comes next begins anew.
      if (this.#watching === watching) this.#watching = undefined;
      throw error;
    }
    return {
      [Symbol.asyncDispose]: async () => {
        this.#watchers.delete(watcher);
        if (this.#watchers.size > 0 || this.#calls.isEnded) return;
        this.#watching = undefined;
        await this.#calls.post("unwatch", []);
      },
    };
  }

  madeToken(role: TokenRole, candidate: string): Promise<{ token: string; isNew: boolean }> {
    return this.#call("madeToken", role, candidate);
  }

  madeKey(purpose: KeyPurpose, candidate: string): Promise<string> {
    return this.#call("madeKey", purpose, candidate);
  }

  expire(now: number): Promise<boolean> {
    return this.#call("expire", now);
  }

  async ping(): Promise<void> {
    this.#lock?.require();
    await this.#call("ping");
  }

  async warmUp(): Promise<void> {
    await this.#inbox?.warmUp();
  }

  async close(): Promise<void> {
    if (this.#calls.isEnded) return;
    this.#watchers.clear();
    this.#inbox?.close();
    this.#probe?.close();
    if (this.#calls.isOpen) await this.#call("close");
    this.#calls.close();
    this.#lock?.close();
  }

  async #count(records: Uint8Array<ArrayBuffer>, options: CountOptions): Promise<Counted> {
    this.#lock?.require();
    this.#isCounting = true;
    try {
      return await this.#calls.post("count", [records, options], [records.buffer]) as Counted;
    } finally {
      this.#isCounting = false;
    }
  }

  /** Who is counting will say so, and would be waited for. */
  async #requireWritable(): Promise<void> {
    if (this.#isCounting || this.#probe?.isFree()) return;
    await this.#call("requireWritable");
  }

  async #call<M extends Plain>(
    method: M,
    ...args: Parameters<SqliteStore[M]>
  ): Promise<Awaited<ReturnType<SqliteStore[M]>>> {
    return await this.#calls.post(method, args) as Awaited<ReturnType<SqliteStore[M]>>;
  }

  #tell({ changed }: ChangeMessage): void {
    for (const watcher of this.#watchers) {
      if (changed === "lost") watcher.onLost();
      else for (const of of changed) watcher.onChange(of);
    }
  }
}
