/**
 * Keys that are made once, in the database. Tokens are in files beside it: `made_token.ts`.
 *
 * @module
 */

import { randomBytes } from "node:crypto";

import type { Database } from "./database.ts";

/**
 * Gets a key, or makes it where there is none. Other than a token it is in the database: a copy of
 * the numbers opens nothing but badges.
 *
 * @param database Where.
 * @param name Names the key.
 * @param candidate Kept where there is none.
 * @returns The key, and whether this call made it; a new one is committed, but not flushed.
 */
export function madeKey(
  database: Database,
  name: string,
  candidate: string,
): { value: string; isNew: boolean } {
  return database.transaction(() => {
    const made = database.run("INSERT OR IGNORE INTO meta VALUES (?, ?)", name, candidate);
    const row = database.get("SELECT value FROM meta WHERE key = ?", name);
    return { value: String(row?.value), isNew: made > 0 };
  });
}

/**
 * Gets the key of the fingerprints of clients, or makes it: 256 random bits.
 *
 * @param database Where.
 * @returns The key.
 */
export function madeFingerprintKey(database: Database): string {
  return madeKey(database, "fingerprint_key", randomBytes(32).toString("hex")).value;
}
