/**
 * The numbers of a summary, read in parts so that others have their turn.
 *
 * @module
 */

import { dayOfTime, parseDay, renderDay } from "../../calendar.ts";
import { type Metric, METRICS } from "../../statistics.ts";
import type { History, NamespaceRef } from "../../store/history.ts";
import type { Store } from "../../store/store.ts";
import { sumOf } from "./days.ts";

/** A number of a period, beside that of the one before. `null`: its days are kept by month. */
export interface Compared {
  readonly value: number | null;
  readonly previous: number | null;
}

/** What happened in a period that ends today. */
export interface PeriodNumbers {
  /** First and last day, such as `2026-11-23`. */
  readonly from: string;
  readonly to: string;
  readonly pulls: Compared;
  readonly pushes: Compared;
}

/** Everything in a few numbers. */
export interface Summary {
  readonly repositories: number;
  readonly tags: number;
  /** Milliseconds since 1970; `null`: never. */
  readonly lastUsed: number | null;
  /** When the last event arrived, whatever its repository; milliseconds since 1970. */
  readonly lastEventAt: number | null;
  readonly totals: Readonly<Record<Metric, number>>;
  readonly periods: Readonly<Record<keyof typeof PERIODS, PeriodNumbers>>;
  readonly computedAt: number;
}

/** Lengths in days; each ends today. */
const PERIODS = { today: 1, "7d": 7, "30d": 30 } as const;
const LONGEST = 30;
/** An event of before counts on the day of its arrival. */
const FIRST_YEAR = 2015;
const CENSUS_LIMIT = 5000;

/**
 * Reads the numbers.
 *
 * @param store Where statistics live.
 * @param of Of what.
 * @param options `now`: milliseconds since 1970.
 * @returns The summary.
 */
export async function computeSummary(
  store: Store,
  of: NamespaceRef,
  { now }: { now: number },
): Promise<Summary> {
  const today = dayOfTime(now);
  const range = { from: today - 2 * LONGEST + 1, to: today };
  const pulls = await store.history({ of, metric: "pulls", ...range });
  const pushes = await store.history({ of, metric: "pushes", ...range });
  const periodOf = (days: number): PeriodNumbers => ({
    from: renderDay(today - days + 1),
    to: renderDay(today),
    pulls: compare(pulls, days, today),
    pushes: compare(pushes, days, today),
  });
  return {
    ...await countAll(store, of),
    lastEventAt: await store.lastArrival(of.registry),
    totals: await sumAll(store, of, today),
    periods: {
      today: periodOf(PERIODS.today),
      "7d": periodOf(PERIODS["7d"]),
      "30d": periodOf(PERIODS["30d"]),
    },
    computedAt: now,
  };
}

async function countAll(
  store: Store,
  of: NamespaceRef,
): Promise<Pick<Summary, "repositories" | "tags" | "lastUsed">> {
  const sum: { repositories: number; tags: number; lastUsed: number | null } = {
    repositories: 0,
    tags: 0,
    lastUsed: null,
  };
  let after: string | null = null;
  do {
    const asked = { of, limit: CENSUS_LIMIT, ...(after === null ? {} : { after }) };
    const part = await store.census(asked);
    sum.repositories += part.repositories;
    sum.tags += part.tags;
    if (part.lastUsed !== null) sum.lastUsed = Math.max(sum.lastUsed ?? 0, part.lastUsed);
    after = part.next;
  } while (after !== null);
  return sum;
}

async function sumAll(
  store: Store,
  of: NamespaceRef,
  today: number,
): Promise<Record<Metric, number>> {
  const sum = Object.fromEntries(METRICS.map((metric) => [metric, 0])) as Record<Metric, number>;
  // A registry's clock may be a day ahead.
  const lastYear = Number(renderDay(today + 1).slice(0, 4));
  for (let year = FIRST_YEAR; year <= lastYear; year++) {
    // A month is in one part, lest it is added up between two.
    const range = { from: firstDayOf(year), to: firstDayOf(year + 1) - 1 };
    const part = await store.totals({ of, ...range });
    for (const metric of METRICS) sum[metric] += part[metric];
  }
  return sum;
}

function firstDayOf(year: number): number {
  return parseDay(`${year}-01-01`) ?? 0;
}

function compare(history: History, days: number, today: number): Compared {
  return {
    value: sumOf(history, { from: today - days + 1, to: today }),
    previous: sumOf(history, { from: today - 2 * days + 1, to: today - days }),
  };
}
