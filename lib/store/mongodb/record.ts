/**
 * Records a batch: look up, plan, write, in one transaction.
 *
 * @module
 */

import { ObjectId } from "mongodb";

import { questionsOf } from "../../facts.ts";
import type { Candidate, Outcome, PlanOptions, Received } from "../../batch.ts";
import type { InstanceWatch, Sighting } from "../../instances.ts";
import { candidatesOf, planBatch } from "../../plan.ts";
import { dayOf } from "../../statistics.ts";
import type { IgnoredCount } from "../store.ts";
import { isOwnBatch, knowledgeOf, outcomesOfOwnBatch } from "./answers.ts";
import { applyWrites } from "./apply.ts";
import type { Database } from "./connection.ts";
import { instanceWritesOf } from "./instances.ts";
import { placeOfRegistry } from "./places.ts";
import { lookUp } from "./lookup.ts";
import { type Attempt, runTransaction } from "./transaction.ts";
import { writesOf } from "./writes.ts";

/** How this collector records. */
export interface Recording extends PlanOptions {
  readonly collector: string;
  readonly instances: InstanceWatch;
}

/** Entries on their way into the database. */
export interface Batch {
  readonly received: readonly Received[];
  readonly ignored: readonly IgnoredCount[];
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

/**
 * Records a batch, and tries again until its deadline.
 *
 * @param database Where.
 * @param recording How events are counted.
 * @param batch The entries.
 * @returns What became of each entry.
 * @throws What the driver threw.
 */
export async function recordBatch(
  database: Database,
  recording: Recording,
  { received, ignored, deadline }: Batch,
): Promise<Outcome[]> {
  const candidates = candidatesOf(received, recording);
  const questions = questionsOf(candidates.flatMap(({ sighting }) => sighting ?? []));
  const batch = new ObjectId();
  let sighting: Sighting | undefined;

  async function attempt({ session, mayBeDone }: Attempt): Promise<Outcome[]> {
    const accounts = mayBeDone ? accountIds(candidates, ignored, recording.collector) : [];
    const found = await lookUp(database, session, { candidates, questions, accounts });
    if (mayBeDone && isOwnBatch(found, batch)) return outcomesOfOwnBatch(found, candidates, batch);
    const { duplicates, answers, unnamed } = knowledgeOf(found);
    const plan = planBatch(candidates, { duplicates, known: answers, options: recording });
    if (Date.now() >= deadline) throw new Error("no answer in time");
    const { isSharded } = database;
    const writes = writesOf(plan, { ...recording, batch, ignored, unnamed, isSharded });
    sighting = recording.instances.sight(plan.log);
    await applyWrites(database, session, [...writes, ...instanceWritesOf(sighting.due)]);
    return [...plan.outcomes];
  }

  const outcomes = await runTransaction(database.client, attempt, { deadline });
  if (sighting !== undefined) recording.instances.commit(sighting);
  return outcomes;
}

/** The documents that every batch leaves its id in, even one of nothing but duplicates. */
function accountIds(
  candidates: readonly Candidate[],
  ignored: readonly IgnoredCount[],
  collector: string,
): string[] {
  return [...candidates.map(({ received }) => received), ...ignored].map(
    ({ registry, receivedAt }) => placeOfRegistry(registry, dayOf(receivedAt * 1000), collector).id,
  );
}
