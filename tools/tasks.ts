/**
 * The flags of the program, permissions and what V8 is told: they are written once, in the tasks of
 * `deno.json`, and read here by all that runs or compiles the program in another way.
 *
 * As a program it prints those of a task, one a line: `deno run --allow-read tools/tasks.ts compile`.
 *
 * @module
 */

const configFile = new URL("../deno.json", import.meta.url);

/**
 * Reads the flags of a task that belong to the program.
 *
 * @param task The name of the task, such as `start`.
 * @returns The flags, without the quotes that a shell needs.
 * @throws {Error} If there is no such task, or it runs no command.
 */
export function flagsOf(task: string): string[] {
  const words = commandOf(task).match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) => word.replaceAll(/['"]/g, ""))
    .filter((word) => /^--(no-prompt$|allow-|deny-|ignore-|v8-flags=)/.test(word));
}

function commandOf(name: string): string {
  const { tasks }: Config = JSON.parse(Deno.readTextFileSync(configFile));
  const task = tasks[name];
  const command = typeof task === "object" ? task.command : task;
  if (command === undefined) throw new Error(`No task "${name}" with a command in deno.json`);
  return command;
}

interface Config {
  tasks: Record<string, string | { command?: string }>;
}

if (import.meta.main) {
  const flags = flagsOf(Deno.args[0] ?? "start");
  Deno.stdout.writeSync(new TextEncoder().encode(`${flags.join("\n")}\n`));
}
