/**
 * Reads repositories in the order in which they were last used, oldest first.
 *
 * @module
 */

import { type Slice, sliceOf } from "../scan.ts";
import type { Cursor } from "../store.ts";
import type { UnusedQuery } from "../unused.ts";
import type { Database, Row } from "./database.ts";
import { cursorOfEntry, rowsOf } from "./repository_entries.ts";
import { filtersOf } from "./repository_filters.ts";
import { readByNumber } from "./repository_numbers.ts";
import { numberOrNull } from "./values.ts";

/** Reads the next rows behind a cursor, so many at most. */
export type ReadRows = (after: Cursor | undefined, count: number) => Promise<Slice<Row>>;

/** @returns Reads repositories that were not used since: never used comes first. */
export function readerOfRepositories(database: Database, query: UnusedQuery): ReadRows {
  const order = { column: "last_used", isReversed: true, below: query.before } as const;
  const filters = filtersOf(query);
  return async (after, limit) => {
    const entries = await readByNumber(database, { order, filters, limit, after });
    const { next } = sliceOf(entries, limit, cursorOfEntry);
    return { rows: database.reading(() => rowsOf(database, entries)), next };
  };
}

/** @returns Where the repositories behind one begin. */
export function cursorOfRepository(row: Row): Cursor {
  return [numberOrNull(row.last_used), String(row.repository), String(row.registry)];
}
