import assert from "node:assert/strict";

import { openSqliteStore } from "../../lib/store/sqlite/open.ts";
import { recordEvents } from "../support/store.ts";
import { tempDir } from "../support/wait.ts";
import { storeOptionsOf } from "./contract_support.ts";
import { watch } from "./contract_watching.ts";

Deno.test("SqliteStore says that another process has written", async () => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = await openSqliteStore({ path, exclusive: true }, storeOptionsOf());
  const other = await openSqliteStore({ path, exclusive: false }, storeOptionsOf());
  try {
    await using told = await watch(store);
    await recordEvents(store, [{}]);
    await told.expect("default team/app");
    await recordEvents(other, [{}]);
    await told.expect("(lost)");
    assert.deepEqual(told.names, []);
  } finally {
    await other.close();
    await store.close();
  }
});
