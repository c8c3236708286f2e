/**
 * Entries of indexes of repositories: what is read of many, before the rows of a few.
 *
 * @module
 */

import { compareRanked, type Ranked } from "../../top_list.ts";
import type { Cursor } from "../store.ts";
import type { Database, Row } from "./database.ts";
import { all, type Condition } from "./repository_filters.ts";

/** A repository in an order. */
export interface Entry extends Ranked {
  readonly id: number;
  /** What it is ordered by, {@linkcode NEVER} where it has none; 0 in the order of names. */
  readonly value: number;
}

/** Comes after every time and number. */
export const NEVER = -1;
/**
 * Entries that are looked at in one go, some milliseconds: nobody knows how far the next one that
 * fits is.
 */
export const STEP = 10_000;

/** Entries of an index in its order. */
export interface Entries {
  /** Selects id, registry, repository and value `FROM` the index. */
  readonly select: string;
  readonly within: Condition;
  /** `ORDER BY`. */
  readonly order: string;
}

/** Entries that are looked at, and what is asked of each. */
export interface Stretch {
  readonly entries: Entries;
  /** What the index does not know. */
  readonly filters: readonly Condition[];
  /** Entries that are looked at in one go. */
  readonly step: number;
  /** Those that do not come behind one, as ranges of the index, in their order. */
  upTo(last: Entry): Condition[];
}

/**
 * Writes a query for entries.
 *
 * @param entries Which.
 * @param more How far they go, and what else is asked of them.
 * @returns The query, without a limit.
 */
export function queryOf(
  { select, within, order }: Entries,
  { upTo = [], filters = [] }: { upTo?: readonly Condition[]; filters?: readonly Condition[] } = {},
): Condition {
  // Of two bounds SQLite takes the first for the range of the index: the nearer ones come first.
  const { sql, parameters } = all([...upTo, within, ...filters]);
  return { sql: `${select} WHERE ${sql} ${order}`, parameters };
}

/** @returns The entry of a row with id, registry, repository and value. */
export function entryOf({ id, registry, repository, value }: Row): Entry {
  return {
    id: Number(id),
    registry: String(registry),
    repository: String(repository),
    value: value === null ? NEVER : Number(value),
  };
}

/** Greatest number first, then by name. */
export function compareEntries(one: Entry, other: Entry): number {
  return compareRanked(one, other);
}

/** Where the entries behind one begin, in an order of numbers. */
export function cursorOfEntry({ registry, repository, value }: Entry): Cursor {
  return [value === NEVER ? null : value, repository, registry];
}

/**
 * Looks at the next entries of a stretch.
 *
 * @param database The open file.
 * @param stretch The entries.
 * @param limit How many that fit are enough.
 * @returns Those that fit, and the last one that was looked at, if there are more behind it and
 *   the limit is not reached.
 */
export function lookAt(
  database: Database,
  { entries, filters, step, upTo }: Stretch,
  limit: number,
): { found: Entry[]; last?: Entry } {
  // To step over entries takes a fraction of a look; a subquery with a limit would double it.
  const any = queryOf(entries);
  const end = database.get(`${any.sql} LIMIT 1 OFFSET ?`, ...any.parameters, step - 1);
  const last = end === undefined ? undefined : entryOf(end);
  const found: Entry[] = [];
  for (const range of last === undefined ? [undefined] : upTo(last)) {
    const missing = limit - found.length;
    if (missing === 0) break;
    const fitting = queryOf(entries, { upTo: range === undefined ? [] : [range], filters });
    found.push(
      ...database.all(`${fitting.sql} LIMIT ?`, ...fitting.parameters, missing).map(entryOf),
    );
  }
  return last === undefined || found.length === limit ? { found } : { found, last };
}

const ROWS = `SELECT repositories.* FROM json_each(?)
  CROSS JOIN repositories ON repositories.id = json_each.value`;

/**
 * Reads the rows of entries.
 *
 * @param database The open file.
 * @param entries The entries.
 * @returns The rows in their order; those that have gone meanwhile are left out.
 */
export function rowsOf(database: Database, entries: readonly Entry[]): Row[] {
  const rows = database.all(ROWS, JSON.stringify(entries.map(({ id }) => id)));
  const byId = new Map(rows.map((row) => [Number(row.id), row]));
  return entries.map(({ id }) => byId.get(id)).filter((row) => row !== undefined);
}
