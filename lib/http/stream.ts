/**
 * The live stream over HTTP: server-sent events.
 *
 * @module
 */

import type { StreamFilter } from "../stream/audience.ts";
import type { StreamHub } from "../stream/hub.ts";
import { type ApiHandler, parametersOf } from "./api/answer.ts";
import type { Parameters } from "./parameters.ts";

/** `no-transform` keeps proxies, and ourselves, from holding it back to compress it. */
const HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store, no-transform",
  "X-Accel-Buffering": "no",
};

/**
 * `GET /api/v1/stream?registry=&repository=&prefix=&lastEventId=`
 *
 * @param hub The stream.
 * @returns The handler. A browser that comes back by itself has the id in a header, where the
 *   address may still have an older one.
 */
export function streamRepositories(hub: StreamHub): ApiHandler {
  return async function streamRepositories(c): Promise<Response> {
    const parameters = parametersOf(c, ["registry", "repository", "prefix", "lastEventId"]);
    const filter = filterOf(parameters);
    if (c.req.raw.method === "HEAD") return c.body(null, 200, HEADERS);
    const lastEventId = c.req.header("Last-Event-ID") || parameters.text("lastEventId");
    const request = lastEventId === undefined ? { filter } : { filter, lastEventId };
    return c.body(await hub.open(request), 200, HEADERS);
  };
}

function filterOf(parameters: Parameters): StreamFilter {
  const registry = parameters.registry();
  const repository = parameters.text("repository");
  const prefix = parameters.text("prefix");
  return {
    ...(registry === undefined ? {} : { registry }),
    ...(repository === undefined ? {} : { repository }),
    ...(prefix === undefined ? {} : { prefix }),
  };
}
