/**
 * When events arrived.
 *
 * @module
 */

import { LATEST_EVENTS } from "../history.ts";
import type { Database } from "./database.ts";
import { numberOrNull } from "./values.ts";

/** @returns See `HistoryStore.lastArrival()`. */
export function lastArrival(database: Database, registry?: string): number | null {
  const ofRegistry = "AND registry_id = (SELECT id FROM registries WHERE name = ?)";
  // In order of arrival, unless a clock was set back.
  const row = database.get(
    `SELECT max(received_at) AS last FROM events
      WHERE seq > (SELECT max(seq) FROM events) - ${LATEST_EVENTS}
        ${registry === undefined ? "" : ofRegistry}`,
    ...(registry === undefined ? [] : [registry]),
  );
  return numberOrNull(row?.last);
}
