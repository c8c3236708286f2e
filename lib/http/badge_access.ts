/**
 * Who may see a badge, and where it may be shown.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";

import type { Store } from "../store/store.ts";
import { type ApiContext, partOf } from "./api/answer.ts";
import type { Authorizer } from "./auth.ts";
import { isSigned, makeBadgeKey } from "./badge_signature.ts";
import { parseBadgeFile, parseBadgeQuery } from "./badge_query.ts";
import { guard } from "./middleware.ts";
import { type Environment, queryOf } from "./request.ts";

const EMBEDDABLE = {
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
  "Cross-Origin-Resource-Policy": "cross-origin",
};

/**
 * Lets other sites show badges, and nothing else.
 *
 * @returns The middleware; it must surround the one that sets the headers of all answers.
 */
export function embeddable(): MiddlewareHandler<Environment> {
  return async function embeddable(c, next): Promise<void> {
    await next();
    if (c.res.status !== 200 && c.res.status !== 304) return;
    for (const [name, value] of Object.entries(EMBEDDABLE)) c.res.headers.set(name, value);
  };
}

/**
 * Lets a request pass if it may read, or if its address is signed.
 *
 * @param store Where the key is.
 * @param authorize Decides who may read.
 * @returns The middleware; it throws `unauthorized` or `forbidden`.
 */
export function allowBadge(store: Store, authorize: Authorizer): MiddlewareHandler<Environment> {
  const guardRead = guard(authorize, "read");
  let key: string | undefined;
  return async function allowBadge(c, next): Promise<Response | void> {
    const signature = signatureOf(c);
    if (signature === undefined) return await guardRead(c, next);
    key ??= await store.madeKey("badge", makeBadgeKey());
    const { repository } = parseBadgeFile(partOf(c, "file"));
    const { registry } = parseBadgeQuery(queryOf(c.req.url));
    const badge = { repository, ...(registry === undefined ? {} : { registry }) };
    if (isSigned(badge, signature, key)) return await next();
    return await guardRead(c, next);
  };
}

/** A signature has one form; what has another is none. */
function signatureOf(c: ApiContext): string | undefined {
  return /(?:^|&)sig=([\w-]{43})(?:&|$)/.exec(queryOf(c.req.url))?.[1];
}
