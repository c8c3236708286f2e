/**
 * Lists tags by the day of their own last use, oldest first, over all registries.
 *
 * @module
 */

import { dayOf } from "../../statistics.ts";
import type { Cursor } from "../store.ts";
import type { UnusedQuery } from "../unused.ts";
import type { Database, Row } from "./database.ts";
import { Pace } from "./pace.ts";
import { filtersOf } from "./repository_filters.ts";
import type { ReadRows } from "./unused_repositories.ts";
import {
  compareTags,
  FIRST,
  readerOfRegistry,
  type ReadTags,
  type Tag,
  type Tags,
} from "./unused_tags_of_registry.ts";

/** Tags that are read of all registries together in one go, and of each at least. */
const [AT_ONCE, LEAST] = [1_000, 10];

/** @returns Reads tags that may be unused, by their day: never used comes first. */
export function readerOfTags(database: Database, query: UnusedQuery): ReadRows {
  const lastDay = dayOf(query.before * 1000);
  let readers: readonly ReadTags[] | undefined;
  return async (cursor, count) => {
    readers ??= database.reading(() => readersOf(database, query));
    const { length } = readers;
    const after = cursor === undefined ? FIRST : { day: Number(cursor[0]), id: Number(cursor[1]) };
    const limit = Math.min(count, Math.max(LEAST, Math.ceil(AT_ONCE / length)));
    const pace = new Pace();
    const parts: Tags[] = [];
    for (const read of readers) {
      parts.push(database.reading(() => read({ after, lastDay, limit, registries: length })));
      await pace.rest();
    }
    const { tags, end } = merged(parts, count);
    const rows = database.reading(() => rowsOf(database, tags));
    return { rows, next: end === undefined ? null : [end.day, end.id] };
  };
}

/** @returns Where the tags behind one begin. */
export function cursorOfTag(row: Row): Cursor {
  return [Number(row.used_day), Number(row.id)];
}

function readersOf(database: Database, query: UnusedQuery): ReadTags[] {
  const { registry, range } = filtersOf(query);
  const rows = registry === undefined
    ? database.all("SELECT id, name FROM registries")
    : database.all("SELECT id, name FROM registries WHERE name = ?", registry);
  return rows.map(({ id, name }) =>
    readerOfRegistry(database, { id: Number(id), names: { registry: String(name), range } })
  );
}

/** Up to where all have been read the order is known: behind it some may be missing. */
function merged(parts: readonly Tags[], limit: number): Tags {
  const [end] = parts.flatMap(({ end }) => end ?? []).sort(compareTags);
  const tags = parts.flatMap(({ tags }) => tags)
    .filter((tag) => end === undefined || compareTags(tag, end) <= 0)
    .sort(compareTags);
  if (tags.length <= limit) return { tags, end };
  return { tags: tags.slice(0, limit), end: tags[limit - 1] };
}

const ROWS = `SELECT tags.id, tags.tag, tags.digest, tags.repository_id,
    max(ifnull(tags.last_used, -1), ifnull(manifests.last_used, -1)) AS last_used,
    manifests.id AS manifest_id, manifests.size,
    repositories.registry, repositories.repository, repositories.listed, repositories.deleted_at
  FROM json_each(?)
  CROSS JOIN tags ON tags.id = json_each.value
  CROSS JOIN repositories ON repositories.id = tags.repository_id
  LEFT JOIN manifests
    ON manifests.repository_id = tags.repository_id AND manifests.digest = tags.digest
  WHERE tags.deleted_at IS NULL`;

/** The day is that by which the tag was found. */
function rowsOf(database: Database, tags: readonly Tag[]): Row[] {
  const rows = database.all(ROWS, JSON.stringify(tags.map(({ id }) => id)));
  const byId = new Map(rows.map((row) => [Number(row.id), row]));
  return tags.flatMap(({ day, id }) => {
    const row = byId.get(id);
    return row === undefined ? [] : [{ ...row, "used_day": day }];
  });
}
