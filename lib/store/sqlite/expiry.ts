/**
 * Drops what is older than its retention, in steps short enough not to hold up events.
 *
 * @module
 */

import { MAX_QUARANTINE } from "../../batch.ts";
import { dayOf } from "../../statistics.ts";
import type { Retention } from "../store.ts";
import type { Database } from "./database.ts";
import { INDEXED_SEQ, indexIds } from "./event_ids.ts";
import { DeletedExpiry } from "./expiry_deleted.ts";
import { Folding } from "./folding.ts";

/** Rows that one step drops of a table. */
const STEP = 500;
/** Ids that one step looks at. */
const SWEEP = 5000;

type Id = string | Uint8Array;
/** Position of the sweep over all ids: those of a registry and of its last event. */
type SweepPosition = readonly [registryId: number, id: Id];

/** The steps of one store. */
export class Expiry {
  readonly #database: Database;
  readonly #retention: Retention;
  readonly #deleted: DeletedExpiry;
  readonly #folding: Folding;
  #position: SweepPosition | undefined;
  /** The day up to which the last complete sweep dropped ids. */
  #sweptDay = -1;

  constructor(database: Database, retention: Retention) {
    this.#database = database;
    this.#retention = retention;
    this.#deleted = new DeletedExpiry(database);
    this.#folding = new Folding(database, retention);
  }

  /**
   * Drops a step of everything that is due; then adds up days that are.
   *
   * @param now Milliseconds since 1970.
   * @returns True while there is more to drop.
   */
  step(now: number): boolean {
    const { ids, events, deleted, quarantine } = this.#retention;
    const hasMore = this.#database.transaction(() => {
      this.#indexIds(now - Math.min(ids, events));
      const dropped = [
        this.#expireEvents(now - events),
        this.#expireQuarantine(now - quarantine),
      ];
      const hasMoreDeleted = this.#deleted.step(now - deleted);
      const isSweeping = this.#sweepIds(dayOf((now - ids) * 1000));
      return hasMoreDeleted || isSweeping || dropped.some((count) => count >= STEP);
    });
    return hasMore || this.#folding.step(now);
  }

  /** Ids that only the log has must not go with it, and are to be swept in their time. */
  #indexIds(before: number): void {
    const sql = `SELECT received_at FROM events WHERE seq > ${INDEXED_SEQ} ORDER BY seq LIMIT 1`;
    const oldest = this.#database.get(sql);
    if (oldest !== undefined && Number(oldest.received_at) < before) indexIds(this.#database);
  }

  /** The log is in order of arrival, so what is due is at its beginning. */
  #expireEvents(before: number): number {
    return this.#database.run(
      `DELETE FROM events WHERE received_at < ? AND seq <= ${INDEXED_SEQ} AND seq IN (
        SELECT seq FROM events ORDER BY seq LIMIT ${STEP})`,
      before,
    );
  }

  /** Ids are in no order of time: once a day all of them are looked at, a little at a time. */
  #sweepIds(before: number): boolean {
    if (before <= this.#sweptDay) return false;
    const after = this.#position ?? [-1, ""];
    const end = this.#database.get(
      `SELECT registry_id, id FROM event_ids WHERE (registry_id, id) > (?, ?)
        ORDER BY registry_id, id LIMIT 1 OFFSET ${SWEEP - 1}`,
      ...after,
    );
    this.#position = end === undefined ? undefined : [Number(end.registry_id), end.id as Id];
    this.#dropIds(before, after, this.#position);
    if (end === undefined) this.#sweptDay = before;
    return end !== undefined;
  }

  /** What is older than the ids that are gone can no longer be told from a duplicate. */
  #dropIds(before: number, after: SweepPosition, last: SweepPosition | undefined): void {
    const [upTo, bound] = last === undefined ? ["", []] : ["AND (registry_id, id) <= (?, ?)", last];
    const rows = this.#database.all(
      `DELETE FROM event_ids WHERE (registry_id, id) > (?, ?) ${upTo} AND day < ? RETURNING day`,
      ...after,
      ...bound,
      before,
    );
    if (rows.length === 0) return;
    this.#database.run(
      `INSERT INTO meta VALUES ('expired_ids_day', ?) ON CONFLICT DO UPDATE
        SET value = excluded.value WHERE CAST(value AS INTEGER) < CAST(excluded.value AS INTEGER)`,
      String(Math.max(...rows.map(({ day }) => Number(day)))),
    );
  }

  #expireQuarantine(before: number): number {
    return this.#database.run(
      `DELETE FROM quarantine WHERE id IN (
        SELECT id FROM quarantine WHERE received_at < ? OR id <= (
          SELECT id FROM quarantine ORDER BY id DESC LIMIT 1 OFFSET ${MAX_QUARANTINE})
        LIMIT ${STEP})`,
      before,
    );
  }
}
