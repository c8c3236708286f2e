/**
 * How API handlers read a request and answer it.
 *
 * @module
 */

import type { Context, Handler } from "hono";

import { AppError } from "../../errors.ts";
import type { Page, PageQuery } from "../../store/store.ts";
import { type ListName, renderCursor } from "../cursor.ts";
import { type Parameters, parseParameters } from "../parameters.ts";
import { type Environment, pathOf, queryOf } from "../request.ts";
import { entityTagOf, isCurrent } from "../revalidation.ts";
import type { Shape } from "./shapes.ts";

/** Context of a request to the API. */
export type ApiContext = Context<Environment>;

/** Answers a request to the API; what it throws is answered as a problem. */
export type ApiHandler = Handler<Environment>;

/**
 * Reads the query of a request.
 *
 * @param c Context of the request.
 * @param allowed The names of the parameters that the route knows.
 * @returns The parameters.
 * @throws {AppError} `invalid` if another one is there, or one twice.
 */
export function parametersOf(c: ApiContext, allowed: readonly string[]): Parameters {
  return parseParameters(queryOf(c.req.url), allowed);
}

/**
 * Reads a part of the path, as strictly as the query: what is not percent-encoded UTF-8 would be
 * taken as it is, and two addresses would name the same.
 *
 * @param c Context of the request.
 * @param name Of the part.
 * @returns The part, decoded; empty where it is missing.
 * @throws {AppError} `invalid` for what cannot be decoded.
 */
export function partOf(c: ApiContext, name: string): string {
  try {
    decodeURIComponent(pathOf(c.req.url));
  } catch {
    const hint = "use percent-encoded UTF-8";
    throw new AppError("invalid", "Cannot decode the path", { hint });
  }
  return c.req.param(name) ?? "";
}

/**
 * Answers with JSON.
 *
 * @param c Context of the request.
 * @param value What to answer.
 * @returns The answer; see {@linkcode answerBody}.
 */
export function answerJson(c: ApiContext, value: unknown): Response {
  return answerBody(c, JSON.stringify(value), "application/json");
}

/**
 * Answers with text that a program or a person reads as it is.
 *
 * @param c Context of the request.
 * @param text What to answer.
 * @returns The answer; see {@linkcode answerBody}.
 */
export function answerText(c: ApiContext, text: string): Response {
  return answerBody(c, text, "text/plain; charset=utf-8");
}

/**
 * What was read may be kept by who has read it, but not be used again without asking: numbers
 * change with every event. What a token has opened is not for a cache that others use.
 */
const KEEPING = { "Cache-Control": "private, no-cache", Vary: "Accept-Encoding" };

/**
 * Answers with all of a body at once, which has its length, so that small ones are not compressed.
 *
 * @param c Context of the request.
 * @param text What to answer.
 * @param contentType Its type.
 * @returns The answer to a GET or HEAD has an entity tag, or is 304 where the client has the same
 *   already. What a change is answered is not kept.
 */
function answerBody(c: ApiContext, text: string, contentType: string): Response {
  const body = new TextEncoder().encode(text);
  const headers = { "Content-Type": contentType, "Content-Length": String(body.byteLength) };
  if (c.req.method !== "GET" && c.req.method !== "HEAD") {
    return c.body(body, 200, { ...headers, "Cache-Control": "no-store" });
  }
  // Weak, for the same is sent compressed and not.
  const kept = { ...KEEPING, ETag: `W/${entityTagOf(body)}` };
  if (isCurrent(c.req.header("if-none-match"), kept.ETag)) return c.body(null, 304, kept);
  return c.body(body, 200, { ...headers, ...kept });
}

/** A list that can be asked for in pages. */
export interface Listing<T> {
  readonly name: ListName;
  readonly load: (page: PageQuery) => Promise<Page<T>>;
  readonly shape: (item: T) => Shape;
}

/**
 * Answers with a page of a list.
 *
 * @param c Context of the request.
 * @param parameters May have `limit` and `cursor`.
 * @param listing The list.
 * @returns `{items, next}`.
 */
export async function answerPage<T>(
  c: ApiContext,
  parameters: Parameters,
  { name, load, shape }: Listing<T>,
): Promise<Response> {
  const { items, next } = await load(parameters.page(name));
  return answerJson(c, { items: items.map(shape), next: renderCursor(name, next) });
}
