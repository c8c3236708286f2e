/**
 * `drec token badge`: an address that opens one badge.
 *
 * @module
 */

import { loadConfig } from "../config.ts";
import { badgeUrl, makeBadgeKey } from "../http/badge_signature.ts";
import { PLAIN_NAME } from "../names.ts";
import { openStore } from "../store/open.ts";
import { parseArguments, usageError } from "./command.ts";
import { publicUrl } from "./public_url.ts";

/**
 * Prints the address of a badge with its signature. The repository need not be known yet.
 *
 * @param args After `badge`: the repository, its registry, the configuration.
 * @param print Writes a line.
 * @returns The exit code.
 * @throws {AppError} `invalid` for what is not understood.
 */
export async function showBadgeUrl(
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> {
  const { positionals: [repository = "", file], flags, options } = parseArguments(args, {
    own: { registry: { type: "string" } },
    positionals: 2,
  });
  const registry = options.registry === undefined ? undefined : String(options.registry);
  if (repository === "") throw usageError("The name of a repository is missing");
  if (registry !== undefined && !PLAIN_NAME.test(registry)) {
    throw usageError(`Cannot use "${registry}" as a registry's name: a-z, 0-9, ".", "_", "-"`);
  }
  const config = await loadConfig(file, { flags });
  const store = await openStore(config, { exclusive: false });
  try {
    const key = await store.madeKey("badge", makeBadgeKey());
    const badge = { repository, ...(registry === undefined ? {} : { registry }) };
    print(badgeUrl(publicUrl(config, config.server.port), badge, key));
  } finally {
    await store.close();
  }
  return 0;
}
