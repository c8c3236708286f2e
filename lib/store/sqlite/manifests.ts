/**
 * The manifests of a repository.
 *
 * @module
 */

import type { ManifestStatistics, Page, PageQuery, RepositoryRef } from "../store.ts";
import type { Database, Row } from "./database.ts";
import { decodeDigest } from "./encoding.ts";
import { Pace } from "./pace.ts";
import { pageOf, repositoryIdOf } from "./reads.ts";
import { numberOrNull } from "./values.ts";

/** The size of an index is that of its platform images, where all of them are known. */
const MANIFESTS = `SELECT manifests.*,
  (SELECT json_group_array(DISTINCT platform) FROM manifest_references
    WHERE parent_id = manifests.id AND platform IS NOT NULL) AS children_platforms,
  (SELECT json_group_array(DISTINCT platform) FROM manifest_references
    WHERE repository_id = manifests.repository_id AND child = manifests.digest
      AND of_index = 1 AND platform IS NOT NULL) AS own_platforms,
  (SELECT CASE WHEN count(*) = count(image.size) THEN sum(image.size) END
    FROM manifest_references AS part LEFT JOIN manifests AS image
      ON image.repository_id = part.repository_id AND image.digest = part.child
    WHERE part.parent_id = manifests.id AND part.of_index = 1 AND part.attestation = 0
  ) AS children_size
  FROM manifests WHERE repository_id = ? AND digest > ? ORDER BY digest LIMIT ?`;

/** Manifests that are read at once: each may have thousands of references. */
const PART = 10;

/** @returns A page of manifests in the order of their digests. */
export async function listManifests(
  database: Database,
  of: RepositoryRef,
  { limit, after }: PageQuery,
): Promise<Page<ManifestStatistics>> {
  const id = database.reading(() => repositoryIdOf(database, of));
  if (id === undefined) return { items: [], next: null };
  const pace = new Pace();
  const rows: Row[] = [];
  let from = Uint8Array.from(atob(String(after?.[0] ?? "")), (char) => char.charCodeAt(0));
  while (rows.length <= limit) {
    const count = Math.min(PART, limit + 1 - rows.length);
    const part = database.reading(() => database.all(MANIFESTS, id, from, count));
    rows.push(...part);
    if (part.length < count) break;
    from = part.at(-1)?.digest as typeof from;
    await pace.rest();
  }
  return pageOf(rows, limit, {
    render: manifestOf,
    cursor: (row) => [btoa(String.fromCharCode(...row.digest as Uint8Array))],
  });
}

function manifestOf(row: Row): ManifestStatistics {
  const platforms: string[] = [
    ...JSON.parse(String(row.children_platforms)),
    ...JSON.parse(String(row.own_platforms)),
  ];
  const deletedAt = numberOrNull(row.deleted_at);
  const isDeleted = deletedAt !== null && deletedAt >= Number(row.last_used);
  return {
    digest: decodeDigest(row.digest) ?? "",
    mediaType: row.media_type === null ? null : String(row.media_type),
    kind: String(row.kind),
    size: numberOrNull(row.size ?? row.children_size),
    platforms: [...new Set(platforms)].sort(),
    pulls: Number(row.pulls),
    childPulls: Number(row.child_pulls),
    checks: Number(row.checks),
    pushes: Number(row.pushes),
    digestPushes: Number(row.digest_pushes),
    firstSeen: numberOrNull(row.first_seen),
    lastUsed: numberOrNull(row.last_used),
    deleted: isDeleted ? deletedAt : null,
  };
}
