/**
 * Drops what is older than its retention, a bounded number of documents at a time.
 *
 * @module
 */

import type { Document, ObjectId } from "mongodb";

import { MAX_QUARANTINE } from "../../batch.ts";
import { DAY_MS } from "../../calendar.ts";
import { keyOf } from "../../facts.ts";
import type { Retention } from "../store.ts";
import type { Database } from "./connection.ts";
import {
  type CollectionName,
  type ManifestDocument,
  META_IDS,
  type MetaDocument,
  type RegistryDocument,
  type TagDocument,
} from "./documents.ts";
import { limitInstances } from "./instances.ts";
import { foldDays, foldNamespaceDays, foldTagDays } from "./folding.ts";
import { moveAside, removeOldRemains } from "./remains.ts";
import { runTransaction } from "./transaction.ts";
import { longOf } from "./values.ts";

/** Documents that one step touches. */
const STEP = 1000;
/** Tags that one step touches, each with all its days. */
const TAG_STEP = 100;
const TRANSACTION_MS = 10_000;

/** One kind of thing that gets old. `true`: there may be more. */
type Step = (database: Database, retention: Retention, now: number) => Promise<boolean>;

const STEPS: readonly Step[] = [
  expireIds,
  stripEvents,
  foldTagDays,
  foldDays,
  foldNamespaceDays,
  removeOldRemains,
  moveAside,
  expireTags,
  expireManifests,
  expireQuarantine,
  limitQuarantine,
  limitInstances,
];

/**
 * Takes each step once.
 *
 * @param database Where.
 * @param retention How long things are kept.
 * @param now Milliseconds since 1970.
 * @returns True while there is more to drop.
 */
export async function expire(
  database: Database,
  retention: Retention,
  now: number,
): Promise<boolean> {
  let hasMore = false;
  for (const step of STEPS) hasMore = await step(database, retention, now) || hasMore;
  return hasMore;
}

/**
 * The server does this, too, by its own clock (a TTL index), so that how far it has come is told
 * from the days of the accounting, not from the rows that are left.
 */
async function expireIds(database: Database, { ids }: Retention, now: number): Promise<boolean> {
  const horizon = now - ids;
  const newest = await database.decisive<RegistryDocument>("registries")
    .findOne(
      { namespace: null, day: { $lte: new Date(horizon) }, counted: { $exists: true } },
      { sort: { day: -1 } },
    );
  if (newest === null) return false;
  const receivedat = new Date(Math.min(horizon, newest.day.getTime() + DAY_MS - 1));
  await database.decisive<MetaDocument>("meta")
    .updateOne({ _id: META_IDS.expired }, { $max: { receivedat } }, { upsert: true });
  return await removeSome(database, "events", { receivedat: { $lt: new Date(horizon) } });
}

/** The id stays, so that a late duplicate is still known as one. */
async function stripEvents(
  database: Database,
  { events }: Retention,
  now: number,
): Promise<boolean> {
  const filter = { kept: true, receivedat: { $lt: new Date(now - events) } };
  const old = await idsOf(database, "events", filter);
  if (old.length === 0) return false;
  await database.decisive("events").updateMany(
    { _id: { $in: old } },
    [{ $replaceWith: { _id: "$_id", receivedat: "$receivedat" } }],
  );
  return old.length === STEP;
}

/** A deleted tag goes, with its days; its numbers are in those of the repository. */
async function expireTags(
  database: Database,
  { deleted }: Retention,
  now: number,
): Promise<boolean> {
  const filter = { deletedat: { $lt: new Date(now - deleted) } };
  return await runTransaction(database.client, async ({ session }) => {
    const old = await database.decisive<TagDocument>("tags")
      .find(filter, { session })
      .limit(TAG_STEP)
      .toArray();
    if (old.length === 0) return false;
    const days = old.map(({ registry, repositoryname, tag }) => ({
      deleteMany: { filter: { registry, repositoryname, tag } },
    }));
    await database.decisive("daily").bulkWrite(days, { session });
    await database.decisive("monthly").bulkWrite(days, { session });
    const ids = old.map(({ _id }) => _id);
    await database.decisive<TagDocument>("tags").deleteMany({ _id: { $in: ids } }, { session });
    const rows = Map.groupBy(old, (tag) => keyOf(tag.registry, tag.repositoryname));
    const updates = [...rows].map(([key, { length }]) => {
      const [registry = "", repositoryname = ""] = key.split("\n");
      const update = { $inc: { numtagrows: longOf(-length) } };
      return { updateOne: { filter: { registry, repositoryname }, update } };
    });
    await database.decisive("repositories").bulkWrite(updates, { session });
    return old.length === TAG_STEP;
  }, { deadline: Date.now() + TRANSACTION_MS });
}

/** A delete that a later use contradicts is none: its mark goes, not the manifest. */
async function expireManifests(
  database: Database,
  { deleted }: Retention,
  now: number,
): Promise<boolean> {
  const manifests = database.decisive<ManifestDocument>("manifests");
  const filter = { deletedat: { $lt: new Date(now - deleted) } };
  return await runTransaction(database.client, async ({ session }) => {
    const projection = { references: 0 };
    const old = await manifests.find(filter, { session, projection }).limit(STEP).toArray();
    if (old.length === 0) return false;
    const isUsed = ({ lastused, deletedat }: ManifestDocument): boolean =>
      lastused !== undefined && deletedat !== undefined && lastused > deletedat;
    const used = old.filter(isUsed).map(({ _id }) => _id);
    const gone = old.filter((manifest) => !isUsed(manifest)).map(({ _id }) => _id);
    await manifests.updateMany({ _id: { $in: used } }, { $unset: { deletedat: 1 } }, { session });
    await manifests.deleteMany({ _id: { $in: gone } }, { session });
    return old.length === STEP;
  }, { deadline: Date.now() + TRANSACTION_MS });
}

function expireQuarantine(
  database: Database,
  { quarantine }: Retention,
  now: number,
): Promise<boolean> {
  return removeSome(database, "quarantine", { receivedat: { $lt: new Date(now - quarantine) } });
}

async function limitQuarantine(database: Database): Promise<boolean> {
  const [newestBeyond] = await database.decisive("quarantine")
    .find()
    .sort({ receivedat: -1 })
    .skip(MAX_QUARANTINE)
    .limit(1)
    .toArray();
  if (newestBeyond === undefined) return false;
  return await removeSome(database, "quarantine", {
    receivedat: { $lte: newestBeyond.receivedat },
  });
}

async function removeSome(
  database: Database,
  collection: CollectionName,
  filter: Document,
): Promise<boolean> {
  const ids = await idsOf(database, collection, filter);
  if (ids.length === 0) return false;
  await database.decisive(collection).deleteMany({ _id: { $in: ids } });
  return ids.length === STEP;
}

async function idsOf(
  database: Database,
  collection: CollectionName,
  filter: Document,
): Promise<ObjectId[]> {
  const found = await database.decisive(collection)
    .find(filter)
    .project<{ _id: ObjectId }>({ _id: 1 })
    .limit(STEP)
    .toArray();
  return found.map(({ _id }) => _id);
}
