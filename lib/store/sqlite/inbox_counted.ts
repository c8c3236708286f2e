/**
 * How far the events of the inbox have been counted: said in the transaction that counts them.
 *
 * @module
 */

import type { Database } from "./database.ts";

/**
 * Reads the number of the last event that has been counted.
 *
 * @param database The database.
 * @returns 0 if none has been.
 */
export function countedEvents(database: Database): number {
  return Number(database.get("SELECT value FROM meta WHERE key = 'inbox_counted'")?.value ?? 0);
}

/**
 * Remembers the number of the last event that has been counted.
 *
 * @param database In the transaction that counts it.
 * @param last The number.
 */
export function setCountedEvents(database: Database, last: number): void {
  database.run("INSERT OR REPLACE INTO meta VALUES ('inbox_counted', ?)", String(last));
}
