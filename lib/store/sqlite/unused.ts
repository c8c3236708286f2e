/**
 * Lists what has not been used for long.
 *
 * @module
 */

import { scanPage } from "../scan.ts";
import type { Page } from "../store.ts";
import { oldestFirst, type UnusedItem, type UnusedQuery } from "../unused.ts";
import type { Database, Row } from "./database.ts";
import { decodeDigest } from "./encoding.ts";
import { Pace } from "./pace.ts";
import { OVERFLOW_TAG } from "./schema.ts";
import { repositoryDetails, tagDetails } from "./unused_details.ts";
import { Protectors } from "./unused_protectors.ts";
import { cursorOfRepository, readerOfRepositories } from "./unused_repositories.ts";
import { cursorOfTag, readerOfTags } from "./unused_tags.ts";
import { numberOrNull } from "./values.ts";

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
  const pace = new Pace();
  const found = await scanPage<Row, Found>({
    limit: query.limit,
    after: query.after,
    read: (isOfTags ? readerOfTags : readerOfRepositories)(database, query),
    cursorOf: isOfTags ? cursorOfTag : cursorOfRepository,
    rest: () => pace.rest(),
    keep: (rows) => rows.map((row) => keep(database, query, row)),
  });
  return {
    ...found,
    items: oldestFirst(await describeAll(database, query, { found: found.items, pace })),
  };
}

async function describeAll(
  database: Database,
  { kind, before }: UnusedQuery,
  { found, pace }: { found: readonly Found[]; pace: Pace },
): Promise<UnusedItem[]> {
  const protectors = new Protectors(database, before);
  const items: UnusedItem[] = [];
  for (const { item, row } of found) {
    const details = database.reading(() =>
      kind === "tags"
        ? tagDetails(database, row, { protectors, lastUsed: item.lastUsed })
        : repositoryDetails(database, row)
    );
    items.push({ ...item, ...details });
    await pace.rest();
  }
  return items;
}

function keep(database: Database, query: UnusedQuery, row: Row): Found | undefined {
  const [registry, repository] = [String(row.registry), String(row.repository)];
  const isAsked = (query.registry ?? registry) === registry &&
    repository.startsWith(query.prefix ?? "");
  if (!isAsked || row.deleted_at !== null || row.listed === 0 || row.tag === OVERFLOW_TAG) {
    return undefined;
  }
  const lastUsed = row.last_used === -1 ? null : numberOrNull(row.last_used);
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
  return numberOrNull(row?.at) ?? -1;
}
