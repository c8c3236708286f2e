import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import { MIGRATIONS } from "../../lib/store/sqlite/schema.ts";
import { openSqliteStore } from "../../lib/store/sqlite/open.ts";
import type { Cursor, Store } from "../../lib/store/store.ts";
import { noon } from "../support/events.ts";
import { tempDir } from "../support/wait.ts";
import { gone, record, storeOptionsOf } from "./contract_support.ts";

const DAY_MS = 86_400_000;
const before = noon - 90 * DAY_MS;

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
    const query = { kind: "tags", before, limit: 9 } as const;
    for (const filter of [{}, { registry: "main" }, { prefix: "team/" }]) {
      const { items } = await store.listUnused({ ...query, ...filter });
      assert.deepEqual(items.map(({ tag }) => tag), ["old"]);
    }
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
    other.exec(`INSERT INTO repositories (id, repository, registry, listed, deleted_at)
        VALUES (9, 'many', 'default', 1, 1);
      INSERT INTO tags (repository_id, tag, last_used, deleted_at)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
        SELECT 9, 't' || i, ${noon - 200 * DAY_MS}, NULL FROM n`);
    other.close();
    const query = { kind: "tags", before, limit: 9 } as const;
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

/** Reads all pages. */
async function readAll(
  store: Store,
  filter: { prefix?: string; registry?: string },
  limit: number,
): Promise<string[]> {
  const names: string[] = [];
  let after: Cursor | undefined;
  do {
    const { items, next } = await store.listUnused({
      kind: "tags",
      before,
      ...filter,
      limit,
      ...(after === undefined ? {} : { after }),
    });
    names.push(...items.map(({ registry, repository, tag }) => `${registry} ${repository} ${tag}`));
    after = next ?? undefined;
  } while (after !== undefined);
  return names;
}

Deno.test("SqliteStore lists unused tags of some repositories in the order of all", async (t) => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = await openSqliteStore({ path, exclusive: true }, storeOptionsOf());
  try {
    const other = new DatabaseSync(path);
    // Too many of a team to ask each for its tags, and more than are sorted without a walk; few
    // that come first; and some that come last, behind more of others than a walk looks at.
    other.exec(`INSERT INTO repositories (id, repository, registry, listed)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
        SELECT i, CASE WHEN i % 100 = 0 THEN 'few/app-' WHEN i % 2 = 0 THEN 'team/app-'
          ELSE 'late/app-' END || i, CASE WHEN i % 7 < 2 THEN 'edge' ELSE 'main' END, 1 FROM n;
      INSERT INTO tags (repository_id, tag, last_used)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4)
        SELECT id, 't' || i, CASE WHEN repository LIKE 'late/%'
          THEN ${noon} - (100 - id % 30) * ${DAY_MS}
          ELSE ${noon} - ((id * 7919 + i * 31) % 300 + 80) * ${DAY_MS} END
        FROM repositories CROSS JOIN n;
      INSERT INTO tags (repository_id, tag) SELECT id, 'never' FROM repositories WHERE id % 9 = 0;
      UPDATE tags SET deleted_at = 1 WHERE id % 13 = 0;
      UPDATE repositories SET tag_count = 5;
      INSERT INTO repositories (id, repository, registry, listed)
        VALUES (9000, 'other', 'main', 1), (9001, 'team/app', 'lab', 1);
      INSERT INTO tags (repository_id, tag) VALUES (9000, 't'), (9001, 't')`);
    other.close();
    const all = await readAll(store, {}, 100);
    assert.ok(all.length > 5_000);
    assert.equal(new Set(all).size, all.length);
    for (const registry of [undefined, "main", "edge", "lab"]) {
      for (
        const prefix of [undefined, "team/", "team/app-12", "few/", "late/", "late/app-2", "x"]
      ) {
        const filter = {
          ...(registry === undefined ? {} : { registry }),
          ...(prefix === undefined ? {} : { prefix }),
        };
        await t.step(JSON.stringify(filter), async () => {
          const want = all.filter((name) =>
            name.startsWith(registry ?? "") && (prefix === undefined || name.includes(` ${prefix}`))
          );
          assert.deepEqual(await readAll(store, filter, 100), want);
        });
      }
    }
    await t.step("whatever the size of a page", async () => {
      const want = all.filter((name) => name.includes(" team/app-1"));
      assert.deepEqual(
        (await readAll(store, { prefix: "team/app-1" }, 7)).toSorted(),
        want.toSorted(),
      );
    });
  } finally {
    await store.close();
  }
});

Deno.test("SqliteStore knows the oldest tag of each repository", async (t) => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = await openSqliteStore({ path, exclusive: true }, storeOptionsOf());
  try {
    const ago = (days: number): number => (noon - days * DAY_MS) * 1000;
    const day = Math.floor(noon / DAY_MS);
    const steps: [name: string, events: Parameters<typeof record>[1], want: number | null][] = [
      ["one that is new", [{ tag: "a", at: ago(9) }], day - 9],
      ["a younger one", [{ tag: "b", at: ago(5) }], day - 9],
      ["the same on that day", [{ tag: "a", at: ago(9) + 1000 }], day - 9],
      ["the oldest is used again", [{ tag: "a", at: ago(2) }], day - 5],
      ["what arrives late", [{ tag: "b", at: ago(7) }], day - 5],
      ["the oldest is deleted", [{ ...gone, tag: "b", kind: "manifest", at: ago(1) }], day - 2],
      ["all are deleted", [{ ...gone, tag: "a", kind: "manifest", at: ago(1) }], null],
      ["it is pushed again", [{ action: "push", method: "PUT", tag: "b", at: ago(0) }], day],
      ["the repository is deleted", [{ ...gone, at: ago(0) + 1 }], null],
    ];
    for (const [name, events, want] of steps) {
      await t.step(name, async () => {
        await record(store, events);
        using database = new DatabaseSync(path);
        const row = database.prepare("SELECT oldest_tag FROM repositories").get();
        assert.equal(row?.oldest_tag, want);
      });
    }
  } finally {
    await store.close();
  }
});

/** The size of a repository of ten layers and so many references to images, and how long it takes. */
async function sizeOf(images: number): Promise<{ size: number | null | undefined; ms: number }> {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = await openSqliteStore({ path, exclusive: true }, storeOptionsOf());
  try {
    {
      using database = new DatabaseSync(path);
      database.exec(`INSERT INTO repositories (id, repository, registry, listed, last_used)
          VALUES (1, 'a', 'default', 1, 1);
        INSERT INTO manifest_references (parent_id, child, repository_id, of_index, size)
          WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${images} + 10)
          SELECT i / 100, CAST('d' || i AS BLOB), 1, i > 10, 7 FROM n`);
    }
    const times: number[] = [];
    let size: number | null | undefined;
    for (let count = 0; count < 3; count++) {
      const began = performance.now();
      const { items } = await store.listUnused({ kind: "repositories", before, limit: 9 });
      times.push(performance.now() - began);
      size = items[0]?.size;
    }
    return { size, ms: Math.min(...times) };
  } finally {
    await store.close();
  }
}

Deno.test("SqliteStore looks at a bounded number of references for a size", async () => {
  const some = await sizeOf(15_000);
  const many = await sizeOf(300_000);
  assert.equal(some.size, 70);
  assert.equal(many.size, null);
  assert.ok(many.ms < 5 * some.ms, `${some.ms} ms of 15,000 references, ${many.ms} ms of 300,000`);
});
