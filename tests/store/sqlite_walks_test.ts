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

/** Names with numbers below a prefix. */
interface Names {
  readonly prefix: string;
  readonly count: number;
}
const NAMES: Names = { prefix: "team/", count: 60_000 };
/** Of these, those with 5 first. */
const SOME: Names = { prefix: "team/5", count: 11_111 };
/** A search passes by more of them, 10,000 at a time. */
const SEARCHED: Names = { prefix: "wide/", count: 200_000 };
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
async function timeOf(step: Step, { prefix, count }: Names): Promise<number> {
  let after: Cursor | null | undefined;
  const began = performance.now();
  while (after !== null) after = await step(prefix, after);
  return (performance.now() - began) / count;
}

/** How much longer one takes than the other: tried again, as the machine may be busy with others. */
async function leastRatio(
  enough: number,
  short: () => Promise<number>,
  long: () => Promise<number>,
): Promise<number> {
  let ratio = Infinity;
  for (let i = 0; i < 5 && ratio >= enough; i++) {
    const first = await short();
    ratio = Math.min(ratio, await long() / first);
  }
  return ratio;
}

Deno.test("a walk does not begin again with each step", async (t) => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = SqliteStore.open(path, storeOptionsOf());
  try {
    {
      using database = new DatabaseSync(path);
      for (const { prefix, count } of [NAMES, SEARCHED]) {
        database.exec(`INSERT INTO repositories (repository, registry, listed, pulls, last_used)
          WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ${count})
          SELECT '${prefix}' || i, 'default', 1, 0, 1000 FROM c`);
      }
    }
    const walks: Record<string, Step> = {
      "names of a prefix": listing(store, {}),
      "names of a registry and a prefix": listing(store, { registry: "default" }),
      "a text that no name of a prefix has": listing(store, { q: "nowhere" }),
      "a number that all have, of a prefix": listing(store, { sort: "-pulls" }),
      "a time that none has, of a prefix": listing(store, { sort: "-lastPulled" }),
      "a time that all have, of a prefix": listing(store, { sort: "-lastUsed" }),
      "unused repositories of a prefix": unused(store),
      "sums of a prefix": summing(store, {}),
      "sums of a registry and a prefix": summing(store, { registry: "default" }),
      "a census of a prefix": counting(store, {}),
      "a census of a registry and a prefix": counting(store, { registry: "default" }),
    };
    for (const [name, step] of Object.entries(walks)) {
      await t.step(name, async () => {
        const ratio = await leastRatio(
          2,
          () => timeOf(step, SOME),
          () => timeOf(step, NAMES),
        );
        assert.ok(ratio < 2, `a name takes ${ratio} times as long`);
      });
    }
    await t.step("a text that none has is looked for by a number as by name", async () => {
      const byName = listing(store, { q: "nowhere" });
      const byNumber = listing(store, { q: "nowhere", sort: "-pulls" });
      const ratio = await leastRatio(
        3,
        () => timeOf(byName, SEARCHED),
        () => timeOf(byNumber, SEARCHED),
      );
      assert.ok(ratio < 3, `by a number it takes ${ratio} times as long`);
    });
  } finally {
    await store.close();
  }
});
