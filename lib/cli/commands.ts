/**
 * All commands.
 *
 * @module
 */

import { existsSync } from "node:fs";

import { AppError } from "../errors.ts";
import { checkCommand } from "./check.ts";
import { type Command, firstWordOf } from "./command.ts";
import { healthcheckCommand } from "./healthcheck.ts";
import { registryConfigCommand } from "./registry_config.ts";
import { serveCommand } from "./serve.ts";
import { tokenCommand } from "./token.ts";

export { serveCommand };

/** In the order in which the help shows them. */
export const COMMANDS: readonly Command[] = [
  serveCommand,
  checkCommand,
  registryConfigCommand,
  tokenCommand,
  healthcheckCommand,
];

/**
 * Checks that a command line that begins with no command names a file, if anything.
 *
 * @param args The command line.
 * @throws {AppError} `invalid` for a command behind flags, and for a word that looks like one.
 */
export function requireFile(args: readonly string[]): void {
  const word = firstWordOf(args);
  // Empty is none, as with every setting.
  if (word === undefined || word === "") return;
  const names = COMMANDS.map(({ name }) => name);
  if (names.includes(word)) {
    const hint = `write \`drec ${word}\`, and behind it everything else`;
    throw new AppError("invalid", `The command "${word}" must come first`, { hint });
  }
  if (/[./\\]/.test(word) || existsSync(word)) return;
  throw new AppError("invalid", `"${word}" is neither a command nor a file`, {
    hint: `take one of ${names.join(", ")}, or see \`drec --help\``,
  });
}
