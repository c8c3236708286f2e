/**
 * Sorts the repositories that fit a prefix, by an index of names that has all numbers.
 *
 * @module
 */

import type { Database } from "./database.ts";
import { type Entry, entryOf } from "./repository_entries.ts";
import {
  all,
  any,
  BY_REGISTRY,
  type Condition,
  LISTED,
  narrowed,
  ofRegistry,
} from "./repository_filters.ts";
import type { NameCount } from "./repository_names.ts";
import { comparing, orderBy, type RegistryPart, stretchesOf } from "./repository_stretches.ts";

/** Names that are read and sorted in one go, some milliseconds. */
const STEP = 5_000;

/** Which repositories are sorted. */
export interface Sorting extends RegistryPart {
  /** How many there are. */
  readonly names: NameCount;
}

/**
 * Finds the first ones of an order.
 *
 * @param database The open file.
 * @param registry Whose.
 * @param part Which.
 * @returns The entries in their order.
 */
export async function sortByNumber(
  database: Database,
  registry: string,
  part: Sorting,
): Promise<Entry[]> {
  let first: Entry[] = [];
  let from: string | undefined;
  do {
    const { found, last } = database.reading(() => sortSome(database, registry, { ...part, from }));
    first = [...first, ...found].sort(comparing(part.order)).slice(0, part.limit);
    from = last;
    await part.pace.rest();
  } while (from !== undefined);
  return first;
}

/** Sorts the next {@linkcode STEP} names; says which is the last of them. */
function sortSome(
  database: Database,
  registry: string,
  { from, ...part }: Sorting & { from: string | undefined },
): { found: Entry[]; last: string | undefined } {
  const { order, filters, limit } = part;
  const after = from === undefined ? undefined : { sql: "repository > ?", parameters: [from] };
  const namesUpTo = (last?: Condition): Condition[] => [
    LISTED,
    ofRegistry(registry),
    ...narrowed(filters.range, { after, last }),
  ];
  const last = part.names.areUpTo(STEP) ? undefined : lastOf(database, all(namesUpTo()));
  const names = namesUpTo(
    last === undefined ? undefined : { sql: "repository <= ?", parameters: [last] },
  );
  const fitting = all([...names, ...filters.search, any(stretchesOf(registry, part))]);
  const rows = database.all(
    `SELECT id, registry, repository, ${order.column} AS value
      FROM repositories INDEXED BY ${BY_REGISTRY} WHERE ${fitting.sql} ${orderBy(order)} LIMIT ?`,
    ...fitting.parameters,
    limit,
  );
  return { found: rows.map(entryOf), last };
}

/** The last name of a step; `undefined` where there are not so many. */
function lastOf(database: Database, { sql, parameters }: Condition): string | undefined {
  const row = database.get(
    `SELECT repository FROM repositories INDEXED BY ${BY_REGISTRY}
      WHERE ${sql} ORDER BY repository LIMIT 1 OFFSET ${STEP - 1}`,
    ...parameters,
  );
  return row === undefined ? undefined : String(row.repository);
}
