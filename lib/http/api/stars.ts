/**
 * Stars: who gave one to a repository, giving one, taking it back.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";

import { AppError } from "../../errors.ts";
import type { Star, Store } from "../../store/store.ts";
import type { Authorizer } from "../auth.ts";
import { renderCursor } from "../cursor.ts";
import { accessError } from "../middleware.ts";
import type { Identifier } from "../proxies.ts";
import type { Environment } from "../request.ts";
import { answerJson, type ApiContext, type ApiHandler, parametersOf, partOf } from "./answer.ts";
import { findRepository, noRepository } from "./repositories.ts";
import { renderTime, type Shape } from "./shapes.ts";

/** Longest name of a user, in code points. */
export const MAX_USER = 256;

/** Who may change which star. */
export interface StarAccess {
  readonly authorize: Authorizer;
  readonly identify: Identifier;
}

/**
 * Lets a request pass if it may change the star of the user in its path: those with the role
 * `admin` may change any, a user that a trusted proxy names only the own one.
 *
 * @param access Decides.
 * @returns The middleware; it throws `unauthorized` or `forbidden`.
 */
export function guardStar({ authorize, identify }: StarAccess): MiddlewareHandler<Environment> {
  return async function guardStar(c, next): Promise<void> {
    const access = authorize(c.req.raw, "admin", c.env);
    if (access.ok) return await next();
    const user = identify(c.req.raw, c.env);
    if (user === undefined) throw accessError(access, "admin");
    if (user !== userOf(c)) {
      throw new AppError("forbidden", `User "${user}" cannot change the star of another`, {
        hint: "put the own name at the end of the path",
      });
    }
    await next();
  };
}

/**
 * `PUT` and `DELETE /api/v1/repositories/{name}/-/stars/{user}?registry=`
 *
 * @param store Where stars live.
 * @param options Whether there is a star afterwards; `now` tells the time in milliseconds since
 *   1970.
 * @returns The handler; the same again changes nothing and is answered the same.
 */
export function setStar(
  store: Store,
  { isStarred, now }: { isStarred: boolean; now: () => number },
): ApiHandler {
  return async function setStar(c): Promise<Response> {
    const parameters = parametersOf(c, ["registry"]);
    const user = parseUser(userOf(c));
    const of = await findRepository(store, c, parameters);
    const stars = await store.setStar(of, { user, isStarred, at: now() });
    if (stars === undefined) throw noRepository(of.repository, of.registry);
    return answerJson(c, { stars, starred: isStarred });
  };
}

/**
 * `GET /api/v1/repositories/{name}/-/stars?registry=&limit=&cursor=`
 *
 * @param store Where stars live.
 * @returns The handler.
 */
export function listStars(store: Store): ApiHandler {
  return async function listStars(c): Promise<Response> {
    const parameters = parametersOf(c, ["registry", "limit", "cursor"]);
    const of = await findRepository(store, c, parameters);
    const name = ["stars", of.registry, of.repository];
    const { items, next } = await store.listStars(of, parameters.page(name));
    return answerJson(c, {
      items: items.map(starShape),
      next: renderCursor(name, next),
      stars: of.stars,
    });
  };
}

function starShape({ user, at }: Star): Shape {
  return { user, at: renderTime(at) };
}

function userOf(c: ApiContext): string {
  return partOf(c, "user");
}

function parseUser(text: string): string {
  const isPossible = text !== "" && Array.from(text).length <= MAX_USER && text.isWellFormed() &&
    !/\p{Cc}/u.test(text);
  if (isPossible) return text;
  throw new AppError("invalid", "The path names no possible user", {
    hint: `use 1 to ${MAX_USER} characters, none of them a control character`,
  });
}
