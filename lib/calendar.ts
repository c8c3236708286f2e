/**
 * Days, weeks and months, all UTC. A day is numbered since 1970, a month by its first day.
 *
 * @module
 */

/** Length of a day in milliseconds. */
export const DAY_MS = 86_400_000;

/** The first day that has a number. */
export const FIRST_DAY = "1970-01-01";

/** Lengths of the intervals that days are added up to. */
export const INTERVALS = ["day", "week", "month"] as const;

/** One of {@linkcode INTERVALS}. Weeks begin on Monday, as those of ISO 8601 do. */
export type Interval = typeof INTERVALS[number];

/** Days since 1970, first and last inclusive. */
export interface DayRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Finds the first day of a month.
 *
 * @param day A day of it, since 1970.
 * @returns Days since 1970.
 */
export function monthOf(day: number): number {
  return day - new Date(day * DAY_MS).getUTCDate() + 1;
}

/**
 * Finds the month that follows.
 *
 * @param day A day of the month before it, since 1970.
 * @returns Its first day, since 1970.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { monthAfter, parseDay, renderDay } from "./calendar.ts";
 *
 * assert.equal(renderDay(monthAfter(parseDay("2024-12-31") ?? 0)), "2025-01-01");
 * ```
 */
export function monthAfter(day: number): number {
  // No month is longer than 31 days, and two are longer than 32.
  return monthOf(monthOf(day) + 32);
}

/**
 * Finds the first day of an interval.
 *
 * @param day A day of it, since 1970.
 * @param interval How long it is.
 * @returns Days since 1970.
 */
export function startOf(day: number, interval: Interval): number {
  if (interval === "day") return day;
  // Day 0 was a Thursday, three days after a Monday.
  if (interval === "week") return Math.floor((day + 3) / 7) * 7 - 3;
  return monthOf(day);
}

/**
 * Numbers the day of a time.
 *
 * @param time Milliseconds since 1970.
 * @returns Days since 1970.
 */
export function dayOfTime(time: number): number {
  return Math.floor(time / DAY_MS);
}

/**
 * Writes a day.
 *
 * @param day Days since 1970.
 * @returns For example `2026-11-23`.
 */
export function renderDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/**
 * Reads a day.
 *
 * @param text For example `2026-11-23`.
 * @returns Days since 1970, or `undefined` for what is no day, or one before that.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseDay } from "./calendar.ts";
 *
 * assert.equal(parseDay("1970-01-02"), 1);
 * assert.equal(parseDay("2026-02-30"), undefined);
 * assert.equal(parseDay("1969-12-31"), undefined);
 * ```
 */
export function parseDay(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const time = Date.parse(`${text}T00:00:00Z`);
  // Some days that do not exist, such as 30 February, are read as a day of the next month.
  const isReal = time >= 0 && new Date(time).toISOString().startsWith(text);
  return isReal ? time / DAY_MS : undefined;
}
