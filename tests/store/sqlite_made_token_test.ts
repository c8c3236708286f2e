/**
 * Tokens that are made, as files.
 */

import assert from "node:assert/strict";

import { AppError } from "../../lib/errors.ts";
import { openSqliteStore } from "../../lib/store/sqlite/open.ts";
import type { Store } from "../../lib/store/store.ts";
import { smallDisk } from "../support/disk.ts";
import { type TempDir, tempDir } from "../support/wait.ts";
import { storeOptionsOf } from "./contract_support.ts";

const CANDIDATE = "a-candidate";

function openIn(folder: TempDir): Promise<Store> {
  const location = { path: folder.join("drec.db"), exclusive: true };
  return openSqliteStore(location, storeOptionsOf());
}

async function failureOf(action: () => Promise<unknown>): Promise<AppError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("Expected an error");
}

async function namesIn(folder: TempDir): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder.path), ({ name }) => name);
  return entries.filter((name) => name.startsWith("token-")).sort();
}

Deno.test("madeToken() makes a file for its owner alone, and leaves nothing else", async () => {
  await using folder = await tempDir();
  const store = await openIn(folder);
  try {
    const made = await store.madeToken("read", CANDIDATE);
    assert.deepEqual(made, { token: CANDIDATE, isNew: true });
    assert.deepEqual(await namesIn(folder), ["token-read"]);
    assert.equal(await Deno.readTextFile(folder.join("token-read")), `${CANDIDATE}\n`);
    if (Deno.build.os === "windows") return;
    assert.equal(((await Deno.stat(folder.join("token-read"))).mode ?? 0) & 0o777, 0o600);
  } finally {
    await store.close();
  }
});

Deno.test("madeToken() refuses a file without a token, and names it and the remedy", async (t) => {
  await using folder = await tempDir();
  const store = await openIn(folder);
  const path = folder.join("token-read");
  try {
    for (const text of ["", "\n", "short", "two words of it", "tökentöken"]) {
      await t.step(JSON.stringify(text), async () => {
        await Deno.writeTextFile(path, text);
        const { message, hint } = await failureOf(() => store.madeToken("read", CANDIDATE));
        assert.ok(message.startsWith(`Cannot use token "${path}": expected at least 8 `), message);
        assert.match(hint ?? "", /^remove the file, .* start DREC again$/);
        assert.equal(await Deno.readTextFile(path), text);
      });
    }
    await t.step("one that cannot be read", async () => {
      await Deno.remove(path);
      await Deno.mkdir(path);
      const { message, hint } = await failureOf(() => store.madeToken("read", CANDIDATE));
      assert.equal(message, `Cannot read token "${path}": it is a directory`);
      assert.match(hint ?? "", /^let the user that runs DREC read this file, or remove it$/);
    });
    await t.step("one that an operator has written is good", async () => {
      await Deno.writeTextFile(folder.join("token-admin"), "  of-my-own\n");
      const found = await store.madeToken("admin", CANDIDATE);
      assert.deepEqual(found, { token: "of-my-own", isNew: false });
    });
  } finally {
    await store.close();
  }
});

Deno.test("madeToken() leaves no file on a disk that is full, and says that it is", async () => {
  await using disk = await smallDisk();
  // Elsewhere than as root on Linux nothing is proved.
  if (disk === undefined) return;
  const store = await openIn(disk);
  try {
    {
      using _filler = await disk.fill();
      const { message, hint } = await failureOf(() => store.madeToken("read", CANDIDATE));
      assert.equal(
        message,
        `Cannot write token "${disk.join("token-read")}": no space left on the device`,
      );
      assert.equal(hint, "free space on the disk");
      assert.deepEqual(await namesIn(disk), []);
    }
    const made = await store.madeToken("read", CANDIDATE);
    assert.deepEqual(made, { token: CANDIDATE, isNew: true });
  } finally {
    await store.close();
  }
});
