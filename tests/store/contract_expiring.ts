/**
 * The store contract: what is kept how long.
 *
 * @module
 */

import assert from "node:assert/strict";

import type { Store } from "../../lib/store/store.ts";
import { digestOf, type EventParts, noon, noonUs } from "../support/events.ts";
import {
  app,
  type ContractCase,
  daysOf,
  findApp,
  gone,
  listAll,
  record,
  storeOptionsOf,
} from "./contract_support.ts";

const day = 86_400_000;
const today = Math.floor(noon / day);
const { retention } = storeOptionsOf();

/** Drops all that is due at a time, so many days after noon. */
async function expire(store: Store, days: number): Promise<void> {
  let steps = 0;
  while (await store.expire(noon + days * day)) assert.ok(++steps < 1000, "it comes to an end");
}

const on = (days: number): number => noonUs + days * day * 1000;
const tagGone: EventParts = { ...gone, tag: "1.0", kind: "manifest" };

/** What goes when. */
export const expiringCases: readonly ContractCase[] = [
  {
    name: "drops nothing before its time",
    async run(_t, { store }) {
      await record(store, [{ id: "1", action: "push" }, { ...tagGone, at: on(0) + 1 }]);
      const before = [
        await findApp(store),
        await store.findTag(app, "1.0"),
        await store.listEvents(app, { limit: 5 }),
        await daysOf(store, { ...app, metric: "pushes", from: today, to: today }),
      ];
      await expire(store, 13);
      assert.deepEqual([
        await findApp(store),
        await store.findTag(app, "1.0"),
        await store.listEvents(app, { limit: 5 }),
        await daysOf(store, { ...app, metric: "pushes", from: today, to: today }),
      ], before);
      assert.deepEqual(await record(store, [{ id: "1" }]), ["duplicate"]);
    },
  },
  {
    name: "drops the log of events after its retention, and still knows their ids",
    async run(_t, { store }) {
      await record(store, [{ id: "1" }, { id: "2", action: "x" }]);
      await record(store, [{ id: "3" }], { receivedAt: noon + 10 * day });
      await expire(store, retention.events / day + 1);
      const { items } = await store.listEvents(app, { limit: 5 });
      assert.deepEqual(items.map(({ id }) => id), ["3"]);
      const again = await record(store, [{ id: "1" }, { id: "2" }, { id: "3" }]);
      assert.deepEqual(again, ["duplicate", "duplicate", "duplicate"]);
      assert.equal((await findApp(store)).pulls, 2);
    },
  },
  {
    name: "forgets ids after their retention",
    async run(_t, { store }) {
      await record(store, [{ id: "1" }, { id: "2" }]);
      await record(store, [{ id: "3" }], { receivedAt: noon + 10 * day });
      await expire(store, retention.ids / day + 2);
      const again = await record(store, [{ id: "1" }, { id: "3" }], {
        receivedAt: noon + retention.ids + 2 * day,
      });
      assert.deepEqual(again, ["counted", "duplicate"]);
    },
  },
  {
    name:
      "drops deleted tags and manifests after their retention, and keeps the repository's numbers",
    async run(_t, { store }) {
      const b = digestOf("b");
      await record(store, [
        { action: "push", at: on(0) },
        { action: "push", tag: "2.0", digest: b, at: on(0) },
        { at: on(0) },
        { ...tagGone, at: on(1) },
        { ...gone, digest: digestOf("a"), at: on(1) },
      ]);
      const before = await findApp(store);
      await expire(store, retention.deleted / day);
      assert.equal((await listAll((page) => store.listTags(app, page))).length, 2);
      await expire(store, retention.deleted / day + 2);
      const tags = await listAll((page) => store.listTags(app, page));
      const manifests = await listAll((page) => store.listManifests(app, page));
      assert.deepEqual(tags.map(({ tag }) => tag), ["2.0"]);
      assert.deepEqual(manifests.map(({ digest }) => digest), [b]);
      assert.deepEqual(await findApp(store), before);
      // The name begins anew.
      await record(store, [{ action: "push", at: on(200) }]);
      const again = await store.findTag(app, "1.0");
      assert.deepEqual([again?.pushes, again?.pulls, again?.deleted], [1, 0, null]);
      assert.deepEqual([(await findApp(store)).tagCount, (await findApp(store)).pushes], [2, 3]);
    },
  },
  {
    name: "keeps a manifest that was used after its delete",
    async run(_t, { store }) {
      await record(store, [
        { action: "push", at: on(0) },
        { ...gone, digest: digestOf("a"), at: on(1) },
        { tag: undefined, at: on(2) },
      ]);
      await expire(store, retention.deleted / day + 100);
      assert.equal((await listAll((page) => store.listManifests(app, page))).length, 1);
    },
  },
  {
    name: "never drops what the accounting says",
    async run(_t, { store }) {
      await record(store, [{ id: "1" }, { id: "1" }, { id: "2", action: "x" }]);
      const before = await store.accounting();
      await expire(store, 5000);
      assert.deepEqual(await store.accounting(), before);
    },
  },
];
