/**
 * How things are called: by DREC, and by the registries that it hears of.
 *
 * @module
 */

/** How registries and rules of consumers may be called; it is part of paths and labels. */
export const PLAIN_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
/** Longest name that a registry of Distribution takes. */
const MAX_REPOSITORY = 255;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}$/;

/**
 * Says whether a name is one by the grammar of OCI. Events may have others.
 *
 * @param text Any text.
 * @returns False for what no registry accepts as the name of a repository.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { isRepository } from "./names.ts";
 *
 * assert.ok(isRepository("team/my-app"));
 * assert.ok(!isRepository("team/app:latest"));
 * ```
 */
export function isRepository(text: string): boolean {
  return text.length <= MAX_REPOSITORY && REPOSITORY.test(text);
}

/**
 * Says whether a text is a tag by the grammar of OCI.
 *
 * @param text Any text.
 * @returns False for what no registry accepts as a tag.
 */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/**
 * Says whether a text is a digest by the grammar of Distribution.
 *
 * @param text Any text.
 * @returns False for what clients do not take for one.
 */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}
