/**
 * The description of the API over HTTP. It holds no data, so that it needs no token.
 *
 * @module
 */

import { type ApiHandler, parametersOf } from "./api/answer.ts";
import type { OpenApi } from "./openapi/types.ts";
import { showStatic } from "./static.ts";

/**
 * `GET /api/v1/openapi.json`
 *
 * @param document The description.
 * @returns The handler.
 */
export function showOpenApi(document: OpenApi): ApiHandler {
  const show = showStatic(() => JSON.stringify(document), "application/json");
  return function showOpenApi(c, next): ReturnType<ApiHandler> {
    parametersOf(c, []);
    return show(c, next);
  };
}
