/**
 * Reads repositories and tags in the order in which they were last used, oldest first.
 *
 * @module
 */

import type { Cursor } from "../store.ts";
import type { UnusedQuery } from "../unused.ts";
import type { Database, Row } from "./database.ts";
import { rowsOf } from "./repository_entries.ts";
import { type Filters, filtersOf } from "./repository_filters.ts";
import { countNames, namesOf } from "./repository_names.ts";
import { readByNumber } from "./repository_numbers.ts";
import { timeOf } from "./values.ts";

/** Reads the next rows behind a cursor, so many at most; fewer where there are no more. */
export type ReadRows = (after: Cursor | undefined, count: number) => Promise<Row[]>;

/** @returns Reads repositories: never used comes first. */
export function readerOfRepositories(database: Database, query: UnusedQuery): ReadRows {
  const order = { column: "last_used", isReversed: true, below: query.before } as const;
  const filters = filtersOf(query);
  return async (after, limit) => {
    const entries = await readByNumber(database, { order, filters, limit, after });
    return database.reading(() => rowsOf(database, entries));
  };
}

/** @returns Where the repositories behind one begin. */
export function cursorOfRepository(row: Row): Cursor {
  return [timeOf(row.last_used), String(row.repository), String(row.registry)];
}

/** @returns Reads tags by the day of their own last use; of few repositories without the others. */
export function readerOfTags(database: Database, query: UnusedQuery): ReadRows {
  const { registry, prefix = "" } = query;
  const ofAll = readerOfAllTags(database);
  if (registry === undefined && prefix === "") return ofAll;
  const filters = filtersOf(query);
  let areMany = false;
  return async (after, count) => {
    const few = areMany
      ? undefined
      : database.reading(() => readTagsOfFew(database, filters, { after, count }));
    areMany = few === undefined;
    return few ?? await ofAll(after, count);
  };
}

/** @returns Where the tags behind one begin. */
export function cursorOfTag(row: Row): Cursor {
  return [Number(row.used_day), Number(row.id)];
}

const COLUMNS = `tags.id, tags.used_day, tags.tag, tags.digest, tags.repository_id,
    max(ifnull(tags.last_used, -1), ifnull(manifests.last_used, -1)) AS last_used,
    manifests.id AS manifest_id, manifests.size,
    repositories.registry, repositories.repository, repositories.listed, repositories.deleted_at`;
/** `CROSS JOIN` keeps the order of the loops. */
const JOINS = `CROSS JOIN repositories ON repositories.id = tags.repository_id
  LEFT JOIN manifests
    ON manifests.repository_id = tags.repository_id AND manifests.digest = tags.digest
  WHERE tags.deleted_at IS NULL`;
const IN_ORDER = `SELECT ${COLUMNS} FROM tags INDEXED BY tags_by_used_day ${JOINS}`;
const BY_ID = `SELECT ${COLUMNS} FROM json_each(?)
  CROSS JOIN tags ON tags.id = json_each.value ${JOINS}`;

function readerOfAllTags(database: Database): ReadRows {
  const order = "ORDER BY tags.used_day, tags.id LIMIT ?";
  const sameDay = `${IN_ORDER} AND tags.used_day = ? AND tags.id > ? ${order}`;
  const later = `${IN_ORDER} AND tags.used_day > ? ${order}`;
  return (after, count) => {
    const [day = -2, id = 0] = after ?? [];
    const rows = database.reading(() => {
      const rows = after === undefined ? [] : database.all(sameDay, day, id, count);
      const missing = count - rows.length;
      return missing === 0 ? rows : [...rows, ...database.all(later, day, missing)];
    });
    return Promise.resolve(rows);
  };
}

/** Repositories that are few, and tags that they may have together: some 10 ms. */
const [FEW_REPOSITORIES, FEW_TAGS] = [5_000, 20_000];

/** Sorts the tags of few repositories; `undefined` where there are too many. */
function readTagsOfFew(
  database: Database,
  filters: Filters,
  { after, count }: { after: Cursor | undefined; count: number },
): Row[] | undefined {
  if (countNames(database, filters, FEW_REPOSITORIES) > FEW_REPOSITORIES) return undefined;
  const { sql, parameters } = namesOf(filters);
  // There is a row with their number, even if none is behind the cursor.
  const found = database.all(
    `WITH few AS MATERIALIZED (
      SELECT tags.id, tags.used_day FROM (SELECT id FROM ${sql}) AS named
        CROSS JOIN tags INDEXED BY tags_of_repository ON tags.repository_id = named.id
        WHERE tags.deleted_at IS NULL LIMIT ${FEW_TAGS + 1})
    SELECT number, id FROM (SELECT count(*) AS number FROM few)
      LEFT JOIN few ON (used_day, id) > (?, ?) ORDER BY used_day, id LIMIT ?`,
    ...parameters,
    ...(after ?? [-2, 0]),
    count,
  );
  if (Number(found[0]?.number) > FEW_TAGS) return undefined;
  const ids = found.flatMap(({ id }) => id === null ? [] : [Number(id)]);
  const rows = database.all(BY_ID, JSON.stringify(ids));
  const byId = new Map(rows.map((row) => [Number(row.id), row]));
  return ids.map((id) => byId.get(id)).filter((row) => row !== undefined);
}
