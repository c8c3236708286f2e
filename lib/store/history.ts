/**
 * The part of the store's contract that is about time: numbers by day, and by month where their
 * days have been added up.
 *
 * Days are kept for a time, then added up to months, one month at a time and never in part: what is
 * read is the days and the months together, at one moment. A late event for a day that has been
 * added up makes a day of its own again, until that is added to its month, too.
 *
 * @module
 */

import type { Metric } from "../statistics.ts";
import type { OfRepository } from "../target.ts";
import type { ConsumerFilter } from "./day_sums.ts";

export type { ConsumerFilter } from "./day_sums.ts";

/** A day on which something was counted; a month, by its first day. */
export interface DayValue {
  /** Since 1970. */
  readonly day: number;
  readonly value: number;
}

/** All repositories in a directory such as `team/`, or everything (`""`). */
export interface NamespaceRef {
  /** See `namespacesOf()`. */
  readonly namespace: string;
  /** Absent: of all registries. */
  readonly registry?: string;
}

/** A tag of a repository. */
export interface TagRef extends OfRepository {
  readonly tag: string;
}

/** Which days of which number. */
export interface HistoryQuery {
  readonly of: OfRepository | TagRef | NamespaceRef;
  readonly metric: Metric;
  /** First and last day, inclusive. */
  readonly from: number;
  readonly to: number;
  /** Absent: all. A tag has no consumers. */
  readonly consumers?: ConsumerFilter;
}

/** A number over time. */
export interface History {
  /** The days with a value that are kept by day. */
  readonly days: readonly DayValue[];
  /** The months with a value that share days with the range; none is in `days`. */
  readonly months: readonly DayValue[];
  /** The first day after the last month that has been added up; `null` if `months` is empty. */
  readonly byDayFrom: number | null;
}

/** Which days of all numbers. */
export interface TotalsQuery {
  readonly of: NamespaceRef;
  /** First and last day, inclusive. A month that has been added up counts where it begins. */
  readonly from: number;
  readonly to: number;
}

/** Which repositories are counted. */
export interface CensusQuery {
  readonly of: NamespaceRef;
  /** About so many repositories are looked at. */
  readonly limit: number;
  /** The `next` of the part before. */
  readonly after?: string;
}

/** How many there are in a part of the repositories. */
export interface Census {
  readonly repositories: number;
  /** Tags that exist. */
  readonly tags: number;
  /** Milliseconds since 1970; `null`: never. */
  readonly lastUsed: number | null;
  /** Where the next part begins; `null` after the last. */
  readonly next: string | null;
}

/** Where a registry is asked about, so many of the latest events are looked at. */
export const LATEST_EVENTS = 1000;

/** What a store tells of the past. */
export interface HistoryStore {
  /** A number over time, read at one moment. What nobody knows has no days. */
  history(query: HistoryQuery): Promise<History>;
  /** All numbers in a range: of repositories that are gone, too. Every metric is there. */
  totals(query: TotalsQuery): Promise<Record<Metric, number>>;
  /** Counts a part of the listed repositories; a part takes milliseconds. */
  census(query: CensusQuery): Promise<Census>;
  /**
   * When the last event arrived that was no repetition.
   *
   * @param registry Only of this one.
   * @returns Milliseconds since 1970; `null` where the log has none, or where the
   *   {@linkcode LATEST_EVENTS} are all of other registries.
   */
  lastArrival(registry?: string): Promise<number | null>;
}
