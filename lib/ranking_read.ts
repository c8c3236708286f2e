/**
 * Reads a ranking out of a store, step by step.
 *
 * @module
 */

import {
  draftRanking,
  type Period,
  PERIODS,
  type RankingDraft,
  type RankingPlace,
} from "./ranking.ts";
import type { RankingSubject } from "./ranking_cache.ts";
import type { Bound } from "./store/day_sums.ts";
import type { Cursor, Store } from "./store/store.ts";

/** How a ranking is read. */
export interface RankingReading {
  readonly store: Pick<Store, "sumDays">;
  /** Last day of all periods, since 1970. */
  readonly today: number;
  /** What a value probably must reach to come into the list of each period; 1 where it is missing. */
  readonly guess: readonly number[];
  /** Called between two steps, with how long the last one took; says whether to go on. */
  readonly rest: (workedMs: number) => Promise<boolean>;
}

/** What was read. */
export interface RankingRead {
  readonly places: ReadonlyMap<Period, readonly RankingPlace[]>;
  /** What a value must reach to come into the list of each period. */
  readonly floors: readonly number[];
}

/** A guess that was too high is divided by this. */
const DESCENT = 8;

/**
 * Reads the repositories that can come into a list: in no period there is more than in all time,
 * and nothing after the last use. Where a list is not full with those that reach what was guessed,
 * the guess was too high.
 *
 * @param subject What is ranked.
 * @param reading How.
 * @returns The lists of all periods, the same for any guess; `undefined` if told not to go on.
 */
export async function readRanking(
  subject: RankingSubject,
  reading: RankingReading,
): Promise<RankingRead | undefined> {
  let { guess } = reading;
  for (;;) {
    const draft = await readAtLeast(subject, { ...reading, guess });
    if (draft === undefined) return undefined;
    const floors = draft.floors();
    const lower = floors.map((floor, at) => lowerGuess(floor, guess[at] ?? 1));
    if (lower.every((value, at) => value === (guess[at] ?? 1))) {
      const places = PERIODS.map((period) => [period, draft.places(period)] as const);
      return { floors, places: new Map(places) };
    }
    guess = lower;
  }
}

/** The same guess, if the list needs no more. */
function lowerGuess(floor: number, guess: number): number {
  return floor >= guess ? guess : Math.max(1, Math.floor(guess / DESCENT));
}

async function readAtLeast(
  subject: RankingSubject,
  { store, today, guess, rest }: RankingReading,
): Promise<RankingDraft | undefined> {
  const draft = draftRanking(subject.metric, today);
  let after: Cursor | undefined;
  for (;;) {
    const began = performance.now();
    const { items, next } = await store.sumDays({
      ...subject,
      windows: draft.windows,
      bounds: boundsOf(draft, guess),
      ...(after === undefined ? {} : { after }),
    });
    for (const sums of items) draft.add(sums);
    if (next === null) return draft;
    if (!await rest(performance.now() - began)) return undefined;
    after = next;
  }
}

function boundsOf(draft: RankingDraft, guess: readonly number[]): Bound[] {
  return draft.floors().map((floor, at) => ({
    from: draft.starts[at] ?? null,
    atLeast: Math.max(floor, guess[at] ?? 1),
  }));
}
