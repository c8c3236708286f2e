/**
 * How a number developed: of everything, of a namespace, of a repository, of one of its tags; by
 * day, week or month, in UTC.
 *
 * @module
 */

import {
  dayOfTime,
  type DayRange,
  type Interval,
  INTERVALS,
  renderDay,
  startOf,
} from "../../calendar.ts";
import { AppError } from "../../errors.ts";
import { METRICS } from "../../statistics.ts";
import type { DayValue, HistoryQuery } from "../../store/history.ts";
import type { Store } from "../../store/store.ts";
import type { Parameters } from "../parameters.ts";
import { answerJson, type ApiContext, type ApiHandler, parametersOf } from "./answer.ts";
import { consumersOf } from "./consumers.ts";
import { namespaceOf, rangeOf, valuesOf } from "./days.ts";
import { findRepository } from "./repositories.ts";
import { findTag } from "./repository_lists.ts";

export { type Interval, INTERVALS } from "../../calendar.ts";

/** A point of a series. */
export interface SeriesItem {
  /** First day of the interval, such as `2026-11-23`. */
  readonly start: string;
  readonly value: number;
}

/**
 * `GET /api/v1/repositories/{name}/-/series?metric=&from=&to=&interval=&tag=&consumer=&registry=`
 *
 * @param store Where statistics live.
 * @param now Tells the time in milliseconds since 1970.
 * @returns The handler.
 */
export function showSeries(store: Store, now: () => number): ApiHandler {
  return async function showSeries(c): Promise<Response> {
    const allowed = ["metric", "from", "to", "interval", "tag", "consumer", "registry"];
    const parameters = parametersOf(c, allowed);
    const asked = readSeries(parameters, now());
    const tag = parameters.text("tag");
    if (tag !== undefined && asked.consumers !== undefined) {
      throw new AppError("invalid", "The days of a tag are not kept by consumer", {
        hint: "leave out `consumer`, or `tag`",
      });
    }
    const { registry, repository } = await findRepository(store, c, parameters);
    if (tag !== undefined) await findTag(store, { registry, repository }, tag);
    const of = { registry, repository, ...(tag === undefined ? {} : { tag }) };
    return answerSeries(c, store, { ...asked, of });
  };
}

/**
 * `GET /api/v1/series?metric=&from=&to=&interval=&prefix=&registry=&consumer=`
 *
 * @param store Where statistics live.
 * @param now Tells the time in milliseconds since 1970.
 * @returns The handler.
 */
export function showTotalSeries(store: Store, now: () => number): ApiHandler {
  return function showTotalSeries(c): Promise<Response> {
    const allowed = ["metric", "from", "to", "interval", "prefix", "registry", "consumer"];
    const parameters = parametersOf(c, allowed);
    const asked = readSeries(parameters, now());
    return answerSeries(c, store, { ...asked, of: namespaceOf(parameters) });
  };
}

type Asked = Omit<HistoryQuery, "of"> & { readonly interval: Interval };

function readSeries(parameters: Parameters, now: number): Asked {
  const consumers = consumersOf(parameters);
  return {
    metric: parameters.choice("metric", METRICS, "pulls"),
    interval: parameters.choice("interval", INTERVALS, "day"),
    ...rangeOf(parameters, dayOfTime(now)),
    ...(consumers === undefined ? {} : { consumers }),
  };
}

async function answerSeries(
  c: ApiContext,
  store: Store,
  { interval, ...query }: Asked & HistoryQuery,
): Promise<Response> {
  const values = valuesOf(await store.history(query), query, interval);
  const items = foldDays(values, query, interval);
  return answerJson(c, { metric: query.metric, interval, items });
}

/**
 * Adds days up to intervals.
 *
 * @param days The days with a value; several of one day add up.
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
  const sums = new Map<number, number>();
  for (let day = from; day <= to; day++) sums.set(startOf(day, interval), 0);
  for (const { day, value } of days) {
    const start = startOf(day, interval);
    const sum = day < from || day > to ? undefined : sums.get(start);
    if (sum !== undefined) sums.set(start, sum + value);
  }
  return [...sums].map(([start, value]) => ({ start: renderDay(start), value }));
}
