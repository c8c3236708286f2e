/**
 * What a list of unused things says of each.
 *
 * @module
 */

import { dayOf } from "../../statistics.ts";
import {
  MAX_NESTING,
  MAX_PROTECTORS,
  MAX_SIZED_REFERENCES,
  type Protector,
  type UnusedItem,
} from "../unused.ts";
import type { Database, Row } from "./database.ts";
import { decodeDigest } from "./encoding.ts";
import { numberOrNull } from "./values.ts";

type Details = Pick<UnusedItem, "size" | "lastConsumer" | "protectedBy">;

const SIZE_OF_REPOSITORY = `SELECT sum(size) AS size, sum(parts) AS parts FROM (
  SELECT max(size) AS size, count(*) AS parts FROM (
    SELECT child, size FROM manifest_references INDEXED BY references_by_child
      WHERE repository_id = ? AND of_index = 0 LIMIT ${MAX_SIZED_REFERENCES + 1})
  GROUP BY child)`;
const CONSUMER_OF_REPOSITORY = `SELECT name FROM breakdowns
  WHERE repository_id = ? AND dimension = 'consumer' ORDER BY last_seen DESC, name LIMIT 1`;

/** @returns Size and last consumer of the repository of a row. */
export function repositoryDetails(database: Database, row: Row): Details {
  const id = Number(row.id);
  const { size, parts } = database.get(SIZE_OF_REPOSITORY, id) ?? {};
  const name = database.get(CONSUMER_OF_REPOSITORY, id)?.name;
  return {
    size: Number(parts) > MAX_SIZED_REFERENCES ? null : numberOrNull(size),
    lastConsumer: name === undefined ? null : String(name),
    protectedBy: [],
  };
}

/** The same as that of the list of manifests. */
const SIZE_OF_INDEX =
  `SELECT CASE WHEN count(*) = count(image.size) THEN sum(image.size) END AS size
  FROM manifest_references AS part LEFT JOIN manifests AS image
    ON image.repository_id = part.repository_id AND image.digest = part.child
  WHERE part.parent_id = ? AND part.of_index = 1 AND part.attestation = 0`;
const CONSUMERS_OF_DAY = `SELECT text FROM days JOIN texts ON texts.id = consumer_id
  WHERE repository_id = ? AND day = ?
    AND pulls + child_pulls + checks + pushes + digest_pushes > 0 LIMIT 2`;

/** @returns Size, last consumer and protectors of the tag of a row. */
export function tagDetails(
  database: Database,
  row: Row,
  { before, lastUsed }: { before: number; lastUsed: number | null },
): Details {
  const repositoryId = Number(row.repository_id);
  const manifestId = Number(row.manifest_id ?? 0);
  const day = dayOf((lastUsed ?? 0) * 1000);
  const consumers = database.all(CONSUMERS_OF_DAY, repositoryId, day);
  return {
    size: numberOrNull(row.size ?? database.get(SIZE_OF_INDEX, manifestId)?.size),
    lastConsumer: consumers.length === 1 ? String(consumers[0]?.text) : null,
    protectedBy: protectorsOf(database, row, before),
  };
}

const TAGS_IN_USE = `SELECT tag FROM tags INDEXED BY tags_by_digest
  WHERE repository_id = ? AND digest = ? AND tag <> ? AND deleted_at IS NULL AND last_used >= ?
  ORDER BY tag LIMIT ${MAX_PROTECTORS}`;
/** Indexes that a digest belongs to, however deep. `CROSS JOIN` keeps the order of the loops. */
const INDEXES_IN_USE = `WITH RECURSIVE above (digest, depth) AS (
    SELECT ?2, 0
    UNION SELECT manifests.digest, depth + 1
      FROM above
      CROSS JOIN manifest_references AS part
        ON part.repository_id = ?1 AND part.child = above.digest AND part.of_index = 1
      CROSS JOIN manifests ON manifests.id = part.parent_id
      WHERE depth < ${MAX_NESTING}
    LIMIT 1000)
  SELECT DISTINCT manifests.digest FROM above
    CROSS JOIN manifests ON manifests.repository_id = ?1 AND manifests.digest = above.digest
    WHERE depth > 0 AND ifnull(deleted_at < last_used, 1) AND (last_used >= ?3 OR EXISTS (
      SELECT 1 FROM tags
        WHERE tags.repository_id = ?1 AND tags.digest = manifests.digest
          AND tags.deleted_at IS NULL AND tags.last_used >= ?3))
    ORDER BY manifests.digest LIMIT ${MAX_PROTECTORS}`;

function protectorsOf(database: Database, row: Row, before: number): Protector[] {
  const { digest } = row;
  if (!(digest instanceof Uint8Array)) return [];
  const id = Number(row.repository_id);
  const tags = database.all(TAGS_IN_USE, id, digest, String(row.tag), before);
  const indexes = database.all(INDEXES_IN_USE, id, digest, before);
  return [
    ...tags.map(({ tag }) => ({ tag: String(tag) })),
    ...indexes.map((index) => ({ digest: decodeDigest(index.digest) ?? "" })),
  ];
}
