/**
 * Reading tags.
 *
 * @module
 */

import { keyOf } from "../../facts.ts";
import type { Page, PageQuery, RepositoryRef, TagStatistics } from "../store.ts";
import type { Database } from "./connection.ts";
import type { ManifestDocument, TagDocument } from "./documents.ts";
import { pageOf, type SortKey, sortOf } from "./paging.ts";
import { countOf, timeOf } from "./values.ts";

const KEYS: readonly SortKey[] = [{ field: "tag", direction: 1 }];
/** The row of all tags beyond the bound, which no tag is called. */
const OVERFLOW = "";

/**
 * Lists the tags of a repository.
 *
 * @param database Where.
 * @param of The repository.
 * @param query Which part.
 * @returns A page in order of the tag; the overflow row comes last.
 */
export async function listTags(
  database: Database,
  of: RepositoryRef,
  { limit, after: [last = OVERFLOW] = [] }: PageQuery,
): Promise<Page<TagStatistics>> {
  const { registry, repository } = of;
  const tags = database.collection<TagDocument>("tags");
  const documents = await tags
    .find({ registry, repositoryname: repository, tag: { $gt: String(last) } })
    .sort(sortOf(KEYS))
    .limit(limit + 1)
    .toArray();
  if (documents.length <= limit) {
    const overflow = await tags.findOne({ _id: keyOf(registry, repository, OVERFLOW) });
    if (overflow !== null) documents.push(overflow);
  }
  const uses = await usesOfManifests(database, of, documents.slice(0, limit));
  return pageOf(documents, KEYS, { limit, read: (document) => tagOf(document, uses) });
}

/**
 * Finds a tag.
 *
 * @param database Where.
 * @param of The repository.
 * @param tag The tag.
 * @returns Its numbers, or `undefined` where it was never seen.
 */
export async function findTag(
  database: Database,
  of: RepositoryRef,
  tag: string,
): Promise<TagStatistics | undefined> {
  if (tag === OVERFLOW) return undefined;
  const _id = keyOf(of.registry, of.repository, tag);
  const document = await database.collection<TagDocument>("tags").findOne({ _id });
  if (document === null) return undefined;
  return tagOf(document, await usesOfManifests(database, of, [document]));
}

/** When the manifests that tags point to were last used, by digest. */
async function usesOfManifests(
  database: Database,
  { registry, repository }: RepositoryRef,
  tags: readonly TagDocument[],
): Promise<ReadonlyMap<string, number | null>> {
  const ids = tags.flatMap(({ digest }) =>
    digest === undefined ? [] : keyOf(registry, repository, digest)
  );
  if (ids.length === 0) return new Map();
  const manifests = await database.collection<ManifestDocument>("manifests")
    .find({ _id: { $in: ids } })
    .project<Pick<ManifestDocument, "digest" | "lastused">>({ digest: 1, lastused: 1 })
    .toArray();
  return new Map(manifests.map(({ digest, lastused }) => [digest, timeOf(lastused)]));
}

function tagOf(
  document: TagDocument,
  uses: ReadonlyMap<string, number | null>,
): TagStatistics {
  const { tag, digest = null } = document;
  const own = timeOf(document.lastused);
  const ofManifest = digest === null ? null : uses.get(digest) ?? null;
  const isOverflow = tag === OVERFLOW;
  return {
    tag: isOverflow ? "(overflow)" : tag,
    overflow: isOverflow,
    digest,
    pulls: countOf(document.numpulls),
    pushes: countOf(document.numpushs),
    unchangedPushes: countOf(document.numunchangedpushs),
    checks: countOf(document.numchecks),
    firstPulled: timeOf(document.firstpulled),
    lastPulled: timeOf(document.lastpulled),
    firstPushed: timeOf(document.firstpushed),
    lastPushed: timeOf(document.lastpushed),
    lastChecked: timeOf(document.lastchecked),
    lastUsed: own === null && ofManifest === null ? null : Math.max(own ?? 0, ofManifest ?? 0),
    deleted: timeOf(document.deletedat),
  };
}
