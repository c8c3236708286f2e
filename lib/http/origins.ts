/**
 * What web pages of other sites may do in a browser (`server.cors`), which is nothing by default.
 *
 * A listed origin may read and write, and its pages may send cookies to a proxy that signs users
 * in. `*` lets all pages read with a token of theirs, no more: what a browser adds by itself, such
 * as the user's session at a proxy, must not work for a page that the user did not mean.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";

import { AppError } from "../errors.ts";
import type { Environment } from "./request.ts";

/** What pages may ask for; probes and metrics are no page's business. */
const SHARED = /^\/(?:api\/v1|badge)(?:\/|$)/;
const READING = "GET, HEAD";
const WRITING = "GET, HEAD, PUT, DELETE";
const REQUEST_HEADERS = "Authorization, Content-Type, If-None-Match, Last-Event-ID, X-Request-Id";
const ANSWER_HEADERS = "ETag, Retry-After, X-Request-Id";
/** How long a browser remembers a preflight; those who change the list wait so long. */
const MAX_AGE_S = "600";

/**
 * Tells browsers which pages may read the answer, and answers their preflights without a token:
 * browsers send none.
 *
 * @param origins `server.cors`: origins, or `*`.
 * @returns The middleware.
 */
export function shareWith(origins: readonly string[]): MiddlewareHandler<Environment> {
  return async function shareWith(c, next): Promise<Response | void> {
    if (origins.length === 0 || !SHARED.test(c.req.path)) return await next();
    const origin = c.req.header("origin");
    const allowed = origin === undefined ? undefined : allowanceFor(origin, origins);
    const isPreflight = c.req.method === "OPTIONS" &&
      c.req.header("access-control-request-method") !== undefined;
    if (isPreflight && allowed !== undefined) {
      return c.body(null, 204, {
        ...allowed,
        "Access-Control-Allow-Methods": isListed(origin, origins) ? WRITING : READING,
        "Access-Control-Allow-Headers": REQUEST_HEADERS,
        "Access-Control-Max-Age": MAX_AGE_S,
        "Cache-Control": "no-store",
        Vary: "Origin",
      });
    }
    await next();
    c.header("Vary", "Origin", { append: true });
    if (allowed === undefined) return;
    for (const [name, value] of Object.entries(allowed)) c.header(name, value);
    c.header("Access-Control-Expose-Headers", ANSWER_HEADERS);
  };
}

/**
 * Refuses what a page of another site asks for in its user's name. Browsers say where a request
 * comes from; programs say nothing.
 *
 * @param origins `server.cors`: pages of these may; `*` is not enough.
 * @returns The middleware; it throws `forbidden`.
 */
export function refuseForeignPages(origins: readonly string[]): MiddlewareHandler<Environment> {
  return async function refuseForeignPages(c, next): Promise<void> {
    if (isOfForeignPage(c.req.raw) && !isListed(c.req.header("origin"), origins)) {
      throw new AppError("forbidden", "A page of another site cannot change anything here", {
        hint: "list its origin in `server.cors`",
      });
    }
    await next();
  };
}

/**
 * Says whether a request comes from a page of another site.
 *
 * @param request Any request.
 * @returns True where a browser says so; no program does.
 */
export function isOfForeignPage({ headers }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  return site !== null && site !== "same-origin" && site !== "none";
}

function allowanceFor(
  origin: string,
  origins: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (isListed(origin, origins)) {
    return {
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Allow-Credentials": "true",
    };
  }
  return origins.includes("*") ? { "Access-Control-Allow-Origin": "*" } : undefined;
}

function isListed(origin: string | undefined, origins: readonly string[]): boolean {
  return origin !== undefined && origin !== "*" && origins.includes(origin);
}
