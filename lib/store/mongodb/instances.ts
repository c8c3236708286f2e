/**
 * Instances of registries.
 *
 * @module
 */

import { type InstanceSpan, MAX_INSTANCES, watchedSince } from "../../instances.ts";
import { keyOf } from "../../facts.ts";
import type { Database } from "./connection.ts";
import type { InstanceDocument } from "./documents.ts";
import type { Write } from "./updates.ts";

/**
 * Lists the writes of what a batch says of instances.
 *
 * @param spans What is due.
 * @returns One upsert each.
 */
export function instanceWritesOf(spans: readonly InstanceSpan[]): Write[] {
  return spans.map(({ registry, instance, first, last }) => ({
    collection: "instances",
    filter: { _id: keyOf(registry, instance), registry },
    update: {
      $setOnInsert: { instance },
      $min: { firstat: new Date(first) },
      $max: { lastat: new Date(last) },
    },
  }));
}

/**
 * Reads since when registries have been watched without a possible gap.
 *
 * @param database Where.
 * @returns Milliseconds since 1970, by registry.
 */
export async function readWatchedSince(database: Database): Promise<Map<string, number>> {
  const documents = await database.collection<InstanceDocument>("instances").find().toArray();
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
  const instances = database.decisive<InstanceDocument>("instances");
  if (await instances.estimatedDocumentCount() <= MAX_INSTANCES) return false;
  for (const registry of await instances.distinct("registry")) {
    const [oldest] = await instances.find({ registry })
      .sort({ firstat: -1 }).skip(MAX_INSTANCES - 1).limit(1).toArray();
    if (oldest === undefined) continue;
    await instances.deleteMany({ registry, firstat: { $lt: oldest.firstat } });
  }
  return false;
}
