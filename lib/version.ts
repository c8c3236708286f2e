/**
 * The version of this program, for `--version`, `drec_build_info` and the user agent.
 *
 * @module
 */

/** Semantic version, equal to `version` in `deno.json` (a test compares them). */
export const VERSION = "0.1.0";
