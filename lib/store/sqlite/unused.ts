/**
 * Lists what has not been used for long.
 *
 * @module
 */

import { dayOf } from "../../statistics.ts";
import { scanPage } from "../scan.ts";
import type { Cursor, Page } from "../store.ts";
import { oldestFirst, type UnusedItem, type UnusedQuery } from "../unused.ts";
import type { Database, Row } from "./database.ts";
import { decodeDigest } from "./encoding.ts";
import { OVERFLOW_TAG } from "./schema.ts";
import { repositoryDetails, tagDetails } from "./unused_details.ts";
import { timeOf } from "./values.ts";

/** Items whose details are read before others get their turn. */
const STEP = 50;

/** An item, and what its details are found by. */
export interface Found {
  readonly item: UnusedItem;
  readonly row: Row;
}

/**
 * Lists unused repositories or tags. Repositories are in order of their last use; tags in order of
 * the day of their own last use, and those of a page in order of the time.
 *
 * @param database Where.
 * @param query Which.
 * @returns A page.
 */
export async function listUnused(
  database: Database,
  query: UnusedQuery,
): Promise<Page<UnusedItem>> {
  const isOfTags = query.kind === "tags";
  const lastDay = dayOf(query.before * 1000);
  const found = await scanPage<Row, Found>({
    limit: query.limit,
    after: query.after,
    read: (after, count) =>
      database.reading(() => (isOfTags ? readTags : readRepositories)(database, after, count)),
    cursorOf: isOfTags ? cursorOfTag : cursorOfRepository,
    isBeyond: (row) =>
      isOfTags ? Number(row.used_day) > lastDay : Number(row.last_used) >= query.before,
    keep: (rows) => rows.map((row) => keep(database, query, row)),
  });
  return { ...found, items: oldestFirst(await describeAll(database, query, found.items)) };
}

async function describeAll(
  database: Database,
  { kind, before }: UnusedQuery,
  found: readonly Found[],
): Promise<UnusedItem[]> {
  const items: UnusedItem[] = [];
  for (let from = 0; from < found.length; from += STEP) {
    if (from > 0) await new Promise((resolve) => setTimeout(resolve));
    for (const { item, row } of found.slice(from, from + STEP)) {
      const details = database.reading(() =>
        kind === "tags"
          ? tagDetails(database, row, { before, lastUsed: item.lastUsed })
          : repositoryDetails(database, row)
      );
      items.push({ ...item, ...details });
    }
  }
  return items;
}

/** The reverse of `repositories_by_last_used`: never used comes first. */
const REPOSITORIES = `SELECT id, repository, registry, last_used, deleted_at
  FROM repositories INDEXED BY repositories_by_last_used WHERE listed = 1`;
const IN_ORDER = "ORDER BY last_used, repository DESC, registry DESC LIMIT ?";

/** Each stretch is a range of the index. */
function readRepositories(database: Database, after: Cursor | undefined, count: number): Row[] {
  const rows: Row[] = [];
  const read = (condition: string, ...parameters: (string | number)[]): void => {
    const missing = count - rows.length;
    if (missing === 0) return;
    const sql = `${REPOSITORIES} AND ${condition} ${IN_ORDER}`;
    rows.push(...database.all(sql, ...parameters, missing));
  };
  const [value = null, repository = "", registry = ""] = after ?? [];
  const names = [String(repository), String(registry)];
  const behind = "(repository, registry) < (?, ?)";
  if (after === undefined) read("last_used IS NULL");
  else if (value === null) read(`last_used IS NULL AND ${behind}`, ...names);
  else read(`last_used = ? AND ${behind}`, value, ...names);
  if (value === null) read("last_used IS NOT NULL");
  else read("last_used > ?", value);
  return rows;
}

function cursorOfRepository(row: Row): Cursor {
  return [timeOf(row.last_used), String(row.repository), String(row.registry)];
}

/** `CROSS JOIN` keeps the order of the loops. */
const TAGS = `SELECT tags.id, tags.used_day, tags.tag, tags.digest, tags.repository_id,
    max(ifnull(tags.last_used, -1), ifnull(manifests.last_used, -1)) AS last_used,
    manifests.id AS manifest_id, manifests.size,
    repositories.registry, repositories.repository, repositories.listed, repositories.deleted_at
  FROM tags INDEXED BY tags_by_used_day
  CROSS JOIN repositories ON repositories.id = tags.repository_id
  LEFT JOIN manifests
    ON manifests.repository_id = tags.repository_id AND manifests.digest = tags.digest
  WHERE tags.deleted_at IS NULL`;

function readTags(database: Database, after: Cursor | undefined, count: number): Row[] {
  const [day = -2, id = 0] = after ?? [];
  const order = "ORDER BY tags.used_day, tags.id LIMIT ?";
  const sameDay = `${TAGS} AND tags.used_day = ? AND tags.id > ? ${order}`;
  const rows = after === undefined ? [] : database.all(sameDay, day, id, count);
  if (rows.length === count) return rows;
  return [
    ...rows,
    ...database.all(`${TAGS} AND tags.used_day > ? ${order}`, day, count - rows.length),
  ];
}

function cursorOfTag(row: Row): Cursor {
  return [Number(row.used_day), Number(row.id)];
}

function keep(database: Database, query: UnusedQuery, row: Row): Found | undefined {
  const [registry, repository] = [String(row.registry), String(row.repository)];
  const isAsked = (query.registry ?? registry) === registry &&
    repository.startsWith(query.prefix ?? "");
  if (!isAsked || row.deleted_at !== null || row.listed === 0 || row.tag === OVERFLOW_TAG) {
    return undefined;
  }
  const lastUsed = row.last_used === -1 ? null : timeOf(row.last_used);
  const time = lastUsed ?? (query.kind === "tags" ? -1 : firstSeen(database, Number(row.id)));
  if (time >= query.before) return undefined;
  const isOfTags = query.kind === "tags";
  const item = {
    registry,
    repository,
    tag: isOfTags ? String(row.tag) : null,
    digest: isOfTags ? decodeDigest(row.digest) : null,
    lastUsed,
    size: null,
    lastConsumer: null,
    protectedBy: [],
  };
  return { item, row };
}

/** A repository that was never used is known by a delete. */
function firstSeen(database: Database, repositoryId: number): number {
  const row = database.get(
    `SELECT min(first_seen) AS at FROM breakdowns
      WHERE repository_id = ? AND dimension = 'consumer'`,
    repositoryId,
  );
  return timeOf(row?.at) ?? -1;
}
