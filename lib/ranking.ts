/**
 * What a ranking is: its periods, and how it is made of sums of days.
 *
 * @module
 */

import type { DaySums, DayWindow, SummedMetric } from "./store/day_sums.ts";
import { type Ranked, TopList } from "./top_list.ts";

/** Days that a period has; `all` has no beginning. */
const LENGTHS = { "7d": 7, "30d": 30, "90d": 90, "365d": 365 } as const;

/** What can be ranked over: so many days that end today, or all time. */
export const PERIODS = ["7d", "30d", "90d", "365d", "all"] as const;

/** One of {@linkcode PERIODS}. */
export type Period = typeof PERIODS[number];

/** Places that a list has at most. */
export const MAX_PLACES = 1000;

/** A place in a ranking. */
export interface RankingPlace extends Ranked {
  /** Value of the period of the same length before; `null` for all time. */
  readonly previous: number | null;
}

/** Lists of all periods, made of sums that come in any order. */
export interface RankingDraft {
  /** What is to be summed up of each repository. */
  readonly windows: readonly DayWindow[];
  /** What a value must reach to come into the list of each period, in the order of the lists. */
  floors(): number[];
  /** First day of each list, `null` for all time. */
  readonly starts: readonly (number | null)[];
  /** Takes in a repository. */
  add(sums: DaySums): void;
  /** @returns The places of a period, in order. */
  places(period: Period): RankingPlace[];
}

/**
 * Finds the first day of a period.
 *
 * @param period The period.
 * @param today Its last day, since 1970.
 * @returns Days since 1970, or `null` for all time.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { firstDayOf } from "./ranking.ts";
 *
 * assert.equal(firstDayOf("7d", 20_000), 19_994);
 * ```
 */
export function firstDayOf(period: Period, today: number): number | null {
  return period === "all" ? null : today - LENGTHS[period] + 1;
}

/**
 * Begins lists.
 *
 * @param metric What is ranked by; stars have no days, and so only the list of all time.
 * @param today Last day of all periods, since 1970.
 * @returns The lists, empty.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { draftRanking } from "./ranking.ts";
 *
 * const draft = draftRanking("pulls", 20_000);
 * assert.deepEqual(draft.windows.slice(0, 2), [
 *   { from: 19_994, to: 20_000 },
 *   { from: 19_987, to: 19_993 },
 * ]);
 * const sums = [3, 2, 5, 0, 5, 0, 5, 0];
 * draft.add({ registry: "default", repository: "app", total: 5, sums });
 * const of = { registry: "default", repository: "app" };
 * assert.deepEqual(draft.places("7d"), [{ ...of, value: 3, previous: 2 }]);
 * assert.deepEqual(draft.places("all"), [{ ...of, value: 5, previous: null }]);
 * ```
 */
export function draftRanking(metric: SummedMetric, today: number): RankingDraft {
  const lengths = metric === "stars" ? [] : Object.values(LENGTHS);
  const names = metric === "stars" ? [] : Object.keys(LENGTHS);
  const lists = new Map(
    [...names, "all"].map((name) => [name, new TopList<RankingPlace>(MAX_PLACES)]),
  );
  return {
    windows: lengths.flatMap((length) => windowsOf(length, today)),
    starts: [...lengths.map((length) => today - length + 1), null],
    floors: () => [...lists.values()].map((list) => list.floor),
    add({ registry, repository, total, sums }): void {
      for (const [at, name] of names.entries()) {
        const [value = 0, previous = 0] = sums.slice(2 * at, 2 * at + 2);
        lists.get(name)?.offer({ registry, repository, value, previous });
      }
      lists.get("all")?.offer({ registry, repository, value: total, previous: null });
    },
    places: (period) => lists.get(period)?.finish() ?? [],
  };
}

/** A period and the one before it. */
function windowsOf(length: number, today: number): DayWindow[] {
  const from = today - length + 1;
  return [{ from, to: today }, { from: from - length, to: from - 1 }];
}
