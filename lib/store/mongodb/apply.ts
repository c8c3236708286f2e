/**
 * Sends the writes of a batch: in one command where the server has one for all collections, else in
 * one for each.
 *
 * @module
 */

import type {
  AnyBulkWriteOperation,
  AnyClientBulkWriteModel,
  ClientSession,
  Document,
} from "mongodb";

import { EventFault } from "../store.ts";
import type { Database } from "./connection.ts";
import { ClaimLost, misfitOf } from "./errors.ts";
import type { Write } from "./updates.ts";

/**
 * Applies writes within a transaction, in order.
 *
 * @param database Where.
 * @param session The transaction.
 * @param writes The writes.
 * @throws {ClaimLost} If a document that must exist does not.
 * @throws {EventFault} If a document does not take what is to be added to it.
 */
export async function applyWrites(
  database: Database,
  session: ClientSession,
  writes: readonly Write[],
): Promise<void> {
  const updates = writes.filter((write) => "update" in write).length;
  const applied = database.hasClientBulkWrite
    ? await applyAtOnce(database, session, writes)
    : await applyByCollection(database, session, writes);
  // Each update finds its document or makes it, but for a claim, which only finds.
  if (applied < updates) throw new ClaimLost("another pull has claimed the check");
}

async function applyAtOnce(
  database: Database,
  session: ClientSession,
  writes: readonly Write[],
): Promise<number> {
  const models = writes.map((write): AnyClientBulkWriteModel<Document> => {
    const namespace = `${database.name}.${database.nameOf(write.collection)}`;
    if ("removeAll" in write) return { name: "deleteMany", namespace, filter: write.removeAll };
    if ("insert" in write) return { name: "insertOne", namespace, document: write.insert };
    const { filter, update, mustExist } = write;
    return { name: "updateOne", namespace, filter, update, upsert: mustExist !== true };
  });
  const result = await naming(
    database,
    writes,
    () => database.client.bulkWrite(models, { session, ordered: true }),
  );
  return result.matchedCount + result.upsertedCount;
}

async function applyByCollection(
  database: Database,
  session: ClientSession,
  writes: readonly Write[],
): Promise<number> {
  let applied = 0;
  for (const [collection, ofCollection] of Map.groupBy(writes, ({ collection }) => collection)) {
    const options = { session, ordered: true };
    const operations = ofCollection.map(operationOf);
    const result = await naming(
      database,
      ofCollection,
      () => database.collection(collection).bulkWrite(operations, options),
    );
    applied += result.matchedCount + result.upsertedCount;
  }
  return applied;
}

/** Names the document that somebody has to mend, so that the repository is counted again. */
async function naming<T>(
  database: Database,
  writes: readonly Write[],
  apply: () => Promise<T>,
): Promise<T> {
  try {
    return await apply();
  } catch (error) {
    const misfit = misfitOf(error);
    const write = misfit === undefined ? undefined : writes[misfit.index];
    if (misfit === undefined || write === undefined || !("filter" in write)) throw error;
    const name = database.nameOf(write.collection);
    const what = `in "${name}" the document ${JSON.stringify(write.filter)} does not fit`;
    throw new EventFault(`${what}: ${misfit.message}`, { cause: error });
  }
}

function operationOf(write: Write): AnyBulkWriteOperation<Document> {
  if ("removeAll" in write) return { deleteMany: { filter: write.removeAll } };
  if ("insert" in write) return { updateOne: { ...upsertOf(write.insert), upsert: true } };
  const { filter, update, mustExist } = write;
  return { updateOne: { filter, update, upsert: mustExist !== true } };
}

/** Inserts and updates would be two commands. */
function upsertOf({ _id, ...fields }: Document): { filter: Document; update: Document } {
  return { filter: { _id }, update: { $setOnInsert: fields } };
}
