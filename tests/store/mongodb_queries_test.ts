/**
 * What the MongoDB store asks the server: every query has its index, and older servers are asked
 * what they can answer.
 */

import assert from "node:assert/strict";

import type { Db, Document } from "mongodb";

import type { Outcome, Received } from "../../lib/batch.ts";
import { InstanceWatch } from "../../lib/instances.ts";
import { connect } from "../../lib/store/mongodb/connection.ts";
import { openMongoStore } from "../../lib/store/mongodb/mongo_store.ts";
import { recordBatch } from "../../lib/store/mongodb/record_batch.ts";
import { REPOSITORY_SORTS, type Store } from "../../lib/store/store.ts";
import { digestOf, type EventParts, mediaTypes, noon, noonUs } from "../support/events.ts";
import { planOptionsOf, receivedOfBody } from "../support/events.ts";
import { startMongo } from "../support/mongodb.ts";
import { needs } from "../support/require.ts";
import { readRecording } from "../support/testdata.ts";
import { app, gone, record, storeOptionsOf } from "./contract_support.ts";
import { startProxy } from "./mongodb_proxy.ts";
import { useMongo } from "./mongodb_support.ts";

const push: EventParts = { action: "push", method: "PUT" };

Deno.test({
  name: "MongoStore has an index for every query",
  ...needs("secantusdb"),
  async fn(t) {
    await using server = await startMongo();
    await using proxy = startProxy(server.port);
    await using mongo = await useMongo(server.uri);
    const store = await openMongoStore({ ...mongo.connection, uri: proxy.uri }, storeOptionsOf());
    try {
      await fill(store);
      const asked = async (ask: () => Promise<unknown>): Promise<Document[]> => {
        const before = proxy.commands.length;
        await ask();
        return proxy.commands.slice(before);
      };
      for (const [name, ask] of readsOf(store)) {
        await t.step(name, async () => {
          const queries = (await asked(ask)).flatMap(queriesOf);
          assert.ok(queries.length > 0);
          for (const query of queries) await assertIndexed(mongo.db, query);
        });
      }
      await t.step("lookups of a batch", async () => {
        const [lookup = assert.fail()] = await asked(() =>
          record(store, [
            { ...gone, digest: digestOf("a"), at: noonUs + 10 },
            { tag: undefined, digest: digestOf("b"), at: noonUs + 10, requestId: "r" },
            {},
          ])
        );
        await assertIndexed(mongo.db, {
          in: String(lookup.aggregate),
          filter: lookup.pipeline[0].$match,
        });
        const joins: Document[] = lookup.pipeline.flatMap((stage: Document) => stage.$lookup ?? []);
        assert.equal(joins.length, 11);
        for (const { from, foreignField } of joins) {
          const indexes = await mongo.db.collection(from).indexes();
          const leading = indexes.map(({ key }) => Object.keys(key)[0]);
          assert.ok(leading.includes(foreignField), `${from}: ${foreignField}`);
        }
      });
    } finally {
      await store.close();
    }
  },
});

Deno.test({
  name: "recordBatch() counts the same on a sharded cluster before 8.0",
  ...needs("mongodb"),
  async fn(t) {
    for (const name of ["3.1.1-ctr-pull-multi", "2.8.2-curl-deletes", "2.8.2-ctr-norefs-multi"]) {
      await t.step(name, async () => {
        await using mongo = await useMongo();
        const store = await mongo.open();
        const database = {
          ...await connect(mongo.connection),
          isSharded: true,
          hasClientBulkWrite: false,
          canJoinInTransaction: false,
        };
        try {
          const { posts, expected } = readRecording(name);
          const recording = {
            ...planOptionsOf(),
            collector: "test",
            instances: new InstanceWatch(),
            parts: new WeakMap<Received, Outcome>(),
          };
          const received: Received[] = posts.flatMap(({ body }) => receivedOfBody(body));
          for (let from = 0; from < received.length; from += 3) {
            const batch = {
              received: received.slice(from, from + 3),
              ignored: [],
              deadline: Date.now() + 10_000,
            };
            await recordBatch(database, recording, batch);
          }
          for (const [repository, counts] of Object.entries(expected.repositories)) {
            const [found = assert.fail()] = await store.findRepositories(repository);
            const { pulls, pushes, checks, childPulls, digestPushes, deletes } = found;
            const { childpulls, digestpushes } = counts;
            assert.deepEqual(
              [pulls, pushes, checks, childPulls, digestPushes, deletes],
              [
                counts.pulls,
                counts.pushes,
                counts.checks,
                childpulls,
                digestpushes,
                counts.deletes,
              ],
            );
          }
          for (const [tag, { pulls, pushes }] of Object.entries(expected.tags)) {
            const [repository = "", name = ""] = tag.split(":");
            const found = await store.findTag({ registry: "default", repository }, name);
            assert.deepEqual([found?.pulls ?? 0, found?.pushes ?? 0], [pulls, pushes], tag);
          }
        } finally {
          await database.client.close();
        }
      });
    }
  },
});

async function fill(store: Store): Promise<void> {
  await record(store, [
    { ...push, mediaType: mediaTypes.index, references: [{ digest: digestOf("b") }] },
    { ...push, tag: "2.0", digest: digestOf("b"), references: [{ digest: digestOf("c") }] },
    { actor: "alice" },
    { repository: "team/other" },
  ]);
  await record(store, [{ repository: "team/app" }], { registry: "other" });
  for (const user of ["alice", "bob"]) {
    await store.setStar(app, { user, at: noon, isStarred: true });
  }
}

function readsOf(store: Store): [name: string, ask: () => Promise<unknown>][] {
  const page = { limit: 2 };
  const unused = { ...page, before: noonUs / 1000 + 86_400_000 };
  const lists = REPOSITORY_SORTS.flatMap((sort): [string, () => Promise<unknown>][] => [
    [`repositories by ${sort}`, () => store.listRepositories({ ...page, sort })],
    [
      `repositories of a registry by ${sort}`,
      () => store.listRepositories({ ...page, sort, registry: "other" }),
    ],
    [`repositories by ${sort}, next page`, async () => {
      const { next } = await store.listRepositories({ sort, limit: 1 });
      await store.listRepositories({ sort, limit: 1, after: next ?? assert.fail() });
    }],
  ]);
  return [
    ...lists,
    [
      "repositories by prefix",
      () => store.listRepositories({ ...page, sort: "name", prefix: "t" }),
    ],
    ["repositories by prefix and -pulls", () => {
      return store.listRepositories({ ...page, sort: "-pulls", prefix: "t" });
    }],
    ["repositories by registry and prefix", () => {
      return store.listRepositories({ ...page, sort: "name", prefix: "t", registry: "other" });
    }],
    ["repositories by text", () => {
      return store.listRepositories({ ...page, sort: "-pulls", q: "app" });
    }],
    ["a repository", () => store.findRepository(app)],
    ["repositories of a name", () => store.findRepositories("team/app")],
    ["a repository of a registry", () => store.findRepositories("team/app", "other")],
    ["some repositories", () => store.findItems([app, { ...app, registry: "other" }])],
    ["what is watched", async () => {
      await using _ = await store.watch({ onChange: () => {}, onLost: () => {} });
    }],
    ["tags", () => store.listTags(app, page)],
    ["tags, next page", async () => {
      const { next } = await store.listTags(app, { limit: 1 });
      await store.listTags(app, { limit: 1, after: next ?? assert.fail() });
    }],
    ["a tag", () => store.findTag(app, "1.0")],
    ["manifests", () => store.listManifests(app, page)],
    ["manifests, next page", async () => {
      const { next } = await store.listManifests(app, { limit: 1 });
      await store.listManifests(app, { limit: 1, after: next ?? assert.fail() });
    }],
    ["clients", () => store.listBreakdown(app, "client", page)],
    ["consumers", () => store.listBreakdown(app, "consumer", page)],
    ["accounting", () => store.accounting()],
    ["since when registries are watched", () => store.watchedSince()],
    ["actors", () => store.listBreakdown(app, "actor", page)],
    ["actors, next page", async () => {
      const { next } = await store.listBreakdown(app, "actor", { limit: 1 });
      await store.listBreakdown(app, "actor", { limit: 1, after: next ?? assert.fail() });
    }],
    ["stars", () => store.listStars(app, page)],
    ["stars, next page", async () => {
      const { next } = await store.listStars(app, { limit: 1 });
      await store.listStars(app, { limit: 1, after: next ?? assert.fail() });
    }],
    ["a star", () => store.setStar(app, { user: "carol", at: noon, isStarred: true })],
    ["events", () => store.listEvents(app, page)],
    ["events, next page", async () => {
      const { next } = await store.listEvents(app, { limit: 1 });
      await store.listEvents(app, { limit: 1, after: next ?? assert.fail() });
    }],
    ...sumsOf(store),
    ["unused repositories", () => store.listUnused({ ...unused, kind: "repositories" })],
    ["unused repositories, next page", async () => {
      const query = { ...unused, kind: "repositories", limit: 1 } as const;
      const { next } = await store.listUnused(query);
      await store.listUnused({ ...query, after: next ?? assert.fail() });
    }],
    ...(["repositories", "tags"] as const).map((kind): [string, () => Promise<unknown>] => [
      `unused ${kind} of a registry and a prefix`,
      () => store.listUnused({ ...unused, kind, registry: "default", prefix: "t" }),
    ]),
    ["unused tags", () => store.listUnused({ ...unused, kind: "tags" })],
    [
      "unused tags of a registry",
      () => store.listUnused({ ...unused, kind: "tags", registry: "default" }),
    ],
    ["unused tags, next page", async () => {
      const query = { ...unused, kind: "tags", limit: 1 } as const;
      const { next } = await store.listUnused(query);
      await store.listUnused({ ...query, after: next ?? assert.fail() });
    }],
    [
      "history of a repository, all consumers",
      () => store.history({ of: app, metric: "pulls", from: 0, to: 30_000 }),
    ],
    [
      "history of a repository",
      () =>
        store.history({
          of: app,
          metric: "pulls",
          from: 0,
          to: 30_000,
          consumers: { only: ["other"] },
        }),
    ],
    [
      "history of a tag",
      () => store.history({ of: { ...app, tag: "1.0" }, metric: "pulls", from: 0, to: 30_000 }),
    ],
    [
      "history of a namespace",
      () => store.history({ of: { namespace: "team/" }, metric: "pulls", from: 0, to: 30_000 }),
    ],
    [
      "history of everything in a registry",
      () =>
        store.history({
          of: { namespace: "", registry: "other" },
          metric: "pulls",
          from: 0,
          to: 30_000,
        }),
    ],
    ["totals", () => store.totals({ of: { namespace: "team/" }, from: 0, to: 30_000 })],
    ["last arrival", () => store.lastArrival()],
    ["last arrival of a registry", () => store.lastArrival("other")],
    ["census", () => store.census({ of: { namespace: "team/" }, limit: 1 })],
    ["census of a registry", () => {
      return store.census({ of: { namespace: "", registry: "default" }, limit: 1 });
    }],
    ["census of everything, next part", async () => {
      const { next } = await store.census({ of: { namespace: "" }, limit: 1 });
      await store.census({ of: { namespace: "" }, limit: 1, after: next ?? assert.fail() });
    }],
  ];
}

function sumsOf(store: Store): [name: string, ask: () => Promise<unknown>][] {
  const windows = [{ from: 19_990, to: 20_000 }];
  const bounds = [{ from: 19_990, atLeast: 1 }, { from: null, atLeast: 2 }];
  const all = { metric: "pulls", windows, bounds } as const;
  const consumers = { except: ["ci"] };
  return [
    ["sums", () => store.sumDays(all)],
    ["sums, next step", () => store.sumDays({ ...all, after: ["team/app", "default"] })],
    ["sums of a registry", () => store.sumDays({ ...all, registry: "other" })],
    ["sums of a prefix", () => store.sumDays({ ...all, prefix: "t" })],
    ["sums of consumers", () => store.sumDays({ ...all, consumers })],
    ["sums of layers", () => store.sumDays({ ...all, metric: "blobPulls" })],
  ];
}

interface Query {
  readonly in: string;
  readonly filter: Document;
  readonly sort?: Document;
  /** Key of the index that the server is told to use. */
  readonly hint?: Document;
}

/** The queries of a command; each branch of an alternative counts as one. */
function queriesOf(command: Document): Query[] {
  if (command.getMore !== undefined || command.commitTransaction !== undefined) return [];
  const writes: Document[] = command.updates ?? command.deletes ?? [];
  if (writes.length > 0) {
    return writes.map(({ q }) => ({ in: String(command.update ?? command.delete), filter: q }));
  }
  if (command.findAndModify !== undefined) {
    return [{ in: command.findAndModify, filter: command.query }];
  }
  if (command.find === undefined && command.aggregate === undefined) return [];
  // It tells what changes from now on.
  if (command.pipeline?.[0]?.$changeStream !== undefined) return [];
  const filter: Document = command.filter ?? command.pipeline?.[0]?.$match ?? {};
  const sort = command.sort === undefined ? {} : { sort: command.sort };
  const hint = command.hint === undefined ? {} : { hint: command.hint };
  const branches: Document[] = filter.$or ?? [filter];
  return branches.map((branch) => ({
    in: String(command.find ?? command.aggregate),
    filter: flatten(branch),
    ...sort,
    ...hint,
  }));
}

/** MongoDB does this itself. */
function flatten({ $and = [], ...fields }: Document): Document {
  return Object.assign({}, fields, ...$and.map(flatten));
}

/** Collections that may be read as a whole: documents for registries and days, of which few are. */
const small = /\.(?:registries|instances|meta)$/;

async function assertIndexed(db: Db, { in: name, filter, sort, hint }: Query): Promise<void> {
  // In an order, until there are enough, is another matter.
  const isAll = Object.keys(filter).length === 0 && sort === undefined;
  assert.ok(!isAll || small.test(name), `all of ${name} is read`);
  if (hint !== undefined) return await assertHinted(db, name, { filter, hint });
  const cursor = db.collection(name).find(filter);
  if (sort !== undefined) cursor.sort(sort);
  const { queryPlanner } = await cursor.explain("queryPlanner");
  const isScan = JSON.stringify(queryPlanner.winningPlan).includes('"COLLSCAN"');
  // SecantusDB does not plan all that MongoDB does: partial indexes with a range, any order of keys.
  const isCovered = (await db.collection(name).indexes()).some(({ key, partialFilterExpression }) =>
    Object.keys(filter).every((field) => field in { ...key, ...partialFilterExpression }) ||
    // What is left is looked at in the documents of one range.
    (Object.keys(key).length > 1 && Object.keys(key).every((field) => field in filter))
  );
  assert.ok(!isScan || isCovered, `${name} ${JSON.stringify(filter)}`);
}

/** What the server is told to use it uses, if it is there; SecantusDB explains it as a scan. */
async function assertHinted(
  db: Db,
  name: string,
  { filter, hint }: { filter: Document; hint: Document },
): Promise<void> {
  const keys = (await db.collection(name).indexes()).map(({ key }) => JSON.stringify(key));
  assert.ok(keys.includes(JSON.stringify(hint)), `${name} has no index ${JSON.stringify(hint)}`);
  const [leading = ""] = Object.keys(hint);
  assert.ok(leading in filter, `${name} is read from its beginning: ${JSON.stringify(filter)}`);
}
