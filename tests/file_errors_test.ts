import assert from "node:assert/strict";

import { reasonOf, remedyOf } from "../lib/file_errors.ts";
import { tempDir } from "./support/wait.ts";

/** What an action throws. */
async function errorOf(action: () => Promise<unknown>): Promise<unknown> {
  try {
    await action();
  } catch (error) {
    return error;
  }
  throw new Error("Expected an error");
}

Deno.test("reasonOf() and remedyOf() put the system's errors into words", async (t) => {
  await using folder = await tempDir();
  const cases: [name: string, error: unknown, reason: string, remedy: string][] = [
    [
      "missing",
      await errorOf(() => Deno.readTextFile(folder.join("none"))),
      "no such file",
      "mend it",
    ],
    [
      "a directory",
      await errorOf(() => Deno.readTextFile(folder.path)),
      "it is a directory",
      "mend it",
    ],
    [
      "a place that Deno has closed",
      new Deno.errors.NotCapable('Requires all access to "/proc/x", run again with --allow-all'),
      "the program has no permission for that place",
      "choose another path: /dev, /proc and /sys are closed to DREC, and so is all that it was not " +
      "allowed when it was started or compiled",
    ],
    ["something else", "odd", "odd", "mend it"],
  ];
  if (Deno.build.os === "linux") {
    cases.push([
      "a full disk",
      await errorOf(() => Deno.writeTextFile("/dev/full", "x")),
      "no space left on the device",
      "free space on the disk",
    ]);
  }
  for (const [name, error, reason, remedy] of cases) {
    await t.step(name, () => {
      assert.deepEqual([reasonOf(error), remedyOf(error, "mend it")], [reason, remedy]);
    });
  }
});
