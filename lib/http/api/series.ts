/**
 * How a number of a repository or of one of its tags developed: by day, week or month, in UTC.
 *
 * @module
 */

import { AppError } from "../../errors.ts";
import { METRICS } from "../../statistics.ts";
import type { DayValue, Store } from "../../store/store.ts";
import type { Parameters } from "../parameters.ts";
import { answerJson, type ApiHandler, parametersOf } from "./answer.ts";
import { findRepository } from "./repositories.ts";
import { findTag } from "./repository_lists.ts";

/** Lengths of the intervals that days are added up to. Weeks begin on Monday. */
export const INTERVALS = ["day", "week", "month"] as const;

/** One of {@linkcode INTERVALS}. */
export type Interval = typeof INTERVALS[number];

/** Days since 1970, first and last inclusive. */
export interface DayRange {
  readonly from: number;
  readonly to: number;
}

/** A point of a series. */
export interface SeriesItem {
  /** First day of the interval, such as `2026-11-23`. */
  readonly start: string;
  readonly value: number;
}

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
/** Ten years. */
const MAX_DAYS = 3660;

/**
 * `GET /api/v1/repositories/{name}/-/series?metric=&from=&to=&interval=&tag=&registry=`
 *
 * @param store Where statistics live.
 * @param now Tells the time in milliseconds since 1970.
 * @returns The handler.
 */
export function showSeries(store: Store, now: () => number): ApiHandler {
  return async function showSeries(c): Promise<Response> {
    const allowed = ["metric", "from", "to", "interval", "tag", "registry"];
    const parameters = parametersOf(c, allowed);
    const metric = parameters.choice("metric", METRICS, "pulls");
    const interval = parameters.choice("interval", INTERVALS, "day");
    const range = readRange(parameters, Math.floor(now() / DAY_MS));
    const tag = parameters.text("tag");
    const { registry, repository } = await findRepository(store, c, parameters);
    if (tag !== undefined) await findTag(store, { registry, repository }, tag);
    const ofTag = tag === undefined ? {} : { tag };
    const days = await store.series({ registry, repository, metric, ...range, ...ofTag });
    return answerJson(c, { metric, interval, items: foldDays(days, range, interval) });
  };
}

/**
 * Adds days up to intervals.
 *
 * @param days The days with a value.
 * @param range The days that were asked for; an interval counts only those of its days.
 * @param interval How long an interval is.
 * @returns All intervals of the range in order; zero where nothing was.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { foldDays } from "./series.ts";
 *
 * const days = [{ day: 1, value: 2 }, { day: 3, value: 5 }];
 * assert.deepEqual(foldDays(days, { from: 0, to: 5 }, "week"), [
 *   { start: "1969-12-29", value: 7 },
 *   { start: "1970-01-05", value: 0 },
 * ]);
 * ```
 */
export function foldDays(
  days: readonly DayValue[],
  { from, to }: DayRange,
  interval: Interval,
): SeriesItem[] {
  const values = new Map(days.map(({ day, value }) => [day, value]));
  const sums = new Map<number, number>();
  for (let day = from; day <= to; day++) {
    const start = startOf(day, interval);
    sums.set(start, (sums.get(start) ?? 0) + (values.get(day) ?? 0));
  }
  return [...sums].map(([start, value]) => ({ start: renderDay(start), value }));
}

function readRange(parameters: Parameters, today: number): DayRange {
  const to = parameters.day("to") ?? today;
  const from = parameters.day("from") ?? to - DEFAULT_DAYS + 1;
  if (from > to) {
    throw new AppError("invalid", `"from" ${renderDay(from)} is after "to" ${renderDay(to)}`, {
      hint: "give the earlier day as `from`",
    });
  }
  if (to - from >= MAX_DAYS) {
    throw new AppError("invalid", `The range has ${to - from + 1} days`, {
      hint: `ask for at most ${MAX_DAYS} at once`,
    });
  }
  return { from, to };
}

function startOf(day: number, interval: Interval): number {
  if (interval === "day") return day;
  // Day 0 was a Thursday, three days after a Monday.
  if (interval === "week") return Math.floor((day + 3) / 7) * 7 - 3;
  return day - new Date(day * DAY_MS).getUTCDate() + 1;
}

function renderDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
