/**
 * Waiting for what other processes do: polling, free ports, folders that go away again.
 *
 * @module
 */

import { join } from "node:path";

/** Options of {@linkcode until}. */
export interface UntilOptions {
  /** How long to try, in milliseconds; 15 seconds unless told. */
  timeoutMs?: number;
  /** The pause between two tries, in milliseconds. */
  everyMs?: number;
}

/**
 * Asks again and again until there is an answer.
 *
 * @param probe Gives the answer, or `undefined` (or `false`) for "not yet"; what it throws is final.
 * @param what What is waited for, as the error is to say it.
 * @param options How long and how often.
 * @returns The first answer.
 * @throws {Error} If the time is over.
 */
export async function until<T>(
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  what: string | (() => string),
  { timeoutMs = 15_000, everyMs = 20 }: UntilOptions = {},
): Promise<T> {
  const end = Date.now() + timeoutMs;
  while (true) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() >= end) {
      const text = typeof what === "string" ? what : what();
      throw new Error(`Waited ${timeoutMs} ms in vain for ${text}`);
    }
    await pause(everyMs);
  }
}

/**
 * Lets some time pass.
 *
 * @param ms How long, in milliseconds.
 * @returns When it is over.
 */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Finds a port of the loopback interface that nothing listens on.
 *
 * Another process may take it before the caller does; {@linkcode retryOnce} is for that.
 *
 * @returns The port.
 */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/**
 * Tries a second time: for a server whose port was taken between being found and being used.
 *
 * @param start Starts the server on a port of its own choice.
 * @returns What `start` gave.
 */
export async function retryOnce<T>(start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch {
    return await start();
  }
}

/** A folder that is removed when it goes out of scope. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
  /** Joins names to the folder's path. */
  join(...names: string[]): string;
}

/**
 * Makes an empty folder.
 *
 * @returns The folder; `await using` removes it with all that is in it.
 */
export async function tempDir(): Promise<TempDir> {
  const path = await Deno.makeTempDir({ prefix: "drec-test-" });
  return {
    path,
    join: (...names) => join(path, ...names),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
