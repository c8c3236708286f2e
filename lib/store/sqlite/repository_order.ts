/**
 * Reads repositories in an order, filtered, without reading many more than are asked for.
 *
 * An order has an index, a filter has one, but no index has both. Few that fit a filter are found
 * by it and sorted; many are met soon on a walk along the order. A walk goes in steps and lets
 * others in between, for nobody knows how far the next that fits is.
 *
 * @module
 */

import type { Cursor, RepositoryQuery, RepositorySort } from "../store.ts";
import type { Database, Row } from "./database.ts";
import {
  all,
  BY_NAME,
  type Condition,
  type Filters,
  filtersOf,
  LISTED,
} from "./repository_filters.ts";

/** The column of each order but that by name. */
const SORT_COLUMNS: Readonly<Record<Exclude<RepositorySort, "name">, string>> = {
  "-pulls": "pulls",
  "-pushes": "pushes",
  "-stars": "stars",
  "-lastPulled": "last_pulled",
  "-lastPushed": "last_pushed",
  "-lastUsed": "last_used",
};

/** So many are read and sorted in a few milliseconds. */
const FEW = 1_000;
/** Entries of an index that a walk looks at in one go: some ten to twenty milliseconds. */
const STEP = 30_000;

/**
 * Names the column of an order.
 *
 * @param sort The order.
 * @returns The column, `undefined` for the order by name.
 */
export function columnOfSort(sort: RepositorySort): string | undefined {
  return sort === "name" ? undefined : SORT_COLUMNS[sort];
}

/**
 * Reads the next repositories of an order.
 *
 * @param database The open file.
 * @param query Order, filters, and where to go on.
 * @returns Up to one row more than the limit.
 * @throws {AppError} `unavailable`, if the file cannot be read.
 */
export async function readRepositories(database: Database, query: RepositoryQuery): Promise<Row[]> {
  const filters = filtersOf(query);
  // The indexes of the filters are in the order of names.
  const isInOrder = filters.index === undefined || query.sort === "name";
  const isDirect = filters.search.length === 0 && isInOrder;
  if (isDirect || database.reading(() => isFew(database, filters))) {
    return database.reading(() => readInOrder(database, query, filters));
  }
  return await walk(database, query, filters);
}

/** What an index knows of being listed: that of all names says nothing, and a row is far away. */
function listedIn(index: string): Condition[] {
  return index === BY_NAME ? [] : [LISTED];
}

function isFew(database: Database, { ranges, index }: Filters): boolean {
  if (index === undefined) return false;
  const { sql, parameters } = all([...listedIn(index), ...ranges]);
  const counted = database.get(
    `SELECT count(*) AS number FROM (
      SELECT 1 FROM repositories INDEXED BY ${index} WHERE ${sql} LIMIT ${FEW + 1})`,
    ...parameters,
  );
  return Number(counted?.number) <= FEW;
}

/** Each stretch is a range of the order's index: below the cursor's value, equal to it, without. */
function stretchesOf(column: string | undefined, after: Cursor | undefined): Condition[] {
  const everything: Condition = { sql: "1", parameters: [] };
  if (column === undefined) {
    if (after === undefined) return [everything];
    // The first part is what the index of one registry can use.
    const [repository = ""] = after;
    const sql = "repository >= ? AND (repository, registry) > (?, ?)";
    return [{ sql, parameters: [repository, ...after] }];
  }
  const never: Condition = { sql: `${column} IS NULL`, parameters: [] };
  const ever: Condition = { sql: `${column} IS NOT NULL`, parameters: [] };
  if (after === undefined) return [ever, never];
  const [value = null, ...names] = after;
  const behind = "(repository, registry) > (?, ?)";
  if (value === null) return [{ sql: `${never.sql} AND ${behind}`, parameters: names }];
  return [
    { sql: `${column} = ? AND ${behind}`, parameters: [value, ...names] },
    { sql: `${column} < ?`, parameters: [value] },
    never,
  ];
}

function orderOf(column: string | undefined): string {
  return `${column === undefined ? "" : `${column} DESC, `}repository, registry`;
}

/** Along the index of the order; or, where few fit, by an index of the filters, and sorted. */
function readInOrder(
  database: Database,
  query: RepositoryQuery,
  { ranges, index, search }: Filters,
): Row[] {
  const column = columnOfSort(query.sort);
  const rows: Row[] = [];
  for (const stretch of stretchesOf(column, query.after)) {
    const missing = query.limit + 1 - rows.length;
    if (missing === 0) break;
    const { sql, parameters } = all([LISTED, stretch, ...ranges, ...search]);
    rows.push(...database.all(
      `SELECT * FROM repositories ${index === undefined ? "" : `INDEXED BY ${index}`}
        WHERE ${sql} ORDER BY ${orderOf(column)} LIMIT ?`,
      ...parameters,
      missing,
    ));
  }
  return rows;
}

async function walk(database: Database, query: RepositoryQuery, filters: Filters): Promise<Row[]> {
  const rows: Row[] = [];
  let after = query.after;
  while (true) {
    const missing = query.limit + 1 - rows.length;
    const found = database.reading(() =>
      walkOn(
        database,
        { ...query, limit: missing, ...(after === undefined ? {} : { after }) },
        filters,
      )
    );
    rows.push(...found.rows);
    if (found.after === undefined || rows.length > query.limit) return rows;
    after = found.after;
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Looks at the next entries of the order's index, {@linkcode STEP} of each stretch at most. */
function walkOn(
  database: Database,
  query: RepositoryQuery,
  filters: Filters,
): { rows: Row[]; after?: Cursor } {
  const column = columnOfSort(query.sort);
  const rows: Row[] = [];
  for (const stretch of stretchesOf(column, query.after)) {
    const entries = entriesOf(column, stretch, filters);
    rows.push(
      ...readEntries(database, entries, { filters, limit: query.limit - rows.length }),
    );
    if (rows.length === query.limit) return { rows };
    const last = database.get(`${entries.sql} LIMIT 1 OFFSET ${STEP - 1}`, ...entries.parameters);
    if (last === undefined) continue;
    const names = [String(last.repository), String(last.registry)];
    const after = column === undefined ? names : [last.value as number | null, ...names];
    return { rows, after };
  }
  return { rows };
}

/** The entries of a stretch; by name only those of the registry, or that begin with the prefix. */
function entriesOf(
  column: string | undefined,
  stretch: Condition,
  { ranges, index = BY_NAME }: Filters,
): Condition {
  const isByName = column === undefined;
  const listed = isByName ? listedIn(index) : [LISTED];
  const { sql, parameters } = all([...listed, stretch, ...(isByName ? ranges : [])]);
  return {
    sql: `SELECT id, repository, registry, ${column ?? "NULL"} AS value
      FROM repositories INDEXED BY ${isByName ? index : `repositories_by_${column}`}
      WHERE ${sql} ORDER BY ${orderOf(column)}`,
    parameters,
  };
}

/** The rows of those entries that fit, in their order: a subquery with a limit is read as it is. */
function readEntries(
  database: Database,
  entries: Condition,
  { filters, limit }: { filters: Filters; limit: number },
): Row[] {
  const { sql, parameters } = all([...filters.ranges, ...filters.search].map((condition) => ({
    ...condition,
    sql: `entries.${condition.sql}`,
  })));
  return database.all(
    `SELECT repositories.* FROM (${entries.sql} LIMIT ${STEP}) AS entries
      CROSS JOIN repositories ON repositories.id = entries.id
      WHERE ${sql} AND repositories.listed = 1 LIMIT ?`,
    ...entries.parameters,
    ...parameters,
    limit,
  );
}
