/**
 * A walk of the SQLite store along the names of a prefix begins each step where the last one ended:
 * five times the names take five times as long, not twenty-five.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import { SqliteStore } from "../../lib/store/sqlite/sqlite_store.ts";
import type { Cursor, Store } from "../../lib/store/store.ts";
import { tempDir } from "../support/wait.ts";
import { storeOptionsOf } from "./contract_support.ts";

const NAMES = 60_000;
/** A prefix of all of them, and of those from 1, 10 to 19, 100 to 199 and so on. */
const [ALL, SOME] = [{ prefix: "team/", count: NAMES }, { prefix: "team/1", count: 11_111 }];
const bounds = [{ from: null, atLeast: 1 }];

/** A step behind a name; says where the next one begins. */
type Step = (prefix: string, after: Cursor | undefined) => Promise<Cursor | null>;

function listing(store: Store, filter: { registry?: string; q?: string }): Step {
  return async (prefix, after) => {
    const query = { sort: "name", limit: 50, prefix, ...filter } as const;
    return (await store.listRepositories(after === undefined ? query : { ...query, after })).next;
  };
}

function summing(store: Store, filter: { registry?: string }): Step {
  return async (prefix, after) => {
    const query = { metric: "pulls", windows: [], bounds, prefix, ...filter } as const;
    return (await store.sumDays(after === undefined ? query : { ...query, after })).next;
  };
}

function counting(store: Store, filter: { registry?: string }): Step {
  return async (prefix, after) => {
    const query = { of: { namespace: prefix, ...filter }, limit: 200 };
    const last = after === undefined ? {} : { after: String(after[0]) };
    const { next } = await store.census({ ...query, ...last });
    return next === null ? null : [next];
  };
}

/** How long a walk takes for each name, in milliseconds. */
async function timeOf(step: Step, { prefix, count }: typeof ALL): Promise<number> {
  let after: Cursor | null | undefined;
  const began = performance.now();
  while (after !== null) after = await step(prefix, after);
  return (performance.now() - began) / count;
}

Deno.test("a walk does not begin again with each step", async (t) => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = SqliteStore.open(path, storeOptionsOf());
  try {
    {
      using database = new DatabaseSync(path);
      database.exec(`INSERT INTO repositories (repository, registry, listed, pulls)
        WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ${NAMES})
        SELECT 'team/' || i, 'default', 1, 0 FROM c`);
    }
    const walks: Record<string, Step> = {
      "names of a prefix": listing(store, {}),
      "names of a registry and a prefix": listing(store, { registry: "default" }),
      "names of a prefix that have a text": listing(store, { q: "team" }),
      "sums of a prefix": summing(store, {}),
      "sums of a registry and a prefix": summing(store, { registry: "default" }),
      "a census of a prefix": counting(store, {}),
      "a census of a registry and a prefix": counting(store, { registry: "default" }),
    };
    for (const [name, step] of Object.entries(walks)) {
      await t.step(name, async () => {
        const some = Math.min(await timeOf(step, SOME), await timeOf(step, SOME));
        const all = Math.min(await timeOf(step, ALL), await timeOf(step, ALL));
        assert.ok(all < 2 * some, `${some} ms a name of a few, ${all} ms of many`);
      });
    }
  } finally {
    await store.close();
  }
});
