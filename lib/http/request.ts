/**
 * What is read off a request before it is routed: its path and its query, as they were sent.
 *
 * `Deno.serve` hands over the request target as it came. It is never put through `URL`, which would
 * resolve `..` and `%2e%2e` (repositories may be called so) and throws where the `Host` header is
 * broken.
 *
 * @module
 */

/** Who sent a request. */
export interface RequestInfo {
  /** IP address of the other end of the connection. */
  readonly remoteAddress: string;
}

/** Answers a request; never throws. */
export type FetchHandler = (
  request: Request,
  info: RequestInfo,
) => Response | Promise<Response>;

/** Types of the context that API handlers are given. */
export interface Environment {
  Bindings: RequestInfo;
  Variables: { requestId: string };
}

/**
 * Cuts the path out of a request's address.
 *
 * @param url `request.url`.
 * @returns The path as it was sent, percent-encoding and all; `/` where there is none.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { pathOf } from "./request.ts";
 *
 * assert.equal(pathOf("https://[/a/../b%2Fc?d"), "/a/../b%2Fc");
 * ```
 */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  if (start < 0) return "/";
  const length = url.slice(start).search(/[?#]/);
  return length < 0 ? url.slice(start) : url.slice(start, start + length);
}

/**
 * Cuts the query out of a request's address.
 *
 * @param url `request.url`.
 * @returns The query without its `?`, as it was sent; empty where there is none.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { queryOf } from "./request.ts";
 *
 * assert.equal(queryOf("https://drec/api?q=a%20b#c"), "q=a%20b");
 * ```
 */
export function queryOf(url: string): string {
  const [withoutFragment = ""] = url.split("#", 1);
  const start = withoutFragment.indexOf("?");
  return start < 0 ? "" : withoutFragment.slice(start + 1);
}
