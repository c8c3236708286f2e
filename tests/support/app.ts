/**
 * The HTTP application on a real store, asked without a socket.
 *
 * @module
 */

import assert from "node:assert/strict";

import { repositoryItem } from "../../lib/http/api/shapes.ts";
import { type AppOptions, createApp } from "../../lib/http/app.ts";
import { createAuthorizer } from "../../lib/http/auth.ts";
import type { FetchHandler } from "../../lib/http/request.ts";
import type { LogFields } from "../../lib/log.ts";
import { createMetrics, type Metrics } from "../../lib/metrics.ts";
import { createRankings } from "../../lib/rankings.ts";
import type { Store } from "../../lib/store/store.ts";
import { createStreamHub, type StreamHub } from "../../lib/stream/hub.ts";
import type { StreamLimits } from "../../lib/stream/limits.ts";
import { openTestStore } from "./store.ts";

/** An answer, read and unpacked. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; only for JSON. */
  readonly json: unknown;
}

/** The application and its parts. */
export interface TestApp extends AsyncDisposable {
  readonly store: Store;
  readonly stream: StreamHub;
  readonly metrics: Metrics;
  /** What was logged: level, message and fields. */
  readonly logged: { level: string; message: string; fields: LogFields }[];
  readonly handle: FetchHandler;
  /** The parts that it is made from. */
  readonly options: AppOptions;
  /**
   * @param target Path and query, sent exactly so, as `Deno.serve` hands them over.
   * @param from The address that it comes from; 192.0.2.1 unless told.
   */
  ask(target: string, init?: RequestInit, from?: string): Promise<Answer>;
  /** Asks for JSON and asserts that there is some. */
  get(target: string): Promise<unknown>;
}

/** The time in the eyes of the application: the day of the default event. */
export const NOW = Date.parse("2026-11-20T18:00:00Z");

/**
 * Opens the application, with open roles unless told.
 *
 * @param options What is to be other than usual.
 * @returns The application; leaving its scope closes its store.
 */
export async function openTestApp(
  { streamLimits = {}, ...options }: Partial<AppOptions> & {
    /** Bounds of the live stream. */
    streamLimits?: Partial<StreamLimits>;
  } = {},
): Promise<TestApp> {
  const opened = await openTestStore();
  const store = options.store ?? opened.store;
  const metrics = createMetrics({ version: "0.0.0-test" });
  const logged: TestApp["logged"] = [];
  const log = (level: string) => (message: string, fields: LogFields = {}) => {
    logged.push({ level, message, fields });
  };
  const stream = createStreamHub({
    store,
    render: repositoryItem,
    now: () => performance.now(),
    onFailure: (error) => log("warning")("stream", { error }),
    metrics,
    limits: streamLimits,
  });
  const parts: AppOptions = {
    store,
    stream,
    rankings: createRankings({ store, now: options.now ?? (() => NOW) }),
    metrics,
    ingest: () => new Response(null, { status: 299 }),
    route: "/events",
    authorize: createAuthorizer({
      roles: { ingest: "none", read: "none", admin: "none" },
      madeTokens: () => [],
      isLoopbackBound: false,
    }),
    readiness: () => "ready",
    externalUrl: () => "https://drec.example",
    pendingIgnored: () => [],
    settled: () => Promise.resolve(),
    now: () => NOW,
    log: { warning: log("warning"), error: log("error") },
    ...options,
  };
  const handle = createApp(parts);
  const ask: TestApp["ask"] = async (target, init, remoteAddress = "192.0.2.1") => {
    const response = await handle(requestOf(target, init), { remoteAddress });
    return await readAnswer(response);
  };
  return {
    store,
    stream,
    metrics,
    logged,
    handle,
    options: parts,
    ask,
    async get(target) {
      const { status, text, json } = await ask(target);
      assert.equal(status, 200, text);
      return json;
    },
    async [Symbol.asyncDispose]() {
      await stream.stop();
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** `new Request()` resolves `..`; `Deno.serve` does not. */
function requestOf(target: string, init: RequestInit = {}): Request {
  const request = new Request("http://drec.example/", init);
  return Object.defineProperty(request, "url", { value: `http://drec.example${target}` });
}

async function readAnswer(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const isPacked = headers.get("content-encoding") === "gzip";
  const body = isPacked
    ? response.body?.pipeThrough(new DecompressionStream("gzip"))
    : response.body;
  const text = await new Response(body).text();
  const isJson = /^application\/(problem\+)?json$/.test(headers.get("content-type") ?? "");
  return { status, headers, text, json: isJson && text !== "" ? JSON.parse(text) : undefined };
}
