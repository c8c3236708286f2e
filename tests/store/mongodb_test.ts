/**
 * What the MongoDB store makes of its documents, which others read and change, too.
 */

import assert from "node:assert/strict";

import { type Document, Long } from "mongodb";

import { SUFFIXES } from "../../lib/store/mongodb/documents.ts";
import {
  digestOf,
  eventOf,
  type EventParts,
  mediaTypes,
  noon,
  noonUs,
  receivedOf,
} from "../support/events.ts";
import { needs } from "../support/require.ts";
import { app, findApp, gone, listAll, record, storeOptionsOf } from "./contract_support.ts";
import { collection, named, useMongo } from "./mongodb_support.ts";

const day = 86_400_000;
const [a, b, c] = [digestOf("a"), digestOf("b"), digestOf("c")];
const push: EventParts = { action: "push", method: "PUT" };

Deno.test({
  name: "MongoStore counts in a document that a front end made without a registry",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const store = await mongo.open();
    const repositories = mongo.db.collection(collection);
    await repositories.insertMany([
      { repositoryname: "team/app", numstars: 2 },
      { repositoryname: "team/other", numstars: 1 },
    ]);
    assert.equal((await findApp(store)).stars, 2);
    const page = { sort: "name", limit: 1, registry: "default" } as const;
    const listed = await listAll((query) => store.listRepositories({ ...page, ...query }), 1);
    assert.deepEqual(listed.map(({ repository }) => repository), ["team/app", "team/other"]);
    await record(store, [{ actor: "alice" }]);
    await record(store, [{ registry: "x" } as EventParts, { tag: "2.0" }]);
    const { stars, pulls, actors } = await findApp(store);
    assert.deepEqual([stars, pulls, actors], [2, 3, ["alice"]]);
    const documents = await repositories.find({ repositoryname: "team/app" }).toArray();
    assert.deepEqual(documents.map(({ registry }) => registry), ["default"]);
    await record(store, [{ ...gone, repository: "team/other", at: noonUs + 1 }]);
    assert.deepEqual(await store.findRepositories("team/other"), []);
  },
});

Deno.test({
  name: "MongoStore keeps the shape of 2015 in the main collection",
  ...needs("mongodb"),
  async fn(t) {
    await using mongo = await useMongo();
    const store = await mongo.open();
    await t.step("with everything from the start", async () => {
      await record(store, [{}]);
      const [document = assert.fail()] = await mongo.db.collection(collection).find().toArray();
      const zero = new Long(0);
      const time = new Date(noon);
      assert.deepEqual(document, {
        _id: "default\nteam/app",
        registry: "default",
        repositoryname: "team/app",
        numpulls: new Long(1),
        numpushs: zero,
        numstars: zero,
        numchecks: zero,
        numchildpulls: zero,
        numdigestpushs: zero,
        numunchangedpushs: zero,
        numtagdeletes: zero,
        nummanifestdeletes: zero,
        numblobdeletes: zero,
        numunknowndeletes: zero,
        numtags: new Long(1),
        numactors: zero,
        numtagrows: new Long(1),
        actors: [],
        firstpulled: time,
        lastpulled: time,
        lastused: time,
      });
    });
    await t.step("with stars that a front end changes", async () => {
      const star = { $inc: { numstars: 1 } };
      await mongo.db.collection(collection).updateOne({ repositoryname: "team/app" }, star);
      await record(store, [{ ...push, actor: "alice" }, { method: "HEAD", at: noonUs + 1 }]);
      const { stars, pulls, pushes, checks } = await findApp(store);
      assert.deepEqual([stars, pulls, pushes, checks], [1, 1, 1, 1]);
    });
    await t.step("with counters of 64 bits", async () => {
      const most = Long.fromNumber(2 ** 31 - 1);
      const set = { $set: { numpulls: most } };
      await mongo.db.collection(collection).updateOne({ repositoryname: "team/app" }, set);
      await record(store, [{}, {}]);
      assert.equal((await findApp(store)).pulls, 2 ** 31 + 1);
      const document = await mongo.db.collection(collection).findOne();
      assert.deepEqual(document?.numpulls, Long.fromNumber(2 ** 31 + 1));
    });
  },
});

Deno.test({
  name: "MongoStore never makes a name a field",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const store = await mongo.open();
    const names = ["$inc", "a.b", "$where.x", "__proto__", "0", "two\nlines"];
    await record(store, [
      ...names.map((name) => ({ actor: name, userAgent: name, address: name })),
      ...names.slice(0, 5).map((name) => ({ repository: name, instance: name })),
      { action: "$set", id: "$bad" },
      {
        ...push,
        mediaType: mediaTypes.index,
        references: [{ digest: b, mediaType: "$x.y", platform: "$os/a.b" }],
      },
    ]);
    const fields = new Set<string>();
    for (const suffix of Object.values(SUFFIXES)) {
      for await (const document of mongo.db.collection(collection + suffix).find()) {
        collectFields(document, fields);
      }
    }
    const odd = [...fields].filter((field) => !/^(_id|[a-z]+)$/.test(field));
    assert.deepEqual(odd, []);
    assert.deepEqual(
      new Set((await findApp(store)).actors),
      new Set(names),
    );
    const [platform] = (await store.listManifests(app, { limit: 9 })).items;
    assert.deepEqual(platform?.platforms, ["$os/a.b"]);
  },
});

Deno.test({
  name: "MongoStore removes all of a repository but its events and leaves a tombstone",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const store = await mongo.open();
    await record(store, [
      { ...push, references: [{ digest: b }] },
      { ...push, repository: "team/app2", references: [{ digest: b }] },
    ]);
    await mongo.db.collection(named("stars"))
      .insertOne({ registry: "default", repositoryname: "team/app", user: "alice" });
    await record(store, [{ ...gone, at: noonUs + 5 }]);
    for (const suffix of Object.values(SUFFIXES)) {
      const of = { repositoryname: "team/app" };
      const left = await mongo.db.collection(collection + suffix).countDocuments(of);
      assert.equal(left, suffix === ".events" ? 2 : 0, suffix);
    }
    assert.equal((await findApp(store, "team/app2")).pushes, 1);
    const tombstone = await mongo.db.collection<Document & { _id: string }>(named("meta"))
      .findOne({ _id: "tombstone\ndefault\nteam/app" });
    assert.deepEqual(tombstone?.at, Long.fromNumber(noonUs + 5));
  },
});

Deno.test({
  name: "MongoStore counts a pull for the tag of its HEAD also at the bound of tags",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const store = await mongo.open();
    await record(store, [{ tag: "own", method: "HEAD" }]);
    const full = { $set: { numtagrows: Long.fromNumber(20_000) } };
    await mongo.db.collection(collection).updateOne({ repositoryname: "team/app" }, full);
    await record(store, [{ tag: "beyond", digest: b, method: "HEAD" }]);
    await record(store, [
      { tag: undefined, at: noonUs + 1 },
      { tag: undefined, digest: b, at: noonUs + 1 },
    ]);
    const { items } = await store.listTags(app, { limit: 5 });
    assert.deepEqual(
      items.map(({ tag, pulls, checks, overflow }) => [tag, pulls, checks, overflow]),
      [["own", 1, 1, false], ["(overflow)", 1, 1, true]],
    );
  },
});

Deno.test({
  name: "MongoStore keeps ids of events longer than what they say",
  ...needs("mongodb"),
  async fn(t) {
    await using mongo = await useMongo();
    const store = await mongo.open();
    const events = mongo.db.collection<Document & { _id: string }>(named("events"));
    // The server drops by its own clock: these arrive now.
    const now = Date.now();
    await record(store, [{ id: "1" }, { id: "2", method: "HEAD" }], { receivedAt: now });
    await t.step("for retention.events", async () => {
      await expireAll(() => store.expire(now + 15 * day));
      assert.deepEqual((await store.listEvents(app, { limit: 5 })).items, []);
      assert.deepEqual(await events.findOne({ _id: "default\n1" }), {
        _id: "default\n1",
        receivedat: new Date(now),
      });
      assert.deepEqual(await record(store, [{ id: "1" }, { id: "2" }]), ["duplicate", "duplicate"]);
    });
    await t.step("for retention.ids, and notes how far it has come", async () => {
      await expireAll(() => store.expire(now + 91 * day));
      assert.equal(await events.countDocuments(), 0);
      const expired = await mongo.db.collection<Document & { _id: string }>(named("meta"))
        .findOne({ _id: "expired" });
      assert.ok(expired?.receivedat >= new Date(now));
      assert.ok(expired?.receivedat <= new Date(now + day));
    });
  },
});

Deno.test({
  name: "MongoStore lets the server drop ids and quarantine, and follows the configuration",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const { retention } = storeOptionsOf();
    const seconds = async (suffix: string) =>
      (await mongo.db.collection(named(suffix)).indexes())
        .find(({ name }) => name === "ttl")?.expireAfterSeconds;
    await mongo.open();
    assert.deepEqual(
      [await seconds("events"), await seconds("quarantine")],
      [90 * 86_400, 30 * 86_400],
    );
    await mongo.open({ retention: { ...retention, ids: 5 * day } });
    assert.deepEqual(
      [await seconds("events"), await seconds("quarantine")],
      [5 * 86_400, 30 * 86_400],
    );
  },
});

Deno.test({
  name: "MongoStore frees the place of a deleted tag under the bound",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const store = await mongo.open();
    await record(store, [{ ...push, tag: "1.0" }, { ...push, tag: "2.0", digest: c }]);
    await record(store, [{ ...gone, tag: "1.0", kind: "manifest", at: noonUs + 1 }]);
    await expireAll(() => store.expire(noon + 91 * day));
    const document = await mongo.db.collection(collection).findOne();
    assert.deepEqual([document?.numtagrows, document?.numtags], [new Long(1), new Long(1)]);
    assert.equal(await store.findTag(app, "1.0"), undefined);
    assert.equal((await findApp(store)).pushes, 2);
  },
});

Deno.test({
  name: "MongoStore joins what is wrong with the entries of one body",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const store = await mongo.open();
    const bad = (id: string, reason: string) =>
      receivedOf({ rejected: { id, reason } }, { body: "$body" });
    await store.record([bad("1", "$no"), bad("2", "bad")]);
    await store.record([bad("3", "bad"), bad("4", "worse")]);
    const [entry] = await mongo.db.collection(named("quarantine")).find().toArray();
    assert.deepEqual(entry, {
      _id: "default\n$body",
      registry: "default",
      receivedat: new Date(noon),
      reasons: ["$no", "bad", "worse"],
      events: new Long(4),
      bytes: new Long(5),
      excerpt: "$body",
    });
  },
});

Deno.test({
  name: "MongoStore writes what stands in its documents for others to read",
  ...needs("mongodb"),
  async fn(t) {
    await using mongo = await useMongo();
    const store = await mongo.open();
    const event = eventOf({
      ...push,
      id: "1",
      actor: "alice",
      mediaType: mediaTypes.index,
      references: [{ digest: b, mediaType: mediaTypes.image, size: 7, platform: "linux/amd64" }],
    });
    await store.record([receivedOf(event)]);
    const only = async (suffix: string, filter: Document = {}) => {
      const { registry, repositoryname, ...document } =
        await mongo.db.collection(named(suffix)).findOne(filter) ?? assert.fail(suffix);
      assert.equal(registry, "default");
      if (suffix !== "registries") assert.equal(repositoryname, "team/app");
      return document;
    };
    const [zero, one] = [new Long(0), new Long(1)];
    const time = new Date(noon);
    const date = time.toISOString().slice(0, 10);
    const today = new Date(date);
    await t.step("tags", async () => {
      assert.deepEqual(await only("tags"), {
        _id: "default\nteam/app\n1.0",
        tag: "1.0",
        digest: a,
        at: Long.fromNumber(noonUs),
        id: "1",
        numpulls: zero,
        numpushs: one,
        numunchangedpushs: zero,
        numchecks: zero,
        firstpushed: time,
        lastpushed: time,
        lastused: time,
        usedday: today,
      });
    });
    await t.step("instances", async () => {
      const { _id, instance, ...times } = await mongo.db.collection(named("registries"))
        .findOne({ firstat: { $exists: true } }) ?? assert.fail();
      assert.deepEqual([String(_id), instance], ["default\ninstance\n", ""]);
      assert.deepEqual(times, { registry: "default", firstat: time, lastat: time });
    });
    await t.step("manifests and references", async () => {
      const { _id, kind, hasreferences, mediatype, isindex, references } = await only("manifests");
      assert.deepEqual(
        [_id, kind, hasreferences, mediatype],
        [`default\nteam/app\n${a}`, "index", true, mediaTypes.index],
      );
      assert.equal(isindex, true);
      assert.deepEqual(references, [
        { digest: b, mediatype: mediaTypes.image, size: 7, platform: "linux/amd64" },
      ]);
    });
    await t.step("days", async () => {
      assert.deepEqual(await only("daily", { tag: { $exists: false } }), {
        _id: `default\nteam/app\n${date}\nconsumer\nother`,
        day: today,
        consumer: "other",
        numpushs: one,
      });
      assert.deepEqual(await only("daily", { tag: "1.0" }), {
        _id: `default\nteam/app\n${date}\ntag\n1.0`,
        day: today,
        tag: "1.0",
        numpushs: one,
      });
    });
    await t.step("breakdowns", async () => {
      assert.deepEqual(await only("breakdowns", { dimension: "actor" }), {
        _id: "default\nteam/app\nactor\nalice",
        dimension: "actor",
        kind: "actor",
        name: "alice",
        numpulls: zero,
        numpushs: one,
        firstseen: time,
        lastseen: time,
      });
    });
    await t.step("registries", async () => {
      const { batch, ...row } = await only("registries", { day: today, namespace: null });
      assert.deepEqual(row, {
        _id: `default\n${date}\ncollector-1`,
        day: today,
        collector: "collector-1",
        counted: one,
        duplicate: zero,
        ignored: zero,
        quarantined: zero,
      });
      assert.deepEqual((await only("events")).batch, batch);
    });
    await t.step("namespaces", async () => {
      for (const namespace of ["", "team/"]) {
        assert.deepEqual(await only("registries", { namespace }), {
          _id: `default\n${date}\ncollector-1\n${namespace}\nother`,
          day: today,
          collector: "collector-1",
          namespace,
          consumer: "other",
          numpushs: one,
        });
      }
    });
    await t.step("months", async () => {
      const month = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth()));
      await expireAll(() => store.expire(noon + 900 * 86_400_000));
      const name = date.slice(0, 7);
      assert.deepEqual(await only("monthly", { tag: { $exists: false } }), {
        _id: `default\nteam/app\n${name}\nconsumer\nother`,
        month,
        consumer: "other",
        numpushs: one,
      });
      assert.deepEqual(await only("registries", { namespace: "team/" }), {
        _id: `default\n${name}\nnamespace\nteam/\nconsumer\nother`,
        month,
        namespace: "team/",
        consumer: "other",
        numpushs: one,
      });
      const days = await mongo.db.collection(named("daily")).countDocuments();
      assert.equal(days, 0);
    });
  },
});

Deno.test({
  name: "MongoStore reads totals of before namespaces, and adds up days beside another collector",
  ...needs("mongodb"),
  async fn(t) {
    await using mongo = await useMongo();
    const one = await mongo.open();
    const other = await mongo.open({ collector: "collector-2" });
    const day = Math.floor(noon / 86_400_000);
    const range = { metric: "pulls", from: day, to: day } as const;
    await t.step("old totals are those of the whole registry, by `other`", async () => {
      await mongo.db.collection<Document & { _id: string }>(named("registries")).insertOne({
        _id: "default\nold",
        registry: "default",
        day: new Date(day * 86_400_000),
        counted: new Long(5),
        numpulls: new Long(5),
      });
      await one.record([receivedOf(eventOf())]);
      const of = { namespace: "" };
      assert.deepEqual((await one.history({ of, ...range })).days, [{ day, value: 6 }]);
      const consumers = { only: ["other"] };
      assert.deepEqual((await one.history({ of, ...range, consumers })).days, [{ day, value: 6 }]);
      const { days } = await one.history({ of, ...range, consumers: { except: ["other"] } });
      assert.deepEqual(days, []);
      assert.equal((await one.accounting()).counted, 6);
    });
    await t.step("collectors that fold at once count once", async () => {
      const events = Array.from(
        { length: 40 },
        (_, at) =>
          receivedOf(
            eventOf({ repository: `team/app${at % 20}`, at: noonUs - at * 86_400_000_000 }),
          ),
      );
      await one.record(events.slice(0, 20));
      await other.record(events.slice(20));
      const now = noon + 900 * 86_400_000;
      await Promise.all([one, other].map((store) => expireAll(() => store.expire(now))));
      const of = { namespace: "team/" };
      const { days, months } = await one.history({ of, ...range, from: day - 60 });
      assert.deepEqual(days, []);
      assert.equal(months.reduce((sum, { value }) => sum + value, 0), 41);
      const { pulls } = await other.totals({ of, from: day - 100, to: day });
      assert.equal(pulls, 41);
    });
  },
});

async function expireAll(step: () => Promise<boolean>): Promise<void> {
  for (let steps = 0; await step(); steps++) assert.ok(steps < 100, "it comes to an end");
}

function collectFields(value: unknown, fields: Set<string>): void {
  if (Array.isArray(value)) {
    for (const member of value) collectFields(member, fields);
  } else if (value?.constructor === Object) {
    for (const [field, member] of Object.entries(value)) {
      fields.add(field);
      collectFields(member, fields);
    }
  }
}
