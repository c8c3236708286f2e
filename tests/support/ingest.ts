/**
 * The event route on a real socket with a real store behind it, in the process of the test; and
 * notifications as registries write them.
 *
 * @module
 */

import { createCollector } from "../../lib/collector.ts";
import { repositoryItem } from "../../lib/http/api/shapes.ts";
import { createApp } from "../../lib/http/app.ts";
import { createAuthorizer, type RoleAccess } from "../../lib/http/auth.ts";
import { createIngest } from "../../lib/http/ingest.ts";
import { type KeyPair, type Server, startServer } from "../../lib/http/server.ts";
import { createMetrics, type Metrics } from "../../lib/metrics.ts";
import type { Received } from "../../lib/batch.ts";
import { createRankings } from "../../lib/rankings.ts";
import type { Inbox } from "../../lib/store/inbox.ts";
import type { AccountingReport, Store } from "../../lib/store/store.ts";
import { createStreamHub } from "../../lib/stream/hub.ts";
import { digestOf, mediaTypes } from "./events.ts";
import { openSocket, type RawAnswer, rawRequest, type RawSocket } from "./http.ts";
import { openTestStore, type TestStore } from "./store.ts";
import { pause } from "./wait.ts";

/** What of an ingest is to be other than usual. */
export interface IngestParts {
  /** Wraps the store, to make it fail or to slow it down. */
  wrap?: (store: Store) => Store;
  blobs?: "ignore" | "count";
  /** Tokens of the role `ingest`; open to all unless told. */
  tokens?: RoleAccess;
  /** As if DREC listened on a loopback address only; then the role need not be opened. */
  isLoopbackBound?: boolean;
  /** Events that may wait; 10,000 unless told. */
  queueLimit?: number;
  bodyBytes?: number;
  bodiesInFlightBytes?: number;
  /** Speak TLS. */
  pair?: KeyPair;
}

/** An ingest at work. */
export interface TestIngest extends AsyncDisposable {
  readonly port: number;
  readonly server: Server;
  readonly metrics: Metrics;
  /** The SQLite file. */
  readonly path: string;
  /** The store itself, not wrapped. */
  readonly store: Store;
  /** What was reported: of the store, and defects. */
  readonly failures: unknown[];
  /** How often a token was refused. */
  refusals(): number;
  /** Sends a request over a connection of its own. */
  ask(parts?: RequestParts): Promise<RawAnswer>;
  /** Posts events or a text to the bare route. */
  post(body: string | readonly unknown[], parts?: RequestParts): Promise<RawAnswer>;
  /** Opens a connection, for what is not a whole request. */
  connect(): Promise<RawSocket>;
  /** What became of all events so far, waiting ones included; without the registries. */
  accounting(): Promise<Numbers>;
  /** Waits until what was answered is in the database. */
  settled(): Promise<void>;
  /** Refuses what comes, as at the end of the process. */
  drain(): Promise<unknown>;
}

/** The numbers of an accounting. */
export type Numbers = Omit<AccountingReport, "byRegistry">;

/** A request; what is left out is that of a registry's POST without a body. */
export interface RequestParts {
  method?: string;
  path?: string;
  version?: string;
  /** Whole lines, after those that every request has. */
  headers?: readonly string[];
  /** Without it, there is no line about the host. */
  host?: string | null;
  body?: string | Uint8Array;
}

/**
 * Starts an ingest with a new, empty SQLite store.
 *
 * @param parts What is to be other than usual.
 * @returns The ingest; leaving its scope ends it.
 */
export async function startIngest(parts: IngestParts = {}): Promise<TestIngest> {
  const opened = await openTestStore();
  const store = parts.wrap?.(opened.store) ?? opened.store;
  const metrics = createMetrics({ version: "0.0.0-test" });
  const failures: unknown[] = [];
  const fail = (error: unknown) => void failures.push(error);
  let refusals = 0;
  const { blobs = "ignore", queueLimit = 10_000, isLoopbackBound = false } = parts;
  const collector = createCollector({ store, metrics, blobs, queueLimit, onStoreChange: fail });
  const authorize = createAuthorizer({
    roles: {
      ingest: parts.tokens ?? (isLoopbackBound ? undefined : "none"),
      read: "none",
      admin: "none",
    },
    madeTokens: () => [],
    isLoopbackBound,
  });
  const { bodyBytes = 32 * 1024 ** 2, bodiesInFlightBytes = 128 * 1024 ** 2 } = parts;
  const ingest = createIngest({
    collector,
    authorize,
    metrics,
    route: "/events",
    limits: { bodyBytes, bodiesInFlightBytes },
    onUnauthorized: () => refusals++,
    onFailure: fail,
  });
  const stream = createStreamHub({
    store: opened.store,
    render: repositoryItem,
    now: () => performance.now(),
    onFailure: fail,
  });
  const handler = createApp({
    store: opened.store,
    rankings: createRankings({ store: opened.store, now: Date.now }),
    ingest,
    route: "/events",
    authorize,
    stream,
    metrics,
    readiness: () => "ready",
    externalUrl: () => server.url,
    pendingIgnored: () => collector.pendingIgnored(),
    settled: () => collector.settled(),
    now: Date.now,
    log: { warning: fail, error: fail },
  });
  const server = startServer({
    address: "127.0.0.1",
    port: 0,
    handler,
    ...(parts.pair === undefined ? {} : { pair: parts.pair }),
  });
  const port = Number(new URL(server.url).port);
  const ask = (request: RequestParts = {}) => rawRequest(port, requestOf(request));
  return {
    port,
    server,
    metrics,
    path: opened.path,
    store: opened.store,
    failures,
    refusals: () => refusals,
    ask,
    post: (body, rest) => ask({ ...rest, body: textOf(body) }),
    connect: () => openSocket(port),
    async accounting() {
      const { body } = await ask({ method: "GET", path: "/api/v1/accounting" });
      const { byRegistry: _, ...numbers }: AccountingReport = JSON.parse(body);
      return numbers;
    },
    settled: () => collector.settled(),
    drain: () => collector.stop(),
    [Symbol.asyncDispose]: () => end({ server, collector, opened }),
  };
}

async function end(
  { server, collector, opened }: {
    server: Server;
    collector: { stop(): Promise<unknown> };
    opened: TestStore;
  },
): Promise<void> {
  await collector.stop();
  await server.stop(1000);
  // The deadlines of the last requests.
  await pause(40);
  await opened[Symbol.asyncDispose]();
}

/**
 * Makes a store without an inbox wait, or fail, before it records: each answer waits for that, as
 * with a store that is shared.
 *
 * @param store The store; all but `record` is its own.
 * @param before What to wait for; what it throws, `record` throws.
 * @returns The store as the collector is to see it.
 */
export function slowStore(
  store: Store,
  before: (received: readonly Received[]) => Promise<void>,
): Store {
  const record: Store["record"] = async (received, options) => {
    await before(received);
    return await store.record(received, options);
  };
  return instead(store, { record, inbox: undefined });
}

/**
 * Makes a store with an inbox wait, or fail, before it counts what is in there.
 *
 * @param store The store; all else is its own.
 * @param before What to wait for; what it throws, `count` throws.
 * @returns The store as the collector is to see it.
 */
export function slowInbox(store: Store, before: () => Promise<void>): Store {
  const inbox = store.inbox;
  if (inbox === undefined) throw new Error("The store has no inbox");
  const count: Inbox["count"] = async (kept, options) => {
    await before();
    return await inbox.count(kept, options);
  };
  return instead(store, { inbox: instead(inbox, { count }) });
}

/** The same object, but for some of its members. */
function instead<T extends object>(object: T, members: { [K in keyof T]?: T[K] | undefined }): T {
  return new Proxy(object, {
    get(target, name) {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name);
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/**
 * Writes a request, head and body.
 *
 * @param parts What differs from a registry's POST to `/events`.
 * @returns The bytes.
 */
export function requestOf(parts: RequestParts = {}): Uint8Array {
  const { method = "POST", path = "/events", version = "1.1", headers = [], body = "" } = parts;
  const { host = "drec.example" } = parts;
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const isFramed = headers.some((line) => /^(content-length|transfer-encoding):/i.test(line));
  const lines = [
    `${method} ${path} HTTP/${version}`,
    ...(host === null ? [] : [`Host: ${host}`]),
    "User-Agent: Go-http-client/1.1",
    ...(isFramed || method === "GET" || method === "HEAD" ? [] : [
      `Content-Length: ${bytes.length}`,
    ]),
    ...headers,
  ];
  const head = new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
  const whole = new Uint8Array(head.length + bytes.length);
  whole.set(head);
  whole.set(bytes, head.length);
  return whole;
}

/** An event as a registry writes it; what is left out is that of a pull by tag. */
export interface WireParts {
  id?: string;
  action?: string;
  method?: string;
  repository?: string;
  /** `null` for none. */
  tag?: string | null;
  /** What `digestOf` makes it from. */
  digest?: string;
  mediaType?: string;
  references?: readonly unknown[];
}

/**
 * Writes an event.
 *
 * @param parts What differs from a pull of `team/app:1.0` by docker, now.
 * @returns The event, to be put into an envelope.
 */
export function wireEvent(parts: WireParts = {}): Record<string, unknown> {
  const { id = crypto.randomUUID(), action = "pull", method = "GET", digest = "image" } = parts;
  const { repository = "team/app", mediaType = mediaTypes.image, tag = "1.0" } = parts;
  const kind = mediaType === mediaTypes.blob ? "blobs" : "manifests";
  return {
    id,
    timestamp: new Date().toISOString(),
    action,
    target: {
      mediaType,
      size: 1234,
      digest: digestOf(digest),
      length: 1234,
      repository,
      url: `https://registry.example/v2/${repository}/${kind}/${digestOf(digest)}`,
      ...(tag === null ? {} : { tag }),
      ...(parts.references === undefined ? {} : { references: parts.references }),
    },
    request: {
      id: crypto.randomUUID(),
      addr: "192.0.2.1:4711",
      host: "registry.example",
      method,
      useragent: "docker/28.5.2 go/go1.24.8",
    },
    actor: {},
    source: { addr: "registry:5000", instanceID: "instance" },
  };
}

/** Writes an event about a layer: GET of a blob. */
export function blobEvent(parts: WireParts = {}): Record<string, unknown> {
  return wireEvent({ mediaType: mediaTypes.blob, tag: null, digest: "layer", ...parts });
}

/**
 * Puts events into an envelope.
 *
 * @param body The events, or the text itself.
 * @returns The text of the body.
 */
export function textOf(body: string | readonly unknown[]): string {
  return typeof body === "string" ? body : JSON.stringify({ events: body });
}
