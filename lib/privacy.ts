/**
 * What is kept of the people behind events: fingerprints that join a client's requests without
 * naming it, and the `privacy` setting for what is shown.
 *
 * @module
 */

import { createHash } from "node:crypto";

import type { RegistryEvent } from "./event.ts";

/** What to do with a name or an address before it is stored. */
export type PrivacyMode = "keep" | "hash" | "drop";

/** The `privacy` section of the configuration. */
export interface Privacy {
  readonly actors: PrivacyMode;
  readonly addresses: PrivacyMode;
}

/**
 * Identifies the client of an event: its address, user agent and actor, keyed. It is the same
 * whatever `privacy` says, so that privacy never changes a count.
 *
 * @param event The event.
 * @param key The store's secret key.
 * @returns 11 characters, 64 bits.
 */
export function fingerprintOf(event: RegistryEvent, key: string): string {
  const client = JSON.stringify([event.address, event.userAgent, event.actor]);
  return keyedHash(client, key, "base64url").slice(0, 11);
}

/**
 * Applies a privacy mode to a value.
 *
 * @param value The name or address.
 * @param mode What to do with it.
 * @param key The store's secret key.
 * @returns The value, its keyed hash (`#` and 16 hexadecimal digits), or nothing.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { disguise } from "./privacy.ts";
 *
 * assert.equal(disguise("alice", "keep", "key"), "alice");
 * assert.match(disguise("alice", "hash", "key") ?? "", /^#[0-9a-f]{16}$/);
 * assert.equal(disguise("alice", "drop", "key"), undefined);
 * ```
 */
export function disguise(
  value: string | undefined,
  mode: PrivacyMode,
  key: string,
): string | undefined {
  if (value === undefined || mode === "drop") return undefined;
  return mode === "keep" ? value : `#${keyedHash(value, key, "hex").slice(0, 16)}`;
}

/**
 * Applies `privacy` to the text of a request body, where that can be read as JSON.
 *
 * @param body The text of the body, maybe cut.
 * @param privacy The setting.
 * @param key The store's secret key.
 * @returns The same text where nothing is to hide or the text cannot be read.
 */
export function redactBody(body: string, privacy: Privacy, key: string): string {
  if (privacy.actors === "keep" && privacy.addresses === "keep") return body;
  try {
    return JSON.stringify(JSON.parse(body), function redact(name: string, value: unknown): unknown {
      if (typeof value !== "string") return value;
      if (name === "addr") return disguise(value, privacy.addresses, key);
      return name === "name" ? disguise(value, privacy.actors, key) : value;
    });
  } catch {
    return body;
  }
}

/** The key stands first and is longer than what is told of the hash: nobody can go on from it. */
function keyedHash(value: string, key: string, encoding: "hex" | "base64url"): string {
  return createHash("sha256").update(`${key}\n${value}`).digest(encoding);
}
