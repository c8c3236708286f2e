/**
 * Which of the configured consumers (`prod-eu`, `ci`, `trivy`, …) caused an event.
 *
 * @module
 */

/** A named rule: it fits where any of its addresses, actors or user agents does. */
export interface ConsumerRule {
  readonly name: string;
  /** CIDR ranges or single addresses, IPv4 or IPv6. */
  readonly addresses: readonly string[];
  /** Names of actors, whole. */
  readonly actors: readonly string[];
  /** What a user agent begins with. */
  readonly useragents: readonly string[];
}

/** What a rule looks at. */
export interface Origin {
  readonly address?: string;
  readonly actor?: string;
  readonly userAgent?: string;
}

/** Names the consumer of an origin. */
export type ConsumerMatcher = (origin: Origin) => string;

/** A range of addresses of one family. */
interface Range {
  readonly bits: 32 | 128;
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Prepares rules for matching.
 *
 * @param rules In the order in which they are tried.
 * @returns A function that names the first rule that fits, else `other`.
 * @throws {RangeError} If an address is no CIDR range.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createConsumerMatcher } from "./consumer.ts";
 *
 * const rule = { name: "ci", addresses: ["10.0.0.0/8"], actors: [], useragents: [] };
 * const consumerOf = createConsumerMatcher([rule]);
 * assert.equal(consumerOf({ address: "10.1.2.3" }), "ci");
 * assert.equal(consumerOf({ address: "192.0.2.1" }), "other");
 * ```
 */
export function createConsumerMatcher(rules: readonly ConsumerRule[]): ConsumerMatcher {
  const prepared = rules.map((rule) => ({ ...rule, ranges: rule.addresses.map(parseCidr) }));
  const hasRanges = prepared.some(({ ranges }) => ranges.length > 0);
  return function consumerOf({ address, actor, userAgent }: Origin): string {
    const parsed = hasRanges && address !== undefined ? parseAddress(address) : undefined;
    const rule = prepared.find(({ ranges, actors, useragents }) =>
      (actor !== undefined && actors.includes(actor)) ||
      (userAgent !== undefined && useragents.some((prefix) => userAgent.startsWith(prefix))) ||
      (parsed !== undefined && ranges.some((range) => contains(range, parsed)))
    );
    return rule?.name ?? "other";
  };
}

/**
 * Reads a CIDR range such as `10.0.0.0/8`, `2001:db8::/32` or a single address.
 *
 * @param text The range.
 * @returns Its first and last address as numbers.
 * @throws {RangeError} If it is none.
 */
export function parseCidr(text: string): Range {
  const [address = "", length, ...rest] = text.split("/");
  const parsed = parseAddress(address);
  const prefix = length === undefined ? parsed?.bits : parsePrefix(length);
  if (parsed === undefined || prefix === undefined || prefix > parsed.bits || rest.length > 0) {
    throw new RangeError(`Cannot parse address range "${text}"`);
  }
  const size = 1n << BigInt(parsed.bits - prefix);
  const first = parsed.value - parsed.value % size;
  return { bits: parsed.bits, first, last: first + size - 1n };
}

/**
 * Says whether an address lies in one of the ranges.
 *
 * @param ranges From {@linkcode parseCidr}.
 * @param address Text of an IP address; anything else lies in none.
 * @returns True if it does.
 */
export function isInRanges(ranges: readonly Range[], address: string): boolean {
  const parsed = parseAddress(address);
  return parsed !== undefined && ranges.some((range) => contains(range, parsed));
}

interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

function contains(range: Range, address: Address): boolean {
  return range.bits === address.bits && range.first <= address.value && address.value <= range.last;
}

function parsePrefix(text: string): number | undefined {
  return /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

function parseAddress(text: string): Address | undefined {
  // An IPv4 client of a dual-stack socket is shown as ::ffff:192.0.2.1.
  const plain = text.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
  const value = plain.includes(":") ? parseIpv6(plain) : parseIpv4(plain);
  if (value === undefined) return undefined;
  return { bits: plain.includes(":") ? 128 : 32, value };
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split(".");
  const isValid = parts.length === 4 &&
    parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  return isValid ? parts.reduce((sum, part) => (sum << 8n) + BigInt(part), 0n) : undefined;
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split("::");
  const [head = [], tail = []] = halves.map((half) => half === "" ? [] : half.split(":"));
  const missing = 8 - head.length - tail.length;
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) return undefined;
  const groups = [...head, ...Array<string>(missing).fill("0"), ...tail];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.reduce((sum, group) => (sum << 16n) + BigInt(parseInt(group, 16)), 0n);
}
