/**
 * How a test says which parts it needs.
 *
 * @module
 */

import { findPart, type PartName, setting } from "./parts.ts";

/** The part of `Deno.TestDefinition` that skips a test. */
export interface Ignorable {
  ignore: boolean;
}

/**
 * Skips a test where a part it needs is missing. The test task says so before it starts, and
 * `DREC_REQUIRE=all` runs the test all the same, so that it fails.
 *
 * @param names The parts needed.
 * @returns What to spread into the definition: `Deno.test({ name, ...needs("podman"), fn })`.
 */
export function needs(...names: PartName[]): Ignorable {
  const missing = names.some((name) => findPart(name) === undefined);
  return { ignore: missing && !requiresAll() };
}

/**
 * Says whether every part is required.
 *
 * @returns Whether `DREC_REQUIRE` is `all`.
 */
export function requiresAll(): boolean {
  return setting("DREC_REQUIRE") === "all";
}
