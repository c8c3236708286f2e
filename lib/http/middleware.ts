/**
 * What surrounds the routes: roles, errors, methods, counting, headers against misuse by browsers.
 *
 * @module
 */

import type { Context, ErrorHandler, MiddlewareHandler } from "hono";
import { routePath } from "hono/route";

import { AppError, BusyError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { TokenRole } from "../store/store.ts";
import type { Authorizer, Refusal } from "./auth.ts";
import { problemOf, problemResponse } from "./problem.ts";
import type { Environment } from "./request.ts";

/** Where errors go that answers do not show. */
export type ErrorLog = Pick<Log, "warning" | "error">;

/**
 * Headers of all answers. Nothing here is meant to be shown by a browser in another site's page.
 * No `Strict-Transport-Security`: it would bind all other ports of the host, too.
 */
export const SECURITY_HEADERS = {
  strictTransportSecurity: false,
  xFrameOptions: "DENY",
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
};

/**
 * Lets a request pass if it may do what a role may do.
 *
 * @param authorize Decides.
 * @param role The role that is needed.
 * @returns The middleware; it throws `unauthorized` or `forbidden`.
 */
export function guard(authorize: Authorizer, role: TokenRole): MiddlewareHandler<Environment> {
  return async function guard(c, next): Promise<void> {
    const access = authorize(c.req.raw, role, c.env);
    if (access.ok) return await next();
    throw accessError(access, role);
  };
}

/**
 * Says why a request may not do what a role may do.
 *
 * @param refusal As the authorizer decided.
 * @param role The role that is needed.
 * @returns The error, `unauthorized` or `forbidden`.
 */
export function accessError({ status, host }: Refusal, role: TokenRole): AppError {
  if (status === 403) {
    const hint = `use one for "${role}"`;
    return new AppError("forbidden", "The token is for another role", { hint });
  }
  if (host !== undefined) {
    return new AppError(
      "unauthorized",
      `The token is missing, and "${host}" is not known as a name of this DREC`,
      {
        hint: 'send "Authorization: Bearer TOKEN" (`drec token` shows it to the operator), or set' +
          " `server.external_url` or `server.ssl.names`",
      },
    );
  }
  return new AppError("unauthorized", "The token is missing or unknown", {
    hint: 'send "Authorization: Bearer TOKEN"; `drec token` shows it to the operator',
  });
}

/**
 * Counts answers by route and status.
 *
 * @param metrics The instruments.
 * @returns The middleware.
 */
export function countAnswers(metrics: Metrics): MiddlewareHandler<Environment> {
  return async function countAnswers(c, next): Promise<void> {
    await next();
    // The last match is the route; where there is none, it is that of the middleware: `/*`.
    metrics.httpRequests.add(1, { route: routePath(c, -1), status: String(c.res.status) });
  };
}

/**
 * Answers errors, and logs those that the answer keeps to itself.
 *
 * @param log Where they go.
 * @returns The error handler.
 */
export function answerError(log: ErrorLog): ErrorHandler<Environment> {
  return function answerError(error, c): Response {
    const requestId = c.get("requestId");
    const problem = problemOf(error, requestId);
    const fields = { "request_id": requestId, method: c.req.method, path: c.req.path, error };
    if (problem.code === "internal") log.error("request failed", fields);
    if (problem.code === "unavailable") log.warning(whyUnavailable(error), fields);
    return problemResponse(problem);
  };
}

function whyUnavailable(error: unknown): string {
  const isBusy = error instanceof BusyError;
  return isBusy ? "cannot take a request now" : "the store did not answer a request";
}

/**
 * Answers what is no route.
 *
 * @param c Context of the request.
 * @returns 404.
 */
export function refusePath(c: Context<Environment>): Response {
  const requestId = c.get("requestId");
  return problemResponse({ code: "not_found", detail: "Nothing is at this path", requestId });
}

/**
 * Answers a method that a route does not have.
 *
 * @param c Context of the request.
 * @param methods Those that it has.
 * @returns 405 with `Allow`.
 */
export function refuseMethod(c: Context<Environment>, methods: readonly string[]): Response {
  const allow = methods.join(", ");
  return problemResponse({
    code: "method_not_allowed",
    detail: `${c.req.method} is not possible here: use ${allow}`,
    requestId: c.get("requestId"),
    headers: { Allow: allow },
  });
}
