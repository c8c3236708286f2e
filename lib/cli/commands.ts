/**
 * All commands.
 *
 * @module
 */

import { checkCommand } from "./check.ts";
import type { Command } from "./command.ts";
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
