/**
 * Counts what is in the inbox: records → notifications → entries → transactions.
 *
 * @module
 */

import type { IgnoredCount, Outcome, Received, Tally } from "../../batch.ts";
import { isAboutLayer, receivedOf } from "../../notification.ts";
import { recordBeginning } from "../../split_on_fault.ts";
import type { Counted, CountOptions } from "../inbox.ts";
import type { InboxPosition } from "./inbox_counted.ts";
import { type InboxRecord, notificationOf, recordsIn } from "./inbox_records.ts";

/** The most events in a commit. Nobody waits for one, and what they have in common is shared. */
const COMMIT_EVENTS = 1000;

/** What counting needs of the database. */
export interface CountingDatabase {
  /** How far it is. */
  position(): InboxPosition;
  /** Records entries in one transaction; see `Store.record()`. */
  record(
    received: readonly Received[],
    options: { ignored: readonly IgnoredCount[]; position: InboxPosition },
  ): Outcome[];
}

/**
 * Counts the events of notifications.
 *
 * @param bytes Their records, behind each other.
 * @param options How to count.
 * @param database Where.
 * @returns See `Inbox.count()`.
 */
export async function countRecords(
  bytes: Uint8Array,
  { blobs, ignored }: CountOptions,
  database: CountingDatabase,
): Promise<Counted> {
  const entries = new Entries(recordsIn(bytes), database.position());
  const isIgnored = (item: Received) => blobs === "ignore" && isAboutLayer(item);
  const tallies: Tally[] = [];
  const record = (part: readonly Received[]): Outcome[] => {
    const layers = part.filter(isIgnored);
    const outcomes = database.record(part.filter((item) => !isIgnored(item)), {
      ignored: [...tallies.length === 0 ? ignored : [], ...countsOf(layers)],
      position: entries.positionBehind(part.length),
    });
    return part.map((item) => isIgnored(item) ? "ignored" : outcomes.shift() ?? "counted");
  };
  try {
    do {
      // Questions are answered in between.
      if (tallies.length > 0) await new Promise((resolve) => setTimeout(resolve));
      const { length, tally } = await recordBeginning(entries.first(COMMIT_EVENTS), record);
      tallies.push(tally);
      entries.drop(length);
    } while (!entries.isEmpty());
  } catch (error) {
    // What was counted is told; who asks for the rest will hear of it.
    if (tallies.length === 0) throw error;
  }
  return { last: database.position().last, tallies };
}

/** How many there are of each notification. */
function countsOf(received: readonly Received[]): IgnoredCount[] {
  const counts = new Map<string, IgnoredCount>();
  for (const { registry, receivedAt } of received) {
    const key = `${registry} ${receivedAt}`;
    counts.set(key, { registry, receivedAt, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}

/** The entries of notifications from a position on; read when they are needed. */
class Entries {
  /** Those that have not been read. */
  readonly #unread: InboxRecord[];
  #waiting: { received: Received; position: InboxPosition }[] = [];
  #from: InboxPosition;

  constructor(records: readonly InboxRecord[], from: InboxPosition) {
    this.#unread = records.filter(({ number }) => number > from.last);
    this.#from = from;
  }

  first(limit: number): Received[] {
    // One more, to know where it is.
    while (this.#waiting.length <= limit && this.#unread.length > 0) this.#readNext();
    return this.#waiting.slice(0, limit).map(({ received }) => received);
  }

  /** Where to go on when so many of them are counted. */
  positionBehind(length: number): InboxPosition {
    return this.#waiting[length]?.position ?? this.#from;
  }

  drop(length: number): void {
    this.#waiting.splice(0, length);
  }

  isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#unread.length === 0;
  }

  #readNext(): void {
    const record = this.#unread.shift();
    if (record === undefined) return;
    const { number } = record;
    for (const [index, received] of receivedOf(notificationOf(record)).entries()) {
      if (index < this.#from.entries) continue;
      this.#waiting.push({ received, position: { last: number - 1, entries: index } });
    }
    this.#from = { last: number, entries: 0 };
  }
}
