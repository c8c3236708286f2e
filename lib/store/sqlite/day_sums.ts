/**
 * Sums of days of all repositories, in steps short enough not to hold up events.
 *
 * @module
 */

import { DAY_MS } from "../../calendar.ts";
import { type DaySums, type DaySumsQuery, isInRepository, isUse } from "../day_sums.ts";
import type { Cursor, Page } from "../store.ts";
import type { Database, Row } from "./database.ts";
import {
  all,
  BY_NAME,
  BY_REGISTRY,
  type Condition,
  filtersOf,
  LISTED,
  ofRegistry,
} from "./repository_filters.ts";
import { NameCount } from "./repository_names.ts";
import { columnOf } from "./schema.ts";

/** How long a step reads, in milliseconds; it ends with the repository at hand. */
const STEP_MS = 5;
/** Repositories that are looked at by one statement. */
const CHUNK = 200;
/** Repositories of a registry that are sooner read by name than all of all registries by id. */
const FEW = 50_000;
/** After all days of events. */
const END = 1_000_000;

/** The order in which repositories are looked at. */
interface Order {
  /** The table and its index: SQLite would rather sort than leave one out that fits a filter. */
  readonly from: string;
  readonly columns: string;
  /** Before all others. */
  readonly start: Cursor;
  /** What the key must fit. */
  readonly range: Condition;
}

/** What is read of each repository. */
interface Reading {
  readonly query: DaySumsQuery;
  readonly order: Order;
  readonly sums: Sums;
}

/** How days of a repository are summed up. */
interface Sums {
  readonly sql: string;
  /** First days of stretches, and the end of the last one, in order; none where no day is read. */
  readonly cuts: readonly number[];
  /** Whose days count; `undefined`: everybody's. */
  readonly consumers: Condition | undefined;
}

/** @returns What a step finds; it may be nothing and yet not the last. */
export function sumDays(database: Database, query: DaySumsQuery): Page<DaySums> {
  const reading = { query, order: orderOf(database, query), sums: sumsOf(database, query) };
  const deadline = performance.now() + STEP_MS;
  const items: DaySums[] = [];
  let after = query.after ?? reading.order.start;
  for (;;) {
    const last = lastOfChunk(database, reading, after);
    for (const row of readChunk(database, reading, { after, last })) {
      const item = itemOf(database, reading, row);
      if (isWanted(query, item)) items.push(item);
      if (performance.now() >= deadline) return { items, next: keyOf(row, reading.order) };
    }
    if (last === undefined) return { items, next: null };
    if (performance.now() >= deadline) return { items, next: last };
    after = last;
  }
}

/**
 * Days lie in the order of the repository's id; in another order to read them takes longer, but
 * the names of a range, or of a registry that has few, are found without looking at all.
 */
function orderOf(database: Database, query: DaySumsQuery): Order {
  if (!isByName(database, query)) {
    return { from: "repositories NOT INDEXED", columns: "id", start: [0], range: EVERYTHING };
  }
  const { range, registry } = filtersOf(query);
  const of = registry === undefined ? [] : [LISTED, ofRegistry(registry)];
  return {
    from: `repositories INDEXED BY ${registry === undefined ? BY_NAME : BY_REGISTRY}`,
    columns: "repository, registry",
    start: ["", ""],
    range: all([...of, ...range]),
  };
}

const EVERYTHING: Condition = { sql: "1", parameters: [] };

/** The steps of a read keep the order of the first one. */
function isByName(database: Database, { registry, prefix = "", after }: DaySumsQuery): boolean {
  if (after !== undefined) return after.length > 1;
  if (prefix !== "" || registry === undefined) return prefix !== "";
  return new NameCount(database, { registry, range: [] }).areUpTo(FEW);
}

function keyOf({ id, repository, registry }: Row, { columns }: Order): Cursor {
  return columns === "id" ? [Number(id)] : [String(repository), String(registry)];
}

function consumersOf(database: Database, { consumers }: DaySumsQuery): Condition | undefined {
  if (consumers === undefined) return undefined;
  const isOnly = "only" in consumers;
  const names = isOnly ? consumers.only : consumers.except;
  const ids = names
    .map((name) => database.get("SELECT id FROM texts WHERE text = ?", name)?.id)
    // A name that is not there has no days.
    .flatMap((id) => id === undefined ? [] : [Number(id)]);
  const places = ids.map(() => "?").join(", ");
  return { sql: `consumer_id ${isOnly ? "IN" : "NOT IN"} (${places})`, parameters: ids };
}

/** @returns The last key of the next rows; `undefined` where they are the last ones. */
function lastOfChunk(
  database: Database,
  { order }: Reading,
  after: Cursor,
): Cursor | undefined {
  const row = database.get(
    `SELECT ${order.columns} FROM ${order.from}
      WHERE ${order.range.sql} AND (${order.columns}) > (${placesOf(after)})
      ORDER BY ${order.columns} LIMIT 1 OFFSET ${CHUNK - 1}`,
    ...order.range.parameters,
    ...after,
  );
  return row === undefined ? undefined : keyOf(row, order);
}

function readChunk(
  database: Database,
  { query, order }: Reading,
  { after, last }: { after: Cursor; last: Cursor | undefined },
): Row[] {
  const { metric, registry } = query;
  const keys = [
    order.range,
    { sql: `(${order.columns}) > (${placesOf(after)})`, parameters: after },
    ...(last === undefined
      ? []
      : [{ sql: `(${order.columns}) <= (${placesOf(last)})`, parameters: last }]),
  ];
  const total = isInRepository(metric) ? columnOf(metric) : "0";
  const filters = [
    { sql: "listed = 1 AND deleted_at IS NULL", parameters: [] },
    ...(registry === undefined ? [] : [{ sql: "registry = ?", parameters: [registry] }]),
    ...boundsOf(query),
  ];
  const conditions: Condition[] = [...keys, ...filters];
  return database.all(
    `SELECT id, repository, registry, ${total} AS total FROM ${order.from}
      WHERE ${conditions.map(({ sql }) => sql).join(" AND ")} ORDER BY ${order.columns}`,
    ...conditions.flatMap(({ parameters }) => parameters),
  );
}

/** The first condition is the weakest and decides about most rows. */
function boundsOf({ metric, bounds }: DaySumsQuery): Condition[] {
  if (!isInRepository(metric)) return [];
  const total = columnOf(metric);
  const least = Math.min(...bounds.map(({ atLeast }) => atLeast));
  const weakest = { sql: `${total} >= ?`, parameters: [least] };
  if (!isUse(metric)) return [weakest];
  const ways = bounds.map(({ from, atLeast }) => ({
    sql: `${total} >= ? AND ifnull(last_used, 0) >= ?`,
    parameters: [atLeast, from === null ? 0 : from * DAY_MS],
  }));
  return [weakest, {
    sql: `(${ways.map(({ sql }) => sql).join(" OR ")})`,
    parameters: ways.flatMap(({ parameters }) => parameters),
  }];
}

function placesOf(key: Cursor): string {
  return key.map(() => "?").join(", ");
}

function itemOf(database: Database, { query, sums }: Reading, row: Row): DaySums {
  const { cuts, consumers } = sums;
  const names = { registry: String(row.registry), repository: String(row.repository) };
  if (cuts.length === 0) return { ...names, total: Number(row.total), sums: [] };
  const found = database.get(sums.sql, Number(row.id), ...cuts, ...consumers?.parameters ?? []);
  // How much there is up to each cut, so that a window is a difference.
  const upTo = [0];
  for (let at = 1; at < cuts.length; at++) {
    upTo.push((upTo[at - 1] ?? 0) + Number(found?.[`s${at}`]));
  }
  const before = (day: number): number => upTo[cuts.indexOf(day)] ?? 0;
  const ever = (upTo.at(-1) ?? 0) + Number(found?.months ?? 0);
  const total = isTotalOfDays(query) ? ever : Number(row.total);
  const windows = query.windows.map(({ from, to }) => before(to + 1) - before(from));
  return { ...names, total, sums: windows };
}

/** Of those that their totals let in, most have too little in each window. */
function isWanted({ bounds, windows }: DaySumsQuery, { total, sums }: DaySums): boolean {
  return bounds.some(({ from, atLeast }) => {
    const at = windows.findIndex((window) => window.from === from);
    return (sums[at] ?? total) >= atLeast;
  });
}

/** A number of all time that the repository's own row does not have. */
function isTotalOfDays({ metric, consumers }: DaySumsQuery): boolean {
  return !isInRepository(metric) || consumers !== undefined;
}

/** A sum for each stretch between two cuts: days of which only one number is read cost little. */
function sumsOf(database: Database, query: DaySumsQuery): Sums {
  const consumers = consumersOf(database, query);
  const days = query.windows.flatMap(({ from, to }) => [from, to + 1]);
  const isTotal = isTotalOfDays(query);
  const cuts = [...new Set([...days, ...isTotal ? [0, END] : []])]
    .sort((one, other) => one - other);
  const condition = consumers === undefined ? "" : `AND ${placed(consumers.sql, cuts.length + 2)}`;
  // Parameter 1 is the repository, 2 the first cut.
  const sum = `SELECT ifnull(sum(${columnOf(query.metric)}), 0) FROM`;
  const stretches = cuts.slice(1).map((_, at) =>
    `(${sum} days WHERE repository_id = ?1 AND day >= ?${at + 2} AND day < ?${at + 3} ${condition})
      AS s${at + 1}`
  );
  // Days of long ago have been added up to months.
  const months = isTotal ? [`(${sum} months WHERE repository_id = ?1 ${condition}) AS months`] : [];
  return { cuts, consumers, sql: `SELECT ${[...stretches, ...months].join(", ")}` };
}

/** Numbers the parameters of a condition, so that they can be used again. */
function placed(sql: string, first: number): string {
  let next = first;
  return sql.replaceAll("?", () => `?${next++}`);
}
