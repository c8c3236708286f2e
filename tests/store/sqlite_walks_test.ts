/**
 * A walk of the SQLite store along the names of a prefix begins each step where the last one ended:
 * five times the names take five times as long, not twenty-five.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import { SqliteStore } from "../../lib/store/sqlite/sqlite_store.ts";
import type { Cursor, RepositoryQuery, Store } from "../../lib/store/store.ts";
import { tempDir } from "../support/wait.ts";
import { storeOptionsOf } from "./contract_support.ts";

const NAMES = 60_000;
/** A prefix of all of them, and of those from 1, 10 to 19, 100 to 199 and so on. */
const [ALL, SOME] = [{ prefix: "team/", count: NAMES }, { prefix: "team/1", count: 11_111 }];
const bounds = [{ from: null, atLeast: 1 }];

/** A step behind a name; says where the next one begins. */
type Step = (prefix: string, after: Cursor | undefined) => Promise<Cursor | null>;

function listing(store: Store, filter: Partial<RepositoryQuery>): Step {
  return async (prefix, after) => {
    const query = { sort: "name", limit: 100, prefix, ...filter } as const;
    return (await store.listRepositories(after === undefined ? query : { ...query, after })).next;
  };
}

function summing(store: Store, filter: { registry?: string }): Step {
  return async (prefix, after) => {
    const query = { metric: "pulls", windows: [], bounds, prefix, ...filter } as const;
    return (await store.sumDays(after === undefined ? query : { ...query, after })).next;
  };
}

function unused(store: Store): Step {
  return async (prefix, after) => {
    const query = { kind: "repositories", before: Date.now(), limit: 250, prefix } as const;
    return (await store.listUnused(after === undefined ? query : { ...query, after })).next;
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

/** How much longer a name takes among many than among few. */
async function ratioOf(step: Step): Promise<number> {
  const some = await timeOf(step, SOME);
  return await timeOf(step, ALL) / some;
}

Deno.test("a walk does not begin again with each step", async (t) => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = SqliteStore.open(path, storeOptionsOf());
  try {
    {
      using database = new DatabaseSync(path);
      database.exec(`INSERT INTO repositories (repository, registry, listed, pulls, last_used)
        WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ${NAMES})
        SELECT 'team/' || i, 'default', 1, 0, 1000 FROM c`);
    }
    const walks: Record<string, Step> = {
      "names of a prefix": listing(store, {}),
      "names of a registry and a prefix": listing(store, { registry: "default" }),
      "a text that no name of a prefix has": listing(store, { q: "nowhere" }),
      "a number that all have, of a prefix": listing(store, { sort: "-pulls" }),
      "a time that none has, of a prefix": listing(store, { sort: "-lastPulled" }),
      "a time that all have, of a prefix": listing(store, { sort: "-lastUsed" }),
      "a text that none has, by a number": listing(store, {
        sort: "-pulls",
        q: "nowhere",
      }),
      "unused repositories of a prefix": unused(store),
      "sums of a prefix": summing(store, {}),
      "sums of a registry and a prefix": summing(store, { registry: "default" }),
      "a census of a prefix": counting(store, {}),
      "a census of a registry and a prefix": counting(store, { registry: "default" }),
    };
    for (const [name, step] of Object.entries(walks)) {
      await t.step(name, async () => {
        // The machine may be busy with other work.
        let ratio = Infinity;
        for (let i = 0; i < 5 && ratio >= 2; i++) ratio = Math.min(ratio, await ratioOf(step));
        assert.ok(ratio < 2, `a name takes ${ratio} times as long`);
      });
    }
  } finally {
    await store.close();
  }
});
