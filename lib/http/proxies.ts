/**
 * What is believed of the proxies in front of DREC: that they are some, and who their user is.
 *
 * The address that counts is that of the connection. A header that anybody can send says nothing.
 *
 * @module
 */

import { Buffer } from "node:buffer";

import { isInRanges, parseCidr } from "../consumer.ts";
import type { RequestInfo } from "./request.ts";

/** Says whether an address is that of a trusted proxy. */
export type ProxyCheck = (address: string) => boolean;

/** Names the user on whose behalf a trusted proxy asks; `undefined` where there is none. */
export type Identifier = (request: Request, info: RequestInfo) => string | undefined;

/**
 * Prepares the addresses of proxies for comparison.
 *
 * @param ranges `server.trusted_proxies`: CIDR ranges or single addresses.
 * @returns The check.
 * @throws {RangeError} If one is no CIDR range.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createProxyCheck } from "./proxies.ts";
 *
 * const isProxy = createProxyCheck(["10.0.0.0/8"]);
 * assert.equal(isProxy("::ffff:10.1.2.3"), true);
 * assert.equal(isProxy("192.0.2.1"), false);
 * ```
 */
export function createProxyCheck(ranges: readonly string[]): ProxyCheck {
  const parsed = ranges.map(parseCidr);
  return (address) => parsed.length > 0 && isInRanges(parsed, address);
}

/**
 * Prepares to read who the user of a proxy is.
 *
 * @param isProxy Tells proxies from all others, whose header is ignored.
 * @param header `stars.user_header`; `undefined`: no proxy names users.
 * @returns The reader.
 */
export function createIdentifier(isProxy: ProxyCheck, header: string | undefined): Identifier {
  return function identify({ headers }, { remoteAddress }): string | undefined {
    if (header === undefined || !isProxy(remoteAddress)) return undefined;
    const value = headers.get(header);
    return value === null || value === "" ? undefined : decode(value);
  };
}

/** Headers are bytes, one a character. Names are UTF-8, where they can be. */
function decode(value: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(value, "latin1"));
  } catch {
    return value;
  }
}
