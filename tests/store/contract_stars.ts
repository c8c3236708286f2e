/**
 * The store contract: stars, one a user, and a number that others may move, too.
 *
 * @module
 */

import assert from "node:assert/strict";

import type { Star, Store } from "../../lib/store/store.ts";
import { noon, noonUs } from "../support/events.ts";
import { app, type ContractCase, findApp, gone, listAll, record } from "./contract_support.ts";

const later = noonUs + 10_000_000;

function give(store: Store, user: string, at = noon): Promise<number | undefined> {
  return store.setStar(app, { user, at, isStarred: true });
}

function take(store: Store, user: string): Promise<number | undefined> {
  return store.setStar(app, { user, at: noon, isStarred: false });
}

function starsOf(store: Store): Promise<Star[]> {
  return listAll((page) => store.listStars(app, page));
}

async function usersOf(store: Store): Promise<string[]> {
  return (await starsOf(store)).map(({ user }) => user);
}

/** Different numbers, so that each call has one of its own. */
function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** What becomes of stars. */
export const starCases: readonly ContractCase[] = [
  {
    name: "gives and takes back a star of a user once",
    async run(_t, under) {
      await record(under.store, [{}, { repository: "team/other" }]);
      const { store } = under;
      assert.equal(await take(store, "alice"), 0);
      assert.equal(await give(store, "alice"), 1);
      assert.equal(await give(store, "alice", noon + 5000), 1);
      assert.equal(await give(store, "bob", noon + 1000), 2);
      assert.deepEqual(await starsOf(store), [
        { user: "alice", at: noon },
        { user: "bob", at: noon + 1000 },
      ]);
      const again = await under.reopen();
      assert.deepEqual([(await findApp(again)).stars, (await usersOf(again)).length], [2, 2]);
      assert.equal((await findApp(again, "team/other")).stars, 0);
      assert.equal(await take(again, "alice"), 1);
      assert.equal(await take(again, "alice"), 1);
      assert.equal(await take(again, "bob"), 0);
      assert.equal(await take(again, "bob"), 0);
      assert.deepEqual(await starsOf(again), []);
      assert.equal((await findApp(again)).stars, 0);
    },
  },
  {
    name: "keeps stars apart by registry and repository, and from what is counted",
    async run(_t, { store }) {
      await record(store, [{}]);
      await record(store, [{}], { registry: "other" });
      assert.equal(await give(store, "alice"), 1);
      const elsewhere = { registry: "other", repository: app.repository };
      assert.equal(await store.setStar(elsewhere, { user: "bob", at: noon, isStarred: true }), 1);
      await record(store, [{}, { action: "push", method: "PUT" }]);
      assert.deepEqual(await usersOf(store), ["alice"]);
      assert.equal((await findApp(store)).stars, 1);
    },
  },
  {
    name: "gives no star to a repository that it does not know",
    async run(_t, { store }) {
      assert.equal(await give(store, "alice"), undefined);
      assert.equal(await take(store, "alice"), undefined);
      await record(store, [{}]);
      const elsewhere = { registry: "none", repository: app.repository };
      const change = { user: "alice", at: noon, isStarred: true };
      assert.equal(await store.setStar(elsewhere, change), undefined);
      assert.deepEqual(await store.listStars(elsewhere, { limit: 9 }), { items: [], next: null });
      assert.deepEqual(await starsOf(store), []);
    },
  },
  {
    name: "takes any name of a user as it is, in code point order",
    async run(_t, { store }) {
      await record(store, [{}]);
      const users = ["$inc", "%", "' OR 1 --", "A", "a", "a.b", "a/b", "\u{ffff}", "\u{1f433}"];
      for (const user of users.toReversed()) await give(store, user);
      assert.deepEqual(await usersOf(store), users);
      for (const user of users) await take(store, user);
      assert.equal((await findApp(store)).stars, 0);
    },
  },
  {
    name: "counts each of 50 users who star at once",
    async run(_t, { store }) {
      await record(store, [{}]);
      const numbers = await Promise.all(upTo(50).map((at) => give(store, `user-${at}`)));
      assert.deepEqual(numbers.map(Number).sort((a, b) => a - b), upTo(50).map((at) => at + 1));
      assert.equal((await findApp(store)).stars, 50);
      assert.equal((await usersOf(store)).length, 50);
    },
  },
  {
    name: "counts a user once who stars 50 times at once",
    async run(_t, { store }) {
      await record(store, [{}]);
      const numbers = await Promise.all(upTo(50).map(() => give(store, "alice")));
      assert.deepEqual([...new Set(numbers)], [1]);
      assert.equal((await findApp(store)).stars, 1);
      const left = await Promise.all(upTo(50).map(() => take(store, "alice")));
      assert.deepEqual([...new Set(left)], [0]);
    },
  },
  {
    name: "has as many stars as users, whoever comes and goes over two stores beside events",
    async run(_t, under) {
      const stores = [under.store, await under.another()] as const;
      await record(under.store, [{}]);
      const events = (async () => {
        for (const at of upTo(10)) await record(stores[at % 2 === 0 ? 0 : 1], [{}]);
      })();
      // Each of ten users four times, the same one at both stores.
      const changes = upTo(40).map((at) => {
        const store = stores[at % 2 === 0 ? 0 : 1];
        const user = `user-${Math.floor(at / 4)}`;
        return at % 4 === 2 ? take(store, user) : give(store, user);
      });
      const numbers = await Promise.all(changes);
      await events;
      assert.ok(numbers.every((stars) => stars !== undefined && stars >= 0 && stars <= 10));
      const { stars, pulls } = await findApp(under.store);
      assert.deepEqual([stars, pulls], [(await usersOf(under.store)).length, 11]);
    },
  },
  {
    name: "adds its stars to those that a front end counts by itself",
    async run(_t, { store, addStars }) {
      await record(store, [{}]);
      await give(store, "alice");
      await addStars(5);
      assert.equal(await give(store, "alice"), 6);
      assert.equal(await give(store, "bob"), 7);
      await addStars(-1);
      assert.equal(await take(store, "alice"), 5);
      await Promise.all([give(store, "carol"), addStars(1), give(store, "dave"), addStars(1)]);
      assert.equal((await findApp(store)).stars, 9);
      assert.equal((await usersOf(store)).length, 3);
    },
  },
  {
    name: "does not take stars below zero",
    async run(_t, { store, addStars }) {
      await record(store, [{}]);
      await give(store, "alice");
      await give(store, "bob");
      await addStars(-1);
      assert.equal(await take(store, "alice"), 0);
      assert.equal(await take(store, "bob"), 0);
      assert.equal(await take(store, "bob"), 0);
      assert.deepEqual(await usersOf(store), []);
      assert.equal(await give(store, "bob"), 1);
    },
  },
  {
    name: "removes the stars of a removed repository",
    async run(_t, { store }) {
      await record(store, [{}]);
      await give(store, "alice");
      await record(store, [{ ...gone, at: later }]);
      assert.equal(await give(store, "bob"), undefined);
      assert.deepEqual(await starsOf(store), []);
      await record(store, [{ at: later + 1 }]);
      assert.equal((await findApp(store)).stars, 0);
      assert.deepEqual(await starsOf(store), []);
      assert.equal(await give(store, "alice"), 1);
    },
  },
  {
    name: "keeps the stars of a repository that is only marked as deleted",
    options: { onRepositoryDelete: "keep" },
    async run(_t, { store }) {
      await record(store, [{}]);
      await give(store, "alice");
      await record(store, [{ ...gone, at: later }]);
      assert.equal((await findApp(store)).stars, 1);
      assert.equal(await give(store, "bob"), 2);
    },
  },
  {
    name: "leaves no star behind where a repository is removed while users star it",
    async run(_t, under) {
      const stores = [under.store, await under.another()] as const;
      await record(under.store, [{}]);
      const stars = upTo(20).map((at) => give(stores[at % 2 === 0 ? 0 : 1], `user-${at}`));
      await record(stores[1], [{ ...gone, at: later }]);
      await Promise.all(stars);
      assert.deepEqual(await under.store.findRepositories(app.repository), []);
      await record(under.store, [{ at: later + 1 }]);
      assert.deepEqual(await usersOf(under.store), []);
      assert.equal((await findApp(under.store)).stars, 0);
    },
  },
  {
    name: "sorts repositories by the stars that they have now",
    async run(_t, { store }) {
      const stars: [repository: string, users: string[]][] = [
        ["team/a", ["alice"]],
        ["team/b", []],
        ["team/c", ["alice", "bob", "carol"]],
        ["team/d", ["alice", "bob"]],
      ];
      await record(store, stars.map(([repository]) => ({ repository })));
      for (const [repository, users] of stars) {
        const of = { registry: "default", repository };
        for (const user of users) await store.setStar(of, { user, at: noon, isStarred: true });
      }
      const listed = await listAll((page) => store.listRepositories({ ...page, sort: "-stars" }));
      assert.deepEqual(listed.map(({ repository, stars }) => [repository, stars]), [
        ["team/c", 3],
        ["team/d", 2],
        ["team/a", 1],
        ["team/b", 0],
      ]);
      const of = { registry: "default", repository: "team/c" };
      for (const user of ["alice", "bob"]) {
        await store.setStar(of, { user, at: noon, isStarred: false });
      }
      const [first] = (await store.listRepositories({ sort: "-stars", limit: 1 })).items;
      assert.equal(first?.repository, "team/d");
    },
  },
];
