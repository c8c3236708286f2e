/**
 * When events arrived.
 *
 * @module
 */

import { LATEST_EVENTS } from "../history.ts";
import type { Database } from "./database.ts";
import { timeOf } from "./values.ts";

/** @returns See `HistoryStore.lastArrival()`. */
export function lastArrival(database: Database, registry?: string): number | null {
  const row = registry === undefined
    ? database.get("SELECT received_at FROM events WHERE seq = (SELECT max(seq) FROM events)")
    : database.get(
      `SELECT received_at FROM events
        WHERE seq > (SELECT max(seq) FROM events) - ${LATEST_EVENTS}
          AND registry_id = (SELECT id FROM registries WHERE name = ?)
        ORDER BY seq DESC LIMIT 1`,
      registry,
    );
  return timeOf(row?.received_at);
}
