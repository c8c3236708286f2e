/**
 * Rankings, computed in the background and kept fresh: a list that somebody asked for is read from
 * memory, whatever the number of repositories.
 *
 * @module
 */

import { dayOfTime } from "./calendar.ts";
import { nextOrLast, pause, within } from "./patience.ts";
import { firstDayOf, type Period, type RankingPlace } from "./ranking.ts";
import { type Computed, type Entry, RankingCache, type RankingSubject } from "./ranking_cache.ts";
import { readRanking } from "./ranking_read.ts";
import type { Store } from "./store/store.ts";

/** Which ranking. */
export interface RankingQuery extends RankingSubject {
  readonly period: Period;
}

/** The places of a period. */
export interface Ranking {
  /** First day since 1970; `null`: from the beginning. */
  readonly from: number | null;
  /** Last day since 1970. */
  readonly to: number;
  /** When reading it began, in milliseconds since 1970. */
  readonly computedAt: number;
  readonly places: readonly RankingPlace[];
}

/** The parts that rankings are made with. */
export interface RankingsOptions {
  readonly store: Pick<Store, "sumDays">;
  /** Tells the time in milliseconds since 1970. */
  readonly now: () => number;
  /** Told of what goes wrong in the background; the next round tries again. */
  readonly onError?: (error: unknown) => void;
  /** How long a request waits for a ranking, in milliseconds. */
  readonly patienceMs?: number;
  /** Waits between two steps; told how many milliseconds. */
  readonly pause?: (ms: number) => Promise<void>;
}

/** Rankings of a store. */
export interface Rankings {
  /**
   * Finds a ranking, and waits for it where it has not been asked for lately. One that takes little
   * to compute is as new as can be; see `freshness.ts`.
   *
   * @returns `undefined` if it takes longer than a request should wait.
   * @throws {AppError} `unavailable`, if the store is.
   */
  find(query: RankingQuery): Promise<Ranking | undefined>;
  /** Computes now and then what is to be fresh. */
  start(): void;
  /** Computes what is to be fresh and is not. @returns When all of it is. */
  refresh(): Promise<void>;
  /** Ends with the step at hand. */
  stop(): Promise<void>;
}

/** No answer is older. */
const MAX_AGE_MS = 5 * 60_000;
const ROUND_MS = 10_000;
const PATIENCE_MS = 10_000;
/** Of one processor, a share of one in so many, where nobody waits for what is computed. */
const BACKGROUND_SHARE = 4;
const MAX_PAUSE_MS = 500;

/**
 * Makes the rankings of a store.
 *
 * @param options The parts.
 * @returns The rankings; nothing is computed before it is asked for or {@linkcode Rankings.start}.
 */
export function createRankings(options: RankingsOptions): Rankings {
  return new BackgroundRankings(options);
}

class BackgroundRankings implements Rankings {
  readonly #options: Required<RankingsOptions>;
  readonly #cache = new RankingCache();
  #work: Promise<void> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isStopped = false;

  constructor(options: RankingsOptions) {
    this.#options = { onError: () => {}, patienceMs: PATIENCE_MS, pause, ...options };
  }

  async find({ period, ...subject }: RankingQuery): Promise<Ranking | undefined> {
    const now = this.#options.now();
    const entry = this.#cache.ask(subject, now);
    if (entry === undefined) return undefined;
    const found = await this.#newest(entry, now);
    if (found === undefined) return undefined;
    const { today, computedAt, places } = found;
    const from = firstDayOf(period, today);
    return { from, to: today, computedAt, places: places.get(period) ?? [] };
  }

  start(): void {
    this.#timer = setInterval(() => this.refresh(), ROUND_MS);
    this.refresh();
  }

  refresh(): Promise<void> {
    this.#cache.forget(this.#options.now());
    this.#work ??= this.#computeDue();
    return this.#work;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#work;
  }

  /** What there is, or what it will be if that is worth waiting for. */
  #newest(entry: Entry, now: number): Promise<Computed | undefined> {
    const { computed } = entry;
    if (computed === undefined || now - computed.computedAt >= MAX_AGE_MS) {
      return within(this.#compute(entry), this.#options.patienceMs);
    }
    const isNew = now - entry.triedAt < this.#cache.freshMs();
    return isNew ? Promise.resolve(computed) : nextOrLast(this.#compute(entry), computed, entry);
  }

  /** All who wait wait for the same. */
  #compute(entry: Entry): Promise<Computed | undefined> {
    if (this.#isStopped) return Promise.resolve(undefined);
    if (entry.wanted === undefined) {
      entry.wanted = Promise.withResolvers();
      // Nobody may be there any more to hear of a failure.
      entry.wanted.promise.catch(() => {});
    }
    this.refresh();
    return entry.wanted.promise;
  }

  async #computeDue(): Promise<void> {
    // Where nothing is due, `#work` would else be reset before it is set.
    await Promise.resolve();
    for (let entry = this.#nextDue(); entry !== undefined; entry = this.#nextDue()) {
      await this.#computeOne(entry);
    }
    if (this.#isStopped) this.#cache.release();
    this.#work = undefined;
  }

  #nextDue(): Entry | undefined {
    return this.#isStopped ? undefined : this.#cache.nextDue(this.#options.now());
  }

  async #computeOne(entry: Entry): Promise<void> {
    entry.triedAt = this.#options.now();
    entry.isBusy = true;
    try {
      const computed = await this.#read(entry);
      if (computed !== undefined) entry.computed = computed;
      entry.tookMs = Math.max(0, this.#options.now() - entry.triedAt);
      entry.wanted?.resolve(computed);
    } catch (error) {
      entry.wanted?.reject(error);
      if (!this.#isStopped) this.#options.onError(error);
    }
    delete entry.wanted;
    entry.isBusy = false;
  }

  /** @returns `undefined` where it was stopped. */
  async #read(entry: Entry): Promise<Computed | undefined> {
    const { store, now } = this.#options;
    const computedAt = now();
    const today = dayOfTime(computedAt);
    const read = await readRanking(entry.subject, {
      store,
      today,
      guess: (entry.computed?.floors ?? []).map(guessFloor),
      rest: (workedMs) => this.#rest(entry, workedMs),
    });
    return read === undefined || this.#isStopped ? undefined : { ...read, today, computedAt };
  }

  /**
   * Before a list that nobody waits for, those that somebody does have their turn. Events have it
   * between any two steps, whatever the pause.
   */
  async #rest(entry: Entry, workedMs: number): Promise<boolean> {
    if (entry.wanted === undefined) {
      await this.#options.pause(Math.min(workedMs * (BACKGROUND_SHARE - 1), MAX_PAUSE_MS));
    }
    while (entry.wanted === undefined && !this.#isStopped) {
      const wanted = this.#cache.nextWanted();
      if (wanted === undefined) break;
      await this.#computeOne(wanted);
    }
    return !this.#isStopped;
  }
}

/**
 * Guesses from an earlier list what a value must reach to come into the next one; it may be too
 * high, as periods go on and repositories are removed.
 */
function guessFloor(floor: number): number {
  return Math.max(1, Math.floor(floor * 3 / 4));
}
