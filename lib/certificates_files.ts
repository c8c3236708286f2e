/**
 * Files of certificates and keys, written so that a crash leaves the old one or the new one.
 *
 * @module
 */

import { AppError } from "./errors.ts";
import { reasonOf, remedyOf } from "./file_errors.ts";

/** Keys: for their owner alone. */
export const KEY_MODE = 0o600;

/** Certificates: registries have to read `ca.crt`. */
export const CERT_MODE = 0o644;

/**
 * Reads a file.
 *
 * @param path Of a PEM file.
 * @param hint What to do if it cannot be read.
 * @returns Its text.
 * @throws {AppError} `invalid` if it cannot be read.
 */
export async function readPem(
  path: string,
  hint = "make it readable for the user that DREC runs as",
): Promise<string> {
  try {
    // What some editors put in front of a text is no part of PEM.
    return (await Deno.readTextFile(path)).replace(/^\uFEFF/, "");
  } catch (error) {
    throw new AppError("invalid", `Cannot read "${path}": ${reasonOf(error)}`, {
      hint: remedyOf(error, hint),
      cause: error,
    });
  }
}

/**
 * Finds the first certificate of a text. Its key may stand in front of it, in the same file.
 *
 * @param pem A certificate, perhaps with its chain.
 * @returns The certificate alone; the whole text where there is none.
 */
export function firstCertificateIn(pem: string): string {
  return /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(pem)?.[0] ?? pem;
}

/**
 * Says whether there is a file.
 *
 * @param path Of a file.
 * @returns True if there is, readable or not.
 * @throws {AppError} `invalid` if that cannot be known.
 */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw new AppError("invalid", `Cannot read "${path}": ${reasonOf(error)}`, {
      hint: "make its directory readable for the user that DREC runs as",
      cause: error,
    });
  }
}

/**
 * Names the file that waits to take the place of another.
 *
 * @param path Of that other.
 * @returns A path in the same directory, so that it can be renamed.
 */
export function waitingFor(path: string): string {
  return `${path}.new`;
}

/**
 * Puts a text where {@linkcode waitingFor} says, durably.
 *
 * @param path Of the file whose place it will take.
 * @param text PEM.
 * @param mode The permissions.
 */
export async function prepare(path: string, text: string, mode: number): Promise<void> {
  const waiting = waitingFor(path);
  // One left over by a crash would keep its permissions.
  if (await exists(waiting)) await Deno.remove(waiting);
  await Deno.writeTextFile(waiting, text, { createNew: true, mode });
  using file = await Deno.open(waiting);
  await file.sync();
}

/**
 * Moves the text of {@linkcode prepare} into place.
 *
 * @param path Of the file that is replaced.
 */
export async function commit(path: string): Promise<void> {
  await Deno.rename(waitingFor(path), path);
}
