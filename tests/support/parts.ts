/**
 * The parts tests need that are not in this repository: databases, registries, clients, tools.
 * Here it is only looked for them; `provision.ts` gets what can be got.
 *
 * @module
 */

import { delimiter, join } from "node:path";

import { compiledPath } from "./compiled.ts";

/** The name of a part, as tests ask for it with `needs()`. */
export type PartName =
  | "mongodb"
  | "secantusdb"
  | "registry-2.8"
  | "registry-3"
  | "skopeo"
  | "podman"
  | "htpasswd"
  | "curl"
  | "openssl"
  | "schemathesis"
  | "executable";

/** One part: what it is for, where it is, what to do where it is missing. */
export interface Part {
  readonly name: PartName;
  /** Which tests need it, for people. */
  readonly purpose: string;
  /** Gives its path or address, or `undefined` if it is missing. */
  find(): string | undefined;
  /** What a person can do about it, as an imperative. */
  readonly remedy: string;
}

/** The versions that are got; each is kept in a folder of its own. */
export const versions = { secantusdb: "0.7.0b3", registry3: "3.1.1", schemathesis: "4.32.5" };

/** All parts, in the order in which the test task shows them. */
export const parts: readonly Part[] = [
  {
    name: "mongodb",
    purpose: "the MongoDB store",
    find: () => setting("MONGODB_URI") ?? findSecantusdb(),
    remedy: "set MONGODB_URI to a replica set, or install python3 with venv and pip",
  },
  {
    name: "secantusdb",
    purpose: "databases that tests kill, and standalone ones",
    find: findSecantusdb,
    remedy: "install python3 with venv and pip",
  },
  {
    name: "registry-2.8",
    purpose: "notifications of a real registry 2.8",
    find: () =>
      onPath("docker-registry") ?? file(cached("docker-registry", "usr/bin/docker-registry")),
    remedy: "apt-get install docker-registry",
  },
  {
    name: "registry-3",
    purpose: "notifications of a real registry 3.x",
    find: () => file(cached(`registry-${versions.registry3}`, "registry")),
    remedy: "install Go (https://go.dev/dl/)",
  },
  tool("skopeo", "images pushed and pulled by skopeo", "skopeo"),
  tool("podman", "images pushed and pulled by podman", "podman"),
  tool("htpasswd", "a registry with users", "apache2-utils"),
  tool("curl", "the printed curl lines", "curl"),
  tool("openssl", "certificates seen by another implementation", "openssl"),
  {
    name: "schemathesis",
    purpose: "requests made up from the description of the API",
    find: () => file(cached(`schemathesis-${versions.schemathesis}`, "bin", "schemathesis")),
    remedy: "install python3 with venv and pip",
  },
  {
    name: "executable",
    purpose: "the process tests against the compiled program",
    find: () => file(compiledPath()),
    remedy: "run `deno task compile`, or set DREC_TEST_EXECUTABLE",
  },
];

/**
 * Finds a part.
 *
 * @param name Its name.
 * @returns Its path or address, or `undefined` if it is missing.
 */
export function findPart(name: PartName): string | undefined {
  return partNamed(name).find();
}

/**
 * Finds a part that must be there.
 *
 * @param name Its name.
 * @returns Its path or address.
 * @throws {Error} If it is missing, with the remedy.
 */
export function requirePart(name: PartName): string {
  const found = findPart(name);
  if (found !== undefined) return found;
  throw new Error(`Cannot find ${name}\nTry: ${partNamed(name).remedy}`);
}

/**
 * Names a file in the folder where the test task keeps what it got.
 *
 * @param names The way to it within that folder.
 * @returns Its path, below `$XDG_CACHE_HOME/drec-test` or `~/.cache/drec-test`.
 */
export function cached(...names: string[]): string {
  const home = setting("XDG_CACHE_HOME") ?? join(setting("HOME") ?? ".", ".cache");
  return join(home, "drec-test", ...names);
}

/**
 * Reads an environment variable; empty is unset.
 *
 * @param name Its name.
 * @returns Its value.
 */
export function setting(name: string): string | undefined {
  return Deno.env.get(name) || undefined;
}

/**
 * Finds a program on the `PATH`.
 *
 * @param program Its name.
 * @returns Its path.
 */
export function onPath(program: string): string | undefined {
  const folders = (setting("PATH") ?? "").split(delimiter);
  return folders.map((folder) => file(join(folder, program))).find((path) => path !== undefined);
}

function partNamed(name: PartName): Part {
  const part = parts.find((part) => part.name === name);
  if (part === undefined) throw new TypeError(`Unknown part "${name}"`);
  return part;
}

function tool(name: PartName, purpose: string, debianPackage: string): Part {
  return { name, purpose, find: () => onPath(name), remedy: `apt-get install ${debianPackage}` };
}

function findSecantusdb(): string | undefined {
  return file(cached(`secantusdb-${versions.secantusdb}`, "bin", "secantusd-py"));
}

function file(path: string): string | undefined {
  try {
    return Deno.statSync(path).isFile ? path : undefined;
  } catch {
    return undefined;
  }
}
