/**
 * A collection of the original collector (2015) becomes one of this: its numbers go on counting.
 *
 * @module
 */

import { getLogger } from "@logtape/logtape";
import type { Collection, Document, Filter } from "mongodb";

import type { Database } from "./connection.ts";
import { DEFAULT_REGISTRY, type RepositoryDocument } from "./documents.ts";
import { hasCode } from "./errors.ts";

const INDEX_NOT_FOUND = 27;
const DUPLICATE_KEY = 11000;

/** The original wrote 1970 for "never last" and 2099 for "never first", some in local time. */
const SENTINELS = { before: new Date("1971-01-01"), from: new Date("2098-12-31") };
const TIMES = ["firstpulled", "lastpulled", "firstpushed", "lastpushed"] as const;

const logger = getLogger(["drec", "store"]);

/**
 * Drops the original's index, by which a name exists once, whatever its registry.
 *
 * @param database Where.
 */
export async function dropOldIndex(database: Database): Promise<void> {
  const repositories = database.decisive("repositories");
  const old = (await repositories.indexes()).find(({ key, unique }) =>
    unique === true && Object.keys(key).join() === "repositoryname"
  );
  if (old?.name === undefined) return;
  await repositories.dropIndex(old.name).catch((error) => {
    // Another collector was faster.
    if (!hasCode(error, INDEX_NOT_FOUND)) throw error;
  });
  logger.info("adopting a collection of 2015: dropped its unique index", { index: old.name });
}

/**
 * Gives documents without a registry the default one, and takes their sentinels for "never" away.
 * The documents of this collector have a registry, so that a second run finds nothing.
 *
 * @param database Where; its indexes exist.
 */
export async function adoptDocuments(database: Database): Promise<void> {
  const repositories = database.decisive<RepositoryDocument>("repositories");
  for (const field of TIMES) await removeSentinels(repositories, field);
  const adopted = await nameRegistry(repositories);
  if (adopted === 0) return;
  logger.info("adopting a collection of 2015: documents belong to a registry now", {
    documents: adopted,
    registry: DEFAULT_REGISTRY,
  });
}

async function removeSentinels(
  repositories: Collection<RepositoryDocument>,
  field: typeof TIMES[number],
): Promise<void> {
  const { before, from } = SENTINELS;
  const filter: Filter<Document> = {
    registry: null,
    $or: [{ [field]: { $lt: before } }, { [field]: { $gte: from } }],
  };
  const { modifiedCount } = await repositories.updateMany(
    filter as Filter<RepositoryDocument>,
    { $unset: { [field]: 1 } },
  );
  if (modifiedCount === 0) return;
  logger.info("adopting a collection of 2015: removed times that meant never", {
    field,
    documents: modifiedCount,
  });
}

async function nameRegistry(repositories: Collection<RepositoryDocument>): Promise<number> {
  const filter = { registry: null } as unknown as Filter<RepositoryDocument>;
  const update = { $set: { registry: DEFAULT_REGISTRY } };
  try {
    return (await repositories.updateMany(filter, update)).modifiedCount;
  } catch (error) {
    if (!hasCode(error, DUPLICATE_KEY)) throw error;
  }
  let adopted = 0;
  for await (const { _id, repositoryname } of repositories.find(filter)) {
    try {
      adopted += (await repositories.updateOne({ _id }, update)).modifiedCount;
    } catch (error) {
      if (!hasCode(error, DUPLICATE_KEY)) throw error;
      logger.warning("left out a document without registry: there is another of its name", {
        repository: repositoryname,
        registry: DEFAULT_REGISTRY,
      });
    }
  }
  return adopted;
}
