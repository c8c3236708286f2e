/**
 * All that DREC answers over HTTP: routes and middleware.
 *
 * @module
 */

import { Hono } from "hono";
import { compress } from "hono/compress";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";

import type { Metrics } from "../metrics.ts";
import type { IgnoredCount, Store } from "../store/store.ts";
import { showAccounting } from "./api/accounting.ts";
import { listRepositories, showRepository } from "./api/repositories.ts";
import {
  listBreakdown,
  listEvents,
  listManifests,
  listTags,
  showTag,
} from "./api/repository_lists.ts";
import { showDownloads } from "./api/downloads.ts";
import { showSeries, showTotalSeries } from "./api/series.ts";
import { showSummary } from "./api/summary.ts";
import type { Authorizer } from "./auth.ts";
import {
  answerError,
  countAnswers,
  type ErrorLog,
  guard,
  refuseMethod,
  refusePath,
  SECURITY_HEADERS,
} from "./middleware.ts";
import { healthy, type Readiness, ready, showMetrics } from "./operations.ts";
import { routingPath } from "./repository_path.ts";
import { type Environment, type FetchHandler, pathOf } from "./request.ts";

/** The parts that answers are made from. */
export interface AppOptions {
  readonly store: Store;
  /** Answers the event route and all below it. */
  readonly ingest: FetchHandler;
  /** Path of the event route, such as `/events`. */
  readonly route: string;
  readonly authorize: Authorizer;
  readonly metrics: Metrics;
  /** Whether this process takes events. */
  readonly readiness: () => Readiness;
  /** Ignored events that wait for the next commit. */
  readonly pendingIgnored: () => readonly IgnoredCount[];
  /** Tells the time in milliseconds since 1970. */
  readonly now: () => number;
  readonly log: ErrorLog;
}

/**
 * Makes the handler of all requests.
 *
 * @param options The parts.
 * @returns The handler. Notifications go straight to `ingest`, for there each microsecond counts.
 */
export function createApp(options: AppOptions): FetchHandler {
  const app = createRoutes(options);
  const route = options.route.replace(/\/+$/, "");
  return function handle(request, info): Response | Promise<Response> {
    const path = pathOf(request.url);
    const isNotification = path === route || path.startsWith(`${route}/`);
    return isNotification ? options.ingest(request, info) : app.fetch(request, info);
  };
}

function createRoutes(options: AppOptions): Hono<Environment> {
  const { store, metrics, readiness, pendingIgnored, now } = options;
  const app = new Hono<Environment>({ getPath: routingPath });
  const read = guard(options.authorize, "read");

  app.use(requestId());
  app.use(countAnswers(metrics));
  app.use(secureHeaders(SECURITY_HEADERS));
  app.use(compress());
  app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }));

  app.get("/-/healthy", healthy());
  app.get("/-/ready", ready(store, readiness));
  app.get("/metrics", read, showMetrics(metrics));

  app.get("/api/v1/accounting", read, showAccounting(store, pendingIgnored));
  app.get("/api/v1/repositories", read, listRepositories(store));
  // `routingPath` makes the name one segment. What follows "/-/" must be known there, too.
  app.get("/api/v1/repositories/:name", read, showRepository(store));
  app.get("/api/v1/repositories/:name/-/tags", read, listTags(store));
  app.get("/api/v1/repositories/:name/-/tags/:tag", read, showTag(store));
  app.get("/api/v1/repositories/:name/-/manifests", read, listManifests(store));
  app.get("/api/v1/repositories/:name/-/actors", read, listBreakdown(store, "actor"));
  app.get("/api/v1/repositories/:name/-/clients", read, listBreakdown(store, "client"));
  app.get("/api/v1/repositories/:name/-/consumers", read, listBreakdown(store, "consumer"));
  app.get("/api/v1/repositories/:name/-/events", read, listEvents(store));
  app.get("/api/v1/repositories/:name/-/series", read, showSeries(store, now));

  app.get("/api/v1/series", read, showTotalSeries(store, now));
  app.get("/api/v1/summary", read, showSummary(store, now));
  const point = showDownloads(store, now, { kind: "point" });
  const range = showDownloads(store, now, { kind: "range" });
  app.get("/api/v1/downloads/point/:period", read, point);
  app.get("/api/v1/downloads/point/:period/:name", read, point);
  app.get("/api/v1/downloads/range/:period", read, range);
  app.get("/api/v1/downloads/range/:period/:name", read, range);

  app.notFound(refusePath);
  app.onError(answerError(options.log));
  return app;
}
