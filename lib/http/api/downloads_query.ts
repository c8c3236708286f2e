/**
 * What a request for download counts asks for, in the manner of npm: a period, and names.
 *
 * @module
 */

import { type DayRange, FIRST_DAY, parseDay } from "../../calendar.ts";
import { AppError } from "../../errors.ts";

/** Names that one request may have, as with npm. */
export const MAX_NAMES = 128;

/** Lengths in days of the periods that end yesterday, the last day that is over. */
export const PERIODS: Readonly<Record<string, number>> = {
  "last-day": 1,
  "last-week": 7,
  "last-month": 30,
  "last-year": 365,
};

/**
 * Reads a period.
 *
 * @param text `last-day`, `last-week`, `last-month`, `last-year`, a day, or two with a colon.
 * @param today Days since 1970.
 * @returns Its days.
 * @throws {AppError} `invalid` for anything else.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parsePeriod } from "./downloads_query.ts";
 *
 * assert.deepEqual(parsePeriod("last-week", 100), { from: 93, to: 99 });
 * assert.deepEqual(parsePeriod("1970-01-02:1970-01-11", 100), { from: 1, to: 10 });
 * ```
 */
export function parsePeriod(text: string, today: number): DayRange {
  const length = Object.hasOwn(PERIODS, text) ? PERIODS[text] : undefined;
  if (length !== undefined) return { from: today - length, to: today - 1 };
  const [first = "", last = first, ...others] = text.split(":");
  const [from, to] = [parseDay(first), parseDay(last)];
  if (from === undefined || to === undefined || others.length > 0) {
    throw new AppError("invalid", `invalid period "${text}"`, {
      hint: `use ${Object.keys(PERIODS).join(", ")}, YYYY-MM-DD or YYYY-MM-DD:YYYY-MM-DD,` +
        ` no day before ${FIRST_DAY}`,
    });
  }
  if (from > to) throw new AppError("invalid", "end date is before start date");
  return { from, to };
}

/**
 * Reads names.
 *
 * @param text As in the path, percent-encoded: a comma separates names, `%2C` is part of one.
 * @returns The names, each once, in order.
 * @throws {AppError} `invalid` for an empty one, too many, or what is not percent-encoded UTF-8.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseNames } from "./downloads_query.ts";
 *
 * assert.deepEqual(parseNames("team%2Fapp,a%2Cb"), ["team/app", "a,b"]);
 * ```
 */
export function parseNames(text: string): string[] {
  const names = text.split(",").map(decode);
  if (names.includes("")) throw new AppError("invalid", "a name is empty");
  if (names.length > MAX_NAMES) {
    throw new AppError("invalid", `${names.length} names are too many`, {
      hint: `ask for at most ${MAX_NAMES} at once`,
    });
  }
  return [...new Set(names)];
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw new AppError("invalid", `cannot decode "${name}"`, { hint: "use percent-encoded UTF-8" });
  }
}
