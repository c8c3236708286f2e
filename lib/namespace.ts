/**
 * Namespaces: the directories of a repository's name, which numbers by day are kept for, too.
 *
 * @module
 */

/** Directories of a name that have numbers of their own; what lies deeper is in these. */
export const MAX_LEVELS = 4;

/** The namespace of everything. */
export const EVERYTHING = "";

/**
 * Lists the namespaces that a repository counts in.
 *
 * @param repository Its name.
 * @returns Everything (`""`), and the first {@linkcode MAX_LEVELS} directories, each with its `/`.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { namespacesOf } from "./namespace.ts";
 *
 * assert.deepEqual(namespacesOf("team/sub/app"), ["", "team/", "team/sub/"]);
 * assert.deepEqual(namespacesOf("app"), [""]);
 * ```
 */
export function namespacesOf(repository: string): string[] {
  const namespaces = [EVERYTHING];
  let end = repository.indexOf("/");
  while (end >= 0 && namespaces.length <= MAX_LEVELS) {
    namespaces.push(repository.slice(0, end + 1));
    end = repository.indexOf("/", end + 1);
  }
  return namespaces;
}

/**
 * Tells whether a prefix is a namespace with numbers of its own.
 *
 * @param prefix What names begin with.
 * @returns True for everything, and for directories that are not too deep.
 */
export function isNamespace(prefix: string): boolean {
  return namespacesOf(prefix).at(-1) === prefix;
}
