/**
 * Programs that tests start: those that run until they are told to end, and those that just run.
 *
 * @module
 */

import { until } from "./wait.ts";

/** How to start a program. */
export interface ChildOptions {
  args?: string[];
  /** Added to the environment, or all of it with `clearEnv`. */
  env?: Record<string, string>;
  clearEnv?: boolean;
  cwd?: string;
}

/** A program that runs until it is told to end, or ends by itself. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** What it has written so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves when the program has ended and all it wrote was read. */
  readonly status: Promise<Deno.CommandStatus>;
  /**
   * Waits for a text on standard output or standard error.
   *
   * @throws {Error} If the program ends before, or the time is over; the error shows what it wrote.
   */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<RegExpMatchArray>;
  /** Sends a signal; nothing happens if the program has ended. */
  signal(signal: Deno.Signal): void;
  /** Ends the program at once (SIGKILL) and waits for that. */
  kill(): Promise<Deno.CommandStatus>;
}

/**
 * Starts a program.
 *
 * @param command A path, or a name on the `PATH`.
 * @param options Arguments, environment, folder.
 * @returns The running program; leaving its scope kills it.
 */
export function spawnChild(command: string, options: ChildOptions = {}): Child {
  const child = new Deno.Command(command, {
    ...options,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdout = new Collected(child.stdout);
  const stderr = new Collected(child.stderr);
  let ended: Deno.CommandStatus | undefined;
  const status = Promise.all([child.status, stdout.done, stderr.done]).then(([status]) => {
    ended = status;
    return status;
  });
  const signal = (signal: Deno.Signal) => {
    if (ended === undefined) trySignal(child, signal);
  };
  const kill = () => {
    signal("SIGKILL");
    return status;
  };
  const failure = (message: string) =>
    new Error(`${command}: ${message}\n${stdout.text}${stderr.text}`.trimEnd());
  return {
    pid: child.pid,
    get stdout() {
      return stdout.text;
    },
    get stderr() {
      return stderr.text;
    },
    status,
    signal,
    kill,
    async waitFor(pattern, timeoutMs = 30_000) {
      try {
        return await until(() => {
          const match = stdout.text.match(pattern) ?? stderr.text.match(pattern);
          if (match === null && ended !== undefined) throw new Error(`ended with ${ended.code}`);
          return match ?? undefined;
        }, String(pattern), { timeoutMs });
      } catch (error) {
        throw failure(error instanceof Error ? error.message : String(error));
      }
    },
    async [Symbol.asyncDispose]() {
      await kill();
    },
  };
}

/** What a program that has ended leaves behind. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@linkcode run}. */
export interface RunOptions extends Omit<ChildOptions, "args"> {
  /** After this time, in milliseconds, the program is killed; a minute unless told. */
  timeoutMs?: number;
}

/**
 * Runs a program to its end.
 *
 * @param command A path, or a name on the `PATH`.
 * @param args Its arguments.
 * @param options Environment, folder, time limit.
 * @returns Its exit code (137 if it was killed) and what it wrote.
 */
export async function run(
  command: string,
  args: string[],
  { timeoutMs = 60_000, ...options }: RunOptions = {},
): Promise<Finished> {
  await using child = spawnChild(command, { ...options, args });
  const timer = setTimeout(() => child.signal("SIGKILL"), timeoutMs);
  try {
    const { code } = await child.status;
    return { code, stdout: child.stdout, stderr: child.stderr };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs a program that must succeed.
 *
 * @param command A path, or a name on the `PATH`.
 * @param args Its arguments.
 * @param options Environment, folder, time limit.
 * @returns What it wrote to standard output.
 * @throws {Error} If its exit code is not 0; the error shows what it wrote to standard error.
 */
export async function runOk(
  command: string,
  args: string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code === 0) return stdout;
  throw new Error(`${command} ${args.join(" ")}: ended with ${code}\n${stderr}`.trimEnd());
}

class Collected {
  text = "";
  readonly done: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.done = this.#collect(stream.pipeThrough(new TextDecoderStream()));
  }

  async #collect(stream: ReadableStream<string>): Promise<void> {
    for await (const chunk of stream) this.text += chunk;
  }
}

function trySignal(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // It ended by itself, and its status has not been read yet.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}
