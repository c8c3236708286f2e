/**
 * The program: arguments to command to exit code. The only place that knows `Deno.args`,
 * `Deno.exit` and signals.
 *
 * @module
 */

import type { Command, Terminal } from "./lib/cli/command.ts";
import { AppError, renderError } from "./lib/errors.ts";
import { VERSION } from "./lib/version.ts";

const helpOf = (commands: readonly Command[]): string =>
  `DREC ${VERSION}, the Docker Registry Event Collector

Usage: drec [COMMAND] [config.yml] [--KEY VALUE …]

${commands.map(({ name, summary }) => `  ${name.padEnd(17)}${summary}`).join("\n")}

  -h, --help       this text, or that of a command
  -V, --version    the version

Exit codes: 0 success or a clean stop, 1 a failure at run time, 2 wrong usage or configuration.`;

/** Runs a command line and says with which code the process is to end. */
async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first = "", ...rest] = args;
  if (first === "--version" || first === "-V") return say(terminal, `drec ${VERSION}`);
  // Not before it is known that this is no thread: the commands are nearly all there is.
  const { COMMANDS, requireFile, serveCommand } = await import("./lib/cli/commands.ts");
  if (first === "help" || first === "--help" || first === "-h") {
    return say(terminal, helpOf(COMMANDS));
  }
  const named = COMMANDS.find((command) => command.name === first);
  const command = named ?? serveCommand;
  // Whatever is no command is the configuration of `serve`: the original was called so.
  if (named === undefined) requireFile(args);
  const own = named === undefined ? args : rest;
  if (own.some((arg) => arg === "--help" || arg === "-h")) return say(terminal, command.help);
  return await command.run(own, terminal);
}

function say({ print }: Terminal, text: string): number {
  print(text);
  return 0;
}

function createTerminal(): Terminal {
  const encoder = new TextEncoder();
  return {
    print: (line) => write(Deno.stdout, encoder.encode(`${line}\n`)),
    remark: (line) => write(Deno.stderr, encoder.encode(`${line}\n`)),
    isTerminal: Deno.stdout.isTerminal(),
    stopRequested: () =>
      new Promise((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) {
          Deno.addSignalListener(signal, resolve);
        }
      }),
  };
}

/** A pipe that nobody reads any more is no reason to fail. */
function write(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  try {
    for (let written = 0; written < bytes.length;) {
      written += stream.writeSync(bytes.subarray(written));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

// Where everything has been made one file, the thread of the store begins here, too.
const isThread = "DedicatedWorkerGlobalScope" in globalThis;

if (isThread) await import("./lib/store/sqlite/thread.ts");
else if (import.meta.main) {
  try {
    // A half-sent request would keep the process alive.
    Deno.exit(await run(Deno.args, createTerminal()));
  } catch (error) {
    write(Deno.stderr, new TextEncoder().encode(`drec: ${renderError(error)}\n`));
    const isUsage = error instanceof AppError && error.code === "invalid";
    Deno.exit(isUsage ? 2 : 1);
  }
}
