/**
 * Adding days up to months, broken off between the month and its days: it is done or not.
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import type { Document } from "mongodb";

import { openMongoStore } from "../../lib/store/mongodb/mongo_store.ts";
import type { Store } from "../../lib/store/store.ts";
import { noon, noonUs } from "../support/events.ts";
import { startMongo } from "../support/mongodb.ts";
import { needs } from "../support/require.ts";
import { openTestStore } from "../support/store.ts";
import { app, record, storeOptionsOf } from "./contract_support.ts";
import { startProxy } from "./mongodb_proxy.ts";
import { collection, named, useMongo } from "./mongodb_support.ts";

const day = 86_400_000;
const EVENTS = 40;
/** When all days of the events are old enough. */
const later = noon + 900 * day;

/** Events of 40 days, half of them of a second repository. */
async function fill(store: Store): Promise<void> {
  await record(
    store,
    Array.from({ length: EVENTS }, (_, at) => ({
      at: noonUs - at * day * 1000,
      repository: at % 2 === 0 ? "team/app" : "team/other",
    })),
  );
}

/** All that has been counted, by whatever way there is to ask for it. */
async function assertWhole(store: Store): Promise<void> {
  const range = { metric: "pulls", from: Math.floor(noon / day) - 100, to: 30_000 } as const;
  const subjects: [of: Parameters<Store["history"]>[0]["of"], pulls: number][] = [
    [app, EVENTS / 2],
    [{ ...app, tag: "1.0" }, EVENTS / 2],
    [{ namespace: "team/" }, EVENTS],
    [{ namespace: "" }, EVENTS],
  ];
  for (const [of, pulls] of subjects) {
    const { days, months } = await store.history({ ...range, of });
    const values = [...days, ...months].map(({ value }) => value);
    assert.equal(values.reduce((sum, value) => sum + value, 0), pulls, JSON.stringify(of));
  }
}

async function foldAll(store: Store): Promise<void> {
  while (await store.expire(later));
}

Deno.test("SqliteStore adds days up to a month, or leaves both as they are", async (t) => {
  for (const table of ["days", "tag_days", "namespace_days"]) {
    await t.step(table, async () => {
      await using opened = await openTestStore();
      const { store, path } = opened;
      await fill(store);
      const other = new DatabaseSync(path);
      try {
        const months = table.replace("days", "months");
        const countOf = (name: string): number =>
          Number(other.prepare(`SELECT count(*) AS count FROM ${name}`).get()?.count);
        const before = countOf(table);
        // In the middle of the days of a month, when the month is written.
        other.exec(`CREATE TRIGGER broken BEFORE DELETE ON ${table}
          WHEN (SELECT count(*) FROM ${table}) < ${before - 3}
          BEGIN SELECT raise(ABORT, 'broken off'); END`);
        await assert.rejects(() => foldAll(store));
        assert.ok(countOf(table) > 3);
        await assertWhole(store);
        other.exec("DROP TRIGGER broken");
        await foldAll(store);
        await store.expire(later + day);
        await foldAll(store);
        assert.equal(countOf(table), 0);
        assert.ok(countOf(months) > 0);
        await assertWhole(store);
      } finally {
        other.close();
      }
    });
  }
});

Deno.test({
  name: "MongoStore adds days up to a month, or leaves both as they are",
  ...needs("secantusdb"),
  async fn(t) {
    await using server = await startMongo({ testCommands: true });
    const days = [
      { name: "daily", filter: {} },
      { name: "registries", filter: { namespace: { $exists: true }, day: { $exists: true } } },
    ];
    for (const failing of ["delete", "update", "commitTransaction"]) {
      await t.step(`broken off by a ${failing} that fails`, async () => {
        await using mongo = await useMongo(server.uri);
        const store = await mongo.open();
        await fill(store);
        const data: Document = { failCommands: [failing], errorCode: 8000 };
        const admin = mongo.client.db("admin");
        await admin.command({ configureFailPoint: "failCommand", mode: "alwaysOn", data });
        await assert.rejects(() => foldAll(store));
        await admin.command({ configureFailPoint: "failCommand", mode: "off" });
        assert.equal(await mongo.db.collection(named("monthly")).countDocuments(), 0);
        await assertWhole(store);
        await foldAll(store);
        for (const { name, filter } of days) {
          assert.equal(await mongo.db.collection(named(name)).countDocuments(filter), 0, name);
        }
        await assertWhole(store);
      });
    }
    await t.step("done once where nobody hears of it", async () => {
      await using proxy = startProxy(server.port);
      const database = `drec-test-${crypto.randomUUID()}`;
      const connection = { uri: proxy.uri, database, collection, timeoutMs: 10_000 };
      const store = await openMongoStore(connection, storeOptionsOf());
      try {
        await fill(store);
        proxy.swallowCommits(4);
        await foldAll(store);
        await assertWhole(store);
      } finally {
        await store.close();
      }
    });
  },
});
