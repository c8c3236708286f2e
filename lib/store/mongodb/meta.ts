/**
 * Values that are made once and shared by all collectors.
 *
 * @module
 */

import type { Database } from "./connection.ts";
import { META_IDS, type MetaDocument } from "./documents.ts";
import { hasCode } from "./errors.ts";

const DUPLICATE_KEY = 11000;

/**
 * Gets a value, or makes it where there is none. Collectors that race agree on one.
 *
 * @param database Where.
 * @param id Names the value.
 * @param candidate Kept where there is none.
 * @returns The value, and whether this call made it.
 */
export async function madeOnce(
  database: Database,
  id: string,
  candidate: string,
): Promise<{ value: string; isNew: boolean }> {
  const meta = database.decisive<MetaDocument>("meta");
  const present = await meta.findOne({ _id: id }, { readConcern: "majority" });
  if (present?.value !== undefined) return { value: present.value, isNew: false };
  try {
    await meta.insertOne({ _id: id, value: candidate });
    return { value: candidate, isNew: true };
  } catch (error) {
    if (!hasCode(error, DUPLICATE_KEY)) throw error;
    return await madeOnce(database, id, candidate);
  }
}

/**
 * Writes something, to see whether the database takes it.
 *
 * @param database Where.
 */
export async function touch(database: Database): Promise<void> {
  await database.decisive<MetaDocument>("meta")
    .updateOne({ _id: META_IDS.ping }, { $set: { receivedat: new Date() } }, { upsert: true });
}
