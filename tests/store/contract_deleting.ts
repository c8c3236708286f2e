/**
 * The store contract: deletes keep history, and a repository's delete does as configured.
 *
 * @module
 */

import assert from "node:assert/strict";

import type { Store, TagStatistics } from "../../lib/store/store.ts";
import { digestOf, type EventParts, mediaTypes, noon, noonUs } from "../support/events.ts";
import {
  app,
  type ContractCase,
  daysOf,
  findApp,
  gone,
  listAll,
  record,
  recordEach,
} from "./contract_support.ts";

const b = digestOf("b");
const today = Math.floor(noon / 86_400_000);
const after = (seconds: number): number => noonUs + seconds * 1_000_000;
const ms = (seconds: number): number => noon + seconds * 1000;

const push: EventParts = { action: "push", method: "PUT" };
const tagGone: EventParts = { ...gone, tag: "1.0", kind: "manifest" };

async function findTag(store: Store, tag = "1.0"): Promise<TagStatistics> {
  return await store.findTag(app, tag) ?? assert.fail(`no tag ${tag}`);
}

/** Whether a repository is gone without a trace but for the log of events. */
async function assertRemoved(store: Store): Promise<void> {
  assert.deepEqual(await store.findRepositories(app.repository), []);
  assert.deepEqual((await store.listRepositories({ sort: "name", limit: 9 })).items, []);
  assert.equal(await store.findTag(app, "1.0"), undefined);
  const lists = [
    await store.listTags(app, { limit: 9 }),
    await store.listManifests(app, { limit: 9 }),
    await store.listBreakdown(app, "actor", { limit: 9 }),
    await store.listBreakdown(app, "client", { limit: 9 }),
  ];
  for (const list of lists) assert.deepEqual(list, { items: [], next: null });
  const query = { ...app, metric: "pulls", from: today - 9, to: today + 9 } as const;
  assert.deepEqual(await daysOf(store, query), []);
  assert.deepEqual(await daysOf(store, { ...query, tag: "1.0" }), []);
}

async function assertRemovedBut(store: Store, repository: string): Promise<void> {
  const { items } = await store.listRepositories({ sort: "name", limit: 9 });
  assert.deepEqual(items.map((item) => item.repository), [repository]);
  assert.deepEqual((await store.listTags(app, { limit: 9 })).items, []);
}

const repositoryGone: EventParts = { ...gone, at: after(10) };
const life: EventParts[] = [
  { ...push, at: after(0) },
  { actor: "alice", at: after(1) },
  { method: "HEAD", at: after(2) },
  { mediaType: mediaTypes.index, tag: "multi", references: [{ digest: b }], at: after(3) },
];

/** What deletes leave behind. */
export const deletingCases: readonly ContractCase[] = [
  {
    name: "keeps the numbers of a deleted tag, and a push clears the mark",
    async run(_t, { store }) {
      await recordEach(store, [
        { ...push, at: after(0) },
        { at: after(1) },
        { ...tagGone, at: after(2) },
      ]);
      const deleted = await findTag(store);
      assert.deepEqual(
        [deleted.deleted, deleted.pulls, deleted.pushes, deleted.lastUsed],
        [ms(2), 1, 1, ms(1)],
      );
      assert.equal((await findApp(store)).tagCount, 0);
      await record(store, [{ ...push, at: after(3) }]);
      const pushed = await findTag(store);
      assert.deepEqual([pushed.deleted, pushed.pushes, pushed.unchangedPushes], [null, 2, 0]);
      const { tagCount, deletes } = await findApp(store);
      assert.deepEqual([tagCount, deletes.tags], [1, 1]);
    },
  },
  {
    name: "does not let a late event undo a tag's delete, nor a late delete a push",
    async run(_t, { store }) {
      await recordEach(store, [{ ...tagGone, at: after(5) }, { ...push, at: after(4) }]);
      assert.equal((await findTag(store)).deleted, ms(5));
      await recordEach(store, [{ ...push, at: after(7) }, { ...tagGone, at: after(6) }]);
      assert.equal((await findTag(store)).deleted, null);
      const { deletes, tagCount } = await findApp(store);
      assert.deepEqual([deletes.tags, tagCount], [2, 1]);
    },
  },
  {
    name: "keeps a tag that was only ever deleted",
    async run(_t, { store }) {
      await record(store, [{ ...tagGone, at: after(1) }]);
      const { pulls, digest, deleted, lastUsed } = await findTag(store);
      assert.deepEqual([pulls, digest, deleted, lastUsed], [0, null, ms(1), null]);
      assert.equal((await findApp(store)).tagCount, 0);
    },
  },
  {
    name: "deletes the tags that point to a deleted manifest",
    async run(_t, { store }) {
      await recordEach(store, [
        { ...push, at: after(0) },
        { ...push, tag: "latest", at: after(0) },
        { ...push, tag: "2.0", digest: b, at: after(0) },
        { ...push, tag: "moved", at: after(0) },
        { ...push, tag: "moved", digest: b, at: after(1) },
        { ...gone, digest: digestOf("a"), at: after(2) },
      ]);
      const tags = await listAll((page) => store.listTags(app, page));
      assert.deepEqual(tags.map(({ tag, deleted }) => [tag, deleted]), [
        ["1.0", ms(2)],
        ["2.0", null],
        ["latest", ms(2)],
        ["moved", null],
      ]);
      const { deletes, tagCount } = await findApp(store);
      assert.deepEqual([deletes, tagCount], [{ tags: 0, manifests: 1, blobs: 0, unknown: 0 }, 2]);
    },
  },
  {
    name: "marks a deleted manifest until it is used again",
    async run(_t, { store }) {
      const find = async () => (await listAll((page) => store.listManifests(app, page)))[0];
      await recordEach(store, [{ ...push, at: after(0) }, {
        ...gone,
        digest: digestOf("a"),
        at: after(1),
      }]);
      assert.deepEqual([(await find())?.deleted, (await find())?.pushes], [ms(1), 1]);
      await record(store, [{ tag: undefined, at: after(2) }]);
      assert.equal((await find())?.deleted, null);
      await record(store, [{ ...gone, digest: digestOf("a"), at: after(1.5) }]);
      assert.equal((await find())?.deleted, null);
      await record(store, [{ ...gone, digest: digestOf("a"), at: after(3) }]);
      assert.equal((await find())?.deleted, ms(3));
    },
  },
  {
    name: "removes a repository, and leaves a tombstone",
    async run(_t, under) {
      await record(under.store, life);
      await record(under.store, life.map((parts) => ({ ...parts, repository: "team/app/other" })));
      assert.deepEqual(await record(under.store, [repositoryGone]), ["counted"]);
      const store = await under.reopen();
      const others = await store.findRepositories("team/app/other");
      assert.deepEqual(others.map(({ pulls }) => pulls), [2]);
      const noOther = { ...repositoryGone, repository: "team/app/other", at: after(11) };
      await record(store, [noOther]);
      await assertRemoved(store);
      const late: EventParts[] = [{ ...push, at: after(10) }, { at: after(9) }, {
        ...tagGone,
        at: after(9),
      }];
      assert.deepEqual(await record(store, late), ["ignored", "ignored", "ignored"]);
      await assertRemoved(store);
      const { counted, ignored, received } = await store.accounting();
      assert.deepEqual([counted, ignored, received], [10, 3, 13]);
    },
  },
  {
    name: "begins a removed repository anew",
    async run(_t, { store }) {
      await record(store, [...life, repositoryGone]);
      await assertRemoved(store);
      await recordEach(store, [
        { ...push, at: after(11), actor: "bob" },
        // A child of the index of before, and the digest of its HEAD.
        { tag: undefined, digest: b, at: after(12) },
        { tag: undefined, at: after(13) },
      ]);
      const found = await findApp(store);
      assert.deepEqual([found.pulls, found.pushes, found.unchangedPushes], [2, 1, 0]);
      assert.deepEqual([found.checks, found.childPulls, found.tagCount], [0, 0, 1]);
      assert.deepEqual([found.actors, found.actorCount, found.deleted], [["bob"], 1, null]);
      const tag = await findTag(store);
      assert.deepEqual([tag.pulls, tag.pushes], [0, 1]);
      const query = { ...app, metric: "pushes", from: today, to: today } as const;
      assert.deepEqual(await daysOf(store, query), [{ day: today, value: 1 }]);
    },
  },
  {
    name: "removes a repository in the middle of a batch",
    async run(_t, { store }) {
      const outcomes = await record(store, [
        ...life,
        repositoryGone,
        { at: after(5) },
        { ...push, at: after(11) },
        { at: after(12) },
      ]);
      assert.deepEqual(outcomes.slice(4), ["counted", "ignored", "counted", "counted"]);
      const { pulls, pushes, tagCount, actors } = await findApp(store);
      assert.deepEqual([pulls, pushes, tagCount, actors], [1, 1, 1, []]);
      assert.equal(await store.findTag(app, "multi"), undefined);
    },
  },
  {
    name: "removes what it does not know, and lets the late not make it",
    async run(_t, { store }) {
      assert.deepEqual(await record(store, [repositoryGone]), ["counted"]);
      await assertRemoved(store);
      assert.deepEqual(await record(store, [{ at: after(9) }]), ["ignored"]);
      await assertRemoved(store);
      const second = { ...repositoryGone, at: after(20) };
      assert.deepEqual(await record(store, [second]), ["counted"]);
      assert.deepEqual(await record(store, [{ at: after(15) }]), ["ignored"]);
      assert.deepEqual(await record(store, [{ at: after(21) }]), ["counted"]);
    },
  },
  {
    name: "removes nothing for a delete that comes after a younger push",
    async run(t, { store }) {
      await recordEach(store, life);
      await record(store, [{ ...push, tag: "2.0", at: after(20) }]);
      assert.deepEqual(await record(store, [repositoryGone]), ["counted"]);
      const { pulls, pushes, tagCount, deleted, actors } = await findApp(store);
      assert.deepEqual([pulls, pushes, tagCount, deleted, actors], [2, 2, 3, null, ["alice"]]);
      await t.step("but what is late as well and older than it", async () => {
        const late = { at: after(9) };
        assert.deepEqual(await record(store, [late, { at: after(11) }]), ["ignored", "counted"]);
        assert.equal((await findApp(store)).pulls, 3);
      });
      await t.step("nor in one batch", async () => {
        const other = { repository: "team/other" };
        assert.deepEqual(
          await record(store, [
            { ...push, ...other, at: after(20) },
            { ...repositoryGone, ...other },
            { ...other, at: after(10) },
            { ...other, at: after(11) },
          ]),
          ["counted", "counted", "ignored", "counted"],
        );
        const found = await findApp(store, "team/other");
        assert.deepEqual([found.pulls, found.pushes], [1, 1]);
      });
      await t.step("and a younger delete removes all the same", async () => {
        await record(store, [{ ...repositoryGone, at: after(30) }]);
        await assertRemovedBut(store, "team/other");
      });
      await t.step("as does one that is older than a pull alone", async () => {
        await record(store, [{ repository: "team/other", at: after(40) }]);
        await record(store, [{ ...repositoryGone, repository: "team/other", at: after(35) }]);
        await assertRemoved(store);
      });
    },
  },
  {
    name: "marks a repository where that is configured",
    options: { onRepositoryDelete: "keep" },
    async run(_t, { store }) {
      await record(store, life);
      await record(store, [repositoryGone]);
      const marked = await findApp(store);
      assert.deepEqual([marked.deleted, marked.pulls, marked.pushes], [ms(10), 2, 1]);
      assert.deepEqual((await findTag(store)).pulls, 1);
      await record(store, [{ at: after(5) }, { ...push, at: after(9) }]);
      const late = await findApp(store);
      assert.deepEqual([late.deleted, late.pulls, late.pushes], [ms(10), 3, 2]);
      await record(store, [{ ...push, at: after(11) }]);
      const revived = await findApp(store);
      assert.deepEqual([revived.deleted, revived.pushes], [null, 3]);
      const [listed] = (await store.listRepositories({ sort: "name", limit: 1 })).items;
      assert.equal(listed?.deleted, null);
      await record(store, [{ ...repositoryGone, at: after(10.5) }]);
      assert.equal((await findApp(store)).deleted, null);
      await record(store, [{ ...repositoryGone, at: after(12) }]);
      assert.equal((await findApp(store)).deleted, ms(12));
    },
  },
];
