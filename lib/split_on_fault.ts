/**
 * Splits a batch in which an entry is at fault, until that stands alone and goes into the
 * quarantine.
 *
 * @module
 */

import type { Outcome, Received, Tally } from "./batch.ts";
import { quarantined, rejectionOf } from "./notification.ts";
import { EventFault } from "./store/store.ts";

/** What a commit has recorded. */
export interface Beginning {
  /** How many entries: the first ones. */
  readonly length: number;
  readonly tally: Tally;
}

/**
 * Records entries in one commit: all, or a beginning that leaves out the one that is at fault. If
 * that is the first, it is recorded alone, for the quarantine.
 *
 * @param received The entries.
 * @param record Records some in one transaction.
 * @returns How many were recorded; the rest is to be tried again.
 * @throws {EventFault} If not even the quarantine takes the first.
 */
export async function recordBeginning(
  received: readonly Received[],
  record: (part: readonly Received[]) => Outcome[] | Promise<Outcome[]>,
): Promise<Beginning> {
  const start = performance.now();
  let part = received;
  while (true) {
    try {
      const outcomes = await record(part);
      const seconds = (performance.now() - start) / 1000;
      return { length: part.length, tally: tallyOf(part, { outcomes, seconds }) };
    } catch (error) {
      const [first] = part;
      if (!(error instanceof EventFault) || first === undefined) throw error;
      part = part.length === 1
        ? [quarantined(first, error)]
        : part.slice(0, Math.ceil(part.length / 2));
    }
  }
}

function tallyOf(
  received: readonly Received[],
  { outcomes, seconds }: { outcomes: readonly Outcome[]; seconds: number },
): Tally {
  const counts = new Map<string, Tally["outcomes"][number]>();
  const rejected: Tally["quarantined"][number][] = [];
  let clockSkewed = 0;
  for (const [index, { registry, entry }] of received.entries()) {
    const outcome = outcomes[index] ?? "counted";
    const key = `${registry}\n${outcome}`;
    counts.set(key, { registry, outcome, count: (counts.get(key)?.count ?? 0) + 1 });
    if (outcome === "quarantined") rejected.push({ registry, ...rejectionOf(entry) });
    if (outcome === "counted" && "event" in entry && entry.event.clockSkewed) clockSkewed++;
  }
  const events = received.length;
  return { events, seconds, outcomes: [...counts.values()], clockSkewed, quarantined: rejected };
}
