/**
 * Tokens that are made once, each in a file of its own beside the database.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

import { parseToken } from "../../config_formats.ts";
import { AppError } from "../../errors.ts";
import { reasonOf, remedyOf } from "../../file_errors.ts";
import type { TokenRole } from "../store.ts";
import type { Database } from "./database.ts";

/**
 * Gets a token, or makes it where there is none: in a file of its own, so that a copy of the
 * database holds no secret.
 *
 * @param database Beside which, and whose lock lets one process after the other look for the file.
 * @param role What the token is for.
 * @param candidate Kept where there is none.
 * @returns The token, and whether this call made it.
 * @throws {AppError} `unavailable` if the file cannot be read or written, or holds no token.
 */
export async function madeToken(
  database: Database,
  role: TokenRole,
  candidate: string,
): Promise<{ token: string; isNew: boolean }> {
  const path = join(dirname(database.path), `token-${role}`);
  const present = await readToken(path);
  if (present !== undefined) return { token: present, isNew: false };
  const isNew = await makeFile(database, path, `${candidate}\n`);
  return { token: await readToken(path) ?? candidate, isNew };
}

async function readToken(path: string): Promise<string | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const token = parseToken(text.trim());
  if (token !== undefined) return token;
  const message = `Cannot use token "${path}": expected at least 8 visible characters, no spaces`;
  throw new AppError("unavailable", message, {
    hint: "remove the file, so that a new token is made, and start DREC again",
  });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new AppError("unavailable", `Cannot read token "${path}": ${reasonOf(error)}`, {
      hint: remedyOf(error, "let the user that runs DREC read this file, or remove it"),
      cause: error,
    });
  }
}

/** Under another name at first: a file that a full disk has left empty would open every door. */
async function makeFile(database: Database, path: string, text: string): Promise<boolean> {
  const waiting = `${path}.${randomUUID()}`;
  try {
    await writeDurably(waiting, text);
    return database.transaction(() => moveIfMissing(waiting, path));
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("unavailable", `Cannot write token "${path}": ${reasonOf(error)}`, {
      hint: remedyOf(error, "let the user that runs DREC write to this folder"),
      cause: error,
    });
  } finally {
    await removeIfThere(waiting);
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  await file.write(new TextEncoder().encode(text));
  await file.sync();
}

/** Under the lock of the database: a hard link would do the same, but not on every file system. */
function moveIfMissing(waiting: string, path: string): boolean {
  if (existsSync(path)) return false;
  Deno.renameSync(waiting, path);
  return true;
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch {
    // It was moved, or was never made.
  }
}
