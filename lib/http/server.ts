/**
 * Listening, with TLS or without: knows no routes.
 *
 * @module
 */

import { AppError } from "../errors.ts";
import { pause, within } from "../patience.ts";
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
   * @param pair The certificate.
   * @param onFailure Told each time that neither it nor the former one could be listened with: then
   *   nobody is heard until another try, a second later.
   * @returns True when the new one is served; false if the server was stopped before.
   * @throws {AppError} `unavailable` if the new one is no use; the former one is served.
   */
  reload(pair: KeyPair, onFailure?: (error: unknown) => void): Promise<boolean>;
  /** Finishes the requests in progress; those that take longer are cut off. */
  stop(graceMs: number): Promise<void>;
}

/** The tries to get a port back, and the time between two. */
const ATTEMPTS = 20;
const ATTEMPT_MS = 25;
/** How long there is no try after that. */
const RETRY_MS = 1000;

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
  return new ReloadingServer(options);
}

class ReloadingServer implements Server {
  readonly url: string;
  /** With the port that was bound, and the pair that is served. */
  #options: ServerOptions;
  #server: Deno.HttpServer<Deno.NetAddr>;
  /** Settled when the servers before have answered their last requests. */
  #former: Promise<unknown> = Promise.resolve();
  /** Settled when no reload is under way. */
  #reloaded: Promise<unknown> = Promise.resolve();
  #isStopping = false;

  constructor(options: ServerOptions) {
    this.#server = listen(options);
    const { hostname, port } = this.#server.addr;
    this.#options = { ...options, port };
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    this.url = `${options.pair === undefined ? "http" : "https"}://${host}:${port}`;
  }

  reload(pair: KeyPair, onFailure: (error: unknown) => void = () => {}): Promise<boolean> {
    const reloaded = this.#reloaded.then(() => this.#replace(pair, onFailure));
    this.#reloaded = reloaded.catch(() => {});
    return reloaded;
  }

  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    await within(this.#end(), graceMs);
  }

  async #end(): Promise<void> {
    await this.#reloaded;
    await Promise.all([this.#former, this.#server.shutdown()]);
  }

  async #replace(pair: KeyPair, onFailure: (error: unknown) => void): Promise<boolean> {
    if (this.#isStopping) return false;
    // The port is free at once.
    this.#former = Promise.all([this.#former, this.#server.shutdown()]);
    const options = { ...this.#options, pair };
    for (;;) {
      const problem = await this.#tryToListen(options);
      if (problem === undefined) return true;
      // If it is the new pair that is no use, the one before still is.
      const mayBePair = !isTaken(problem);
      if (mayBePair && await this.#tryToListen(this.#options) === undefined) throw problem;
      if (this.#isStopping) return false;
      onFailure(problem);
      await pause(RETRY_MS);
    }
  }

  /** @returns Why not; `undefined` where it listens now. */
  async #tryToListen(options: ServerOptions): Promise<unknown> {
    let problem: unknown;
    for (let attempt = 0; attempt < ATTEMPTS && !this.#isStopping; attempt++) {
      try {
        this.#server = listen(options);
        this.#options = options;
        return undefined;
      } catch (error) {
        problem = error;
        if (!isTaken(error)) break;
      }
      // The kernel may need a moment to give a port back.
      await pause(ATTEMPT_MS);
    }
    return problem ?? new AppError("unavailable", "DREC is stopping");
  }
}

/** Whether the port is the reason, and the certificate is not. */
function isTaken(problem: unknown): boolean {
  return problem instanceof AppError && problem.cause instanceof Deno.errors.AddrInUse;
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
