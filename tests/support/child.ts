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

/** A program that runs until it is told to end, or ends by itself; leaving its scope kills it. */
export class Child implements AsyncDisposable {
  readonly pid: number;
  /** Resolves when the program has ended and all it wrote was read. */
  readonly status: Promise<Deno.CommandStatus>;
  readonly #command: string;
  readonly #process: Deno.ChildProcess;
  readonly #stdout: Collected;
  readonly #stderr: Collected;
  #ended: Deno.CommandStatus | undefined;

  /**
   * Starts a program.
   *
   * @param command A path, or a name on the `PATH`.
   * @param options Arguments, environment, folder.
   */
  constructor(command: string, options: ChildOptions = {}) {
    const streams = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
    this.#command = command;
    this.#process = new Deno.Command(command, { ...options, ...streams }).spawn();
    this.pid = this.#process.pid;
    this.#stdout = new Collected(this.#process.stdout);
    this.#stderr = new Collected(this.#process.stderr);
    this.status = this.#end();
  }

  /** What it has written to standard output so far. */
  get stdout(): string {
    return this.#stdout.text;
  }

  /** What it has written to standard error so far. */
  get stderr(): string {
    return this.#stderr.text;
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /**
   * Waits for a text on standard output or standard error.
   *
   * @param pattern The text.
   * @param timeoutMs How long, in milliseconds.
   * @returns The match.
   * @throws {Error} If the program ends before, or the time is over; the error shows what it wrote.
   */
  async waitFor(pattern: RegExp, timeoutMs = 30_000): Promise<RegExpMatchArray> {
    const match = await until(
      () => {
        const match = this.stdout.match(pattern) ?? this.stderr.match(pattern);
        return match ?? (this.ended && "ended");
      },
      () => `${pattern} from ${this.#describe()}`,
      { timeoutMs },
    );
    if (match === "ended") throw new Error(`No ${pattern} from ${this.#describe()}`);
    return match;
  }

  /**
   * Sends a signal; nothing happens if the program has ended.
   *
   * @param signal The signal.
   */
  signal(signal: Deno.Signal): void {
    if (this.ended) return;
    try {
      this.#process.kill(signal);
    } catch (error) {
      // It ended by itself, and what it wrote is still being read.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /**
   * Ends the program at once (SIGKILL).
   *
   * @returns Its status, when it has ended.
   */
  kill(): Promise<Deno.CommandStatus> {
    this.signal("SIGKILL");
    return this.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #end(): Promise<Deno.CommandStatus> {
    const status = await this.#process.status;
    await Promise.all([this.#stdout.done, this.#stderr.done]);
    this.#ended = status;
    return status;
  }

  #describe(): string {
    const end = this.#ended === undefined ? "running" : `ended with ${this.#ended.code}`;
    return `${this.#command} (${end}):\n${this.stdout}${this.stderr}`.trimEnd();
  }
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
  await using child = new Child(command, { ...options, args });
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
