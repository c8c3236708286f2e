/**
 * The `Host` header: kept out of routing, and held against the names that DREC has.
 *
 * `Deno.serve` puts it into `request.url` as it came. With a `/`, `?` or `#` in it (no client sends
 * that, a broken proxy may) nobody could tell from the address alone where the path begins.
 *
 * A page can make its own name mean this machine (DNS rebinding). Its browser then takes what DREC
 * answers for the page's own; only the name that was asked for tells.
 *
 * @module
 */

import { isIP } from "node:net";

const ENDS_AUTHORITY = /[/?#]/;

/**
 * Gives a request an address whose path is the one that was asked for.
 *
 * @param request As the server hands it over.
 * @returns The same request, as a rule; else one like it, with `localhost` in its address.
 */
export function withPlainHost(request: Request): Request {
  const host = request.headers.get("host");
  if (host === null || !ENDS_AUTHORITY.test(host)) return request;
  const { url } = request;
  const start = url.indexOf("://") + 3;
  const shown = asShown(host);
  // A request target that is a whole address has a host of its own.
  if (!url.startsWith(`${shown}/`, start)) return request;
  return new Request(`${url.slice(0, start)}localhost${url.slice(start + shown.length)}`, request);
}

/**
 * Reads the name by which DREC was asked.
 *
 * @param request As the server hands it over.
 * @returns The `Host` header; over HTTP/2, which has none, what stands for it in the address.
 */
export function hostOf({ headers, url }: Request): string {
  return headers.get("host") ?? /^\w+:\/\/([^/?#]*)/.exec(url)?.[1] ?? "";
}

/**
 * Makes a check of the names by which DREC is asked.
 *
 * @param names The host names that DREC has beside `localhost`.
 * @returns Whether a host, perhaps with a port, is one of them, or an address: an address is what
 *   it is, while a name in the DNS is whatever its owner says.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHostCheck } from "./host.ts";
 *
 * const isOwn = createHostCheck(["drec.example"]);
 * assert.ok(["drec.example:8443", "localhost", "[::1]:8443"].every(isOwn));
 * assert.ok(!isOwn("other.example"));
 * ```
 */
export function createHostCheck(names: readonly string[]): (host: string) => boolean {
  const own = new Set(names.map(plain));
  return function isOwn(host: string): boolean {
    const [, address, name = ""] = /^(?:\[([^\]]*)\]|([^:/?#@]+))(?::\d+)?$/.exec(host) ?? [];
    if (address !== undefined) return isIP(address) === 6;
    const asked = plain(name);
    return isIP(asked) === 4 || /^(?:.+\.)?localhost$/.test(asked) || own.has(asked);
  };
}

/** Names in the DNS are the same in upper and lower case, and with a dot at the end. */
function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

/** A header's bytes are Latin-1 to `Headers`, and UTF-8 to whoever made the address. */
function asShown(header: string): string {
  return new TextDecoder().decode(Uint8Array.from(header, (letter) => letter.charCodeAt(0)));
}
