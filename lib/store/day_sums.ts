/**
 * Sums of days of all repositories, a step at a time: the question and its answers.
 *
 * @module
 */

import { type Metric, METRICS } from "../statistics.ts";

/** What can be summed up: any number, and the stars, which have no days. */
export const SUMMED_METRICS = [...METRICS, "stars"] as const;

/** One of {@linkcode SUMMED_METRICS}. */
export type SummedMetric = typeof SUMMED_METRICS[number];

/** Days since 1970, first and last inclusive. */
export interface DayWindow {
  readonly from: number;
  readonly to: number;
}

/** Whose events count: only those of some consumers, or all others. */
export type ConsumerFilter =
  | { readonly only: readonly string[] }
  | { readonly except: readonly string[] };

/** What a repository must be like to be worth a look. */
export interface Bound {
  /** It was used on this day or later; `null`: whenever. */
  readonly from: number | null;
  /** It has counted so much in all its time, and in a window that begins on that day. */
  readonly atLeast: number;
}

/** Which sums of which repositories. */
export interface DaySumsQuery {
  readonly metric: SummedMetric;
  /** None for `stars`. */
  readonly windows: readonly DayWindow[];
  readonly registry?: string;
  /** What the name of the repository begins with, exactly. */
  readonly prefix?: string;
  /** Not for `stars`. */
  readonly consumers?: ConsumerFilter;
  /** A repository that keeps none of them may be left out; at least one. */
  readonly bounds: readonly Bound[];
  /** From the step before. */
  readonly after?: readonly (string | number | null)[];
}

/** Sums of one repository. */
export interface DaySums {
  readonly registry: string;
  readonly repository: string;
  /** Of all time. */
  readonly total: number;
  /** Of each window, in their order. */
  readonly sums: readonly number[];
}

/** Numbers of layers, which are kept by day only; see {@linkcode isInRepository}. */
const OF_DAYS: ReadonlySet<SummedMetric> = new Set<Metric>([
  "blobPulls",
  "blobChecks",
  "blobPushes",
  "mounts",
  "blobBytes",
]);

/**
 * Says whether a repository's own row has a number, as the sum of all time. It is then a bound of
 * every sum over days, whatever the consumers.
 *
 * @param metric The number.
 * @returns False for the numbers of layers.
 */
export function isInRepository(metric: SummedMetric): boolean {
  return !OF_DAYS.has(metric);
}

/** Numbers that do not move the last use of a repository; see {@linkcode isUse}. */
const NO_USES: ReadonlySet<SummedMetric> = new Set<SummedMetric>([
  ...OF_DAYS,
  "tagDeletes",
  "manifestDeletes",
  "blobDeletes",
  "unknownDeletes",
  "stars",
]);

/**
 * Says whether what is counted is a use of the repository, so that nothing was counted on days after
 * its last use.
 *
 * @param metric The number.
 * @returns False for deletes, layers and stars.
 */
export function isUse(metric: SummedMetric): boolean {
  return !NO_USES.has(metric);
}
