/**
 * "Did you mean …": the key that a misspelt one was probably meant to be.
 *
 * @module
 */

import { CONFIG_KEYS, CONFIG_SECTIONS } from "./config_keys.ts";

/** Two slips of the pen, such as two letters swapped. */
const MAX_DISTANCE = 2;

/**
 * Finds the known key or section that is nearest to an unknown one.
 *
 * @param unknown With dots, or with underscores in their place.
 * @returns The key, if one differs by no more than two letters from it or from its last part.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { suggestKey } from "./config_suggestions.ts";
 *
 * assert.equal(suggestKey("server.prot"), "server.port");
 * assert.equal(suggestKey("port"), "server.port");
 * assert.equal(suggestKey("weather"), undefined);
 * ```
 */
export function suggestKey(unknown: string): string | undefined {
  const ranked = [...CONFIG_KEYS, ...CONFIG_SECTIONS]
    .map((name) => ({ name, distance: distanceOf(unknown, name) }))
    .filter(({ distance }) => distance !== undefined)
    .sort((a, b) => (a.distance ?? 0) - (b.distance ?? 0));
  return ranked[0]?.name;
}

/** A name that stands in the wrong place weighs more than one slip, and less than two. */
function distanceOf(unknown: string, name: string): number | undefined {
  const parts = name.split(".");
  const tails = parts.map((_, index) => parts.slice(index).join("."));
  const last = unknown.split(".").at(-1) ?? "";
  const distances = [
    limited(unknown, name),
    ...tails.flatMap((tail) => [limited(unknown, tail), limited(last, tail)])
      .map((distance) => distance + 1.5),
  ];
  const least = Math.min(...distances);
  return Number.isFinite(least) ? least : undefined;
}

function squeeze(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Infinite beyond what can be a slip; short names leave less room for one. */
function limited(unknown: string, name: string): number {
  const [a, b] = [squeeze(unknown), squeeze(name)];
  const distance = editDistance(a, b);
  return distance <= Math.min(MAX_DISTANCE, Math.floor(b.length / 3)) ? distance : Infinity;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
