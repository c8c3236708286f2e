/**
 * Sums of days of one repository, as expressions in a statement about `repositories`.
 *
 * @module
 */

import type { ConsumerFilter, DaySumsQuery, DayWindow, SummedMetric } from "../day_sums.ts";
import { isInRepository } from "../day_sums.ts";
import type { Database } from "./database.ts";
import type { Condition } from "./repository_filters.ts";
import { columnOf } from "./schema.ts";

/** A value with its parameters. */
export type Expression = Condition;

/** Which days count: of what, and whose. */
export interface Days {
  readonly metric: SummedMetric;
  /** `undefined`: everybody's. */
  readonly consumers: Condition | undefined;
}

/**
 * Finds out whose days count.
 *
 * @param database The open file.
 * @param query The question.
 * @returns The days.
 */
export function daysOf(database: Database, { metric, consumers }: DaySumsQuery): Days {
  return {
    metric,
    consumers: consumers === undefined ? undefined : consumersOf(database, consumers),
  };
}

function consumersOf(database: Database, filter: ConsumerFilter): Condition {
  const isOnly = "only" in filter;
  const names = isOnly ? filter.only : filter.except;
  const ids = names
    .map((name) => database.get("SELECT id FROM texts WHERE text = ?", name)?.id)
    // A name that is not there has no days.
    .flatMap((id) => id === undefined ? [] : [Number(id)]);
  const places = ids.map(() => "?").join(", ");
  return { sql: `consumer_id ${isOnly ? "IN" : "NOT IN"} (${places})`, parameters: ids };
}

/**
 * Adds up a window.
 *
 * @param days Which days.
 * @param window First and last one.
 * @returns The sum.
 */
export function sumOfWindow(days: Days, { from, to }: DayWindow): Expression {
  return sumOf("days", days, { sql: "day >= ? AND day <= ?", parameters: [from, to] });
}

/**
 * Finds the number of all time: where the repository's row has it, it is read from there.
 *
 * @param days Which days.
 * @returns The number.
 */
export function sumOfAllTime(days: Days): Expression {
  const { metric, consumers } = days;
  if (isInRepository(metric) && consumers === undefined) {
    return { sql: columnOf(metric), parameters: [] };
  }
  // Days of long ago have been added up to months.
  const parts = [sumOf("days", days), sumOf("months", days)];
  return {
    sql: `(${parts.map(({ sql }) => sql).join(" + ")})`,
    parameters: parts.flatMap(({ parameters }) => parameters),
  };
}

function sumOf(
  table: "days" | "months",
  { metric, consumers }: Days,
  within?: Condition,
): Expression {
  const conditions = [within, consumers].filter((condition) => condition !== undefined);
  const tests = ["repository_id = repositories.id", ...conditions.map(({ sql }) => sql)];
  return {
    sql: `(SELECT ifnull(sum(${columnOf(metric)}), 0) FROM ${table} WHERE ${tests.join(" AND ")})`,
    parameters: conditions.flatMap(({ parameters }) => parameters),
  };
}
