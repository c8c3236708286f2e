/**
 * Reading manifests. What is told of one by others is joined here: the size of an index is that of
 * its platform images, and the platform of an image is in the references of its index.
 *
 * @module
 */

import { isIndexType } from "../../event.ts";
import { keyOf } from "../../facts.ts";
import type { ManifestStatistics, Page, PageQuery, RepositoryRef } from "../store.ts";
import type { Database } from "./connection.ts";
import type { ManifestDocument, ReferenceEntry } from "./documents.ts";
import { pageOf, type SortKey, sortOf } from "./paging.ts";
import { countOf, timeOf } from "./values.ts";

const KEYS: readonly SortKey[] = [{ field: "digest", direction: 1 }];

/** What other documents tell of the manifests of a page, by digest. */
interface Told {
  /** Children of an index. */
  readonly children: ReadonlyMap<string, readonly ReferenceEntry[]>;
  /** Bytes of such children. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Platforms that indexes tell of their children. */
  readonly platforms: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Lists the manifests of a repository.
 *
 * @param database Where.
 * @param of The repository.
 * @param query Which part.
 * @returns A page in order of the digest.
 */
export async function listManifests(
  database: Database,
  of: RepositoryRef,
  { limit, after: [last = ""] = [] }: PageQuery,
): Promise<Page<ManifestStatistics>> {
  const documents = await database.collection<ManifestDocument>("manifests")
    .find({
      registry: of.registry,
      repositoryname: of.repository,
      digest: { $gt: String(last) },
    }, { projection: { references: 0 } })
    .sort(sortOf(KEYS))
    .limit(limit + 1)
    .toArray();
  const told = await toldOf(database, of, documents.slice(0, limit));
  return pageOf(documents, KEYS, { limit, read: (document) => manifestOf(document, told) });
}

/**
 * Finds a manifest.
 *
 * @param database Where.
 * @param of The repository.
 * @param digest The manifest.
 * @returns What is known of it, or `undefined` where it was never seen.
 */
export async function findManifest(
  database: Database,
  of: RepositoryRef,
  digest: string,
): Promise<ManifestStatistics | undefined> {
  const _id = keyOf(of.registry, of.repository, digest);
  const document = await database.collection<ManifestDocument>("manifests").findOne({ _id });
  if (document === null) return undefined;
  return manifestOf(document, await toldOf(database, of, [document]));
}

async function toldOf(
  database: Database,
  of: RepositoryRef,
  manifests: readonly ManifestDocument[],
): Promise<Told> {
  const [indexes, platforms] = await Promise.all([
    findReferences(database, manifests.filter(isToldIndex)),
    findPlatforms(database, of, manifests.map(({ digest }) => digest)),
  ]);
  const children = new Map(indexes.map(({ digest, references }) => [digest, references]));
  const images = indexes.flatMap(({ references }) => references.filter(isImage));
  const sizes = await findSizes(database, of, images.map(({ digest }) => digest));
  return { children, sizes, platforms };
}

function isToldIndex({ mediatype, hasreferences }: ManifestDocument): boolean {
  return isIndexType(mediatype) && hasreferences === true;
}

/** Apart, for the layers of images, which most manifests are, are of no interest. */
function findReferences(
  database: Database,
  manifests: readonly ManifestDocument[],
): Promise<Required<Pick<ManifestDocument, "digest" | "references">>[]> {
  return database.collection<ManifestDocument>("manifests")
    .find({ _id: { $in: manifests.map(({ _id }) => _id) } })
    .project<Required<Pick<ManifestDocument, "digest" | "references">>>({
      digest: 1,
      references: 1,
    })
    .toArray();
}

async function findPlatforms(
  database: Database,
  { registry, repository }: RepositoryRef,
  digests: readonly string[],
): Promise<Told["platforms"]> {
  const wanted = { "references.digest": { $in: [...digests] } };
  const rows = await database.collection<ManifestDocument>("manifests")
    .aggregate<{ references: ReferenceEntry }>([
      { $match: { registry, repositoryname: repository, ...wanted } },
      { $unwind: "$references" },
      // Only the children of an index have one.
      { $match: { ...wanted, "references.platform": { $exists: true } } },
      { $project: { references: 1 } },
    ])
    .toArray();
  const platforms = new Map<string, Set<string>>();
  for (const { references: { digest, platform } } of rows) {
    if (platform === undefined) continue;
    platforms.set(digest, (platforms.get(digest) ?? new Set()).add(platform));
  }
  return platforms;
}

async function findSizes(
  database: Database,
  { registry, repository }: RepositoryRef,
  digests: readonly string[],
): Promise<Told["sizes"]> {
  const ids = digests.map((digest) => keyOf(registry, repository, digest));
  const manifests = await database.collection<ManifestDocument>("manifests")
    .find({ _id: { $in: ids } })
    .project<Pick<ManifestDocument, "digest" | "size">>({ digest: 1, size: 1 })
    .toArray();
  const known = manifests.filter(({ size }) => size !== undefined);
  return new Map(known.map(({ digest, size }) => [digest, countOf(size)]));
}

function manifestOf(document: ManifestDocument, told: Told): ManifestStatistics {
  const { digest, mediatype = null, kind = "unknown", deletedat, lastused } = document;
  const children = told.children.get(digest);
  const ofChildren = children?.filter(isImage).flatMap(({ platform }) => platform ?? []) ?? [];
  const platforms = [...ofChildren, ...told.platforms.get(digest) ?? []];
  // A use after the delete contradicts it: the manifest was pushed again.
  const isDeleted = deletedat !== undefined && (lastused === undefined || deletedat >= lastused);
  return {
    digest,
    mediaType: mediatype,
    kind,
    size: children === undefined ? sizeOf(document) : sizeOfIndex(children, told.sizes),
    platforms: [...new Set(platforms)].sort(),
    pulls: countOf(document.numpulls),
    childPulls: countOf(document.numchildpulls),
    checks: countOf(document.numchecks),
    pushes: countOf(document.numpushs),
    digestPushes: countOf(document.numdigestpushs),
    firstSeen: timeOf(document.firstseen),
    lastUsed: timeOf(lastused),
    deleted: isDeleted ? timeOf(deletedat) : null,
  };
}

function sizeOf({ size }: ManifestDocument): number | null {
  return size === undefined ? null : countOf(size);
}

/** Unknown unless all its images are known: part of a sum would look like the sum. */
function sizeOfIndex(
  children: readonly ReferenceEntry[],
  sizes: ReadonlyMap<string, number>,
): number | null {
  const ofImages = children.filter(isImage).map(({ digest }) => sizes.get(digest));
  const known = ofImages.filter((size) => size !== undefined);
  if (known.length === 0 || known.length < ofImages.length) return null;
  return known.reduce((sum, size) => sum + size, 0);
}

function isImage({ attestation }: ReferenceEntry): boolean {
  return attestation !== true;
}
