/**
 * Unused tags as commands that a person reviews: each is a comment, so that running the list does
 * nothing. Names come from events: those that no registry accepts are left out, and quoted none
 * means anything to a shell.
 *
 * @module
 */

import { AppError } from "../../errors.ts";
import { isDigest, isRepository, isTag } from "../../names.ts";
import type { UnusedItem } from "../../store/unused.ts";
import type { Observed } from "./unused_shapes.ts";

/** Clients that commands are written for. */
export const COMMAND_TOOLS = ["crane", "skopeo"] as const;

/** One of {@linkcode COMMAND_TOOLS}. */
export type CommandTool = typeof COMMAND_TOOLS[number];

/** What a list of commands depends on. */
export interface CommandOptions {
  readonly tool: CommandTool;
  /** From {@linkcode parseHost}. */
  readonly host: string;
  /** For how long the tags have not been used. */
  readonly days: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Where the next page begins. */
  readonly cursor: string | null;
}

const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
/** The host of a registry, with a port if it has one. */
export const HOST = new RegExp(
  `^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:.]{2,45}\\])(?::\\d{1,5})?$`,
);
/** In characters. */
export const MAX_HOST = 255;

/**
 * Reads the host of a registry.
 *
 * @param text For example `registry.example:5000`.
 * @returns The same.
 * @throws {AppError} `invalid` if it is no name or address, with or without a port.
 */
export function parseHost(text: string): string {
  const port = Number(/:(\d+)$/.exec(text)?.[1] ?? 1);
  if (text.length <= MAX_HOST && HOST.test(text) && port >= 1 && port <= 65_535) return text;
  throw new AppError("invalid", `Parameter "host" cannot be "${text}"`, {
    hint: "use a name or an address, with a port if it has one, such as registry.example:5000",
  });
}

/**
 * Writes a list of commands.
 *
 * Tags of the same digest are one command, for it deletes them together. What is marked, uncertain
 * or cannot be named is left out and counted.
 *
 * @param items Unused tags.
 * @param options For whom and where.
 * @returns Lines of comments.
 */
export function renderCommands(
  items: readonly (UnusedItem & Observed)[],
  options: CommandOptions,
): string {
  const uncertain = items.filter(({ certain }) => !certain);
  const certain = items.filter((item) => item.certain);
  const inUse = certain.filter(({ protectedBy }) => protectedBy.length > 0);
  const free = certain.filter(({ protectedBy }) => protectedBy.length === 0);
  const named = free.filter(isNameable);
  const groups = Map.groupBy(named, ({ repository, digest }) => `${repository}@${digest}`);
  const commands = [...groups.values()].map((tags) => commandOf(tags, options));
  return [
    ...headerOf(options),
    `# Left out: ${uncertain.length} uncertain, ${inUse.length} shared with something in use, ` +
    `${free.length - named.length} without a digest or with a name that no registry accepts.`,
    ...(options.cursor === null ? [] : [`# There are more: add cursor=${options.cursor}`]),
    "",
    ...commands,
    "",
  ].join("\n");
}

function headerOf({ tool, days, now }: CommandOptions): string[] {
  const day = new Date(now).toISOString().slice(0, 10);
  return [
    `# Tags that have not been used for ${days} days, as of ${day}: commands for ${tool}.`,
    "# Nothing has been deleted. Review this list, and remove the # from what is to go.",
    "# A command deletes a manifest with all tags that point to it.",
  ];
}

/** To a client `app:1` as the name of a repository would mean what is deleted in `app`. */
function isNameable({ repository, tag, digest }: UnusedItem): boolean {
  return digest !== null && isDigest(digest) && isRepository(repository) && isTag(tag ?? "");
}

function commandOf(
  tags: readonly UnusedItem[],
  { tool, host }: Pick<CommandOptions, "tool" | "host">,
): string {
  const [{ repository, digest } = { repository: "", digest: "" }] = tags;
  const target = `${host}/${repository}@${digest}`;
  const command = tool === "crane"
    ? `crane delete ${quote(target)}`
    : `skopeo delete ${quote(`docker://${target}`)}`;
  const names = tags.map(({ tag, lastUsed }) => `${tag} ${dayOf(lastUsed)}`);
  return `# ${command}  # ${names.join(", ")}`;
}

function dayOf(time: number | null): string {
  return time === null ? "never used" : new Date(time).toISOString().slice(0, 10);
}

/**
 * Quotes a text for a POSIX shell.
 *
 * @param text Any text.
 * @returns One word that means exactly that text.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { quote } from "./unused_commands.ts";
 *
 * assert.equal(quote("it's $(x)"), `'it'\\''s $(x)'`);
 * ```
 */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
