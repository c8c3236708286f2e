/**
 * Listening, with TLS or without: knows no routes.
 *
 * @module
 */

import { AppError } from "../errors.ts";
import type { FetchHandler } from "./request.ts";

/** A certificate and its key, as PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What {@linkcode startServer} is made with. */
export interface ServerOptions {
  readonly address: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Absent for plain HTTP. */
  readonly pair?: KeyPair;
  readonly handler: FetchHandler;
}

/** A server that listens. */
export interface Server {
  /** The address that was bound, as a URL. */
  readonly url: string;
  /**
   * Takes up another certificate. Requests in progress are finished with the old one.
   *
   * @returns Settled when the new one is served.
   */
  reload(pair: KeyPair): Promise<void>;
  /** Finishes the requests in progress; those that take longer are cut off. */
  stop(graceMs: number): Promise<void>;
}

/** What a person can do about a failure to listen. */
const HINTS: readonly (readonly [new (message?: string) => Error, string])[] = [
  [Deno.errors.AddrInUse, "end the other program, or choose another `server.port`"],
  [Deno.errors.PermissionDenied, "choose a `server.port` above 1023"],
  [Deno.errors.NotCapable, "let `--allow-net` name this address, or choose one that it names"],
  [Deno.errors.AddrNotAvailable, "choose a `server.address` of this machine, such as 0.0.0.0"],
];

/** Where none of these fits, a name that nobody knows, as a rule. */
const OTHER_HINT = "name an address of this machine in `server.address`, such as 0.0.0.0, or a " +
  "host name that stands for one";

/**
 * Starts to listen.
 *
 * @param options Where, with which certificate, and who answers.
 * @returns The server, ready for connections.
 * @throws {AppError} `unavailable`, if it cannot listen there.
 */
export function startServer(options: ServerOptions): Server {
  let server = listen(options);
  /** Settled when the servers before have answered their last requests. */
  let former: Promise<unknown> = Promise.resolve();
  const { hostname, port } = server.addr;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return {
    url: `${options.pair === undefined ? "http" : "https"}://${host}:${port}`,
    async reload(pair) {
      // The port is free at once.
      former = Promise.all([former, server.shutdown()]);
      server = await retry(() => listen({ ...options, port, pair }));
    },
    async stop(graceMs) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const timeout = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      await Promise.race([Promise.all([former, server.shutdown()]), timeout]);
      clearTimeout(timer);
    },
  };
}

function listen({ address, port, pair, handler }: ServerOptions): Deno.HttpServer<Deno.NetAddr> {
  const where = { hostname: address, port, onListen: () => {} };
  const answer = (request: Request, { remoteAddr }: Deno.ServeHandlerInfo<Deno.NetAddr>) =>
    handler(request, { remoteAddress: remoteAddr.hostname });
  // Handlers do not throw: what comes here is an answer that one of them broke off.
  const onError = () => new Response(null, { status: 500 });
  try {
    return Deno.serve({ ...where, ...pair, onError }, answer);
  } catch (error) {
    const hint = HINTS.find(([kind]) => error instanceof kind)?.[1] ?? OTHER_HINT;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("unavailable", `Cannot listen on ${address}:${port}: ${reason}`, {
      hint,
      cause: error,
    });
  }
}

/** The kernel may need a moment to give a port back. */
async function retry<T>(action: () => T): Promise<T> {
  for (let attempt = 1; attempt < 20; attempt++) {
    try {
      return action();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
  return action();
}
