/**
 * What every command has in common: its help, its arguments, its way of speaking.
 *
 * @module
 */

import { parseArgs } from "node:util";

import { CONFIG_KEYS, flagOf, type KeyName } from "../config.ts";
import { AppError } from "../errors.ts";

/** What a command is given by `main.ts`. */
export interface Terminal {
  /** Writes a line to standard output. */
  readonly print: (line: string) => void;
  /** Writes a line to standard error: what a script that reads standard output must not get. */
  readonly remark: (line: string) => void;
  /** Whether standard output is a terminal, where a secret may be shown. */
  readonly isTerminal: boolean;
  /**
   * Asks to be told when the process is to end, instead of being ended.
   *
   * @returns Settled at the first SIGTERM or SIGINT.
   */
  readonly stopRequested: () => Promise<void>;
}

/** A command of the program. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The text of `--help`, without the options that all commands share. */
  readonly help: string;
  /** @returns The exit code: 0 for success, 1 for a failure at run time. */
  readonly run: (args: readonly string[], terminal: Terminal) => Promise<number>;
}

/** A command line, taken apart. */
export interface ParsedArguments {
  readonly positionals: readonly string[];
  /** Keys of the configuration set by flags such as `--server-port 8443`. */
  readonly flags: Readonly<Partial<Record<KeyName, string>>>;
  /** The command's own options. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

/** The command's own options, as `node:util` takes them. */
export type OwnOptions = Readonly<Record<string, { readonly type: "string" | "boolean" }>>;

/**
 * Takes a command line apart. Every key of the configuration is a flag, too.
 *
 * @param args After the name of the command.
 * @param limits `own`: the command's own options; `positionals`: how many there may be.
 * @returns The parts.
 * @throws {AppError} `invalid`, for what is not understood.
 */
export function parseArguments(
  args: readonly string[],
  { own = {}, positionals: most }: { own?: OwnOptions; positionals: number },
): ParsedArguments {
  const keys = new Map(CONFIG_KEYS.map((key) => [flagOf(key).slice(2), key]));
  const configOptions = Object.fromEntries([...keys.keys()].map((flag) => [flag, STRING]));
  const { values, positionals } = parsed(args, { ...configOptions, ...own });
  if (positionals.length > most) {
    throw usageError(`Unexpected argument "${positionals[most]}"`);
  }
  const flags: Partial<Record<KeyName, string>> = {};
  const options: Record<string, string | boolean | undefined> = {};
  for (const [name, value] of Object.entries(values)) {
    const key = keys.get(name);
    if (key === undefined) options[name] = value;
    else flags[key] = String(value);
  }
  return { positionals, flags, options };
}

/**
 * Finds the first argument that is no flag and no value of one, whatever the others are.
 *
 * @param args The command line.
 * @returns The argument, `undefined` for none.
 */
export function firstWordOf(args: readonly string[]): string | undefined {
  const options = Object.fromEntries(CONFIG_KEYS.map((key) => [flagOf(key).slice(2), STRING]));
  return parseArgs({ args: [...args], options, allowPositionals: true, strict: false })
    .positionals[0];
}

const STRING = { type: "string" } as const;

function parsed(
  args: readonly string[],
  options: OwnOptions,
): { values: Record<string, string | boolean | undefined>; positionals: string[] } {
  try {
    const result = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    return { values: { ...result.values }, positionals: result.positionals };
  } catch (error) {
    const [first = ""] = (error instanceof Error ? error.message : String(error)).split(". ");
    throw usageError(first);
  }
}

/**
 * An error about how the program was called.
 *
 * @param message What is wrong, without a full stop.
 * @returns The error, with a hint to the help.
 */
export function usageError(message: string): AppError {
  return new AppError("invalid", message, { hint: "see `drec --help`" });
}
