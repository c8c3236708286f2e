/**
 * The compiled executable that tests run beside the source.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const repositoryRoot = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Says where the compiled executable is, or would be.
 *
 * @returns `DREC_TEST_EXECUTABLE`, else `dist/drec`.
 */
export function compiledPath(): string {
  return Deno.env.get("DREC_TEST_EXECUTABLE") || `${repositoryRoot}dist/drec`;
}
