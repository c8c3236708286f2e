/**
 * Numbers over time: of a repository, a tag, a namespace. The process that adds days up to months
 * is the one that reads, and nothing comes in between two statements that a month is read with.
 *
 * @module
 */

import type { SQLInputValue } from "node:sqlite";

import { type DayRange, monthAfter, monthOf } from "../../calendar.ts";
import { type Metric, METRICS } from "../../statistics.ts";
import type {
  ConsumerFilter,
  DayValue,
  History,
  HistoryQuery,
  NamespaceRef,
  TotalsQuery,
} from "../history.ts";
import type { Database, Row } from "./database.ts";
import { Pace } from "./pace.ts";
import { repositoryIdOf } from "./reads.ts";
import type { Condition } from "./repository_filters.ts";
import { columnOf, TAG_METRICS } from "./schema.ts";

const NOTHING: History = { days: [], months: [], byDayFrom: null };

/** Whose rows, and in which tables. */
interface Rows {
  readonly days: string;
  readonly months: string;
  readonly key: string;
  readonly id: number;
  /** The only registry whose rows count; absent: all that there are. */
  readonly registry?: string;
  /** Further conditions. */
  readonly where: string;
  readonly parameters: readonly SQLInputValue[];
}

/** @returns A number over time. */
export function history(database: Database, query: HistoryQuery): History {
  const rows = rowsOf(database, query);
  if (rows === undefined) return NOTHING;
  const { metric, from, to } = query;
  const days = readValues(database, rows, { table: rows.days, time: "day", metric, from, to });
  const span = { table: rows.months, time: "month", metric, from: monthOf(from), to };
  const months = readValues(database, rows, span);
  if (months.length === 0) return { days, months, byDayFrom: null };
  const sql = `SELECT max(month) AS month FROM ${rows.months} WHERE ${rows.key} = ?`;
  return { days, months, byDayFrom: monthAfter(Number(database.get(sql, rows.id)?.month)) };
}

function readValues(
  database: Database,
  rows: Rows,
  { metric, ...span }: Span & { metric: Metric },
): DayValue[] {
  const { sql, parameters } = selectOf(rows, span, {
    columns: `${span.time} AS day, sum(${columnOf(metric)}) AS value`,
    grouped: `GROUP BY ${span.time} HAVING value > 0 ORDER BY ${span.time}`,
  });
  return database.all(sql, ...parameters)
    .map((row) => ({ day: Number(row.day), value: Number(row.value) }));
}

/** Times of one of the tables. */
interface Span {
  readonly table: string;
  readonly time: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Selects from the rows of a span. Those of all registries are one range. Those of one registry are
 * a few of each time, and hundreds of registries may lie between them: they are looked up, from one
 * time that has rows to the next.
 */
function selectOf(
  { key, id, registry, where, parameters }: Rows,
  { table, time, from, to }: Span,
  { columns, grouped = "" }: { columns: string; grouped?: string },
): Condition {
  if (registry === undefined) {
    const sql = `SELECT ${columns} FROM ${table}
      WHERE ${key} = ? AND ${time} BETWEEN ? AND ?${where} ${grouped}`;
    return { sql, parameters: [id, from, to, ...parameters] };
  }
  const next = (after: string): string =>
    `SELECT min(${time}) FROM ${table} WHERE ${key} = ?1 AND ${time} ${after} AND ${time} <= ?3`;
  const sql = `WITH RECURSIVE times (at) AS (
      ${next(">= ?2")} UNION ALL SELECT (${next("> at")}) FROM times WHERE at IS NOT NULL
    )
    SELECT ${columns} FROM times CROSS JOIN ${table} ON ${key} = ?1 AND ${time} = at
    WHERE registry_id = (SELECT id FROM registries WHERE name = ?4)${where} ${grouped}`;
  return { sql, parameters: [id, from, to, registry, ...parameters] };
}

function rowsOf(database: Database, query: HistoryQuery): Rows | undefined {
  const { of, metric } = query;
  if ("namespace" in of) return rowsOfNamespace(database, of, query.consumers);
  const repositoryId = repositoryIdOf(database, of);
  if (repositoryId === undefined) return undefined;
  if (!("tag" in of)) {
    const rows = { days: "days", months: "months", key: "repository_id", id: repositoryId };
    return { ...rows, ...conditionOf(query.consumers) };
  }
  const sql = "SELECT id FROM tags WHERE repository_id = ? AND tag = ?";
  const id = database.get(sql, repositoryId, of.tag)?.id;
  if (id === undefined || !TAG_METRICS.includes(metric)) return undefined;
  const rows = { days: "tag_days", months: "tag_months", key: "tag_id", id: Number(id) };
  return { ...rows, where: "", parameters: [] };
}

function rowsOfNamespace(
  database: Database,
  { namespace, registry }: NamespaceRef,
  consumers?: ConsumerFilter,
): Rows | undefined {
  const id = database.get("SELECT id FROM texts WHERE text = ?", namespace)?.id;
  if (id === undefined) return undefined;
  return {
    days: "namespace_days",
    months: "namespace_months",
    key: "namespace_id",
    id: Number(id),
    ...(registry === undefined ? {} : { registry }),
    ...conditionOf(consumers),
  };
}

function conditionOf(consumers?: ConsumerFilter): Pick<Rows, "where" | "parameters"> {
  if (consumers === undefined) return { where: "", parameters: [] };
  const [not, names] = "only" in consumers ? ["", consumers.only] : ["NOT ", consumers.except];
  const ids = "SELECT id FROM texts WHERE text IN (SELECT value FROM json_each(?))";
  return { where: ` AND consumer_id ${not}IN (${ids})`, parameters: [JSON.stringify(names)] };
}

/** @returns All numbers of a namespace; others have their turn between two months. */
export async function totals(
  database: Database,
  { of, from, to }: TotalsQuery,
): Promise<Record<Metric, number>> {
  const sum = Object.fromEntries(METRICS.map((metric) => [metric, 0])) as Record<Metric, number>;
  const pace = new Pace();
  for (let next: number | undefined = from; next !== undefined;) {
    const month = database.reading(() => readMonth(database, of, { from: Number(next), to }));
    for (const part of month.parts) {
      for (const metric of METRICS) sum[metric] += Number(part[metric] ?? 0);
    }
    next = month.next;
    await pace.rest();
  }
  return sum;
}

const SUMS = METRICS.map((metric) => `sum(${columnOf(metric)}) AS ${metric}`).join(", ");

/** Sums up the first month that has rows, in one go: its days may be added up before the next. */
function readMonth(
  database: Database,
  of: NamespaceRef,
  { from, to }: DayRange,
): { parts: Row[]; next?: number } {
  const rows = rowsOfNamespace(database, of);
  if (rows === undefined) return { parts: [] };
  const tables = [{ table: rows.days, time: "day" }, { table: rows.months, time: "month" }];
  const firsts = tables.map(({ table, time }) => {
    const sql = `SELECT min(${time}) AS first FROM ${table}
      WHERE ${rows.key} = ? AND ${time} >= ? AND ${time} <= ?`;
    return Number(database.get(sql, rows.id, from, to)?.first ?? Infinity);
  });
  const first = Math.min(...firsts);
  if (first === Infinity) return { parts: [] };
  const next = monthAfter(first);
  const parts = tables.flatMap((table) => {
    const span = { ...table, from: first, to: Math.min(to, next - 1) };
    const { sql, parameters } = selectOf(rows, span, { columns: SUMS });
    return database.all(sql, ...parameters);
  });
  return { parts, next };
}
