/**
 * Records a batch: look up, plan, write, in one transaction.
 *
 * @module
 */

import { ObjectId } from "mongodb";

import { questionsOf } from "../../facts.ts";
import type { Candidate, Outcome, PlanOptions, Removal } from "../../batch.ts";
import type { InstanceNews, InstanceWatch } from "../../instances.ts";
import { candidatesOf, planBatch } from "../../plan.ts";
import { dayOf } from "../../statistics.ts";
import type { IgnoredCount } from "../store.ts";
import { isOwnBatch, knowledgeOf, outcomesOfOwnBatch } from "./answers.ts";
import { applyWrites } from "./apply.ts";
import type { Database } from "./connection.ts";
import { asEventFault } from "./errors.ts";
import { lookUp } from "./lookup.ts";
import { type Batch, type PartOutcomes, recordInParts } from "./parts.ts";
import { placeOfRegistry } from "./places.ts";
import { removalOfTombstone, removeRemains } from "./remains.ts";
import { type Attempt, runTransaction } from "./transaction.ts";
import { writesOf } from "./writes.ts";

/** How this collector records. */
export interface RecordingContext extends PlanOptions {
  readonly collector: string;
  readonly instances: InstanceWatch;
  /** Outcomes of parts of a batch of which a later part has failed. */
  readonly parts: PartOutcomes;
}

/**
 * Records a batch, and tries again until its deadline.
 *
 * @param database Where.
 * @param recording How events are counted.
 * @param batch The entries.
 * @returns What became of each entry.
 * @throws {EventFault} If one of them is at fault; else what the driver threw.
 */
export async function recordBatch(
  database: Database,
  recording: RecordingContext,
  { received, ignored, deadline }: Batch,
): Promise<Outcome[]> {
  const record = (part: Batch) => recordPart(database, recording, part);
  const isThrifty = !database.hasClientBulkWrite && recording.onRepositoryDelete === "remove";
  const batch = { received, ignored, deadline };
  try {
    return isThrifty ? await recordInParts(batch, recording.parts, record) : await record(batch);
  } catch (error) {
    throw asEventFault(error) ?? error;
  }
}

async function recordPart(
  database: Database,
  recording: RecordingContext,
  batch: Batch,
): Promise<Outcome[]> {
  const { deadline } = batch;
  while (true) {
    const { outcomes, news, remains } = await recordOnce(database, recording, batch);
    if (news !== undefined) recording.instances.commit(news);
    const removed = remains.length === 0 ? undefined : removeRemains(database, remains, batch);
    if (outcomes === undefined) await removed;
    // They are durable: who comes next removes what is left.
    else return await removed?.catch(() => {}), outcomes;
    if (Date.now() >= deadline) throw new Error("no answer in time");
  }
}

/** What a transaction came to. */
interface Recorded {
  /** Absent where remains of another batch are in the way. */
  readonly outcomes?: Outcome[];
  readonly news?: InstanceNews;
  /** Repositories of which more is to be removed. */
  readonly remains: readonly Pick<Removal, "registry" | "repository">[];
}

async function recordOnce(
  database: Database,
  recording: RecordingContext,
  { received, ignored, deadline }: Batch,
): Promise<Recorded> {
  const candidates = candidatesOf(received, recording);
  const questions = questionsOf(candidates.flatMap(({ sighting }) => sighting ?? []));
  const batch = new ObjectId();
  const { isSharded, hasClientBulkWrite } = database;
  let recorded: Recorded = { remains: [] };

  async function attempt({ session, mayBeDone }: Attempt): Promise<Recorded> {
    const accounts = mayBeDone ? accountIds(candidates, ignored, recording.collector) : [];
    const found = await lookUp(database, session, { candidates, questions, accounts });
    if (mayBeDone && isOwnBatch(found, batch)) {
      return { ...recorded, outcomes: outcomesOfOwnBatch(found, candidates, batch) };
    }
    const inTheWay = (found.tombstones ?? []).filter(({ remains }) => remains === true);
    if (inTheWay.length > 0) return { remains: inTheWay.map(removalOfTombstone) };
    const { duplicates, answers, unnamed } = knowledgeOf(found);
    const plan = planBatch(candidates, { duplicates, known: answers, options: recording });
    if (Date.now() >= deadline) throw new Error("no answer in time");
    const news = recording.instances.newsOf(plan.log);
    const isThrifty = !hasClientBulkWrite;
    const context = { ...recording, batch, ignored, unnamed, isSharded, isThrifty };
    const writes = writesOf(plan, { ...context, spans: news.due });
    recorded = { news, remains: isThrifty ? plan.removals : [] };
    await applyWrites(database, session, writes);
    return { ...recorded, outcomes: [...plan.outcomes] };
  }

  return await runTransaction(database.client, attempt, { deadline });
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
