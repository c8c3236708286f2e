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
import type { Rankings } from "../rankings.ts";
import type { IgnoredCount, Store } from "../store/store.ts";
import type { StreamHub } from "../stream/hub.ts";
import { showAccounting } from "./api/accounting.ts";
import { showRanking } from "./api/rankings.ts";
import { listRepositories, showRepository } from "./api/repositories.ts";
import {
  listBreakdown,
  listEvents,
  listManifests,
  listTags,
  showTag,
} from "./api/repository_lists.ts";
import { guardStar, listStars, setStar } from "./api/stars.ts";
import { listUnused } from "./api/unused.ts";
import { showDownloads } from "./api/downloads.ts";
import { showSeries, showTotalSeries } from "./api/series.ts";
import { showSummary } from "./api/summary.ts";
import type { Authorizer } from "./auth.ts";
import { showBadge } from "./badges.ts";
import { allowBadge, embeddable } from "./badge_access.ts";
import { showDocs, showDocsStyle, styled } from "./docs.ts";
import {
  answerError,
  countAnswers,
  type ErrorLog,
  guard,
  refuseMethod,
  refusePath,
  SECURITY_HEADERS,
} from "./middleware.ts";
import { describeApi } from "./openapi/document.ts";
import { showOpenApi } from "./openapi.ts";
import { withPlainHost } from "./host.ts";
import { healthy, type Readiness, ready, showMetrics } from "./operations.ts";
import { refuseForeignPages, shareWith } from "./origins.ts";
import type { Identifier } from "./proxies.ts";
import { routingPath } from "./repository_path.ts";
import { type Environment, type FetchHandler, pathOf } from "./request.ts";
import { streamRepositories } from "./stream.ts";

/** The parts that answers are made from. */
export interface AppOptions {
  readonly store: Store;
  readonly rankings: Rankings;
  /** Answers the event route and all below it. */
  readonly ingest: FetchHandler;
  /** Path of the event route, such as `/events`. */
  readonly route: string;
  readonly authorize: Authorizer;
  /** Names the user of a trusted proxy; absent: no proxy names users. */
  readonly identify?: Identifier;
  /** Origins whose pages may use the API, or `*`; absent: none. */
  readonly origins?: readonly string[];
  readonly stream: StreamHub;
  readonly metrics: Metrics;
  /** Whether this process takes events. */
  readonly readiness: () => Readiness;
  /** The address by which others reach DREC, for examples; not asked for before a request. */
  readonly externalUrl: () => string;
  /** Ignored events that wait for the next commit. */
  readonly pendingIgnored: () => readonly IgnoredCount[];
  /** Waits until the events that have been answered can be read. */
  readonly settled: () => Promise<void>;
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
  return function handle(received, info): Response | Promise<Response> {
    const request = withPlainHost(received);
    const path = pathOf(request.url);
    const isNotification = path === route || path.startsWith(`${route}/`);
    if (isNotification) return options.ingest(request, info);
    const isProbe = path.startsWith("/-/");
    if (isProbe) return app.fetch(request, info);
    // Who has just sent an event finds it in the numbers.
    return options.settled().then(() => app.fetch(request, info));
  };
}

/**
 * Makes the routes beside that of events.
 *
 * @param options The parts.
 * @returns The routes.
 */
export function createRoutes(options: AppOptions): Hono<Environment> {
  const { store, metrics, readiness, pendingIgnored, now, authorize, origins = [] } = options;
  const app = new Hono<Environment>({ getPath: routingPath });
  const read = guard(authorize, "read");

  app.use(requestId());
  app.use(countAnswers(metrics));
  app.use("/badge/*", embeddable());
  app.use("/docs", styled());
  app.use(secureHeaders(SECURITY_HEADERS));
  app.use(shareWith(origins));
  app.use(compress());
  app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }));

  app.get("/-/healthy", healthy());
  app.get("/-/ready", ready(store, readiness));
  app.get("/metrics", read, showMetrics(metrics));

  app.get("/api/v1/stream", read, streamRepositories(options.stream));
  app.get("/api/v1/accounting", read, showAccounting(store, pendingIgnored));
  app.get("/api/v1/rankings", read, showRanking(options.rankings));
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
  mountStars(app, options);

  app.get("/api/v1/unused", read, listUnused(store, now));
  app.get("/badge/:file", allowBadge(store, options.authorize), showBadge(store, now));

  app.get("/api/v1/series", read, showTotalSeries(store, now));
  app.get("/api/v1/summary", read, showSummary(store, now));
  const point = showDownloads(store, now, { kind: "point" });
  const range = showDownloads(store, now, { kind: "range" });
  app.get("/api/v1/downloads/point/:period", read, point);
  app.get("/api/v1/downloads/point/:period/:name", read, point);
  app.get("/api/v1/downloads/range/:period", read, range);
  app.get("/api/v1/downloads/range/:period/:name", read, range);

  mountDescription(app, options);

  app.notFound(refusePath);
  app.onError(answerError(options.log));
  return app;
}

/** What describes the others. It holds no data, so that anybody may see it. */
function mountDescription(app: Hono<Environment>, { route, externalUrl }: AppOptions): void {
  const description = describeApi({ route });
  app.get("/api/v1/openapi.json", showOpenApi(description));
  app.get("/docs", showDocs(description, externalUrl));
  app.get("/docs/style.css", showDocsStyle());
}

/** The only routes that change anything beside that of events. */
function mountStars(app: Hono<Environment>, options: AppOptions): void {
  const { store, authorize, now, origins = [], identify = () => undefined } = options;
  const own = refuseForeignPages(origins);
  const star = guardStar({ authorize, identify });
  const stars = "/api/v1/repositories/:name/-/stars";
  app.get(stars, guard(authorize, "read"), listStars(store));
  // Without a name it is no path that is missing, but a name.
  for (const path of [`${stars}/`, `${stars}/:user`]) {
    app.put(path, own, star, setStar(store, { isStarred: true, now }));
    app.delete(path, own, star, setStar(store, { isStarred: false, now }));
  }
}
