/**
 * The tasks of `deno.json`: flags are written there once, and tests read them.
 *
 * @module
 */

import { repositoryRoot } from "./compiled.ts";

/**
 * Reads the permission flags of a task, such as those `start` runs with.
 *
 * @param task The name of the task.
 * @returns The flags between the `deno` subcommand and the program, without quotes and without
 *   those that do not concern permissions.
 * @throws {Error} If there is no such task.
 */
export function permissionFlags(task: string): string[] {
  const words = taskCommand(task).match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) => word.replaceAll(/['"]/g, ""))
    .filter((word) => /^--(no-prompt|allow-|deny-|ignore-)/.test(word));
}

function taskCommand(name: string): string {
  const config: unknown = JSON.parse(Deno.readTextFileSync(`${repositoryRoot}deno.json`));
  const { tasks } = config as { tasks: Record<string, string | { command?: string }> };
  const task = tasks[name];
  const command = typeof task === "object" ? task.command : task;
  if (command === undefined) throw new Error(`No task "${name}" with a command in deno.json`);
  return command;
}
