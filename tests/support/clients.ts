/**
 * Real container clients, told to speak plain HTTP with a registry on loopback.
 *
 * @module
 */

import { runOk } from "./child.ts";
import { requirePart } from "./parts.ts";
import { tempDir } from "./wait.ts";

/** Options of {@linkcode skopeo}. */
export interface SkopeoOptions {
  /** `user:password` for the registry. */
  creds?: string;
}

/**
 * Runs `skopeo`.
 *
 * @param command Its subcommand, such as `copy`, `inspect` or `delete`.
 * @param args What follows, such as `--all`, `oci:layout:tag`, `docker://host/repository:tag`.
 * @param options The user.
 * @returns What it wrote to standard output.
 * @throws {Error} If it fails.
 */
export function skopeo(
  command: string,
  args: string[],
  { creds }: SkopeoOptions = {},
): Promise<string> {
  const sides = command === "copy" ? copySides(args) : [""];
  const flags = sides.flatMap((side) => [
    `--${side}tls-verify=false`,
    ...(creds === undefined ? [] : [`--${side}creds=${creds}`]),
  ]);
  return runOk(requirePart("skopeo"), ["--insecure-policy", command, ...flags, ...args]);
}

/** `skopeo copy` has its flags once for each side that is a registry. */
function copySides(args: string[]): string[] {
  const [source, destination] = args.filter((arg) => !arg.startsWith("--"));
  return [
    ...(source?.startsWith("docker://") ? ["src-"] : []),
    ...(destination?.startsWith("docker://") ? ["dest-"] : []),
  ];
}

/** A podman with a storage of its own. */
export interface Podman extends AsyncDisposable {
  /**
   * Runs `podman`.
   *
   * @param args The subcommand and what follows; `pull`, `push` and `login` need
   *   `--tls-verify=false`.
   * @returns What it wrote to standard output, trimmed.
   * @throws {Error} If it fails.
   */
  (...args: string[]): Promise<string>;
}

/**
 * Makes a podman whose storage is empty, and that needs neither systemd nor a union file system.
 *
 * @returns The podman; leaving its scope removes its storage.
 */
export async function createPodman(): Promise<Podman> {
  const folder = await tempDir();
  const flags = [
    ...["--root", folder.join("root"), "--runroot", folder.join("run")],
    ...["--tmpdir", folder.join("tmp"), "--storage-driver", "vfs"],
    ...["--events-backend", "none", "--cgroup-manager", "cgroupfs"],
  ];
  const podman = async (...args: string[]) =>
    (await runOk(requirePart("podman"), [...flags, ...args])).trim();
  return Object.assign(podman, {
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  });
}
