/**
 * Values that are made once: keys in the database, tokens in files beside it.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { AppError } from "../../errors.ts";
import type { TokenRole } from "../store.ts";
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

/**
 * Gets a token, or makes it where there is none: in a file of its own, so that a copy of the
 * database holds no secret.
 *
 * @param folder That of the database.
 * @param role What the token is for.
 * @param candidate Kept where there is none.
 * @returns The token, and whether this call made it.
 * @throws {AppError} `unavailable` if the file cannot be written.
 */
export async function madeToken(
  folder: string,
  role: TokenRole,
  candidate: string,
): Promise<{ token: string; isNew: boolean }> {
  const path = join(folder, `token-${role}`);
  try {
    await Deno.writeTextFile(path, `${candidate}\n`, { mode: 0o600, createNew: true });
    return { token: (await Deno.readTextFile(path)).trim(), isNew: true };
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) {
      throw new AppError("unavailable", `Cannot write token "${path}": ${String(error)}`, {
        hint: "let the user that runs DREC write to this folder",
        cause: error,
      });
    }
    return { token: (await Deno.readTextFile(path)).trim(), isNew: false };
  }
}
