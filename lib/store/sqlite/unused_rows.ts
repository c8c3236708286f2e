/**
 * Reads repositories and tags in the order in which they were last used, oldest first.
 *
 * @module
 */

import { dayOf } from "../../statistics.ts";
import type { Cursor } from "../store.ts";
import type { UnusedQuery } from "../unused.ts";
import type { Database, Row } from "./database.ts";
import { Pace } from "./pace.ts";
import { rowsOf } from "./repository_entries.ts";
import { filtersOf } from "./repository_filters.ts";
import { countNames, readByName } from "./repository_names.ts";
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
  if (registry === undefined && prefix === "") return readerOfAllTags(database);
  let known: Promise<TagKey[] | undefined> | undefined;
  return async (after, count) => {
    known ??= tagsOfFew(database, query);
    const tags = await known;
    if (tags === undefined) return await readerOfAllTags(database)(after, count);
    const last = after === undefined ? BEFORE_ALL : keyOf(after);
    const next = tags.findIndex((tag) => compareTags(tag, last) > 0);
    return next < 0 ? [] : readTags(database, tags.slice(next, next + count));
  };
}

/** @returns Where the tags behind one begin. */
export function cursorOfTag(row: Row): Cursor {
  return [Number(row.used_day), Number(row.id)];
}

/** The place of a tag in the order. */
interface TagKey {
  readonly day: number;
  readonly id: number;
}

const BEFORE_ALL: TagKey = { day: -2, id: 0 };

function keyOf([day, id]: Cursor): TagKey {
  return { day: Number(day), id: Number(id) };
}

function compareTags(one: TagKey, other: TagKey): number {
  return one.day - other.day || one.id - other.id;
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

function readTags(database: Database, tags: readonly TagKey[]): Row[] {
  const rows = database.reading(() =>
    database.all(BY_ID, JSON.stringify(tags.map(({ id }) => id)))
  );
  const byId = new Map(rows.map((row) => [Number(row.id), row]));
  return tags.map(({ id }) => byId.get(id)).filter((row) => row !== undefined);
}

/** Repositories that are few, and tags that they may have together: some 50 ms, in parts. */
const [FEW_REPOSITORIES, FEW_TAGS] = [5_000, 20_000];
/** Repositories whose tags are read at once. */
const PART = 250;
const TAGS_OF = `SELECT tags.id, tags.used_day FROM json_each(?)
  CROSS JOIN tags INDEXED BY tags_of_repository ON tags.repository_id = json_each.value
  WHERE tags.deleted_at IS NULL AND tags.used_day <= ? LIMIT ?`;

/** Every unused tag in order; `undefined` where there are too many to look at. */
async function tagsOfFew(database: Database, query: UnusedQuery): Promise<TagKey[] | undefined> {
  const filters = filtersOf(query);
  if (database.reading(() => countNames(database, filters, FEW_REPOSITORIES)) > FEW_REPOSITORIES) {
    return undefined;
  }
  const lastDay = dayOf(query.before * 1000);
  const pace = new Pace();
  const tags: TagKey[] = [];
  let after: Cursor | undefined;
  do {
    const names = await readByName(database, { filters, limit: PART, after });
    const ids = JSON.stringify(names.map(({ id }) => id));
    const missing = FEW_TAGS - tags.length + 1;
    const rows = database.reading(() => database.all(TAGS_OF, ids, lastDay, missing));
    if (rows.length === missing) return undefined;
    for (const { used_day, id } of rows) tags.push({ day: Number(used_day), id: Number(id) });
    const last = names.at(-1);
    const isLast = names.length < PART || last === undefined;
    after = isLast ? undefined : [last.repository, last.registry];
    await pace.rest();
  } while (after !== undefined);
  return tags.sort(compareTags);
}
