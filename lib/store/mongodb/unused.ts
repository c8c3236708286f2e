/**
 * Lists what has not been used for long.
 *
 * @module
 */

import type { Document, Filter } from "mongodb";

import { DAY_MS } from "../../calendar.ts";
import { keyOf } from "../../facts.ts";
import { scanPage, sliceOf } from "../scan.ts";
import type { Cursor, Page } from "../store.ts";
import { oldestFirst, type UnusedItem, type UnusedQuery } from "../unused.ts";
import type { Database } from "./connection.ts";
import {
  DEFAULT_REGISTRY,
  type ManifestDocument,
  type RepositoryDocument,
  type TagDocument,
} from "./documents.ts";
import { cursorOf, filterAfter, type SortKey, sortOf } from "./paging.ts";
import { describeRepositories, describeTags } from "./unused_details.ts";
import { onlyRepositories } from "./unnamed.ts";
import { timeOf } from "./values.ts";

const REPOSITORY_KEYS: readonly SortKey[] = [
  { field: "lastused", direction: 1, type: "time" },
  { field: "repositoryname", direction: -1 },
  { field: "registry", direction: -1 },
];
const TAG_KEYS: readonly SortKey[] = [
  { field: "usedday", direction: 1, type: "time" },
  { field: "_id", direction: 1 },
];
const NOTHING_KNOWN = { size: null, lastConsumer: null, protectedBy: [] };

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
  const { items, next } = await (isOfTags ? scanTags : scanRepositories)(database, query);
  const described = isOfTags
    ? await describeTags(database, items, query.before)
    : await describeRepositories(database, items);
  return { items: oldestFirst(described), next };
}

function cursorOfRepository(document: RepositoryDocument): Cursor {
  return cursorOf(document, REPOSITORY_KEYS);
}

function cursorOfTag(document: TagDocument): Cursor {
  return cursorOf(document, TAG_KEYS);
}

function scanRepositories(database: Database, query: UnusedQuery): Promise<Page<UnusedItem>> {
  return scanPage<RepositoryDocument, UnusedItem>({
    limit: query.limit,
    after: query.after,
    read: async (after, count) => {
      const documents = await database.collection<RepositoryDocument>("repositories")
        .find(filterAfter({}, REPOSITORY_KEYS, after) as Filter<RepositoryDocument>)
        .project<RepositoryDocument>({ actors: 0 })
        .sort(sortOf(REPOSITORY_KEYS))
        .limit(count)
        .toArray();
      // All behind one that was used later were, too.
      const end = documents.findIndex(({ lastused }) => (timeOf(lastused) ?? -1) >= query.before);
      const within = end < 0 ? documents : documents.slice(0, end);
      return sliceOf(within, count, cursorOfRepository);
    },
    cursorOf: cursorOfRepository,
    keep: async (documents) => {
      const repositories = new Set(await onlyRepositories(database, documents));
      const asked = documents.map((document) =>
        repositories.has(document) ? repositoryOf(document, query) : undefined
      );
      const unused = asked.flatMap((item) => item?.lastUsed === null ? [item] : []);
      const seen = await firstSeen(database, unused);
      const isOld = ({ registry, repository, lastUsed }: UnusedItem): boolean =>
        (lastUsed ?? seen.get(keyOf(registry, repository)) ?? -1) < query.before;
      return asked.map((item) => item !== undefined && isOld(item) ? item : undefined);
    },
  });
}

/** A document of 2015 has no `lastused`, but says when it was pulled and pushed. */
function repositoryOf(document: RepositoryDocument, query: UnusedQuery): UnusedItem | undefined {
  const { registry = DEFAULT_REGISTRY, repositoryname: repository, deletedat } = document;
  if (deletedat !== undefined || !isAsked({ registry, repository }, query)) return undefined;
  const { lastused, lastpulled, lastpushed, lastchecked } = document;
  const times = [lastused, lastpulled, lastpushed, lastchecked].map((time) => timeOf(time) ?? -1);
  const lastUsed = Math.max(...times);
  return {
    registry,
    repository,
    tag: null,
    digest: null,
    ...NOTHING_KNOWN,
    lastUsed: lastUsed < 0 ? null : lastUsed,
  };
}

function isAsked(
  { registry, repository }: { registry: string; repository: string },
  query: UnusedQuery,
): boolean {
  return (query.registry ?? registry) === registry && repository.startsWith(query.prefix ?? "");
}

/** When repositories that were never used were first heard of: by a delete. */
async function firstSeen(
  database: Database,
  items: readonly UnusedItem[],
): Promise<ReadonlyMap<string, number>> {
  if (items.length === 0) return new Map();
  const rows = await database.collection("breakdowns").find({
    registry: { $in: [...new Set(items.map(({ registry }) => registry))] },
    repositoryname: { $in: items.map(({ repository }) => repository) },
    dimension: "consumer",
  }).project({ registry: 1, repositoryname: 1, firstseen: 1 }).toArray();
  const seen = new Map<string, number>();
  for (const { registry, repositoryname, firstseen } of rows) {
    const key = keyOf(registry, repositoryname);
    seen.set(key, Math.min(seen.get(key) ?? Infinity, timeOf(firstseen) ?? Infinity));
  }
  return seen;
}

function scanTags(database: Database, query: UnusedQuery): Promise<Page<UnusedItem>> {
  const filter = {
    ...(query.registry === undefined ? {} : { registry: query.registry }),
    usedday: { $lt: new Date(Math.floor(query.before / DAY_MS + 1) * DAY_MS) },
  };
  return scanPage<TagDocument, UnusedItem>({
    limit: query.limit,
    after: query.after,
    read: async (after, count) => {
      const documents = await database.collection<TagDocument>("tags")
        .find(filterAfter(filter, TAG_KEYS, after) as Filter<TagDocument>)
        .sort(sortOf(TAG_KEYS))
        .limit(count)
        .toArray();
      return sliceOf(documents, count, cursorOfTag);
    },
    cursorOf: cursorOfTag,
    keep: (documents) => keepTags(database, documents, query),
  });
}

async function keepTags(
  database: Database,
  documents: readonly TagDocument[],
  query: UnusedQuery,
): Promise<(UnusedItem | undefined)[]> {
  const fits = (document: TagDocument): boolean =>
    document.tag !== "" && document.deletedat === undefined &&
    isAsked({ registry: document.registry, repository: document.repositoryname }, query);
  const asked = documents.filter(fits);
  const [uses, deleted] = await Promise.all([
    usesOfManifests(database, asked),
    deletedRepositories(database, asked),
  ]);
  return documents.map((document) => {
    const { registry, repositoryname: repository, tag, digest = null, lastused } = document;
    if (!fits(document) || deleted.has(keyOf(registry, repository))) return undefined;
    const ofManifest = uses.get(keyOf(registry, repository, digest ?? "")) ?? -1;
    const lastUsed = Math.max(timeOf(lastused) ?? -1, ofManifest);
    if (lastUsed >= query.before) return undefined;
    return { registry, repository, tag, digest, ...NOTHING_KNOWN, lastUsed };
  });
}

async function usesOfManifests(
  database: Database,
  tags: readonly TagDocument[],
): Promise<ReadonlyMap<string, number | null>> {
  const ids = tags.flatMap(({ registry, repositoryname, digest }) =>
    digest === undefined ? [] : keyOf(registry, repositoryname, digest)
  );
  if (ids.length === 0) return new Map();
  const manifests = await database.collection<ManifestDocument>("manifests")
    .find({ _id: { $in: ids } })
    .project<Pick<ManifestDocument, "_id" | "lastused">>({ lastused: 1 })
    .toArray();
  return new Map(manifests.map(({ _id, lastused }) => [_id, timeOf(lastused)]));
}

/** Only with `on_repository_delete: keep` are there tags of such. */
async function deletedRepositories(
  database: Database,
  tags: readonly TagDocument[],
): Promise<ReadonlySet<string>> {
  if (tags.length === 0) return new Set();
  const filter: Document = {
    registry: { $in: [...new Set(tags.map(({ registry }) => registry)), null] },
    repositoryname: { $in: [...new Set(tags.map(({ repositoryname }) => repositoryname))] },
  };
  const found = await database.collection<RepositoryDocument>("repositories")
    .find(filter as Filter<RepositoryDocument>)
    .project<RepositoryDocument>({ registry: 1, repositoryname: 1, deletedat: 1 })
    .toArray();
  return new Set(
    found.filter(({ deletedat }) => deletedat !== undefined).map((
      { registry = DEFAULT_REGISTRY, repositoryname },
    ) => keyOf(registry, repositoryname)),
  );
}
