/**
 * Before MongoDB 8.0 the delete of a repository is a transaction of its own; see `remains.ts`.
 *
 * @module
 */

import type { Outcome, Received } from "../../batch.ts";
import { isRepositoryDelete } from "../../mapping.ts";
import type { IgnoredCount } from "../store.ts";

/** Entries on their way into the database. */
export interface Batch {
  readonly received: readonly Received[];
  readonly ignored: readonly IgnoredCount[];
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

/** What became of entries that are durable, although the batch they came with failed. */
export type PartOutcomes = WeakMap<Received, Outcome>;

/**
 * Records a batch that may delete repositories, part by part.
 *
 * If a part fails, those before it stay: what is sent again is a duplicate, and where the caller
 * looks for the entry that is at fault, by asking for some of the same entries again, they have the
 * outcome that they had.
 *
 * @param batch The entries.
 * @param known Outcomes of entries that an earlier call has recorded; it is added to.
 * @param record Records a part in a transaction.
 * @returns What became of each entry.
 */
export async function recordInParts(
  { received, ignored, deadline }: Batch,
  known: PartOutcomes,
  record: (part: Batch) => Promise<Outcome[]>,
): Promise<Outcome[]> {
  const parts = partsOf(received.filter((item) => !known.has(item)));
  const [only = [], ...others] = parts;
  if (others.length === 0 && only.length === received.length) {
    return await record({ received, ignored, deadline });
  }
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    // With the last one: the caller gives them again if anything fails.
    const outcomes = await record({ received: part, ignored: isLast ? ignored : [], deadline });
    for (const [at, item] of part.entries()) known.set(item, outcomes[at] ?? "duplicate");
  }
  return received.map((item) => known.get(item) ?? "duplicate");
}

/** At least one part: there may be something to record beside entries. */
function partsOf(received: readonly Received[]): Received[][] {
  const parts: Received[][] = [];
  let isAlone = true;
  for (const item of received) {
    const wasAlone = isAlone;
    isAlone = "event" in item.entry && isRepositoryDelete(item.entry.event);
    if (isAlone || wasAlone) parts.push([]);
    parts.at(-1)?.push(item);
  }
  return parts.length === 0 ? [[]] : parts;
}
