/**
 * `drec serve`: receives events and answers questions, until it is asked to stop.
 *
 * @module
 */

import { type CollectorOptions, createCollector } from "../collector.ts";
import { type Config, loadConfig } from "../config.ts";
import type { Readiness } from "../http/operations.ts";
import { startServer } from "../http/server.ts";
import { configureLog, createLogThrottle, type Log, logger } from "../log.ts";
import { createMetrics } from "../metrics.ts";
import { createRankings } from "../rankings.ts";
import { pause } from "../patience.ts";
import { openStore } from "../store/open.ts";
import type { Store, TokenRole } from "../store/store.ts";
import { VERSION } from "../version.ts";
import { type Command, parseArguments, type Terminal } from "./command.ts";
import { publicUrl } from "./public_url.ts";
import { printRegistryConfig } from "./registry_config.ts";
import { createLiveStream } from "./live_stream.ts";
import { isTokenNeeded, type MadeToken, madeTokens } from "./token.ts";
import { startUpkeep } from "./upkeep.ts";

/** Runs the collector. */
export const serveCommand: Command = {
  name: "serve",
  summary: "receive events and answer questions (the default)",
  help: `Usage: drec [serve] [config.yml] [--KEY VALUE …]

Receives the notifications of container registries and keeps statistics. Without a file named,
config.yml in the working directory is read if there is one; without any, the defaults hold:
HTTPS on 127.0.0.1:8443, statistics in data/drec.db, a certificate made at the first start.

Every key of the configuration is a flag, too (--server-port 8443), and an environment variable
(DREC_SERVER_PORT=8443). SIGTERM and SIGINT end it when everything taken in is counted.`,
  async run(args, terminal) {
    const { positionals: [file], flags } = parseArguments(args, { positionals: 1 });
    const config = await loadConfig(file, { flags });
    configureLog(config.log);
    const log = logger("serve");
    for (const warning of config.warnings) log.warning(warning);
    const stopRequested = terminal.stopRequested();
    // A database that does not answer is waited for, but not by who wants to end.
    const opening = openStore(config, { exclusive: true });
    void importHandler();
    if (config.server.ssl !== "off") void importCertificates();
    const store = await Promise.race([opening, stopRequested]);
    if (store === undefined) return 0;
    try {
      await serve(config, store, { terminal, log, stopRequested });
    } finally {
      // All is committed: a database that is away is not waited for.
      await Promise.race([store.close(), pause(CLOSE_MS)]);
    }
    return 0;
  },
};

/** What makes and reads certificates is large: it is loaded while the store opens, if at all. */
function importCertificates(): Promise<typeof import("./certificate.ts")> {
  return import("./certificate.ts");
}

/** So are the modules of HTTP. */
function importHandler(): Promise<typeof import("./handler.ts")> {
  return import("./handler.ts");
}

/** Requests in progress have this long to finish; the process ends within ten seconds. */
const GRACE_MS = 4000;
const CLOSE_MS = 2000;

interface Surroundings {
  readonly terminal: Terminal;
  readonly log: Log;
  readonly stopRequested: Promise<void>;
}

async function serve(
  config: Config,
  store: Store,
  { terminal, log, stopRequested }: Surroundings,
): Promise<void> {
  const metrics = createMetrics({ version: VERSION });
  const tokens = await madeTokens(config, store);
  const certificate = config.server.ssl === "off"
    ? undefined
    : await (await importCertificates()).loadCertificate(config, { metrics, log: logger("tls") });
  const collector = createCollector({
    store,
    metrics,
    blobs: config.blobs,
    queueLimit: config.limits.queue,
    onStoreChange: storeChangeLog(log),
    onQuarantined: quarantineLog(),
  });
  const stream = createLiveStream(store, { log: logger("http"), metrics });
  const rankings = createRankings({
    store,
    now: Date.now,
    onError: (error) => logger("store").warning("cannot compute a ranking", { error }),
  });
  const { createHandler } = await importHandler();
  let readiness: Readiness = "starting";
  // Port 0 is any that is free, which only the server knows; it does not tell 443.
  const externalUrl = (): string =>
    publicUrl(config, config.server.port || Number(new URL(server.url).port));
  const server = startServer({
    address: config.server.address,
    port: config.server.port,
    ...(certificate === undefined ? {} : { pair: certificate.pair }),
    handler: createHandler(config, store, {
      collector,
      stream,
      metrics,
      rankings,
      tokens,
      readiness: () => readiness,
      externalUrl,
    }),
  });
  readiness = "ready";
  const isFirst = certificate?.isNew === true || tokens.some((token) => token.isNew);
  if (isFirst) await printFirstStart(terminal, config, { url: externalUrl(), tokens });
  terminal.print(`DREC ${VERSION} listening on ${server.url}`);
  const stopUpkeep = startUpkeep(store, logger("store"));
  rankings.start();
  const watcher = certificate?.watch(server);
  store.warmUp().catch((error) => log.warning("cannot warm up the store", { error }));

  await stopRequested;
  readiness = "draining";
  log.info("stopping");
  stopUpkeep();
  // A store that does not answer is not waited for.
  void rankings.stop();
  watcher?.stop();
  // They would never end by themselves.
  const streamStopped = stream.stop();
  const uncounted = await collector.stop();
  await server.stop(GRACE_MS);
  // A database that is away is not waited for.
  await Promise.race([streamStopped, pause(CLOSE_MS)]);
  if (uncounted > 0) {
    log.warning("bodies wait in the inbox for the next start: leave its files", { uncounted });
  }
  log.info("stopped");
}

/**
 * What a newcomer needs, once. A secret is shown on a terminal only; where the output is a log,
 * the command that shows it is named.
 */
async function printFirstStart(
  terminal: Terminal,
  config: Config,
  { url, tokens }: { url: string; tokens: readonly MadeToken[] },
): Promise<void> {
  const hidden = "<shown by drec token>";
  const shown = (role: TokenRole): string | undefined => {
    if (!isTokenNeeded(config, role)) return undefined;
    if (config.auth[role] !== "unset") return `<one of auth.${role}>`;
    const made = tokens.find((token) => token.role === role);
    return terminal.isTerminal && made !== undefined ? made.token : hidden;
  };
  await printRegistryConfig(terminal, config, {
    url,
    tokens: { ingest: shown("ingest"), read: shown("read") },
  });
  const admin = shown("admin");
  if (admin !== undefined) terminal.print(`Token for what changes something (admin): ${admin}\n`);
}

/** A sender that DREC does not understand says the same again and again. */
function quarantineLog(): NonNullable<CollectorOptions["onQuarantined"]> {
  const log = logger("collector");
  const mayLog = createLogThrottle(10_000);
  return ({ registry, id, reason }) => {
    const allowed = mayLog(`${registry} ${reason}`);
    if (allowed === undefined) return;
    const { suppressed } = allowed;
    log.warning("quarantined an event", { registry, "event_id": id, reason, suppressed });
  };
}

/** A store may answer a probe and fail again at the next batch: that is told every ten seconds. */
function storeChangeLog(log: Log): CollectorOptions["onStoreChange"] {
  const mayLog = createLogThrottle(10_000);
  return (error) => {
    const isBack = error === undefined;
    const allowed = mayLog(isBack ? "back" : "gone");
    if (allowed === undefined) return;
    const { suppressed } = allowed;
    if (isBack) {
      log.info("the store answers again", { suppressed });
    } else {
      log.error("the store does not answer; registries keep their events", { error, suppressed });
    }
  };
}
