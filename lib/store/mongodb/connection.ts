/**
 * The connection: made once at start, with everything checked that DREC relies on.
 *
 * @module
 */

import {
  type Collection,
  type Db,
  type Document,
  MongoClient,
  type MongoClientOptions,
  MongoServerSelectionError,
} from "mongodb";

import { AppError } from "../../errors.ts";
import { type CollectionName, SUFFIXES } from "./documents.ts";
import { hasCode, messageOf } from "./errors.ts";
import { withDeadline } from "./transaction.ts";

/** How to reach MongoDB, and where in it. */
export interface MongoConnection {
  /** Connection string, with credentials and TLS options. */
  readonly uri: string;
  readonly database: string;
  /** Name of the main collection; the names of all others begin with it. */
  readonly collection: string;
  /** How long connecting at start may take. */
  readonly timeoutMs: number;
}

/** A connection to a server that is fit for use. */
export interface Database {
  readonly client: MongoClient;
  readonly name: string;
  /** Reached through a router (`mongos`). */
  readonly isSharded: boolean;
  /** One command writes to all collections: MongoDB 8.0 and later. */
  readonly hasClientBulkWrite: boolean;
  /** `$lookup` in a transaction: always on a replica set, with 8.0 on a sharded cluster. */
  readonly canJoinInTransaction: boolean;
  /** The database itself, on the primary. */
  readonly primary: Db;
  nameOf(collection: CollectionName): string;
  /** For what the API shows: a read preference of the connection string holds. */
  collection<T extends Document = Document>(name: CollectionName): Collection<T>;
  /** For what decides something: always read from the primary. */
  decisive<T extends Document = Document>(name: CollectionName): Collection<T>;
  /** False while a server that takes writes is known to be missing. */
  isUp(): boolean;
}

/** Longest wait for a primary once DREC runs; connecting at start has a time of its own. */
const SELECTION_MS = 5000;
/** How soon a silent server or a new primary is noticed. */
const HEARTBEAT_MS = 2000;
/** The oldest version with all that is used here. */
const MIN_MAJOR = 7;
/** MongoDB 8.0 by its wire protocol. */
const WIRE_8_0 = 25;
const AUTHENTICATION_FAILED = 18;

/**
 * Connects to MongoDB.
 *
 * @param connection Where.
 * @returns The connection.
 * @throws {AppError} `invalid` for a broken connection string, `unavailable` if no server answers
 *   in time, `unauthorized` for wrong credentials, `unsupported` for a standalone server or one
 *   that is too old.
 */
export async function connect(connection: MongoConnection): Promise<Database> {
  const client = createClient(connection);
  try {
    const deadline = Date.now() + connection.timeoutMs;
    await selectServer(client, deadline);
    const admin = client.db("admin", { readPreference: "primary" });
    const asked = Promise.all([admin.command({ hello: 1 }), admin.command({ buildInfo: 1 })]);
    const [hello, { version }] = await withDeadline(asked, deadline, "connect to MongoDB");
    requireSupport(hello, { version: String(version), hosts: hostsOf(client) });
    return createDatabase(client, connection, hello);
  } catch (error) {
    await client.close();
    throw asConnectError(error, client);
  }
}

function createClient({ uri, timeoutMs }: MongoConnection): MongoClient {
  const options: MongoClientOptions = {
    appName: "drec",
    serverSelectionTimeoutMS: Math.min(timeoutMs, SELECTION_MS),
    connectTimeoutMS: Math.min(timeoutMs, SELECTION_MS),
    heartbeatFrequencyMS: HEARTBEAT_MS,
    retryWrites: true,
    writeConcern: { w: "majority", journal: true },
  };
  try {
    return new MongoClient(uri, options);
  } catch (error) {
    throw new AppError(
      "invalid",
      `Cannot read the MongoDB connection string: ${messageOf(error)}`,
      {
        hint: "see https://www.mongodb.com/docs/manual/reference/connection-string/",
        cause: error,
      },
    );
  }
}

/** The driver's own time limit would hold for every later operation, too. */
async function selectServer(client: MongoClient, deadline: number): Promise<void> {
  while (true) {
    try {
      await client.connect();
      return;
    } catch (error) {
      if (!(error instanceof MongoServerSelectionError) || Date.now() >= deadline) throw error;
    }
  }
}

/**
 * Checks that a server has what DREC relies on.
 *
 * @param hello Its answer to `hello`.
 * @param server Its version and where it is, for the error.
 * @throws {AppError} `unsupported`, with the remedy.
 */
export function requireSupport(
  hello: Document,
  { version, hosts }: { version: string; hosts: string },
): void {
  const isMember = typeof hello.setName === "string" || hello.msg === "isdbgrid";
  if (!isMember) {
    throw new AppError("unsupported", `Cannot use MongoDB at ${hosts}: it is a standalone server`, {
      hint: "make it a replica set of one member, which gives it transactions: start mongod with " +
        "`--replSet rs0`, then run `rs.initiate()` once in mongosh",
    });
  }
  if (Number.parseInt(version) < MIN_MAJOR) {
    throw new AppError("unsupported", `Cannot use MongoDB ${version} at ${hosts}: it is too old`, {
      hint: `upgrade it to MongoDB ${MIN_MAJOR}.0 or later`,
    });
  }
}

function createDatabase(
  client: MongoClient,
  { database, collection }: MongoConnection,
  hello: Document,
): Database {
  const nameOf = (name: CollectionName): string => collection + SUFFIXES[name];
  const shown = client.db(database);
  const primary = client.db(database, { readPreference: "primary" });
  const isSharded = hello.msg === "isdbgrid";
  const hasClientBulkWrite = Number(hello.maxWireVersion) >= WIRE_8_0;
  let isUp = true;
  client.on("topologyDescriptionChanged", ({ newDescription }) => {
    isUp = [...newDescription.servers.values()].some(({ isWritable }) => isWritable);
  });
  return {
    client,
    name: database,
    isSharded,
    hasClientBulkWrite,
    canJoinInTransaction: !isSharded || hasClientBulkWrite,
    primary,
    nameOf,
    collection: <T extends Document>(name: CollectionName) => shown.collection<T>(nameOf(name)),
    decisive: <T extends Document>(name: CollectionName) => primary.collection<T>(nameOf(name)),
    isUp: () => isUp,
  };
}

function asConnectError(error: unknown, client: MongoClient): AppError {
  if (error instanceof AppError) return error;
  const message = `Cannot connect to MongoDB at ${hostsOf(client)}: ${messageOf(error)}`;
  if (hasCode(error, AUTHENTICATION_FAILED)) {
    const hint = "correct the user and the password of dial_info";
    return new AppError("unauthorized", message, { hint, cause: error });
  }
  const hint = "start MongoDB, or correct dial_info in the configuration";
  return new AppError("unavailable", message, { hint, cause: error });
}

function hostsOf({ options }: MongoClient): string {
  return `"${options.srvHost ?? options.hosts.map(String).join(",")}"`;
}
