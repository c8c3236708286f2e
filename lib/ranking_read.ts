/**
 * Reads a ranking out of a store, step by step.
 *
 * @module
 */

import { draftRanking, type Period, PERIODS, type Place, type RankingDraft } from "./ranking.ts";
import type { RankingSubject } from "./ranking_cache.ts";
import type { Cursor, Store } from "./store/store.ts";

/** How a ranking is read. */
export interface RankingReading {
  readonly store: Pick<Store, "sumDays">;
  /** Last day of all periods, since 1970. */
  readonly today: number;
  /** What a repository probably must have counted in all time to come into any list, 1 or more. */
  readonly guess: number;
  /** Called between two steps, with how long the last one took; says whether to go on. */
  readonly rest: (workedMs: number) => Promise<boolean>;
}

/** What was read. */
export interface RankingRead {
  readonly places: ReadonlyMap<Period, readonly Place[]>;
  /** What a repository must have counted in all time to come into any list. */
  readonly floor: number;
}

/** A guess that was too high is divided by this. */
const DESCENT = 8;

/**
 * Reads all repositories, those that have counted much first of all: the days of all others need
 * not be read, if the lists are full without them. Where they are not, the guess was too high.
 *
 * @param subject What is ranked.
 * @param reading How.
 * @returns The lists of all periods, the same for any guess; `undefined` if told not to go on.
 */
export async function readRanking(
  subject: RankingSubject,
  reading: RankingReading,
): Promise<RankingRead | undefined> {
  for (let guess = reading.guess;; guess = Math.max(1, Math.floor(guess / DESCENT))) {
    const draft = await readAtLeast(subject, { ...reading, guess });
    if (draft === undefined) return undefined;
    const floor = draft.floor();
    if (floor < guess) continue;
    return { floor, places: new Map(PERIODS.map((period) => [period, draft.places(period)])) };
  }
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
      atLeast: Math.max(guess, draft.floor()),
      ...(after === undefined ? {} : { after }),
    });
    for (const sums of items) draft.add(sums);
    if (next === null) return draft;
    if (!await rest(performance.now() - began)) return undefined;
    after = next;
  }
}
