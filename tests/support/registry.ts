/**
 * Real container registries, on loopback, with empty storage, that notify whom a test says.
 *
 * @module
 */

import { Child, runOk } from "./child.ts";
import { requirePart } from "./parts.ts";
import { freePort, pause, retryOnce, tempDir, until } from "./wait.ts";

/** The registries there are: Debian's 2.8, and 3.x. */
export type RegistryVersion = "2.8" | "3";

/** Whom a registry notifies, in the words of its own configuration. */
export interface NotificationEndpoint {
  url: string;
  headers?: Record<string, string[]>;
  /** How long it waits for an answer, such as `1s`, which is also its default. */
  timeout?: string;
  /** After how many failures it pauses; 10 unless told. */
  threshold?: number;
  /** How long it pauses, such as `1s`. */
  backoff?: string;
  /** A PEM file with the only CAs that the registry trusts. */
  caFile?: string;
}

/** How to start a registry. */
export interface RegistryOptions {
  version: RegistryVersion;
  notifications?: NotificationEndpoint;
  /** Whether events name what a manifest refers to; true unless told. */
  includeReferences?: boolean;
  /** Users and their passwords; without them everything is open to everyone. */
  htpasswd?: Record<string, string>;
  /** Whether manifests and blobs can be deleted; true unless told. */
  deleteEnabled?: boolean;
}

/** What a registry says of its notifications, at `/debug/vars`. */
export interface NotificationMetrics {
  Pending: number;
  Events: number;
  Successes: number;
  Failures: number;
  Errors: number;
}

/** A running registry. */
export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:port`, as in the name of an image; it speaks plain HTTP. */
  readonly host: string;
  /** Everything it says at `/debug/vars`. */
  debugVars(): Promise<unknown>;
  /** What it says of its one endpoint. */
  metrics(): Promise<NotificationMetrics>;
  /**
   * Waits until everything that happened so far was delivered.
   *
   * @param timeoutMs How long, in milliseconds; 30 seconds unless told.
   * @returns The numbers of then.
   */
  waitDelivered(timeoutMs?: number): Promise<NotificationMetrics>;
  /** Ends it; events not delivered are lost, as ever. */
  stop(): Promise<void>;
}

/**
 * Starts a registry.
 *
 * @param options Which one, and whom it notifies.
 * @returns The registry, as soon as it answers; leaving its scope ends it.
 */
export function startRegistry(options: RegistryOptions): Promise<Registry> {
  return retryOnce(() => startOnce(options));
}

async function startOnce(options: RegistryOptions): Promise<Registry> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await tempDir());
  const [port, debugPort] = [freePort(), freePort()];
  const config = registryConfig(options, { port, debugPort, folder: folder.path });
  if (options.htpasswd) await writeUsers(folder.join("htpasswd"), options.htpasswd);
  // JSON is YAML, too.
  await Deno.writeTextFile(folder.join("config.yml"), JSON.stringify(config));
  const { caFile } = options.notifications ?? {};
  const child = cleanup.use(
    new Child(requirePart(options.version === "3" ? "registry-3" : "registry-2.8"), {
      args: ["serve", folder.join("config.yml")],
      env: { OTEL_TRACES_EXPORTER: "none", ...(caFile ? { SSL_CERT_FILE: caFile } : {}) },
    }),
  );
  await untilAnswers(child, port);
  const running = cleanup.move();
  const debugVars = () => readJson(`http://127.0.0.1:${debugPort}/debug/vars`);
  const metrics = async () => endpointMetrics(await debugVars());
  return {
    host: `127.0.0.1:${port}`,
    debugVars,
    metrics,
    waitDelivered: (timeoutMs) => waitDelivered(metrics, timeoutMs),
    stop: () => running.disposeAsync(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface Place {
  port: number;
  debugPort: number;
  folder: string;
}

function registryConfig(options: RegistryOptions, { port, debugPort, folder }: Place): unknown {
  const { notifications, includeReferences = true, deleteEnabled = true } = options;
  return {
    version: "0.1",
    log: { level: "warn", accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: `${folder}/storage` },
      cache: { blobdescriptor: "inmemory" },
      delete: { enabled: deleteEnabled },
    },
    http: {
      addr: `127.0.0.1:${port}`,
      secret: crypto.randomUUID(),
      debug: { addr: `127.0.0.1:${debugPort}` },
    },
    ...(options.htpasswd
      ? { auth: { htpasswd: { realm: "test", path: `${folder}/htpasswd` } } }
      : {}),
    ...(notifications
      ? {
        notifications: {
          events: { includereferences: includeReferences },
          endpoints: [endpointConfig(notifications)],
        },
      }
      : {}),
  };
}

function endpointConfig({ caFile: _, ...endpoint }: NotificationEndpoint): unknown {
  return { name: "collector", timeout: "1s", threshold: 10, backoff: "1s", ...endpoint };
}

async function writeUsers(path: string, users: Record<string, string>): Promise<void> {
  const lines = Object.entries(users).map(([user, password]) =>
    // bcrypt is the only kind that registries accept.
    runOk(requirePart("htpasswd"), ["-nbB", user, password])
  );
  await Deno.writeTextFile(path, (await Promise.all(lines)).join(""));
}

async function untilAnswers(child: Child, port: number): Promise<void> {
  let ended = false;
  child.status.then(() => ended = true);
  await until(
    async () => {
      if (ended) throw new Error(`The registry ended:\n${child.stderr}`);
      try {
        const response = await fetch(`http://127.0.0.1:${port}/v2/`);
        await response.body?.cancel();
        return response.status === 200 || response.status === 401;
      } catch {
        return false;
      }
    },
    "the registry to answer",
    { everyMs: 50 },
  );
}

/**
 * A registry may make the event of a download after the client has it all: so the numbers must
 * also have been the same for a while.
 */
async function waitDelivered(
  metrics: () => Promise<NotificationMetrics>,
  timeoutMs = 30_000,
): Promise<NotificationMetrics> {
  return await until(
    async () => {
      const before = await metrics();
      if (before.Pending > 0) return undefined;
      await pause(200);
      const now = await metrics();
      return now.Pending === 0 && now.Events === before.Events ? now : undefined;
    },
    "the registry to deliver its events",
    { timeoutMs, everyMs: 50 },
  );
}

function endpointMetrics(vars: unknown): NotificationMetrics {
  const { registry } = vars as DebugVars;
  const metrics = registry?.notifications?.endpoints?.[0]?.Metrics;
  if (metrics === undefined) throw new Error("The registry notifies no one");
  return metrics;
}

interface DebugVars {
  registry?: { notifications?: { endpoints?: { Metrics: NotificationMetrics }[] } };
}

async function readJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  return await response.json();
}
