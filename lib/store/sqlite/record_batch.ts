/**
 * The transaction that counts a batch: ids → facts → plan → rows.
 *
 * @module
 */

import type { BatchPlan, IgnoredCount, PlanOptions, Received } from "../../batch.ts";
import { questionsOf } from "../../facts.ts";
import { candidatesOf, planBatch } from "../../plan.ts";
import { answer } from "./answers.ts";
import type { Context } from "./changes.ts";
import type { Database } from "./database.ts";
import { EventIds } from "./event_ids.ts";
import { type InboxPosition, writePosition } from "./inbox_counted.ts";
import { Instances } from "./instances.ts";
import { Names } from "./names.ts";
import { addIgnored, applyPlan } from "./writes.ts";

/** What a transaction writes beside the batch. */
export interface RecordingOptions {
  readonly ignored?: readonly IgnoredCount[];
  readonly position?: InboxPosition;
}

/** Counts in a database. */
export class BatchRecorder {
  readonly #database: Database;
  readonly #options: PlanOptions;
  readonly #names: Names;
  readonly #ids: EventIds;
  readonly #instances = new Instances();

  /**
   * @param database Open.
   * @param options How events are counted.
   */
  constructor(database: Database, options: PlanOptions) {
    this.#database = database;
    this.#options = options;
    this.#names = new Names(database);
    this.#ids = new EventIds(database, this.#names);
  }

  /**
   * Counts a batch.
   *
   * @param received See `Store.record()`.
   * @param options `ignored`: counts to add to the accounting; `position`: how far the inbox is
   *   counted with it.
   * @returns What was written; committed, but not flushed.
   * @throws {EventFault} If one of the entries is at fault.
   * @throws {AppError} `unavailable`, if the store is.
   */
  record(
    received: readonly Received[],
    { ignored = [], position }: RecordingOptions = {},
  ): BatchPlan {
    this.#names.begin();
    // Synchronous: nothing can come in between.
    const plan = this.#database.transaction(() => {
      const plan = this.#record(received, ignored);
      if (position !== undefined) writePosition(this.#database, position);
      return plan;
    });
    this.#names.commit();
    this.#ids.commit(plan.log);
    this.#instances.commit();
    return plan;
  }

  #record(received: readonly Received[], ignored: readonly IgnoredCount[]): BatchPlan {
    const options = this.#options;
    const context: Context = {
      database: this.#database,
      names: this.#names,
      ids: this.#ids,
    };
    this.#ids.begin();
    const candidates = candidatesOf(received, options);
    const duplicates = this.#ids.duplicatesOf(candidates);
    const fresh = candidates.flatMap((candidate) =>
      candidate.sighting === undefined || duplicates.has(candidate.key) ? [] : [candidate.sighting]
    );
    const known = answer(this.#database, this.#names, questionsOf(fresh));
    const plan = planBatch(candidates, { duplicates, known, options });
    applyPlan(context, plan);
    this.#instances.write(context, plan.log);
    addIgnored(context, ignored);
    return plan;
  }
}
