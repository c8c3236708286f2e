/**
 * Instances of registries. Their documents are beside the accounting, which every batch writes, so
 * that a new instance costs no command more.
 *
 * @module
 */

import type { Filter } from "mongodb";

import { type InstanceSpan, MAX_INSTANCES, watchedSince } from "../../instances.ts";
import { keyOf } from "../../facts.ts";
import type { Database } from "./connection.ts";
import type { InstanceDocument } from "./documents.ts";
import type { UpdateWrite } from "./updates.ts";

/** Nothing else in its collection has been heard. */
const IS_INSTANCE: Filter<InstanceDocument> = { firstat: { $exists: true } };

/**
 * Lists the writes of what a batch says of instances.
 *
 * @param spans What is due.
 * @returns One upsert each.
 */
export function instanceWritesOf(spans: readonly InstanceSpan[]): UpdateWrite[] {
  return spans.map(({ registry, instance, first, last }) => ({
    collection: "registries",
    filter: { _id: instanceId(registry, instance), registry },
    update: {
      $setOnInsert: { instance },
      $min: { firstat: new Date(first) },
      $max: { lastat: new Date(last) },
    },
  }));
}

/**
 * Names the document of an instance; the accounting has a day in the second place.
 *
 * @param registry Its registry.
 * @param instance What events call it; `""` where they name none.
 * @returns Its `_id`.
 */
export function instanceId(registry: string, instance: string): string {
  return keyOf(registry, "instance", instance);
}

/**
 * Reads since when registries have been watched without a possible gap.
 *
 * @param database Where.
 * @returns Milliseconds since 1970, by registry.
 */
export async function readWatchedSince(database: Database): Promise<Map<string, number>> {
  const documents = await database.collection<InstanceDocument>("registries")
    .find(IS_INSTANCE)
    .toArray();
  return watchedSince(documents.map(({ registry, instance, firstat, lastat }) => ({
    registry,
    instance,
    first: firstat.getTime(),
    last: lastat.getTime(),
  })));
}

/**
 * Drops the oldest instances of registries that have too many: what is watched then seems to be
 * watched for less long.
 *
 * @param database Where.
 * @returns False: there is never more to drop.
 */
export async function limitInstances(database: Database): Promise<boolean> {
  const instances = database.decisive<InstanceDocument>("registries");
  if (await instances.countDocuments(IS_INSTANCE) <= MAX_INSTANCES) return false;
  for (const registry of await instances.distinct("registry", IS_INSTANCE)) {
    const [oldest] = await instances.find({ ...IS_INSTANCE, registry })
      .sort({ firstat: -1 }).skip(MAX_INSTANCES - 1).limit(1).toArray();
    if (oldest === undefined) continue;
    await instances.deleteMany({ registry, firstat: { $lt: oldest.firstat } });
  }
  return false;
}
