/**
 * `drec registry-config`: what to paste into a registry's configuration.
 *
 * @module
 */

import { dirname, join } from "node:path";

import { exists, readPem } from "../certificates_files.ts";
import { type Config, loadConfig } from "../config.ts";
import { PLAIN_NAME } from "../names.ts";
import { openStore } from "../store/open.ts";
import { type Command, parseArguments, type Terminal, usageError } from "./command.ts";
import { publicUrl } from "./public_url.ts";
import { ingestTokenFor, tokenFor } from "./token.ts";

/** Prints the snippet. */
export const registryConfigCommand: Command = {
  name: "registry-config",
  summary: "print what to paste into a registry's configuration",
  help: `Usage: drec registry-config [--registry NAME] [config.yml]

Prints the notifications block for the registry's configuration, how the registry comes to
trust DREC's certificate, and a curl line that shows the numbers.

  --registry NAME   count under this name; default: "default", or the one that all tokens of
                    auth.ingest are bound to`,
  async run(args, terminal) {
    const { positionals: [file], flags, options } = parseArguments(args, {
      own: { registry: { type: "string" } },
      positionals: 1,
    });
    const registry = options.registry === undefined ? undefined : String(options.registry);
    if (registry !== undefined && !PLAIN_NAME.test(registry)) {
      throw usageError(`Cannot use "${registry}" as a registry's name: a-z, 0-9, ".", "_", "-"`);
    }
    const config = await loadConfig(file, { flags });
    const url = publicUrl(config, config.server.port);
    await printRegistryConfig(terminal, config, { url, ...await findTokens(config, registry) });
    return 0;
  },
};

async function findTokens(
  config: Config,
  registry: string | undefined,
): Promise<Pick<RegistryConfigParts, "tokens" | "registry">> {
  const store = await openStore(config, { exclusive: false });
  try {
    const { token: ingest, registry: name } = await ingestTokenFor(config, registry, store);
    const tokens = { ingest, read: await tokenFor(config, "read", store) };
    return { tokens, ...(name === undefined ? {} : { registry: name }) };
  } finally {
    await store.close();
  }
}

/** What the snippet is made from beside the configuration. */
export interface RegistryConfigParts {
  /** As the registry reaches DREC. */
  readonly url: string;
  /** Shown where they are needed; absent for a role that is open. */
  readonly tokens: { readonly ingest?: string | undefined; readonly read?: string | undefined };
  readonly registry?: string;
}

/**
 * Prints the block to paste, the trust step, and a curl line.
 *
 * @param terminal Where to.
 * @param config The configuration.
 * @param parts Address, tokens, name of the registry.
 */
export async function printRegistryConfig(
  { print }: Terminal,
  config: Config,
  { url, tokens, registry }: RegistryConfigParts,
): Promise<void> {
  const route = registry === undefined ? config.server.route : `${config.server.route}/${registry}`;
  print(`1. Paste this into the registry's config.yml:

notifications:
  events:
    includereferences: true
  endpoints:
    - name: drec
      url: ${url}${route}
      timeout: 5s
      threshold: 5
      backoff: 5s`);
  if (tokens.ingest !== undefined) {
    print(`      headers:
        Authorization: [Bearer ${tokens.ingest}]`);
  }
  if (config.blobs === "ignore") {
    print(`      ignore:
        mediatypes: [application/octet-stream]`);
  }
  const ca = await caFileOf(config);
  printTrust(print, config, ca);
  const trust = ca === undefined ? "" : ` --cacert ${ca}`;
  const header = tokens.read === undefined ? "" : ` -H "Authorization: Bearer ${tokens.read}"`;
  print(`
3. Push or pull something, then look at the numbers:

  curl${trust}${header} ${url}/api/v1/repositories
`);
}

function printTrust(
  print: (line: string) => void,
  { server: { ssl } }: Config,
  ca: string | undefined,
): void {
  if (ca === undefined) {
    const step = ssl === "off"
      ? "Restart the registry."
      : `Let the registry trust who signed ${ssl.cert}, and restart it.`;
    print(`\n2. ${step}`);
    return;
  }
  print(`
2. Let the registry trust ${ca}, and restart it:

  in a container   mount the file as /etc/ssl/certs/drec-ca.crt
  on a machine     cp ${ca} /usr/local/share/ca-certificates/drec.crt && update-ca-certificates
  for a first try  start it with SSL_CERT_FILE=${ca} in its environment`);
}

/**
 * The CA that DREC makes stands beside the certificate that it makes, or will do so. Beside one of
 * the operator there may be another, or the CA of a former start.
 */
async function caFileOf({ server: { ssl } }: Config): Promise<string | undefined> {
  if (ssl === "off") return undefined;
  const ca = join(dirname(ssl.cert), "ca.crt");
  if (!await exists(ssl.cert)) return ca;
  // Large, and `serve`, which is loaded with all commands, may not need it.
  const { isIssuedBy } = await import("../certificates_issuer.ts");
  try {
    return await isIssuedBy(await readPem(ssl.cert), await readPem(ca)) ? ca : undefined;
  } catch {
    // `serve` and `check` say what is wrong with a file.
    return undefined;
  }
}
