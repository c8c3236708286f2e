/**
 * The handler of requests, put together from the configuration. Its modules are as much as all the
 * rest: `serve` loads them while the store opens.
 *
 * @module
 */

import { hostname } from "node:os";

import type { Collector } from "../collector.ts";
import { type Config, isLoopbackAddress } from "../config.ts";
import { createApp } from "../http/app.ts";
import { type Authorizer, createAuthorizer } from "../http/auth.ts";
import { createIngest } from "../http/ingest.ts";
import type { Readiness } from "../http/operations.ts";
import { createIdentifier, createProxyCheck, type ProxyCheck } from "../http/proxies.ts";
import type { FetchHandler, RequestInfo } from "../http/request.ts";
import { createLogThrottle, type Log, logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Rankings } from "../rankings.ts";
import type { Store, TokenRole } from "../store/store.ts";
import type { StreamHub } from "../stream/hub.ts";
import type { MadeToken } from "./token.ts";

/** What the handler works with. */
export interface HandlerParts {
  readonly collector: Collector;
  readonly stream: StreamHub;
  readonly metrics: Metrics;
  readonly rankings: Rankings;
  readonly tokens: readonly MadeToken[];
  readonly readiness: () => Readiness;
  /** The address by which others reach DREC; not asked for before it listens. */
  readonly externalUrl: () => string;
}

/**
 * Makes the handler of all requests.
 *
 * @param config The configuration.
 * @param store Open.
 * @param parts What runs beside it.
 * @returns The handler.
 */
export function createHandler(
  config: Config,
  store: Store,
  { collector, stream, metrics, rankings, tokens, readiness, externalUrl }: HandlerParts,
): FetchHandler {
  const { route, cors, trustedProxies } = config.server;
  const isProxy = createProxyCheck(trustedProxies);
  const authorize = authorizerOf(config, tokens, isProxy);
  const ingest = createIngest({
    collector,
    authorize,
    metrics,
    route,
    limits: config.limits,
    onUnauthorized: createUnauthorizedLog(),
    ...(config.log.level === "debug" ? { onAnswer: answerLog } : {}),
    onFailure: (error) => logger("ingest").error("cannot take in a notification", { error }),
  });
  return createApp({
    store,
    rankings,
    ingest,
    route,
    authorize,
    identify: createIdentifier(isProxy, config.stars.userHeader),
    origins: cors,
    stream,
    metrics,
    readiness,
    externalUrl,
    pendingIgnored: () => collector.pendingIgnored(),
    settled: () => collector.settled(),
    now: Date.now,
    log: logger("http"),
  });
}

function authorizerOf(
  { auth, server }: Config,
  tokens: readonly MadeToken[],
  isProxy: ProxyCheck,
): Authorizer {
  const access = (role: TokenRole) => {
    const configured = auth[role];
    return configured === "unset" ? undefined : configured;
  };
  return createAuthorizer({
    roles: { ingest: access("ingest"), read: access("read"), admin: access("admin") },
    madeTokens: (role) => tokens.filter((made) => made.role === role).map((made) => made.token),
    isLoopbackBound: isLoopbackAddress(server.address),
    hosts: hostsOf(server),
    isProxy,
  });
}

/** Those of a generated certificate, whatever is served. */
function hostsOf({ externalUrl, ssl }: Config["server"]): string[] {
  const external = externalUrl === undefined ? [] : [new URL(externalUrl).hostname];
  return [hostname(), ...external, ...(ssl === "off" ? [] : ssl.names)];
}

/**
 * Makes the log of events that are refused for their token. A registry with a wrong one repeats
 * itself every second until somebody mends it.
 *
 * @param parts Where the lines go, and the clock; for tests.
 * @returns To be told of each. An address has one line a minute, whatever it posts to: the path is
 *   the sender's choice.
 */
export function createUnauthorizedLog(
  { log = logger("ingest"), now = Date.now }: { log?: Pick<Log, "error">; now?: () => number } = {},
): (info: RequestInfo, path: string) => void {
  const mayLog = createLogThrottle(60_000, { now });
  return ({ remoteAddress }, path) => {
    const allowed = mayLog(remoteAddress);
    if (allowed === undefined) return;
    log.error(
      "refused events: wrong or missing token; the registry keeps them until it is mended",
      { remote_address: remoteAddress, path, suppressed: allowed.suppressed },
    );
  };
}

function answerLog(path: string, status: number): void {
  logger("ingest").debug("answered a notification", { path, status });
}
