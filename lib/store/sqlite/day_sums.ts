/**
 * Sums of days of all repositories, in steps short enough not to hold up events.
 *
 * @module
 */

import { DAY_MS } from "../../calendar.ts";
import { type Bound, type DaySums, type DaySumsQuery, isInRepository, isUse } from "../day_sums.ts";
import type { Cursor, Page } from "../store.ts";
import type { Database, Row } from "./database.ts";
import {
  all,
  any,
  BY_NAME,
  BY_REGISTRY,
  type Condition,
  filtersOf,
  LISTED,
  narrowed,
  ofRegistry,
  type Step,
} from "./repository_filters.ts";
import { NameCount } from "./repository_names.ts";
import {
  type Days,
  daysOf,
  type Expression,
  sumOfAllTime,
  sumOfWindow,
} from "./repository_sums.ts";
import { columnOf } from "./schema.ts";

/** How long a step reads, in milliseconds; it ends with the statement at hand. */
const STEP_MS = 5;
/**
 * Repositories that are looked at by one statement: few may have many days. So few numbers, for
 * SQLite prepares a statement anew each time its limit is a parameter.
 */
const CHUNKS = [1, 4, 16, 64, 200] as const;
const FIRST_CHUNK = 4;
/** Repositories of a registry that are sooner read by name than all of all registries by id. */
const FEW = 50_000;

/** The order in which repositories are looked at. */
interface Order {
  /** The table and its index: SQLite would rather sort than leave one out that fits a filter. */
  readonly from: string;
  readonly columns: string;
  /** Before all others. */
  readonly start: Cursor;
  /** Whose repositories. */
  readonly of: readonly Condition[];
  /** Which names. */
  readonly range: readonly Condition[];
}

/** @returns What a step finds; it may be nothing and yet not the last. */
export function sumDays(database: Database, query: DaySumsQuery): Page<DaySums> {
  const order = orderOf(database, query);
  const reading = readingOf(query, daysOf(database, query));
  const deadline = performance.now() + STEP_MS;
  const items: DaySums[] = [];
  let after = query.after ?? order.start;
  for (let count: number = FIRST_CHUNK;;) {
    const began = performance.now();
    const last = lastOfChunk(database, order, { after, count });
    items.push(...readChunk(database, reading, { order, after, last }));
    if (last === undefined) return { items, next: null };
    const now = performance.now();
    if (now >= deadline) return { items, next: last };
    count = nextChunk(count, count * (deadline - now) / (now - began));
    after = last;
  }
}

/** The largest chunk that fits into the time that is left, and is not much larger than the last. */
function nextChunk(last: number, fitting: number): number {
  const [, next = last] = CHUNKS.filter((count) => count >= last);
  return CHUNKS.findLast((count) => count <= Math.min(next, fitting)) ?? CHUNKS[0];
}

/**
 * Days lie in the order of the repository's id; in another order to read them takes longer, but
 * the names of a range, or of a registry that has few, are found without looking at all.
 */
function orderOf(database: Database, query: DaySumsQuery): Order {
  if (!isByName(database, query)) {
    return { from: "repositories NOT INDEXED", columns: "id", start: [0], of: [], range: [] };
  }
  const { range, registry } = filtersOf(query);
  return {
    from: `repositories INDEXED BY ${registry === undefined ? BY_NAME : BY_REGISTRY}`,
    columns: "repository, registry",
    start: ["", ""],
    of: registry === undefined ? [] : [LISTED, ofRegistry(registry)],
    range,
  };
}

/** The steps of a read keep the order of the first one. */
function isByName(database: Database, { registry, prefix = "", after }: DaySumsQuery): boolean {
  if (after !== undefined) return after.length > 1;
  if (prefix !== "" || registry === undefined) return prefix !== "";
  return new NameCount(database, { registry, range: [] }).areUpTo(FEW);
}

function keyOf({ id, repository, registry }: Row, { columns }: Order): Cursor {
  return columns === "id" ? [Number(id)] : [String(repository), String(registry)];
}

/** @returns The last key of the next rows; `undefined` where they are the last ones. */
function lastOfChunk(
  database: Database,
  order: Order,
  { after, count }: { after: Cursor; count: number },
): Cursor | undefined {
  const { sql, parameters } = all([...order.of, ...narrowed(order.range, stepOf(order, after))]);
  const row = database.get(
    `SELECT ${order.columns} FROM ${order.from} WHERE ${sql}
      ORDER BY ${order.columns} LIMIT 1 OFFSET ${count - 1}`,
    ...parameters,
  );
  return row === undefined ? undefined : keyOf(row, order);
}

function stepOf({ columns }: Order, after: Cursor, last?: Cursor): Step {
  const bound = (key: Cursor, by: ">" | "<="): Condition => ({
    sql: `(${columns}) ${by} (${placesOf(key)})`,
    parameters: key,
  });
  return { after: bound(after, ">"), last: last === undefined ? undefined : bound(last, "<=") };
}

function placesOf(key: Cursor): string {
  return key.map(() => "?").join(", ");
}

/** What is read of each repository, in whatever part of them. */
interface Reading {
  readonly values: readonly Expression[];
  readonly conditions: readonly Condition[];
}

/** The values are those of all time and of each window. */
function readingOf(query: DaySumsQuery, days: Days): Reading {
  const { registry, windows } = query;
  return {
    values: [sumOfAllTime(days), ...windows.map((window) => sumOfWindow(days, window))],
    conditions: [
      { sql: "listed = 1 AND deleted_at IS NULL", parameters: [] },
      ...(registry === undefined ? [] : [ofRegistry(registry)]),
      ...boundsOf(query, days),
    ],
  };
}

function readChunk(
  database: Database,
  { values, conditions }: Reading,
  { order, after, last }: { order: Order; after: Cursor; last: Cursor | undefined },
): DaySums[] {
  const keys = narrowed(order.range, stepOf(order, after, last));
  const where = all([...order.of, ...keys, ...conditions]);
  const columns = values.map(({ sql }, at) => `${sql} AS v${at}`);
  return database.all(
    `SELECT repository, registry, ${columns.join(", ")} FROM ${order.from} WHERE ${where.sql}`,
    ...values.flatMap(({ parameters }) => parameters),
    ...where.parameters,
  ).map((row) => {
    const [total = 0, ...sums] = values.map((_, at) => Number(row[`v${at}`]));
    return { registry: String(row.registry), repository: String(row.repository), total, sums };
  });
}

/**
 * The weakest condition comes first and decides about most rows. Of those that their totals let in,
 * most have too little in the window, for which no more days are read than it has.
 */
function boundsOf(query: DaySumsQuery, days: Days): Condition[] {
  const ever = sumOfAllTime(days);
  const isRead = isInRepository(query.metric);
  const ceiling = isRead ? { sql: columnOf(query.metric), parameters: [] } : ever;
  const least = Math.min(...query.bounds.map((bound) => bound.atLeast));
  return [
    reaches(ceiling, least),
    any(query.bounds.map((bound) => {
      const window = query.windows.find(({ from }) => from === bound.from);
      const sum = window === undefined ? ever : sumOfWindow(days, window);
      return all([
        ...(isRead ? [reaches(ceiling, bound.atLeast)] : []),
        ...usedFrom(query, bound),
        reaches(sum, bound.atLeast),
      ]);
    })),
  ];
}

function usedFrom({ metric }: DaySumsQuery, { from }: Bound): Condition[] {
  if (from === null || !isUse(metric)) return [];
  return [{ sql: "ifnull(last_used, 0) >= ?", parameters: [from * DAY_MS] }];
}

function reaches({ sql, parameters }: Expression, least: number): Condition {
  return { sql: `${sql} >= ?`, parameters: [...parameters, least] };
}
