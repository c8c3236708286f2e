/**
 * Reads repositories in an order, filtered, without reading many more than are asked for.
 *
 * @module
 */

import type { Cursor, RepositoryQuery, RepositorySort } from "../store.ts";
import type { Database, Row } from "./database.ts";
import { cursorOfEntry, type Entry, rowsOf } from "./repository_entries.ts";
import { filtersOf } from "./repository_filters.ts";
import { readByName } from "./repository_names.ts";
import { readByNumber } from "./repository_numbers.ts";
import type { OrderColumn } from "./schema_orders.ts";

/** The column of each order but that by name. */
const SORT_COLUMNS: Readonly<Record<Exclude<RepositorySort, "name">, OrderColumn>> = {
  "-pulls": "pulls",
  "-pushes": "pushes",
  "-stars": "stars",
  "-lastPulled": "last_pulled",
  "-lastPushed": "last_pushed",
  "-lastUsed": "last_used",
};

/**
 * Reads the next repositories of an order.
 *
 * @param database The open file.
 * @param query Order, filters, and where to go on.
 * @returns Their rows, and where those behind them begin, if there are any.
 * @throws {AppError} `unavailable`, if the file cannot be read.
 */
export async function readRepositories(
  database: Database,
  query: RepositoryQuery,
): Promise<{ rows: Row[]; next: Cursor | null }> {
  const entries = await readEntries(database, query);
  const shown = entries.slice(0, query.limit);
  const last = shown.at(-1);
  const hasMore = entries.length > query.limit && last !== undefined;
  return {
    rows: database.reading(() => rowsOf(database, shown)),
    next: hasMore ? cursorOf(last, query) : null,
  };
}

async function readEntries(
  database: Database,
  { sort, after, ...query }: RepositoryQuery,
): Promise<Entry[]> {
  const part = { filters: filtersOf(query), limit: query.limit + 1, after };
  if (sort === "name") return await readByName(database, part);
  return await readByNumber(database, { ...part, order: { column: SORT_COLUMNS[sort] } });
}

function cursorOf(entry: Entry, { sort }: RepositoryQuery): Cursor {
  return sort === "name" ? [entry.repository, entry.registry] : cursorOfEntry(entry);
}
