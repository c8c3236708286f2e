/**
 * `/docs`: the description of the API as a page, made from the same constant.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";

import type { ApiHandler } from "./api/answer.ts";
import { renderDocs } from "./docs_page.ts";
import { DOCS_STYLE } from "./docs_style.ts";
import type { OpenApi } from "./openapi/types.ts";
import type { Environment } from "./request.ts";
import { showStatic } from "./static.ts";

/** The page loads its style sheet, and nothing else. */
const POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'";

/**
 * Lets the page have its style sheet.
 *
 * @returns The middleware; it must surround the one that sets the headers of all answers.
 */
export function styled(): MiddlewareHandler<Environment> {
  return async function styled(c, next): Promise<void> {
    await next();
    c.res.headers.set("Content-Security-Policy", POLICY);
  };
}

/**
 * `GET /docs`
 *
 * @param document The description.
 * @param externalUrl Tells the address that the examples use.
 * @returns The handler.
 */
export function showDocs(document: OpenApi, externalUrl: () => string): ApiHandler {
  return showStatic(() => renderDocs(document, externalUrl()), "text/html; charset=utf-8");
}

/**
 * `GET /docs/style.css`
 *
 * @returns The handler.
 */
export function showDocsStyle(): ApiHandler {
  return showStatic(() => DOCS_STYLE, "text/css; charset=utf-8");
}
