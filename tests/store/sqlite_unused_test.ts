import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import { MIGRATIONS } from "../../lib/store/sqlite/schema.ts";
import { openSqliteStore } from "../../lib/store/sqlite/open.ts";
import type { Cursor } from "../../lib/store/store.ts";
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
    await record(store, [{ repository: "many-last", at: (noon - 100 * DAY_MS) * 1000 }]);
    const other = new DatabaseSync(path);
    other.exec(`INSERT INTO tags (repository_id, tag, last_used, deleted_at)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
      SELECT 9, 't' || i, ${noon - 200 * DAY_MS}, NULL FROM n;
      INSERT INTO repositories (id, repository, registry, listed, deleted_at)
        VALUES (9, 'many', 'default', 1, 1)`);
    other.close();
    const query = { kind: "tags", before: noon - 90 * DAY_MS, limit: 9 } as const;
    for (const filter of [{}, { prefix: "many" }, { registry: "default" }]) {
      const { items, next } = await store.listUnused({ ...query, ...filter });
      assert.deepEqual(items, []);
      assert.ok(next !== null);
      const rest = await store.listUnused({ ...query, ...filter, after: next });
      assert.deepEqual(rest.items.map(({ repository }) => repository), ["many-last"]);
      assert.equal(rest.next, null);
    }
    // Few that fit are found without looking at the others.
    const few = await store.listUnused({ ...query, prefix: "many-" });
    assert.deepEqual(few.items.map(({ repository }) => repository), ["many-last"]);
    assert.equal(few.next, null);
  } finally {
    await store.close();
  }
});

Deno.test("SqliteStore lists unused tags of few repositories in the order of all", async () => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = await openSqliteStore({ path, exclusive: true }, storeOptionsOf());
  try {
    const other = new DatabaseSync(path);
    const count = 700;
    other.exec(`INSERT INTO repositories (id, repository, registry, listed)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
        SELECT i, 'team/app-' || i, 'main', 1 FROM n;
      INSERT INTO tags (repository_id, tag, last_used)
        SELECT id, 't', ${noon} - (id * 7919 % 400) * ${DAY_MS} FROM repositories;
      INSERT INTO tags (repository_id, tag) SELECT id, 'never' FROM repositories WHERE id % 9 = 0;
      INSERT INTO repositories (id, repository, registry, listed)
        VALUES (9000, 'other', 'main', 1), (9001, 'team/app', 'edge', 1);
      INSERT INTO tags (repository_id, tag) VALUES (9000, 't'), (9001, 't')`);
    other.close();
    const before = noon - 90 * DAY_MS;
    const read = async (filter: { prefix?: string; registry?: string }): Promise<string[]> => {
      const names: string[] = [];
      let after: Cursor | undefined;
      do {
        const page = { limit: 100, ...(after === undefined ? {} : { after }) };
        const { items, next } = await store.listUnused({
          kind: "tags",
          before,
          ...filter,
          ...page,
        });
        names.push(
          ...items.map(({ registry, repository, tag }) => `${registry} ${repository} ${tag}`),
        );
        after = next ?? undefined;
      } while (after !== undefined);
      return names;
    };
    const all = await read({});
    assert.ok(all.length > count / 2);
    const ofTeam = all.filter((name) => name.includes("team/"));
    assert.deepEqual(await read({ prefix: "team/" }), ofTeam);
    const isMain = (name: string): boolean => name.startsWith("main");
    assert.deepEqual(await read({ prefix: "team/", registry: "main" }), ofTeam.filter(isMain));
    assert.deepEqual(await read({ registry: "main" }), all.filter(isMain));
    assert.deepEqual(await read({ registry: "edge" }), ["edge team/app t"]);
  } finally {
    await store.close();
  }
});
