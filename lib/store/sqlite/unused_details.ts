/**
 * What a list of unused things says of each.
 *
 * @module
 */

import { dayOf } from "../../statistics.ts";
import { MAX_SIZED_REFERENCES, type UnusedItem } from "../unused.ts";
import type { Database, Row } from "./database.ts";
import type { Protectors } from "./unused_protectors.ts";
import { numberOrNull } from "./values.ts";

type Details = Pick<UnusedItem, "size" | "lastConsumer" | "protectedBy">;

/** References to images, which a size passes by, may be as many again. */
const MAX_REFERENCES = 2 * MAX_SIZED_REFERENCES;
const MORE_REFERENCES = `SELECT 1 FROM manifest_references INDEXED BY references_by_child
  WHERE repository_id = ? LIMIT 1 OFFSET ${MAX_REFERENCES}`;
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
  const name = database.get(CONSUMER_OF_REPOSITORY, id)?.name;
  return {
    size: sizeOfRepository(database, id),
    lastConsumer: name === undefined ? null : String(name),
    protectedBy: [],
  };
}

function sizeOfRepository(database: Database, id: number): number | null {
  if (database.get(MORE_REFERENCES, id) !== undefined) return null;
  const { size, parts } = database.get(SIZE_OF_REPOSITORY, id) ?? {};
  return Number(parts) > MAX_SIZED_REFERENCES ? null : numberOrNull(size);
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
  { protectors, lastUsed }: { protectors: Protectors; lastUsed: number | null },
): Details {
  const repositoryId = Number(row.repository_id);
  const manifestId = Number(row.manifest_id ?? 0);
  const day = dayOf((lastUsed ?? 0) * 1000);
  const consumers = database.all(CONSUMERS_OF_DAY, repositoryId, day);
  return {
    size: numberOrNull(row.size ?? database.get(SIZE_OF_INDEX, manifestId)?.size),
    lastConsumer: consumers.length === 1 ? String(consumers[0]?.text) : null,
    protectedBy: protectors.of(row),
  };
}
