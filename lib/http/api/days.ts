/**
 * Ranges of days, and numbers over them: what several requests have in common.
 *
 * @module
 */

import { type DayRange, type Interval, monthAfter, monthOf, renderDay } from "../../calendar.ts";
import { AppError } from "../../errors.ts";
import { isNamespace, MAX_LEVELS } from "../../namespace.ts";
import type { DayValue, History, NamespaceRef } from "../../store/history.ts";
import type { Parameters } from "../parameters.ts";
import { ProblemError } from "../problem.ts";

/** Days of a range unless told. */
export const DEFAULT_DAYS = 30;
/** Days that a range has at most: ten years. */
export const MAX_DAYS = 3660;

/**
 * Reads `from` and `to`.
 *
 * @param parameters May have both.
 * @param today Days since 1970.
 * @returns The range; the last 30 days unless told.
 * @throws {AppError} `invalid` for the wrong order, or more than ten years.
 */
export function rangeOf(parameters: Parameters, today: number): DayRange {
  const to = parameters.day("to") ?? today;
  const from = parameters.day("from") ?? Math.max(0, to - DEFAULT_DAYS + 1);
  if (from > to) {
    throw new AppError("invalid", `"from" ${renderDay(from)} is after "to" ${renderDay(to)}`, {
      hint: "give the earlier day as `from`",
    });
  }
  requireLength({ from, to });
  return { from, to };
}

/**
 * Checks that a range is not too long.
 *
 * @param range Of days.
 * @throws {AppError} `invalid`, above ten years.
 */
export function requireLength({ from, to }: DayRange): void {
  if (to - from < MAX_DAYS) return;
  throw new AppError("invalid", `The range has ${to - from + 1} days`, {
    hint: `ask for at most ${MAX_DAYS} at once`,
  });
}

/**
 * Reads `prefix` and `registry`.
 *
 * @param parameters May have both.
 * @returns The namespace; everything, where there is no prefix.
 * @throws {AppError} `invalid` for a prefix that is none.
 */
export function namespaceOf(parameters: Parameters): NamespaceRef {
  const namespace = parameters.text("prefix") ?? "";
  const registry = parameters.registry();
  if (isNamespace(namespace)) return { namespace, ...(registry === undefined ? {} : { registry }) };
  const hint = namespace.endsWith("/")
    ? `use one of at most ${MAX_LEVELS} directories: numbers by day are kept for those`
    : "end it in a slash, such as team/: numbers by day are kept for directories";
  throw new AppError("invalid", `Parameter "prefix" cannot be "${namespace}"`, { hint });
}

/**
 * Adds up a range of days, where all of them are known.
 *
 * @param history As the store read it for that range, or for more.
 * @param range The days.
 * @returns The sum; `null` where some have been added up to months.
 */
export function sumOf({ days, byDayFrom }: History, { from, to }: DayRange): number | null {
  if (byDayFrom !== null && from < byDayFrom) return null;
  return days.reduce((sum, { day, value }) => day < from || day > to ? sum : sum + value, 0);
}

/**
 * Takes the values of a range out of what is known of the past.
 *
 * @param history As the store read it for that range.
 * @param range The days that were asked for.
 * @param interval What the values are to be added up to.
 * @returns Days, and where months are asked for, months by their first day.
 * @throws {ProblemError} `invalid` where days have been added up to months, and so cannot be told
 *   apart; `availableFrom` is the day from which they can.
 */
export function valuesOf(
  { days, months, byDayFrom }: History,
  { from, to }: DayRange,
  interval: Interval,
): DayValue[] {
  const isWhole = (month: number): boolean => month >= from && monthAfter(month) - 1 <= to;
  if (byDayFrom === null || (interval === "month" && months.every(({ day }) => isWhole(day)))) {
    return [...days, ...months];
  }
  const availableFrom = renderDay(byDayFrom);
  const whole = `from ${renderDay(monthOf(from))} to ${renderDay(monthAfter(to) - 1)}`;
  throw new ProblemError("invalid", `Days before ${availableFrom} are kept by month`, {
    hint: `begin with ${availableFrom}, or ask for months as a whole, ${whole}`,
    members: { availableFrom },
  });
}
