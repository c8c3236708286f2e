/**
 * Documents where earlier states of this version kept them: they move at start, and nothing of them
 * is lost.
 *
 * @module
 */

import type { InstanceSpan } from "../../instances.ts";
import type { Database } from "./connection.ts";
import { instanceWritesOf } from "./instances.ts";

/** Instances had a collection of their own, whose name ended so. */
const INSTANCES = ".instances";
/** Documents that one command moves. */
const STEP = 1000;

interface FormerInstance {
  readonly registry: string;
  readonly instance: string;
  readonly firstat: Date;
  readonly lastat: Date;
}

/**
 * Moves the instances of registries beside the accounting. Doing it twice, or in two collectors at
 * once, gives the same: of two documents of an instance the first and the last time hold.
 *
 * @param database Where.
 */
export async function moveFormerInstances(database: Database): Promise<void> {
  const { primary, nameOf } = database;
  const name = `${nameOf("repositories")}${INSTANCES}`;
  if ((await primary.listCollections({ name }, { nameOnly: true }).toArray()).length === 0) return;
  const former = primary.collection<FormerInstance>(name);
  let spans: InstanceSpan[] = [];
  for await (const { registry, instance, firstat, lastat } of former.find()) {
    spans.push({ registry, instance, first: firstat.getTime(), last: lastat.getTime() });
    if (spans.length < STEP) continue;
    await upsert(database, spans);
    spans = [];
  }
  await upsert(database, spans);
  await former.drop();
}

async function upsert(database: Database, spans: readonly InstanceSpan[]): Promise<void> {
  if (spans.length === 0) return;
  const upserts = instanceWritesOf(spans).map(({ filter, update }) => ({
    updateOne: { filter, update, upsert: true },
  }));
  await database.decisive("registries").bulkWrite(upserts);
}
