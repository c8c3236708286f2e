/**
 * The event route: where registries POST.
 *
 * A registry knows two answers: "gone" (2xx, 3xx) and "again, before anything else, for ever" (all
 * others). So anything but 200 is only for what will be different next time without anyone editing
 * the event.
 *
 * @module
 */

import type { Collector } from "../collector.ts";
import { AppError, BusyError } from "../errors.ts";
import type { Metrics } from "../metrics.ts";
import { PLAIN_NAME } from "../names.ts";
import type { Authorizer } from "./auth.ts";
import { BodyReader } from "./body.ts";
import { Deadlines } from "./deadlines.ts";
import { answerConsent, answerValidation, isConsentRequest } from "./event_grid.ts";
import { isOfForeignPage } from "./origins.ts";
import { type FetchHandler, pathOf, type RequestInfo } from "./request.ts";

/** What {@linkcode createIngest} is made with. */
export interface IngestOptions {
  readonly collector: Collector;
  readonly authorize: Authorizer;
  readonly metrics: Metrics;
  /** The path, without a slash at its end. */
  readonly route: string;
  readonly limits: {
    /** Bytes of one body. */
    readonly bodyBytes: number;
    /** Bytes of all bodies in memory. */
    readonly bodiesInFlightBytes: number;
  };
  /** Told of each request that was refused for its token. */
  readonly onUnauthorized: (info: RequestInfo, path: string) => void;
  /** Told of each answer. */
  readonly onAnswer?: (path: string, status: number) => void;
  /** Told of each failure that is a defect. */
  readonly onFailure: (error: unknown) => void;
}

/** The registry gives up after a second; an answer after that is heard by nobody. */
const ANSWER_BUDGET_MS = 800;
/** What a commit has at least, however long the body took to arrive. */
const COMMIT_BUDGET_MS = 600;
/**
 * What a large body has in addition, in milliseconds for each byte: four seconds for a MiB. Tens of
 * thousands of events take longer than any budget for one, however often they come again.
 */
const COMMIT_BUDGET_MS_PER_BYTE = 4000 / 1024 ** 2;
/** How much of a refused body is read, and for how long. */
const DRAIN_BYTES = 64 * 1024;
const DRAIN_MS = 20;
/** The registry of the bare route. */
const DEFAULT_REGISTRY = "default";

/**
 * Makes the handler of the event route.
 *
 * @param options What it works with.
 * @returns The handler of the route and all paths below it; it never throws, never redirects.
 */
export function createIngest(options: IngestOptions): FetchHandler {
  const { route, limits, metrics } = options;
  const deadlines = new Deadlines();
  const reader = new BodyReader(
    { body: limits.bodyBytes, inFlight: limits.bodiesInFlightBytes },
    deadlines,
  );

  return async function ingest(request, info): Promise<Response> {
    const path = pathOf(request.url);
    const response = await answer(request, info, path);
    metrics.notifications.add(1, { status: String(response.status) });
    options.onAnswer?.(path, response.status);
    if (response.status >= 400) await drain(request);
    return response;
  };

  function answer(
    request: Request,
    info: RequestInfo,
    path: string,
  ): Response | Promise<Response> {
    const named = registryOf(path.slice(route.length));
    if (named === undefined) return refusal(404, "No such event route");
    // Before the token: a redirect that turned POST into GET must fail loudly in every case.
    const isConsent = isConsentRequest(request);
    if (request.method !== "POST" && !isConsent) {
      return refusal(405, "Send events by POST", { allow: "POST" });
    }
    // Whoever opens a page sends what it says, and may be on the machine that needs no token.
    if (isOfForeignPage(request)) return refusal(403, "A page of another site cannot send events");
    const access = options.authorize(request, "ingest", info);
    const bound = access.ok ? access.registry : undefined;
    if (!access.ok || (bound !== undefined && named !== "" && named !== bound)) {
      options.onUnauthorized(info, path);
      return refusal(access.ok ? 401 : access.status, "A token for sending events is needed", {
        "www-authenticate": 'Bearer realm="drec"',
      });
    }
    if (isConsent) return answerConsent(request);
    return take(request, named || bound || DEFAULT_REGISTRY);
  }

  async function take(request: Request, registry: string): Promise<Response> {
    const receivedAt = Date.now();
    const problem = options.collector.unavailable();
    if (problem !== undefined) return refusal(503, problem);
    const arrived = options.collector.expect();
    try {
      return await reader.lend(request, arrived, async ({ bytes, oversize }) => {
        const handshake = answerValidation(request, bytes);
        if (handshake !== undefined) return handshake;
        // A body of many megabytes may use up the budget on its way. Were it never committed for
        // that, it would come again for ever.
        const budget = COMMIT_BUDGET_MS + Math.floor(bytes.length * COMMIT_BUDGET_MS_PER_BYTE);
        const deadline = Math.max(receivedAt + ANSWER_BUDGET_MS, Date.now() + budget);
        const size = oversize === undefined ? {} : { oversize };
        const notification = { registry, receivedAt, body: bytes, deadline, ...size };
        // What goes on behind the deadline is harmless, for the retry is a duplicate.
        const collected = options.collector.collect(notification).catch(hideStore);
        await deadlines.within(collected, deadline, () => new BusyError("The store is too slow"));
        return new Response(null, { status: oversize === undefined ? 200 : 202 });
      });
    } catch (error) {
      if (error instanceof AppError && error.code === "unavailable") {
        return refusal(503, error.message);
      }
      if (error instanceof AppError && error.code === "too_large") return hangUp();
      // A defect: the registry keeps the events until it is mended.
      options.onFailure(error);
      return refusal(503, "Internal error");
    }
  }
}

/**
 * Reads the body of a request that is refused, as far as it is there already: over HTTP/2 a refusal
 * that comes before its end reaches some clients as a broken stream, without a status.
 */
async function drain({ body, bodyUsed }: Request): Promise<void> {
  if (body === null || bodyUsed) return;
  const reader = body.getReader();
  const timer = setTimeout(() => reader.cancel().catch(() => {}), DRAIN_MS);
  try {
    for (let size = 0; size < DRAIN_BYTES;) {
      const { done, value } = await reader.read();
      if (done) return;
      size += value.length;
    }
    await reader.cancel();
  } catch {
    // The sender has gone.
  } finally {
    clearTimeout(timer);
  }
}

/** What a store says of itself is in the log, and no business of whoever sends. */
function hideStore(error: unknown): never {
  const isSecret = error instanceof AppError && error.code === "unavailable" &&
    !(error instanceof BusyError);
  throw isSecret ? new BusyError("The store does not answer") : error;
}

/** The registry that the rest of the path names: `""` for none, `undefined` for no possible name. */
function registryOf(rest: string): string | undefined {
  const name = rest.replace(/^\//, "").replace(/(?<=.)\/$/, "");
  return name === "" || PLAIN_NAME.test(name) ? name : undefined;
}

function refusal(
  status: number,
  detail: string,
  headers: Record<string, string> = {},
): Response {
  return new Response(`${detail}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  });
}

/** An answer that breaks off: only so does the server drop the connection and read no further. */
function hangUp(): Response {
  return new Response(new ReadableStream({ start: (body) => body.error() }), { status: 503 });
}
