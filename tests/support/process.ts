/**
 * The real program as a process of its own: from the source with the permissions of the `start`
 * task, or compiled.
 *
 * @module
 */

import { Child, type ChildOptions, type Finished, run } from "./child.ts";
import { repositoryRoot } from "./compiled.ts";
import { requirePart, setting } from "./parts.ts";
import { flagsOf } from "../../tools/tasks.ts";
import { type TempDir, tempDir } from "./wait.ts";

/** Which form of the program to run. */
export type Executable = "source" | "compiled";

/** How to start the program. */
export interface DrecOptions {
  args?: string[];
  /** Its environment; of the test's own only what every program needs is passed on. */
  env?: Record<string, string>;
  /** The folder it runs in; a new, empty one unless told. */
  cwd?: string;
  /** `source` unless told. */
  executable?: Executable;
}

/** The line that the program prints once it accepts events. */
export const readyLine = /^DREC \S+ listening on (https?:\/\/\S+)$/m;

/** The running program; leaving its scope kills it. */
export class Drec extends Child {
  /** The folder it runs in. */
  readonly cwd: string;
  readonly #folder: TempDir | undefined;

  /**
   * Starts the program, as {@linkcode startDrec} does.
   *
   * @param options Arguments, environment, form.
   * @param cwd The folder it runs in: a name, or one that goes when the program does.
   */
  constructor(options: DrecOptions, cwd: string | TempDir) {
    const path = typeof cwd === "string" ? cwd : cwd.path;
    super(...commandOf(options, path));
    this.cwd = path;
    this.#folder = typeof cwd === "string" ? undefined : cwd;
  }

  /** Its address, from its ready line; an error before {@linkcode Drec.ready}. */
  get url(): string {
    const address = this.stdout.match(readyLine)?.[1];
    if (address === undefined) throw new Error(`Not ready yet:\n${this.stdout}`);
    return address;
  }

  /**
   * Waits for the ready line.
   *
   * @param timeoutMs How long, in milliseconds.
   * @returns The program's address, such as `https://127.0.0.1:8443`.
   */
  async ready(timeoutMs?: number): Promise<string> {
    await this.waitFor(readyLine, timeoutMs);
    return this.url;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.#folder?.[Symbol.asyncDispose]();
  }
}

/**
 * Starts the program.
 *
 * @param options Arguments, environment, folder, form.
 * @returns The program, maybe not ready yet.
 */
export async function startDrec(options: DrecOptions = {}): Promise<Drec> {
  return new Drec(options, options.cwd ?? await tempDir());
}

/**
 * Runs the program to its end, for commands and for errors at start.
 *
 * @param options Arguments, environment, folder, form.
 * @returns Its exit code and what it wrote.
 */
export async function runDrec(options: DrecOptions = {}): Promise<Finished> {
  await using folder = await tempDir();
  const [command, { args = [], ...rest }] = commandOf(options, options.cwd ?? folder.path);
  return await run(command, args, rest);
}

function commandOf(options: DrecOptions, cwd: string): [command: string, options: ChildOptions] {
  const { executable = "source", args = [] } = options;
  const rest = { cwd, clearEnv: true, env: environment(options) };
  if (executable === "compiled") return [requirePart("executable"), { ...rest, args }];
  const flags = ["run", "--quiet", ...flagsOf("start"), `${repositoryRoot}main.ts`];
  return [Deno.execPath(), { ...rest, args: [...flags, ...args] }];
}

/** The test's own settings, such as `MONGODB_URI`, must not become the program's. */
function environment({ env }: DrecOptions): Record<string, string> {
  const needed = ["PATH", "HOME", "XDG_CACHE_HOME", "DENO_DIR", "TMPDIR", "SSL_CERT_FILE"];
  const passed = needed.flatMap((name) => {
    const value = setting(name);
    return value === undefined ? [] : [[name, value]];
  });
  return { ...Object.fromEntries(passed), NO_COLOR: "1", ...env };
}
