/**
 * A document without a registry means `default`: beside one that names it, it is no second
 * repository, wherever the MongoDB store shows some.
 */

import assert from "node:assert/strict";

import { REPOSITORY_SORTS, type RepositoryStatistics } from "../../lib/store/store.ts";
import { noon, noonUs } from "../support/events.ts";
import { needs } from "../support/require.ts";
import { app, findApp, gone, listAll, record } from "./contract_support.ts";
import { watch } from "./contract_watching.ts";
import { collection, named, useMongo } from "./mongodb_support.ts";

const day = 86_400_000;

function numbersOf(found: readonly RepositoryStatistics[]): unknown[] {
  return found.map(({ registry, repository, pulls, stars }) => [
    `${registry} ${repository}`,
    pulls,
    stars,
  ]);
}

Deno.test({
  name: "MongoStore shows no second repository for a document without a registry beside one with",
  ...needs("mongodb"),
  async fn(t) {
    await using mongo = await useMongo();
    const first = await mongo.open();
    const repositories = mongo.db.collection(collection);
    await record(first, [{ tag: "1.0" }, { repository: "team/other" }]);
    await record(first, [{}], { registry: "main" });
    await repositories.insertMany([
      { repositoryname: "team/app", numstars: 7 },
      { repositoryname: "team/new", numstars: 1 },
    ]);
    const [ours, main] = [["default team/app", 1, 0], ["main team/app", 1, 0]];
    const [fresh, other] = [["default team/new", 0, 1], ["default team/other", 1, 0]];
    for (const start of ["", "after a restart"]) {
      const store = start === "" ? first : await mongo.open();
      await t.step(`by its name ${start}`, async () => {
        assert.deepEqual(numbersOf(await store.findRepositories("team/app", "default")), [ours]);
        assert.deepEqual(numbersOf(await store.findRepositories("team/app")), [ours, main]);
        assert.deepEqual(numbersOf(await store.findRepositories("team/new")), [fresh]);
      });
    }
    await t.step("in lists", async () => {
      for (const sort of REPOSITORY_SORTS) {
        for (const limit of [1, 2, 3, 4, 5]) {
          const all = await listAll((page) => first.listRepositories({ ...page, sort }), limit);
          const shown = numbersOf(all).map(String).sort();
          assert.deepEqual(shown, [ours, fresh, other, main].map(String), `${sort} ${limit}`);
        }
      }
    });
    await t.step("in the live stream", async () => {
      assert.deepEqual(numbersOf(await first.findItems([app])), [ours]);
      await using told = await watch(first);
      await repositories.updateOne({ repositoryname: "team/app", registry: null }, {
        $inc: { numstars: 1 },
      });
      await told.expect("default team/app");
      assert.deepEqual(numbersOf(await first.findItems([app])), [ours]);
    });
    await t.step("in rankings", async () => {
      const window = { from: 0, to: Math.floor(noon / day) };
      const bounds = [{ from: null, atLeast: 1 }];
      const sums = async (metric: "pulls" | "stars"): Promise<unknown[]> => {
        const { items } = await first.sumDays({ metric, windows: [window], bounds });
        return items.map((item) => [
          `${item.registry} ${item.repository}`,
          item.total,
          ...item.sums,
        ]);
      };
      assert.deepEqual(await sums("pulls"), [
        ["default team/app", 1, 1],
        ["default team/other", 1, 1],
        ["main team/app", 1, 1],
      ]);
      assert.deepEqual(await sums("stars"), [["default team/new", 1, 0]]);
    });
    await t.step("among what is unused", async () => {
      const unused = async (before: number): Promise<string[]> =>
        (await first.listUnused({ kind: "repositories", before, limit: 9 })).items
          .map(({ registry, repository }) => `${registry} ${repository}`).sort();
      await mongo.db.collection(named("breakdowns")).updateMany({}, {
        $set: { firstseen: new Date(noon - 9 * day) },
      });
      assert.deepEqual(await unused(noon), ["default team/new"]);
      assert.deepEqual(await unused(noon + 1), [
        ...["default team/app", "default team/new", "default team/other", "main team/app"],
      ]);
    });
    await t.step("for stars", async () => {
      assert.equal(await first.setStar(app, { user: "alice", at: noon, isStarred: true }), 1);
      assert.equal((await findApp(first)).stars, 1);
    });
    await t.step("for events, and goes with the repository", async () => {
      await record(first, [{ actor: "bob" }]);
      assert.equal((await findApp(first)).pulls, 2);
      await record(first, [{ ...gone, at: noonUs + 1 }]);
      assert.deepEqual(await first.findRepositories("team/app", "default"), []);
    });
  },
});
