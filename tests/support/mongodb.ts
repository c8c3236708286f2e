/**
 * MongoDB for tests: a database of one's own on the server all tests share, and servers of one's
 * own to kill, to restart, or to run standalone.
 *
 * @module
 */

import { MongoClient } from "mongodb";

import { Child } from "./child.ts";
import { requirePart, setting } from "./parts.ts";
import { freePort, retryOnce, tempDir } from "./wait.ts";

/** How to start a server. */
export interface MongoOptions {
  /** Every commit reaches the disk before it is answered: for tests of durability. */
  syncOnCommit?: boolean;
  /** Allows `configureFailPoint`. */
  testCommands?: boolean;
  /** No replica set. */
  standalone?: boolean;
  /** Where the data are, to be there again for the next server; else in a folder of its own. */
  storagePath?: string;
  /** The port to listen on, such as that of the server before; else a free one. */
  port?: number;
}

/** A running server. */
export interface MongoServer extends AsyncDisposable {
  readonly uri: string;
  readonly port: number;
  /** Ends it at once, as a power cut would (SIGKILL). */
  kill(): Promise<void>;
  /** Ends it in good order (SIGTERM). */
  stop(): Promise<void>;
}

/** A database that no other test uses. */
export interface FreshDatabase extends AsyncDisposable {
  /** The connection string of the server, without the database. */
  readonly uri: string;
  readonly database: string;
}

/** Where the test task says which server is shared. */
const sharedVariable = "DREC_TEST_MONGODB_URI";

/**
 * Starts a MongoDB server (SecantusDB, replica set `secantus`) on the loopback interface.
 *
 * @param options How it behaves and where its data are.
 * @returns The server, as soon as it accepts connections; leaving its scope kills it.
 */
export function startMongo(options: MongoOptions = {}): Promise<MongoServer> {
  const start = () => startOnce(options, options.port ?? freePort());
  return options.port === undefined ? retryOnce(start) : start();
}

/**
 * Gives a database of one's own on the shared server: `MONGODB_URI`, or the one that the test
 * task started. Without either a server is started for this database alone.
 *
 * @returns Where it is; leaving its scope drops it.
 */
export async function freshDatabase(): Promise<FreshDatabase> {
  const database = `drec-test-${crypto.randomUUID()}`;
  const shared = setting("MONGODB_URI") ?? setting(sharedVariable);
  if (shared === undefined) {
    const server = await startMongo();
    return { uri: server.uri, database, [Symbol.asyncDispose]: () => server.kill() };
  }
  return { uri: shared, database, [Symbol.asyncDispose]: () => drop(shared, database) };
}

/**
 * Starts the server that {@linkcode freshDatabase} uses, for the test task.
 *
 * @returns The server, and the environment that tells tests about it.
 */
export async function startSharedMongo(): Promise<
  { server: MongoServer; env: Record<string, string> }
> {
  const server = await startMongo();
  return { server, env: { [sharedVariable]: server.uri } };
}

async function startOnce(options: MongoOptions, port: number): Promise<MongoServer> {
  const folder = await tempDir();
  const child = new Child(requirePart("secantusdb"), {
    args: serverArguments(options, port, options.storagePath ?? folder.join("data")),
    // Its configuration file is looked for in the current folder.
    cwd: folder.path,
  });
  const end = async (signal: Deno.Signal) => {
    child.signal(signal);
    await child.status;
    await folder[Symbol.asyncDispose]();
  };
  let ended: Promise<void> | undefined;
  const endOnce = (signal: Deno.Signal) => ended ??= end(signal);
  try {
    await child.waitFor(/listening on /, 60_000);
  } catch (error) {
    await endOnce("SIGKILL");
    throw error;
  }
  const query = options.standalone ? "" : "?replicaSet=secantus";
  return {
    port,
    uri: `mongodb://127.0.0.1:${port}/${query}`,
    kill: () => endOnce("SIGKILL"),
    stop: () => endOnce("SIGTERM"),
    [Symbol.asyncDispose]: () => endOnce("SIGKILL"),
  };
}

function serverArguments(options: MongoOptions, port: number, storagePath: string): string[] {
  const args = ["--host", "127.0.0.1", "--port", String(port), "--storage-path", storagePath];
  if (options.syncOnCommit) args.push("--sync-on-commit");
  if (options.testCommands) args.push("--enable-test-commands");
  if (options.standalone) args.push("--standalone");
  return args;
}

async function drop(uri: string, database: string): Promise<void> {
  const client = new MongoClient(uri);
  try {
    await client.db(database).dropDatabase();
  } finally {
    await client.close();
  }
}
