/**
 * How far the notifications of the inbox have been counted: said in the transaction that counts
 * them.
 *
 * @module
 */

import type { Database } from "./database.ts";

/** Where counting goes on. */
export interface InboxPosition {
  /** Number of the last notification of which all is counted; 0 if none is. */
  readonly last: number;
  /** So many entries of the next one are counted, too: the first ones. */
  readonly entries: number;
}

/**
 * Reads how far it is.
 *
 * @param database The database.
 * @returns The position.
 */
export function readPosition(database: Database): InboxPosition {
  const value = database.get("SELECT value FROM meta WHERE key = 'inbox_counted'")?.value;
  const [last = 0, entries = 0] = String(value ?? "").split(" ").map(Number);
  return { last, entries };
}

/**
 * Remembers how far it is.
 *
 * @param database In the transaction that counts up to there.
 * @param position The position.
 */
export function writePosition(database: Database, { last, entries }: InboxPosition): void {
  database.run("INSERT OR REPLACE INTO meta VALUES ('inbox_counted', ?)", `${last} ${entries}`);
}
