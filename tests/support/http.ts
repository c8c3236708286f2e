/**
 * HTTP for tests, on two levels: events posted as a registry posts them, and bare sockets for
 * what no client would send.
 *
 * @module
 */

import { Buffer } from "node:buffer";

import { pause } from "./wait.ts";

/** How to reach a server. */
export interface SocketOptions {
  /** The CA to trust, PEM: the socket speaks TLS. */
  caCert?: string;
}

/** An answer as it came over the wire. */
export interface RawAnswer {
  /** The status, or 0 if the connection ended without a whole head. */
  status: number;
  /** By their names in lower case; repeated ones are joined by `, `. */
  headers: Record<string, string>;
  body: string;
  /** From the first byte sent, or the call of `answer()`, to the last one read. */
  milliseconds: number;
}

/** A connection of its own. */
export interface RawSocket extends Disposable {
  /** Sends bytes or text, as they are. */
  send(data: Uint8Array | string): Promise<void>;
  /**
   * Reads one answer: to the end that `Content-Length` or chunks give it, or to the end of the
   * connection.
   *
   * @throws {Error} If the time is over; 10 seconds unless told.
   */
  answer(timeoutMs?: number): Promise<RawAnswer>;
  /** Ends the connection at once. */
  close(): void;
}

/**
 * Opens a connection.
 *
 * @param port A port of 127.0.0.1.
 * @param options Whether to speak TLS.
 * @returns The connection; leaving its scope closes it.
 */
export async function openSocket(port: number, { caCert }: SocketOptions = {}): Promise<RawSocket> {
  const address = { hostname: "127.0.0.1", port };
  const connection = caCert === undefined
    ? await Deno.connect(address)
    : await Deno.connectTls({ ...address, caCerts: [caCert] });
  let open = true;
  const close = () => {
    if (open) connection.close();
    open = false;
  };
  return {
    send: (data) => sendAll(connection, data),
    answer: (timeoutMs = 10_000) => readAnswer(connection, { timeoutMs, close }),
    close,
    [Symbol.dispose]: close,
  };
}

/**
 * Sends one request as it is, and reads the answer.
 *
 * @param port A port of 127.0.0.1.
 * @param request The whole request, with its line ends (CRLF).
 * @param options Whether to speak TLS.
 * @returns The answer; its status is 0 if the server hung up instead.
 */
export async function rawRequest(
  port: number,
  request: Uint8Array | string,
  options: SocketOptions = {},
): Promise<RawAnswer> {
  using socket = await openSocket(port, options);
  const [, answer] = await Promise.all([ignoreHangUp(socket.send(request)), socket.answer()]);
  return answer;
}

/** How to post. */
export interface PostOptions {
  token?: string;
  /** The CA to trust, PEM. */
  caCert?: string;
  contentType?: string;
}

/** How long a registry waits for an answer where it is configured as recommended. */
const PATIENCE_MS = 5000;

/** Posts to one address over connections that are kept open. */
export interface Poster extends Disposable {
  /**
   * Posts one envelope.
   *
   * @param body Its text, or its events.
   * @returns The status.
   */
  post(body: string | readonly unknown[]): Promise<number>;
  /**
   * Posts one envelope as a registry does: again and again until the answer is 2xx or 3xx,
   * whatever it was before, also if the server was away.
   *
   * @returns How often it was posted.
   */
  deliver(body: string | readonly unknown[]): Promise<number>;
}

/**
 * Makes a sender of notifications.
 *
 * @param url The event path, with host and port.
 * @param options The token, the CA to trust.
 * @returns The sender; leaving its scope closes its connections.
 */
export function createPoster(url: string, options: PostOptions = {}): Poster {
  const client = Deno.createHttpClient(
    options.caCert === undefined ? {} : { caCerts: [options.caCert] },
  );
  const headers = postHeaders(options);
  const post = async (body: string | readonly unknown[]) => {
    const text = typeof body === "string" ? body : JSON.stringify({ events: body });
    const request = { method: "POST", headers, body: text, client, redirect: "manual" } as const;
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(PATIENCE_MS) });
    await response.body?.cancel();
    return response.status;
  };
  return {
    post,
    deliver: (body) => deliver(() => post(body)),
    [Symbol.dispose]: () => client.close(),
  };
}

/**
 * Posts one envelope.
 *
 * @param url The event path, with host and port.
 * @param body Its text, or its events.
 * @param options The token, the CA to trust.
 * @returns The status.
 */
export async function postEvents(
  url: string,
  body: string | readonly unknown[],
  options: PostOptions = {},
): Promise<number> {
  using poster = createPoster(url, options);
  return await poster.post(body);
}

function postHeaders({ token, contentType }: PostOptions): HeadersInit {
  return {
    "Content-Type": contentType ?? "application/vnd.docker.distribution.events.v2+json",
    "User-Agent": "Go-http-client/1.1",
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  };
}

async function deliver(post: () => Promise<number>): Promise<number> {
  for (let times = 1;; times++) {
    const status = await post().catch(() => 0);
    if (status >= 200 && status < 400) return times;
    await pause(20);
  }
}

async function sendAll(connection: Deno.Conn, data: Uint8Array | string): Promise<void> {
  let rest = typeof data === "string" ? new TextEncoder().encode(data) : data;
  while (rest.length > 0) rest = rest.subarray(await connection.write(rest));
}

/** A server may answer and hang up before it has read everything. */
async function ignoreHangUp(sending: Promise<void>): Promise<void> {
  try {
    await sending;
  } catch (error) {
    if (!isHangUp(error)) throw error;
  }
}

function isHangUp(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.UnexpectedEof;
}

async function readAnswer(
  connection: Deno.Conn,
  { timeoutMs, close }: { timeoutMs: number; close: () => void },
): Promise<RawAnswer> {
  const start = performance.now();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    close();
  }, timeoutMs);
  try {
    const answer = parseAnswer(await readWhole(connection));
    return { ...answer, milliseconds: performance.now() - start };
  } catch (error) {
    throw late ? new Error(`No answer within ${timeoutMs} ms`, { cause: error }) : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Reads bytes, one character each, until they are a whole answer or the connection ends. */
async function readWhole(connection: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(65_536);
  let text = "";
  while (!isWhole(text)) {
    const count = await readSome(connection, buffer);
    if (count === null) break;
    text += Buffer.from(buffer.subarray(0, count)).toString("latin1");
  }
  return text;
}

async function readSome(connection: Deno.Conn, buffer: Uint8Array): Promise<number | null> {
  try {
    return await connection.read(buffer);
  } catch (error) {
    if (isHangUp(error)) return null;
    throw error;
  }
}

function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const head = text.slice(0, end);
  const body = text.slice(end + 4);
  if (/^transfer-encoding: *chunked/im.test(head)) return body.endsWith("0\r\n\r\n");
  const length = head.match(/^content-length: *(\d+)/im)?.[1];
  return length !== undefined && body.length >= Number(length);
}

function parseAnswer(text: string): Omit<RawAnswer, "milliseconds"> {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [statusLine = "", ...lines] = head.split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  const status = rest.length === 0 ? 0 : Number(statusLine.match(/^HTTP\/1\.[01] (\d{3})/)?.[1]);
  const body = Buffer.from(rest.join("\r\n\r\n"), "latin1").toString("utf8");
  return { status, headers, body };
}
