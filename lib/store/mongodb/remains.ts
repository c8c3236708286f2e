/**
 * What a batch leaves to be done after it, so that no batch takes more than nine commands before
 * MongoDB 8.0, where each collection is written by a command of its own.
 *
 * - Quarantine beside everything else in one batch: the entry is put aside, beside the accounting.
 * - The delete of a repository, a batch of its own then: its main document goes at once, and the
 *   tombstone says that more remains. What remains goes right after. A batch that finds a tombstone
 *   whose remains are still there, because a collector has died in between, removes them first.
 *
 * @module
 */

import type { ClientSession, Document } from "mongodb";

import type { QuarantineWrite, Removal } from "../../batch.ts";
import { keyOf } from "../../facts.ts";
import type { Database } from "./connection.ts";
import { type CollectionName, type MetaDocument, tombstoneId } from "./documents.ts";
import { quarantineUpdateOf } from "./quarantine.ts";
import { runTransaction } from "./transaction.ts";
import type { UpdateWrite, Write } from "./updates.ts";
import { longOf } from "./values.ts";

/** Where a repository's documents are beside the main one; its events stay. */
export const OF_REPOSITORY: readonly CollectionName[] = [
  "tags",
  "manifests",
  "daily",
  "monthly",
  "breakdowns",
  "stars",
];
/** Collections that a batch may write: a lookup comes before, the commit after. */
const MAX_COLLECTIONS = 7;
/** Entries put aside that one step moves: each has up to 64 KiB of text. */
const STEP = 50;
const TRANSACTION_MS = 10_000;

/** An entry of the quarantine on its way there. */
interface AsideDocument {
  readonly _id: string;
  readonly aside: true;
  readonly registry: string;
  readonly receivedat: Date;
  readonly reasons: readonly string[];
  readonly events: number;
  readonly bytes: number;
  readonly excerpt: string;
}

/**
 * Puts entries of the quarantine aside where a batch writes to all other collections, too.
 *
 * @param entries The writes of the quarantine.
 * @param others All other writes of the batch.
 * @returns The writes of the quarantine, to be added to the others.
 */
export function thriftyQuarantineOf(
  entries: readonly QuarantineWrite[],
  others: readonly Write[],
): UpdateWrite[] {
  const written = new Set(others.map(({ collection }) => collection));
  if (written.size < MAX_COLLECTIONS) return entries.map(quarantineOf);
  return entries.map((entry) => ({
    collection: "registries",
    filter: { _id: keyOf(entry.registry, "quarantine", entry.envelope) },
    update: quarantineUpdateOf(entry, { aside: true }),
  }));
}

/**
 * Lists the write of an entry of the quarantine.
 *
 * @param entry The entry.
 * @returns Its upsert.
 */
export function quarantineOf(entry: QuarantineWrite): UpdateWrite {
  return {
    collection: "quarantine",
    filter: { _id: keyOf(entry.registry, entry.envelope) },
    update: quarantineUpdateOf(entry),
  };
}

/**
 * Moves a step of what has been put aside into the quarantine.
 *
 * @param database Where.
 * @returns True while there is more.
 */
export function moveAside(database: Database): Promise<boolean> {
  return runTransaction(database.client, async ({ session }) => {
    const registries = database.decisive<AsideDocument>("registries");
    const aside = await registries.find({ aside: true }, { session }).limit(STEP).toArray();
    if (aside.length === 0) return false;
    const upserts = aside.map((document) => {
      const { filter, update } = quarantineOf(entryOf(document));
      return { updateOne: { filter, update, upsert: true } };
    });
    await database.decisive("quarantine").bulkWrite(upserts, { session });
    await registries.deleteMany({ _id: { $in: aside.map(({ _id }) => _id) } }, { session });
    return aside.length === STEP;
  }, { deadline: Date.now() + TRANSACTION_MS });
}

function entryOf({ _id, registry, receivedat, ...entry }: AsideDocument): QuarantineWrite {
  const [, , ...envelope] = _id.split("\n");
  return {
    registry,
    envelope: envelope.join("\n"),
    receivedAt: receivedat.getTime(),
    reasons: entry.reasons,
    events: Number(entry.events),
    bytes: Number(entry.bytes),
    excerpt: entry.excerpt,
  };
}

/**
 * Removes what remains of a deleted repository.
 *
 * @param database Where.
 * @param removals The repositories.
 * @param options `deadline`: milliseconds since 1970.
 */
export async function removeRemains(
  database: Database,
  removals: readonly Pick<Removal, "registry" | "repository">[],
  { deadline }: { deadline: number },
): Promise<void> {
  for (const removal of removals) {
    await runTransaction(
      database.client,
      ({ session }) => removeRemainsOf(database, session, removal),
      { deadline },
    );
  }
}

async function removeRemainsOf(
  database: Database,
  session: ClientSession,
  removal: Pick<Removal, "registry" | "repository">,
): Promise<void> {
  // First, so that of two collectors one waits and finds nothing to do.
  const { modifiedCount } = await database.decisive<MetaDocument>("meta").updateOne(
    { _id: tombstoneId(removal), remains: true },
    { $unset: { remains: 1 } },
    { session },
  );
  if (modifiedCount === 0) return;
  const { registry, repository: repositoryname } = removal;
  for (const collection of OF_REPOSITORY) {
    await database.decisive(collection).deleteMany({ registry, repositoryname }, { session });
  }
}

/**
 * Removes the remains that a collector has left which was killed in between.
 *
 * @param database Where.
 * @returns True while there is more.
 */
export async function removeOldRemains(database: Database): Promise<boolean> {
  const found = await database.decisive<MetaDocument>("meta").findOne({ remains: true });
  if (found === null) return false;
  const deadline = Date.now() + TRANSACTION_MS;
  await removeRemains(database, [removalOfTombstone(found)], { deadline });
  return true;
}

/**
 * Says whose tombstone a document is.
 *
 * @param tombstone The document.
 * @returns The repository.
 */
export function removalOfTombstone(
  { _id }: Document,
): Pick<Removal, "registry" | "repository"> {
  const [, registry = "", repository = ""] = String(_id).split("\n");
  return { registry, repository };
}

/**
 * Lists the write of a tombstone.
 *
 * @param removal The repository, and when it was deleted.
 * @param options `remains`: whether documents beside the main one are still there.
 * @returns Its upsert.
 */
export function tombstoneOf(removal: Removal, { remains }: { remains: boolean }): UpdateWrite {
  return {
    collection: "meta",
    filter: { _id: tombstoneId(removal) },
    update: {
      $max: { at: longOf(removal.at) },
      ...(remains ? { $set: { remains: true } } : {}),
    },
  };
}
