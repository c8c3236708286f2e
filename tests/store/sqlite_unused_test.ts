import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import { MIGRATIONS } from "../../lib/store/sqlite/schema.ts";
import { openSqliteStore } from "../../lib/store/sqlite/sqlite_store.ts";
import { noon } from "../support/events.ts";
import { tempDir } from "../support/wait.ts";
import { record, storeOptionsOf } from "./contract_support.ts";

const DAY_MS = 86_400_000;

Deno.test("SqliteStore lists unused tags of a database from before", async () => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const old = new DatabaseSync(path);
  old.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1;
    INSERT INTO repositories (id, repository, registry, listed) VALUES (1, 'team/app', 'main', 1);
    INSERT INTO tags (repository_id, tag, last_used) VALUES
      (1, 'old', ${noon - 200 * DAY_MS}), (1, 'new', ${noon});`);
  old.close();
  const store = await openSqliteStore({ path, exclusive: true }, storeOptionsOf());
  try {
    const query = { kind: "tags", before: noon - 90 * DAY_MS, limit: 9 } as const;
    const { items } = await store.listUnused(query);
    assert.deepEqual(items.map(({ tag }) => tag), ["old"]);
  } finally {
    await store.close();
  }
});

Deno.test("SqliteStore looks at a bounded number of rows for a page", async () => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = await openSqliteStore({ path, exclusive: true }, storeOptionsOf());
  try {
    await record(store, [{ repository: "last", at: (noon - 100 * DAY_MS) * 1000 }]);
    const other = new DatabaseSync(path);
    other.exec(`INSERT INTO tags (repository_id, tag, last_used)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
      SELECT 9, 't' || i, ${noon - 200 * DAY_MS} FROM n;
      INSERT INTO repositories (id, repository, registry, listed) VALUES (9, 'many', 'default', 1)`);
    other.close();
    const query = { kind: "tags", prefix: "last", before: noon - 90 * DAY_MS, limit: 9 } as const;
    const { items, next } = await store.listUnused(query);
    assert.deepEqual(items, []);
    assert.ok(next !== null);
    const rest = await store.listUnused({ ...query, after: next });
    assert.deepEqual(rest.items.map(({ repository }) => repository), ["last"]);
    assert.equal(rest.next, null);
  } finally {
    await store.close();
  }
});
