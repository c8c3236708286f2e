/**
 * Tests of the program in both of its forms: run from the source, and compiled.
 *
 * @module
 */

import type { PartName } from "./parts.ts";
import type { Executable } from "./process.ts";
import { needs } from "./require.ts";

/**
 * Registers a test twice.
 *
 * @param name What the program does.
 * @param fn The test, told which form to run.
 * @param parts What it needs beside the program.
 */
export function testForms(
  name: string,
  fn: (executable: Executable, t: Deno.TestContext) => Promise<void>,
  parts: readonly PartName[] = [],
): void {
  const forms: Record<Executable, readonly PartName[]> = { source: [], compiled: ["executable"] };
  for (const executable of ["source", "compiled"] as const) {
    Deno.test({
      name: `${name} (${executable})`,
      ...needs(...forms[executable], ...parts),
      fn: (t) => fn(executable, t),
    });
  }
}
