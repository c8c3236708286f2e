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

/** Indexes that are asked for the platform of a manifest, which is the same in each. */
const MAX_PARENTS = 1000;

const MANIFESTS = `SELECT * FROM manifests
  WHERE repository_id = ? AND digest > ? ORDER BY digest LIMIT ?`;
/**
 * What references say of a manifest: of many of those to it, the newest do. The size of an index is
 * that of its platform images, where all of them are known.
 */
const REFERENCES = `SELECT
  (SELECT json_group_array(DISTINCT platform) FROM manifest_references
    WHERE parent_id = ?1 AND platform IS NOT NULL) AS children_platforms,
  (SELECT json_group_array(DISTINCT platform) FROM (
    SELECT platform FROM manifest_references
      WHERE repository_id = ?2 AND child = ?3 AND of_index = 1
      ORDER BY parent_id DESC LIMIT ${MAX_PARENTS}) AS above
    WHERE platform IS NOT NULL) AS own_platforms,
  (SELECT CASE WHEN count(*) = count(image.size) THEN sum(image.size) END
    FROM manifest_references AS part LEFT JOIN manifests AS image
      ON image.repository_id = part.repository_id AND image.digest = part.child
    WHERE part.parent_id = ?1 AND part.of_index = 1 AND part.attestation = 0
  ) AS children_size`;

/** @returns A page of manifests in the order of their digests. */
export async function listManifests(
  database: Database,
  of: RepositoryRef,
  { limit, after }: PageQuery,
): Promise<Page<ManifestStatistics>> {
  const id = database.reading(() => repositoryIdOf(database, of));
  if (id === undefined) return { items: [], next: null };
  const from = Uint8Array.from(atob(String(after?.[0] ?? "")), (char) => char.charCodeAt(0));
  const found = database.reading(() => database.all(MANIFESTS, id, from, limit + 1));
  const pace = new Pace();
  const rows: Row[] = [];
  // One at a time: each may have thousands of references.
  for (const row of found) {
    rows.push({ ...row, ...database.reading(() => referencesOf(database, row)) });
    await pace.rest();
  }
  return pageOf(rows, limit, {
    render: manifestOf,
    cursor: (row) => [btoa(String.fromCharCode(...row.digest as Uint8Array))],
  });
}

function referencesOf(database: Database, row: Row): Row {
  const { id, repository_id: repositoryId, digest } = row;
  return database.get(REFERENCES, Number(id), Number(repositoryId), digest as Uint8Array) ?? {};
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
