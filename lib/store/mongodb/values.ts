/**
 * Values of documents: days, integers and times, as MongoDB holds them.
 *
 * @module
 */

import { Long } from "mongodb";

import { DAY_MS } from "../../calendar.ts";

/**
 * Turns a day into the date that documents hold.
 *
 * @param day Days since 1970.
 * @returns Its midnight, UTC.
 */
export function dateOfDay(day: number): Date {
  return new Date(day * DAY_MS);
}

/**
 * Makes an integer that MongoDB keeps as 64 bits, however small it is.
 *
 * @param value A safe integer.
 * @returns The same as a BSON long.
 */
export function longOf(value: number): Long {
  return Long.fromNumber(value);
}

/**
 * Reads a counter of any numeric type, as documents of 2015 hold 32-bit integers and doubles.
 *
 * @param value As the driver gave it; what is absent, or no number, is 0.
 * @returns The number.
 */
export function countOf(value: unknown): number {
  return Number(value ?? 0) || 0;
}

/**
 * Reads a number of stars, which front ends move by themselves and may leave below 0, broken, or
 * infinite.
 *
 * @param value As the driver gave it.
 * @returns The whole stars of it; 0 where there are none, or no end of them.
 */
export function starsOf(value: unknown): number {
  const stars = Math.trunc(countOf(value));
  return Number.isFinite(stars) && stars > 0 ? stars : 0;
}

/**
 * Reads a time.
 *
 * @param value As the driver gave it.
 * @returns Milliseconds since 1970, or `null` where it is absent.
 */
export function timeOf(value: Date | undefined): number | null {
  return value instanceof Date ? value.getTime() : null;
}
