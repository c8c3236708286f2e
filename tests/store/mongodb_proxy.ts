/**
 * A server between DREC and MongoDB that reads along: which commands are sent, how many. It can fall
 * silent, and make the server look older than it is.
 *
 * @module
 */

import { BSON, type Document } from "mongodb";

/** What a proxy makes of the server behind it. */
export interface ProxyOptions {
  /** Says to speak this version of the wire protocol, such as 21 for MongoDB 7.0. */
  wireVersion?: number;
}

/** A running proxy. */
export interface MongoProxy extends AsyncDisposable {
  /** A connection string that leads through the proxy. */
  readonly uri: string;
  /** The commands sent so far, without those by which the driver watches the server. */
  readonly commands: Document[];
  /** Passes nothing on until the returned function is called. */
  silence(): () => void;
  /** Cuts all connections; new ones can be made. */
  cut(): void;
  /** Cuts the connection instead of passing on the answers to so many commits. */
  swallowCommits(times: number): void;
}

const OP_MSG = 2013;
const WATCHING = new Set(["hello", "ismaster", "isMaster", "endSessions", "ping"]);

/**
 * Starts a proxy.
 *
 * @param port Where the server listens on the loopback interface.
 * @param options What it makes of the server.
 * @returns The proxy; leaving its scope ends it and its connections.
 */
export function startProxy(port: number, { wireVersion }: ProxyOptions = {}): MongoProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const commands: Document[] = [];
  const connections = new Set<Deno.Conn>();
  let voice = Promise.resolve();

  let swallowing = 0;

  async function serve(client: Deno.Conn): Promise<void> {
    const server = await Deno.connect({ hostname: "127.0.0.1", port });
    connections.add(client).add(server);
    let isCommitting = false;
    const send = async (message: Uint8Array) => {
      const sent = commandsIn(message);
      commands.push(...sent);
      isCommitting = sent.some((command) => "commitTransaction" in command);
      await writeAll(server, message);
    };
    const answer = async (message: Uint8Array) => {
      if (isCommitting && swallowing > 0) {
        swallowing--;
        return closeQuietly(client);
      }
      if (wireVersion !== undefined) pretend(message, wireVersion);
      await writeAll(client, message);
    };
    const pipe = async (
      [from, to]: [Deno.Conn, Deno.Conn],
      pass: (message: Uint8Array) => Promise<void>,
    ) => {
      try {
        for await (const message of messagesOf(from)) {
          await voice;
          await pass(message);
        }
      } finally {
        closeQuietly(to);
      }
    };
    await Promise.allSettled([pipe([client, server], send), pipe([server, client], answer)]);
  }

  async function accept(): Promise<void> {
    const served: Promise<void>[] = [];
    for await (const client of listener) served.push(serve(client).catch(() => {}));
    await Promise.all(served);
  }

  const accepting = accept();
  return {
    uri: `mongodb://127.0.0.1:${listener.addr.port}/?directConnection=true`,
    commands,
    silence() {
      const { promise, resolve } = Promise.withResolvers<void>();
      voice = promise;
      return resolve;
    },
    cut() {
      for (const connection of connections) closeQuietly(connection);
      connections.clear();
    },
    swallowCommits(times) {
      swallowing = times;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of connections) closeQuietly(connection);
      await accepting;
    },
  };
}

/** Cuts a stream into messages: each begins with its length. */
async function* messagesOf(connection: Deno.Conn): AsyncGenerator<Uint8Array> {
  let pending = new Uint8Array();
  for await (const chunk of connection.readable.values({ preventCancel: true })) {
    const joined = new Uint8Array(pending.length + chunk.length);
    joined.set(pending);
    joined.set(chunk, pending.length);
    pending = joined;
    while (pending.length >= 4) {
      const length = viewOf(pending).getInt32(0, true);
      if (pending.length < length) break;
      yield pending.slice(0, length);
      pending = pending.slice(length);
    }
  }
}

function commandsIn(message: Uint8Array): Document[] {
  const view = viewOf(message);
  if (view.getInt32(12, true) !== OP_MSG || message[20] !== 0) return [];
  const length = view.getInt32(21, true);
  const command = BSON.deserialize(message.subarray(21, 21 + length));
  return WATCHING.has(Object.keys(command)[0] ?? "") ? [] : [command];
}

/** Overwrites the number after its name. */
function pretend(message: Uint8Array, wireVersion: number): void {
  const name = new TextEncoder().encode("maxWireVersion\0");
  for (
    let at = message.indexOf(name[0] ?? 0);
    at >= 0;
    at = message.indexOf(name[0] ?? 0, at + 1)
  ) {
    if (!name.every((byte, index) => message[at + index] === byte)) continue;
    viewOf(message).setInt32(at + name.length, wireVersion, true);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // The other side was faster.
  }
}
