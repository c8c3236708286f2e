/**
 * The rankings that are in memory: which there are, which one is computed next.
 *
 * @module
 */

import { freshMs } from "./freshness.ts";
import type { Period, RankingPlace } from "./ranking.ts";
import type { ConsumerFilter, SummedMetric } from "./store/day_sums.ts";

/** What is ranked: all periods of it are computed together. */
export interface RankingSubject {
  readonly metric: SummedMetric;
  readonly registry?: string;
  readonly prefix?: string;
  readonly consumers?: ConsumerFilter;
}

/** Lists of a subject. */
export interface Computed {
  /** Last day of all periods, since 1970. */
  readonly today: number;
  /** When reading began, in milliseconds since 1970. */
  readonly computedAt: number;
  readonly places: ReadonlyMap<Period, readonly RankingPlace[]>;
  /** What a value must reach to come into the list of each period. */
  readonly floors: readonly number[];
}

/** A subject in memory. */
export interface Entry {
  readonly key: string;
  readonly subject: RankingSubject;
  /** Kept fresh whether somebody asks or not. */
  readonly isKept: boolean;
  /** Milliseconds since 1970. */
  askedAt: number;
  /** When it was last begun to be computed, in milliseconds since 1970. */
  triedAt: number;
  /** How long that took, with rests and with what came in between, in milliseconds. */
  tookMs: number;
  /** It is being computed. */
  isBusy: boolean;
  computed?: Computed;
  /** Somebody waits; `undefined` where it will not be computed any more. */
  wanted?: PromiseWithResolvers<Computed | undefined>;
}

/** Older than this, a ranking is computed anew: that has time until it is too old to be shown. */
const REFRESH_MS = 2 * 60_000;
/** So long after it was last asked for, a ranking is kept fresh. */
const KEEP_MS = 30 * 60_000;
/** Subjects in memory; one takes up to half a megabyte. */
const MAX_SUBJECTS = 50;
/** What everybody asks for. */
const KEPT: readonly RankingSubject[] = [{ metric: "pulls" }, { metric: "pushes" }];

/** The subjects that are in memory. */
export class RankingCache {
  /** The one asked for last is last. */
  readonly #entries = new Map<string, Entry>();

  constructor() {
    for (const subject of KEPT) this.#add(subject, true);
  }

  /**
   * Finds the entry of a subject, and makes it where it is missing.
   *
   * @param subject The subject.
   * @param now Milliseconds since 1970.
   * @returns The entry, or `undefined` where there is no room, because somebody waits for each.
   */
  ask(subject: RankingSubject, now: number): Entry | undefined {
    const entry = this.#entries.get(keyOf(subject)) ?? this.#add(subject, false);
    if (entry === undefined) return undefined;
    entry.askedAt = now;
    this.#entries.delete(entry.key);
    this.#entries.set(entry.key, entry);
    return entry;
  }

  /**
   * Says how long a ranking is new enough for whoever asks. It goes by all that are in memory, for
   * all of them may be asked for again and again.
   *
   * @returns Milliseconds.
   */
  freshMs(): number {
    const entries = [...this.#entries.values()];
    return freshMs(entries.reduce((sum, { tookMs }) => sum + tookMs, 0));
  }

  /** @returns What somebody waits for and nobody computes. */
  nextWanted(): Entry | undefined {
    return [...this.#entries.values()].find(({ wanted, isBusy }) =>
      wanted !== undefined && !isBusy
    );
  }

  /**
   * Finds what is to be computed next: what somebody waits for, else the oldest that is due.
   *
   * @param now Milliseconds since 1970.
   * @returns The entry, or `undefined` where all are fresh.
   */
  nextDue(now: number): Entry | undefined {
    return this.nextWanted() ?? [...this.#entries.values()]
      .filter(({ triedAt, isBusy }) => !isBusy && now - triedAt >= REFRESH_MS)
      .sort((one, other) => one.triedAt - other.triedAt)[0];
  }

  /** @param now Milliseconds since 1970; what nobody has asked for lately goes. */
  forget(now: number): void {
    for (const entry of this.#entries.values()) {
      if (isIdle(entry) && now - entry.askedAt > KEEP_MS) this.#entries.delete(entry.key);
    }
  }

  /** Lets all go that wait: nothing will be computed any more. */
  release(): void {
    for (const { wanted } of this.#entries.values()) wanted?.resolve(undefined);
  }

  #add(subject: RankingSubject, isKept: boolean): Entry | undefined {
    if (this.#entries.size >= MAX_SUBJECTS) {
      const oldest = [...this.#entries.values()].find(isIdle);
      if (oldest === undefined) return undefined;
      this.#entries.delete(oldest.key);
    }
    const never = { askedAt: -Infinity, triedAt: -Infinity, tookMs: 0, isBusy: false };
    const entry = { key: keyOf(subject), subject, isKept, ...never };
    this.#entries.set(entry.key, entry);
    return entry;
  }
}

function isIdle({ isKept, wanted, isBusy }: Entry): boolean {
  return !isKept && wanted === undefined && !isBusy;
}

/** The same for the same subject, in whatever order its parts were given. */
function keyOf({ metric, registry, prefix, consumers }: RankingSubject): string {
  return JSON.stringify([metric, registry, prefix, consumers]);
}
