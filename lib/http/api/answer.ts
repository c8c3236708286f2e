/**
 * How API handlers read a request and answer it.
 *
 * @module
 */

import type { Context, Handler } from "hono";

import type { Page, PageQuery } from "../../store/store.ts";
import { type ListName, renderCursor } from "../cursor.ts";
import { type Parameters, parseParameters } from "../parameters.ts";
import { type Environment, queryOf } from "../request.ts";
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
 * Answers with JSON.
 *
 * @param c Context of the request.
 * @param value What to answer.
 * @returns The answer, with its length, so that small ones are not compressed.
 */
export function answerJson(c: ApiContext, value: unknown): Response {
  const body = new TextEncoder().encode(JSON.stringify(value));
  return c.body(body, 200, {
    "Content-Type": "application/json",
    "Content-Length": String(body.byteLength),
    "Cache-Control": "no-store",
  });
}

/**
 * Answers with text that a program or a person reads as it is.
 *
 * @param c Context of the request.
 * @param text What to answer.
 * @returns The answer.
 */
export function answerText(c: ApiContext, text: string): Response {
  return c.body(text, 200, {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
  });
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
