/**
 * Lists of repositories of the SQLite store that are both filtered and sorted, at a size at which
 * they go in several steps: the same as sorting everything by hand.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import { openSqliteStore } from "../../lib/store/sqlite/open.ts";
import { SqliteStore } from "../../lib/store/sqlite/sqlite_store.ts";
import type { Cursor, RepositoryQuery, RepositorySort, Store } from "../../lib/store/store.ts";
import { tempDir } from "../support/wait.ts";
import { storeOptionsOf } from "./contract_support.ts";

const COUNT = 40_000;

interface Entry {
  readonly repository: string;
  readonly registry: string;
  readonly pulls: number;
  readonly lastPulled: number | null;
  readonly isListed: boolean;
}

/**
 * Few have been pulled, many have equal numbers, and one team, too large to be sorted in one go,
 * comes last in every order. Another one comes first, and all others that it has last.
 */
function entryOf(i: number): Entry {
  if (i % 31 === 3) return bothOf(i);
  const team = i % 5 === 0 ? "late" : i % 7919 === 5 ? "rare" : `team-${i % 9}`;
  return {
    repository: `${team}/app-${(i * 7919) % COUNT}`,
    registry: i % 3 === 0 ? "edge" : "main",
    pulls: team === "late" ? 0 : (i * 31) % 500,
    lastPulled: team === "late" || i % 4 === 0 ? null : 1_700_000_000_000 + (i * 17) % 1000,
    isListed: i % 50 !== 7,
  };
}

/** For its first pages an order is walked along, for the others it is sorted. */
function bothOf(i: number): Entry {
  const isFirst = i % 4 === 0;
  return {
    repository: `both/app-${(i * 7919) % COUNT}`,
    registry: i % 6 === 0 ? "edge" : "main",
    pulls: isFirst ? 1_000 + i % 70 : 0,
    lastPulled: isFirst ? 1_800_000_000_000 + i % 70 : null,
    isListed: i % 50 !== 7,
  };
}

function fill(path: string, entries: readonly Entry[]): void {
  using database = new DatabaseSync(path);
  const insert = database.prepare(`INSERT INTO repositories
    (repository, registry, pulls, last_pulled, listed) VALUES (?, ?, ?, ?, ?)`);
  database.exec("BEGIN");
  for (const { repository, registry, pulls, lastPulled, isListed } of entries) {
    insert.run(repository, registry, pulls, lastPulled, Number(isListed));
  }
  database.exec("COMMIT");
}

type Query = Omit<RepositoryQuery, "limit" | "after">;

/** What a list must be. */
function expected(entries: readonly Entry[], { sort, registry, prefix, q }: Query): string[] {
  const compare = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0;
  const rank = (entry: Entry): number =>
    sort === "-pulls" ? entry.pulls : sort === "-lastPulled" ? entry.lastPulled ?? -1 : 0;
  return entries.filter((entry) =>
    entry.isListed && (registry === undefined || entry.registry === registry) &&
    entry.repository.startsWith(prefix ?? "") && entry.repository.includes(q ?? "")
  ).sort((a, b) =>
    rank(b) - rank(a) || compare(a.repository, b.repository) || compare(a.registry, b.registry)
  ).map(nameOf);
}

function nameOf({ repository, registry }: { repository: string; registry: string }): string {
  return `${registry} ${repository}`;
}

/** The first pages of a list, and how many there are when all have been read. */
async function readAll(store: Store, query: Query, limit: number): Promise<string[]> {
  const names: string[] = [];
  let after: Cursor | null = null;
  do {
    const page = await store.listRepositories({
      ...query,
      limit,
      ...(after === null ? {} : { after }),
    });
    names.push(...page.items.map(nameOf));
    after = page.next;
  } while (after !== null);
  return names;
}

const sorts: RepositorySort[] = ["name", "-pulls", "-lastPulled"];
const filters: { name: string; filter: Omit<Query, "sort"> }[] = [
  { name: "nothing", filter: {} },
  { name: "a registry", filter: { registry: "edge" } },
  { name: "a prefix that fits many", filter: { prefix: "team-3/" } },
  { name: "a prefix that fits few", filter: { prefix: "rare/" } },
  { name: "a prefix that comes last", filter: { prefix: "late/" } },
  { name: "a prefix that comes first and last", filter: { prefix: "both/" } },
  { name: "a text that fits many", filter: { q: "app-1" } },
  { name: "a text that fits few", filter: { q: "app-12345" } },
  { name: "a text that fits none", filter: { q: "nowhere" } },
  { name: "all three", filter: { registry: "main", prefix: "team-3/", q: "99" } },
];

Deno.test("listRepositories() of SQLite gives what sorting by hand gives", async (t) => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = await openSqliteStore({ path, exclusive: true }, storeOptionsOf());
  try {
    const entries = Array.from({ length: COUNT }, (_, i) => entryOf(i));
    fill(path, entries);
    for (const sort of sorts) {
      for (const { name, filter } of filters) {
        await t.step(`${sort}, filtered by ${name}`, async () => {
          const query = { sort, ...filter };
          assert.deepEqual(await readAll(store, query, 1_000), expected(entries, query));
        });
      }
      await t.step(`${sort}, in short pages of several ways to find them`, async () => {
        const query = { sort, prefix: "both/" };
        assert.deepEqual(await readAll(store, query, 20), expected(entries, query));
      });
    }
  } finally {
    await store.close();
  }
});

Deno.test("listRepositories() of SQLite merges the lists of many registries", async (t) => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = await openSqliteStore({ path, exclusive: true }, storeOptionsOf());
  try {
    const entries = Array.from({ length: 600 }, (_, i): Entry => ({
      repository: `team-${i % 7}/app-${Math.floor(i / 30)}`,
      // The first one has most, some have the same names, and one has hardly any.
      registry: i % 30 < 7 ? `r-0${i % 30}` : i === 599 ? "few" : `r-${10 + i % 2}-${i % 30}`,
      pulls: i % 30 < 1 ? 900 : (i * 31) % 40,
      lastPulled: i % 5 === 0 ? null : 1_700_000_000_000 + (i * 17) % 50,
      isListed: i % 50 !== 7,
    }));
    fill(path, entries);
    for (const sort of sorts) {
      for (const filter of [{}, { prefix: "team-3/" }, { q: "app-1" }]) {
        for (const limit of [3, 70]) {
          await t.step(`${sort} ${JSON.stringify(filter)}, ${limit} a page`, async () => {
            const query = { sort, ...filter };
            assert.deepEqual(await readAll(store, query, limit), expected(entries, query));
          });
        }
      }
    }
  } finally {
    await store.close();
  }
});

Deno.test("listRepositories() of SQLite lets others in while it searches", async () => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = await openSqliteStore({ path, exclusive: true }, storeOptionsOf());
  try {
    const entries = Array.from({ length: 4 * COUNT }, (_, i) => {
      return { ...entryOf(i), repository: `team/app-${i}` };
    });
    fill(path, entries);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await store.listRepositories({ sort: "-pulls", q: "nowhere", limit: 50 });
    clearInterval(timer);
    assert.ok(turns > 0);
  } finally {
    await store.close();
  }
});

Deno.test("listRepositories() of SQLite lets others in among names that are gone", async () => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = SqliteStore.open(path, storeOptionsOf());
  try {
    const last = 3 * COUNT;
    const numberOf = (i: number): string => String(i).padStart(6, "0");
    fill(
      path,
      Array.from({ length: last + 1 }, (_, i): Entry => ({
        repository: `team/app-${numberOf(i >> 1)}`,
        registry: i % 2 === 0 ? "main" : "edge",
        pulls: 0,
        lastPulled: null,
        // Some side by side, of one name and of two, and the rest far from each other.
        isListed: i < 5 || i % 9_000 < 2 || i === last,
      })),
    );
    const listed = Array.from({ length: last + 1 }, (_, i) => i)
      .filter((i) => i < 5 || i % 9_000 < 2 || i === last)
      .map((i) => ({ name: `team/app-${numberOf(i >> 1)}`, is: i % 2 === 0 ? "main" : "edge" }))
      .sort((a, b) => a.name < b.name || a.name === b.name && a.is < b.is ? -1 : 1)
      .map(({ name, is }) => `${is} ${name}`);
    for (const limit of [1, 3, 1_000]) {
      assert.deepEqual(await readAll(store, { sort: "name" }, limit), listed);
      assert.deepEqual(await readAll(store, { sort: "name", prefix: "team/" }, limit), listed);
    }
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await store.listRepositories({ sort: "name", limit: 50 });
    clearInterval(timer);
    assert.ok(turns > 0);
  } finally {
    await store.close();
  }
});

Deno.test("listRepositories() of SQLite lets others in between registries", async (t) => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = SqliteStore.open(path, storeOptionsOf());
  try {
    const entries = Array.from({ length: 1_500 }, (_, i): Entry => {
      return {
        repository: "team/app",
        registry: `r-${i}`,
        pulls: i,
        lastPulled: null,
        isListed: true,
      };
    });
    fill(path, entries);
    for (const filter of [{}, { prefix: "team/" }]) {
      await t.step(JSON.stringify(filter), async () => {
        const query = { sort: "-pulls", ...filter } as const;
        let turns = 0;
        const timer = setInterval(() => turns++, 0);
        const { items } = await store.listRepositories({ ...query, limit: 50 });
        clearInterval(timer);
        assert.deepEqual(items.map(nameOf), expected(entries, query).slice(0, 50));
        assert.ok(turns > 0);
      });
    }
  } finally {
    await store.close();
  }
});
