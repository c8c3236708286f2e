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

import type { Database } from "./connection.ts";
import type { CollectionName } from "./documents.ts";
import { ClaimLost } from "./errors.ts";
import type { Write } from "./updates.ts";

/**
 * Applies writes within a transaction, in order.
 *
 * @param database Where.
 * @param session The transaction.
 * @param writes The writes.
 * @throws {ClaimLost} If a document that must exist does not.
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
    const { filter } = write;
    const namespace = `${database.name}.${database.nameOf(write.collection)}`;
    if ("remove" in write) return { name: "deleteMany", namespace, filter };
    const { update, mustExist } = write;
    return { name: "updateOne", namespace, filter, update, upsert: mustExist !== true };
  });
  const result = await database.client.bulkWrite(models, { session, ordered: true });
  return result.matchedCount + result.upsertedCount;
}

async function applyByCollection(
  database: Database,
  session: ClientSession,
  writes: readonly Write[],
): Promise<number> {
  let applied = 0;
  for (const [collection, operations] of operationsOf(writes)) {
    const options = { session, ordered: true };
    const result = await database.collection(collection).bulkWrite(operations, options);
    applied += result.matchedCount + result.upsertedCount;
  }
  return applied;
}

function operationsOf(
  writes: readonly Write[],
): Map<CollectionName, AnyBulkWriteOperation<Document>[]> {
  const operations = new Map<CollectionName, AnyBulkWriteOperation<Document>[]>();
  for (const write of writes) {
    const { collection, filter } = write;
    const operation: AnyBulkWriteOperation<Document> = "remove" in write
      ? { deleteMany: { filter } }
      : { updateOne: { filter, update: write.update, upsert: write.mustExist !== true } };
    const others = operations.get(collection);
    if (others === undefined) operations.set(collection, [operation]);
    else others.push(operation);
  }
  return operations;
}
