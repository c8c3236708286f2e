/**
 * The ids of all events that have been heard, by which duplicates are recognised.
 *
 * Ids are random: each new one would change another page of their index, 4 KiB for an event. So
 * they are added to it many at a time, in its order. Until then they are in the log, and in memory.
 *
 * @module
 */

import type { Candidate, Claim, LogEntry } from "../../batch.ts";
import { keyOf } from "../../facts.ts";
import type { Database } from "./database.ts";
import { decodeId, encodeId } from "./encoding.ts";
import type { Names } from "./names.ts";
import type { RowsStatement } from "./rows.ts";

/**
 * So many ids are added to the index at once. More of them cost fewer writes, but those come together,
 * and events wait for the disk meanwhile.
 */
const INDEXED_AT_ONCE = 8_192;

/** Which of many ids the index has; `n` is their number in the list. */
const INDEXED_IDS: RowsStatement = {
  key: "indexed ids",
  render: (values) =>
    `SELECT asked.column1 AS n FROM (VALUES ${values}) AS asked CROSS JOIN event_ids
      WHERE registry_id = asked.column2 AND id = asked.column3`,
};

/** SQL: seq of the last event whose id is in the index. All before it are, too. */
export const INDEXED_SEQ = "(SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'indexed_seq')";

/** The ids of a database, within its transactions. */
export class EventIds {
  readonly #database: Database;
  readonly #names: Names;
  /** Seqs of the events that are not in the index, by {@linkcode keyOf} registry and id. */
  #recent = new Map<string, number>();
  #indexed = 0;
  /** Seq of the last event that is in the index or in memory. */
  #last = 0;

  /**
   * @param database Open.
   * @param names The ids of registries.
   */
  constructor(database: Database, names: Names) {
    this.#database = database;
    this.#names = names;
  }

  /** Learns what a transaction finds; to be called where it begins. Another process may write. */
  begin(): void {
    const row = this.#database.get(
      `SELECT ${INDEXED_SEQ} AS indexed, (SELECT max(seq) FROM events) AS last`,
    );
    const indexed = Number(row?.indexed);
    if (indexed !== this.#indexed) {
      this.#recent = new Map();
      this.#indexed = indexed;
      // Where all events have expired, their numbers go on.
      this.#last = indexed;
    }
    if (Number(row?.last) > this.#last) this.#learn();
  }

  /**
   * Remembers what a transaction has added to the log; to be called after its commit.
   *
   * @param log What it has added, from {@linkcode nextSeq} on.
   */
  commit(log: readonly LogEntry[]): void {
    for (const { key } of log) this.#recent.set(key, ++this.#last);
  }

  /** Seq of the next event of the log. */
  get nextSeq(): number {
    return this.#last + 1;
  }

  /**
   * Finds the events that have been heard before.
   *
   * @param candidates The events of a batch.
   * @returns The keys of those candidates.
   */
  duplicatesOf(candidates: readonly Candidate[]): Set<string> {
    const duplicates = new Set<string>();
    const asked = candidates.filter(({ key }) => {
      if (!this.#recent.has(key)) return true;
      duplicates.add(key);
      return false;
    });
    const rows = asked.map(({ received, id }, n) =>
      [n, this.#names.registry(received.registry), encodeId(id)] as const
    );
    for (const { n } of this.#database.allRows(INDEXED_IDS, rows)) {
      duplicates.add(asked[Number(n)]?.key ?? "");
    }
    return duplicates;
  }

  /** @returns The seq of the HEAD that a pull claims. */
  seqOf({ registry, id }: Claim): number {
    const recent = this.#recent.get(keyOf(registry, id));
    if (recent !== undefined) return recent;
    const sql = "SELECT seq FROM event_ids WHERE registry_id = ? AND id = ?";
    return Number(this.#database.get(sql, this.#names.registry(registry), encodeId(id))?.seq);
  }

  /**
   * Adds ids to the index once there are many to be added.
   *
   * @param count How many events this transaction has added to the log.
   */
  indexMany(count: number): void {
    if (this.#last + count - this.#indexed >= INDEXED_AT_ONCE) indexIds(this.#database);
  }

  #learn(): void {
    const rows = this.#database.all(
      `SELECT seq, name, events.id AS id FROM events JOIN registries
        ON registries.id = registry_id WHERE seq > ? ORDER BY seq`,
      this.#last,
    );
    for (const { seq, name, id } of rows) {
      this.#last = Number(seq);
      this.#recent.set(keyOf(String(name), decodeId(id)), this.#last);
    }
  }
}

/**
 * Adds the ids of all events of the log to the index.
 *
 * @param database In a transaction.
 */
export function indexIds(database: Database): void {
  database.run(`INSERT OR IGNORE INTO event_ids
    SELECT registry_id, id, seq, received_at / 86400000 FROM events WHERE seq > ${INDEXED_SEQ}
    ORDER BY registry_id, id`);
  database.run(`UPDATE meta SET value = max(CAST(value AS INTEGER),
    ifnull((SELECT max(seq) FROM events), 0)) WHERE key = 'indexed_seq'`);
}
