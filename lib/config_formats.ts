/**
 * The small formats that configuration values are written in: durations, sizes, addresses, URLs.
 *
 * Each reader answers `undefined` for text that it does not understand; who calls it says what would
 * have been right. Pure.
 *
 * @module
 */

import { isIP } from "node:net";

import { parseCidr } from "./consumer.ts";
import { PLAIN_NAME } from "./names.ts";

/** Milliseconds of each unit of time, longest first. */
const TIME_UNITS: Readonly<Record<string, number>> = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
};

/** Bytes of each unit of size, by its lower-case name, largest first. */
const SIZE_UNITS: Readonly<Record<string, number>> = {
  tib: 2 ** 40,
  tb: 1e12,
  gib: 2 ** 30,
  gb: 1e9,
  mib: 2 ** 20,
  mb: 1e6,
  kib: 2 ** 10,
  kb: 1e3,
  b: 1,
};

const HOST_LABELS =
  /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;
const ROUTE = /^(?:\/[A-Za-z0-9._~-]+)+$/;

/** First segments of paths that belong to the API, the probes and the dashboard. */
export const RESERVED_SEGMENTS: readonly string[] = [
  "-",
  "api",
  "badge",
  "docs",
  "metrics",
  "repositories",
];

/**
 * Reads a duration with a unit: `500ms`, `30s`, `10m`, `2h`, `90d`, `4w`, or several in a row.
 *
 * @param text Such as `1h30m`, the form that Go prints.
 * @returns Milliseconds, or `undefined` if a unit is missing or nothing is left of it.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseDuration } from "./config_formats.ts";
 *
 * assert.equal(parseDuration("1h30m"), 5_400_000);
 * assert.equal(parseDuration("90"), undefined);
 * ```
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g);
  const total = parts.reduce(
    (sum, [, count, unit = ""]) => sum + Number(count) * (TIME_UNITS[unit] ?? 0),
    0,
  );
  return total >= 1 && Number.isSafeInteger(Math.round(total)) ? Math.round(total) : undefined;
}

/**
 * Writes a duration with the longest unit that needs no fraction.
 *
 * @param milliseconds A whole number.
 * @returns Such as `90d` or `1500ms`; {@linkcode parseDuration} reads it back.
 */
export function renderDuration(milliseconds: number): string {
  return renderWithUnit(milliseconds, TIME_UNITS, ["d", "h", "m", "s", "ms"]);
}

/**
 * Reads a size in bytes, plain or with a unit: `65536`, `64KiB`, `32MiB`, `1GiB`, `10MB`.
 *
 * @param text Upper and lower case are the same.
 * @returns Bytes, or `undefined` if the text is no size.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseSize } from "./config_formats.ts";
 *
 * assert.equal(parseSize("64KiB"), 65_536);
 * ```
 */
export function parseSize(text: string): number | undefined {
  const [, count, unit = "b"] = /^(\d+(?:\.\d+)?) ?([kmgt]?i?b)?$/i.exec(text) ?? [];
  const factor = SIZE_UNITS[unit.toLowerCase()];
  if (count === undefined || factor === undefined) return undefined;
  const bytes = Math.round(Number(count) * factor);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/**
 * Writes a size with the largest binary unit that needs no fraction.
 *
 * @param bytes A whole number.
 * @returns Such as `32MiB`; {@linkcode parseSize} reads it back.
 */
export function renderSize(bytes: number): string {
  const units = { TiB: 2 ** 40, GiB: 2 ** 30, MiB: 2 ** 20, KiB: 2 ** 10, B: 1 };
  return renderWithUnit(bytes, units, Object.keys(units));
}

/**
 * Reads the name of a registry or a consumer.
 *
 * @param text Lower-case letters, digits, `.`, `_` and `-`, at most 64.
 * @returns The same text, or `undefined`.
 */
export function parseName(text: string): string | undefined {
  return PLAIN_NAME.test(text) ? text : undefined;
}

/**
 * Reads a token.
 *
 * @param text At least 8 visible characters of ASCII, without spaces.
 * @returns The same text, or `undefined`.
 */
export function parseToken(text: string): string | undefined {
  return /^[!-~]{8,}$/.test(text) ? text : undefined;
}

/**
 * Reads an address to listen on: an IP address or a host name, without a port.
 *
 * @param text IPv6 with or without brackets.
 * @returns Without brackets, or `undefined`.
 */
export function parseHost(text: string): string | undefined {
  const host = text.replace(/^\[(.*:.*)\]$/, "$1");
  if (isIP(host) !== 0) return host;
  const isName = HOST_LABELS.test(host) && !/^[\d.]+$/.test(host);
  return isName ? host : undefined;
}

/**
 * Reads a name for a certificate: a host name, also one that begins with `*.`, or an IP address.
 *
 * @param text IPv6 with or without brackets.
 * @returns Without brackets, or `undefined`.
 */
export function parseCertificateName(text: string): string | undefined {
  const [wildcard = ""] = /^\*\.(?=.*[a-z])/i.exec(text) ?? [];
  const host = parseHost(text.slice(wildcard.length));
  return host === undefined ? undefined : wildcard + host;
}

/**
 * Reads the address of a server: a host with or without a port.
 *
 * @param text `mongo-host`, `mongo-host:27017` or `[::1]:27017`.
 * @returns The same text, or `undefined`.
 */
export function parseHostAndPort(text: string): string | undefined {
  const [, host, port = "1"] = /^(\[.*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host === undefined || parseHost(host) === undefined) return undefined;
  return Number(port) > 0 && Number(port) < 65_536 ? text : undefined;
}

/**
 * Reads a range of IP addresses.
 *
 * @param text CIDR notation or a single address, IPv4 or IPv6.
 * @returns The same text, or `undefined`.
 */
export function parseRange(text: string): string | undefined {
  try {
    parseCidr(text);
    return text;
  } catch {
    return undefined;
  }
}

/**
 * Reads the path that registries post to.
 *
 * @param text Starts with `/`; a slash at the end is dropped, because both spellings are served.
 * @returns The path, or `undefined` if it is no plain path or belongs to the API or the dashboard.
 */
export function parseRoute(text: string): string | undefined {
  const route = text.replace(/\/$/, "");
  const [first = "", ...others] = route.split("/").slice(1);
  const isDotted = [first, ...others].some((segment) => /^\.+$/.test(segment));
  return ROUTE.test(route) && !isDotted && !RESERVED_SEGMENTS.includes(first) ? route : undefined;
}

/**
 * Reads the URL under which others reach DREC.
 *
 * @param text `http://` or `https://`, a host, perhaps a port; no user, path, query or fragment.
 * @returns The origin, without a slash at the end, or `undefined`.
 */
export function parseOrigin(text: string): string | undefined {
  if (!/^https?:\/\/[^/?#@\\]+\/?$/i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text).origin;
}

/**
 * Says whether an address to listen on can only be reached from this machine.
 *
 * @param address As in `server.address`.
 * @returns True for `localhost`, `::1` and all of 127.0.0.0/8.
 */
export function isLoopbackAddress(address: string): boolean {
  return address === "localhost" || address === "::1" ||
    (isIP(address) === 4 && address.startsWith("127."));
}

/**
 * Says whether text is a whole number without a sign.
 *
 * @param text What an environment variable holds.
 * @returns True if it has digits alone.
 */
export function isWholeNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

function renderWithUnit(
  value: number,
  units: Readonly<Record<string, number>>,
  names: readonly string[],
): string {
  const unit = names.find((name) => value % (units[name] ?? 1) === 0) ?? names.at(-1) ?? "";
  return `${value / (units[unit] ?? 1)}${unit}`;
}
