/**
 * The signature by which an address opens one badge where the API needs a token.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** What a signature opens: the badge of a repository, with any number and look. */
export interface SignedBadge {
  readonly repository: string;
  /** As in the address; absent: the only registry that has the repository. */
  readonly registry?: string;
}

/** @returns A key that nobody guesses: 256 bits. */
export function makeBadgeKey(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * Signs a badge.
 *
 * @param badge The badge.
 * @param key Known to all collectors, and to nobody else.
 * @returns HMAC-SHA256, base64url.
 */
export function signBadge({ repository, registry = "" }: SignedBadge, key: string): string {
  // A registry has no line break, so that no two badges make the same text.
  const text = `badge\n${registry}\n${repository}`;
  return createHmac("sha256", key).update(text).digest("base64url");
}

/**
 * Checks a signature in constant time.
 *
 * @param badge The badge.
 * @param signature As it came.
 * @param key The key.
 * @returns Whether it is that of the badge.
 */
export function isSigned(badge: SignedBadge, signature: string, key: string): boolean {
  const [sent, right] = [Buffer.from(signature), Buffer.from(signBadge(badge, key))];
  return sent.length === right.length && timingSafeEqual(sent, right);
}

/**
 * Writes the address of a badge.
 *
 * @param url Of DREC.
 * @param badge The badge.
 * @param key The key.
 * @returns The address with its signature.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { badgeUrl } from "./badge_signature.ts";
 *
 * const url = badgeUrl("https://drec", { repository: "team/app", registry: "main" }, "key");
 * assert.match(url, /^https:\/\/drec\/badge\/team\/app\.svg\?registry=main&sig=[\w-]{43}$/);
 * ```
 */
export function badgeUrl(url: string, badge: SignedBadge, key: string): string {
  const { repository, registry } = badge;
  const path = encodeURIComponent(repository).replaceAll("%2F", "/");
  // What clients would resolve goes through as one segment.
  const isResolved = /(?:^|\/)\.{1,2}\//.test(repository) || /^\/|\/\/|\/$/.test(repository);
  const name = isResolved ? path.replaceAll("/", "%2F") : path;
  const query = registry === undefined ? "" : `registry=${registry}&`;
  return `${url.replace(/\/+$/, "")}/badge/${name}.svg?${query}sig=${signBadge(badge, key)}`;
}
