/**
 * `drec token`: shows the tokens that were made, and makes those that are missing.
 *
 * @module
 */

import { randomBytes } from "node:crypto";

import { type Config, isLoopbackAddress, loadConfig } from "../config.ts";
import { AppError } from "../errors.ts";
import { openStore } from "../store/open.ts";
import { type Command, parseArguments, type Terminal, usageError } from "./command.ts";
import { type Store, TOKEN_ROLES, type TokenRole } from "../store/store.ts";
import { showBadgeUrl } from "./token_badge.ts";

/** Shows tokens. */
export const tokenCommand: Command = {
  name: "token",
  summary: "show the tokens that were made, make those that are missing",
  help: `Usage: drec token [ingest|read|admin|new] [config.yml]
       drec token badge REPOSITORY [--registry NAME] [config.yml]

Shows the token of a role that the configuration leaves open, and makes it if there is none yet.
Without a role it shows all of them. A role that is open, or has its tokens in the configuration,
has none to show: that is said on standard error, and standard output stays empty.

  ingest   for registries that send events
  read     for the API and the metrics
  admin    for what changes something
  new      print a fresh token to be put into the configuration; nothing is stored
  badge    print an address that opens the badge of one repository, and nothing else, to everybody

  --registry NAME   with badge: of this registry; needed where several have the repository`,
  async run(args, terminal) {
    const { print } = terminal;
    if (args[0] === "badge") return await showBadgeUrl(args.slice(1), print);
    const { positionals, flags } = parseArguments(args, { positionals: 2 });
    const [role, file] = isWhat(positionals[0]) ? positionals : [undefined, ...positionals];
    if (role === "new") {
      print(makeToken());
      return 0;
    }
    const config = await loadConfig(file, { flags });
    const store = await openStore(config, { exclusive: false });
    try {
      if (role === undefined) await showAll(config, store, print);
      else await showOne(config, role as TokenRole, store, terminal);
    } finally {
      await store.close();
    }
    return 0;
  },
};

function isWhat(text: string | undefined): boolean {
  if (text === undefined) return false;
  if (text === "new" || TOKEN_ROLES.some((role) => role === text)) return true;
  if (/\.ya?ml$|\//.test(text)) return false;
  throw usageError(`Unknown role "${text}", expected ingest, read, admin, new or badge`);
}

async function showAll(
  config: Config,
  store: Store,
  print: (line: string) => void,
): Promise<void> {
  for (const role of TOKEN_ROLES) {
    const { token, remark } = await describe(config, role, store);
    print(`${role.padEnd(8)}${token ?? `(${remark})`}`);
  }
}

/** For scripts: standard output has a token or nothing. */
async function showOne(
  config: Config,
  role: TokenRole,
  store: Store,
  { print, remark: tell }: Terminal,
): Promise<void> {
  const { token, remark } = await describe(config, role, store);
  if (token !== undefined) print(token);
  else tell(`drec: no token to show for ${role}: ${remark}`);
}

type Description =
  | { readonly token: string; readonly remark?: undefined }
  | { readonly token?: undefined; readonly remark: string };

async function describe(config: Config, role: TokenRole, store: Store): Promise<Description> {
  const access = config.auth[role];
  if (access === "none") return { remark: "open to all" };
  if (access !== "unset") return { remark: `${access.length} in the configuration` };
  return { token: (await store.madeToken(role, makeToken())).token };
}

/**
 * Finds a token that opens a role, for a snippet to paste.
 *
 * @param config The configuration.
 * @param role The role.
 * @param store Where made tokens are.
 * @returns The token, `undefined` where the role needs none.
 */
export async function tokenFor(
  config: Config,
  role: TokenRole,
  store: Store,
): Promise<string | undefined> {
  const access = config.auth[role];
  if (access === "none" || !isTokenNeeded(config, role)) return undefined;
  if (access !== "unset") return access[0]?.token;
  return (await store.madeToken(role, makeToken())).token;
}

/** What a registry sends its events with. */
export interface IngestToken {
  /** Absent where the role is open. */
  readonly token: string | undefined;
  /** The name that the registry is counted by, if it is not that of the bare route. */
  readonly registry: string | undefined;
}

/**
 * Finds a token with which a registry may send events: its own one, or one that is bound to none.
 *
 * @param config The configuration.
 * @param registry Its name; `undefined` for whatever a token allows.
 * @param store Where made tokens are.
 * @returns The token, with the name that it is bound to where no name was given.
 * @throws {AppError} `invalid` if all tokens are bound to other registries.
 */
export async function ingestTokenFor(
  config: Config,
  registry: string | undefined,
  store: Store,
): Promise<IngestToken> {
  const access = config.auth.ingest;
  if (access === "none" || access === "unset") {
    return { token: await tokenFor(config, "ingest", store), registry };
  }
  const own = access.find((token) => registry !== undefined && token.registry === registry);
  const free = access.find((token) => token.registry === undefined);
  const fit = own ?? free ?? (registry === undefined ? access[0] : undefined);
  if (fit !== undefined) return { token: fit.token, registry: registry ?? fit.registry };
  throw new AppError("invalid", `No token of auth.ingest is good for the registry "${registry}"`, {
    hint: `add one with registry: ${registry}, or one without a registry`,
  });
}

/**
 * Says whether others need a token for a role: all that come through a proxy do.
 *
 * @param config The configuration.
 * @param role The role.
 * @returns False where the role is open to whoever reaches DREC.
 */
export function isTokenNeeded({ auth, server }: Config, role: TokenRole): boolean {
  if (auth[role] !== "unset") return auth[role] !== "none";
  const isProxied = server.externalUrl !== undefined || server.trustedProxies.length > 0;
  return isProxied || !isLoopbackAddress(server.address);
}

/** @returns A token that nobody guesses: 256 bits. */
export function makeToken(): string {
  return randomBytes(32).toString("base64url");
}

/** A token that DREC has made. */
export interface MadeToken {
  readonly role: TokenRole;
  readonly token: string;
  /** Made just now. */
  readonly isNew: boolean;
}

/**
 * Finds the tokens of the roles that the configuration leaves open, and makes those that are missing.
 *
 * @param config The configuration.
 * @param store Where they are.
 * @returns One for each of those roles.
 */
export async function madeTokens(config: Config, store: Store): Promise<MadeToken[]> {
  const made: MadeToken[] = [];
  for (const role of TOKEN_ROLES) {
    if (config.auth[role] !== "unset") continue;
    made.push({ role, ...await store.madeToken(role, makeToken()) });
  }
  return made;
}
