/**
 * A small disk of its own, to be filled or to be made read-only. To mount one takes root on Linux.
 *
 * @module
 */

import { run, runOk } from "./child.ts";
import { type TempDir, tempDir } from "./wait.ts";

/** A file system of a few megabytes; leaving its scope unmounts it. */
export interface SmallDisk extends TempDir {
  /** Takes all that is free; what it returns gives it back. */
  fill(): Promise<Disposable>;
  /** Lets nobody write any more. */
  makeReadOnly(): Promise<void>;
}

/**
 * Mounts a disk.
 *
 * @returns The disk; `undefined` where that is not allowed.
 */
export async function smallDisk(): Promise<SmallDisk | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const folder = await tempDir();
  const { code } = await run("mount", ["-t", "tmpfs", "-o", "size=8m", "drec-test", folder.path]);
  if (code !== 0) {
    await folder[Symbol.asyncDispose]();
    return undefined;
  }
  return {
    path: folder.path,
    join: folder.join,
    fill: () => fill(folder.join("filler")),
    async makeReadOnly() {
      await runOk("mount", ["-o", "remount,ro", folder.path]);
    },
    async [Symbol.asyncDispose]() {
      await runOk("umount", ["--lazy", folder.path]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function fill(path: string): Promise<Disposable> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const page = new Uint8Array(4096);
  try {
    while (true) await file.write(page);
  } catch {
    return { [Symbol.dispose]: () => Deno.removeSync(path) };
  }
}
