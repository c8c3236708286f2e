/**
 * The live stream for tests: the application behind a real socket, and readers of the stream.
 *
 * @module
 */

import assert from "node:assert/strict";

import { type Server, startServer } from "../../lib/http/server.ts";
import { openTestApp, type TestApp } from "./app.ts";
import { until } from "./wait.ts";

/** The application, listening. */
export interface StreamServer extends AsyncDisposable {
  readonly app: TestApp;
  readonly server: Server;
  readonly port: number;
  /** Begins to read. */
  read(query?: string, headers?: Record<string, string>): Promise<StreamReader>;
}

/** A message of the stream. */
export interface StreamMessage {
  readonly event: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

/** A reader that keeps what it was sent. */
export interface StreamReader extends AsyncDisposable {
  readonly headers: Headers;
  /** All that came, as it came. */
  readonly text: () => string;
  readonly messages: StreamMessage[];
  /** The id that a client would come back with. */
  readonly lastId: () => string;
  readonly isOver: () => boolean;
  /** Waits for the next message that was not waited for yet. */
  next(): Promise<StreamMessage>;
}

/**
 * Starts the application.
 *
 * @param options As for {@linkcode openTestApp}.
 * @returns The server; leaving its scope ends it.
 */
export async function startStream(
  options: Parameters<typeof openTestApp>[0] = {},
): Promise<StreamServer> {
  const app = await openTestApp(options);
  const server = startServer({ address: "127.0.0.1", port: 0, handler: app.handle });
  const readers: StreamReader[] = [];
  return {
    app,
    server,
    port: Number(new URL(server.url).port),
    async read(query = "", headers = {}) {
      const reader = await readStream(`${server.url}/api/v1/stream${query}`, headers);
      readers.push(reader);
      return reader;
    },
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      for (const reader of readers) await reader[Symbol.asyncDispose]();
      await server.stop(1000);
    },
  };
}

/**
 * Reads a stream.
 *
 * @param url Of the stream.
 * @param headers Of the request.
 * @returns The reader, as soon as it has been greeted; leaving its scope hangs up.
 */
export async function readStream(
  url: string,
  headers: Record<string, string> = {},
): Promise<StreamReader> {
  const client = Deno.createHttpClient({});
  const abort = new AbortController();
  const response = await fetch(url, { headers, client, signal: abort.signal });
  assert.equal(response.status, 200);
  let text = "";
  let isOver = false;
  let lastId = "";
  let read = 0;
  const messages: StreamMessage[] = [];
  const take = (block: string) => {
    const fields = new Map(
      block.split("\n").map((line): [string, string] => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
      }),
    );
    lastId = fields.get("id") ?? lastId;
    const data = fields.get("data");
    if (data === undefined) return;
    messages.push({ event: fields.get("event") ?? "", id: lastId, data: JSON.parse(data) });
  };
  const reading = (async () => {
    let rest = "";
    const body = response.body?.pipeThrough(new TextDecoderStream()) ?? [];
    for await (const chunk of body) {
      text += chunk;
      const blocks = (rest + chunk).split("\n\n");
      rest = blocks.pop() ?? "";
      blocks.forEach(take);
    }
  })().catch(() => {}).finally(() => isOver = true);
  const reader: StreamReader = {
    headers: response.headers,
    text: () => text,
    messages,
    lastId: () => lastId,
    isOver: () => isOver,
    async next() {
      const message = await until(() => messages[read], () => `a message after ${text}`);
      read++;
      return message;
    },
    async [Symbol.asyncDispose]() {
      if (abort.signal.aborted) return;
      abort.abort();
      await reading;
      client.close();
    },
  };
  await until(() => lastId !== "" || isOver, "the greeting");
  return reader;
}
