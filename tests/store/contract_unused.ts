/**
 * The store contract: what has not been used for long, and since when it has been watched.
 *
 * @module
 */

import assert from "node:assert/strict";

import type { Page, Store } from "../../lib/store/store.ts";
import type { UnusedItem, UnusedQuery } from "../../lib/store/unused.ts";
import { digestOf, type EventParts, mediaTypes, noon, noonUs } from "../support/events.ts";
import { app, type ContractCase, gone, record, recordEach } from "./contract_support.ts";

const DAY_MS = 86_400_000;
const before = noon - 90 * DAY_MS;
/** Noon of so many days ago, and so many seconds, in microseconds. */
const ago = (days: number, seconds = 0): number => noonUs - days * DAY_MS * 1000 + seconds * 1e6;
const push: EventParts = { action: "push", method: "PUT" };
const hostile = [
  "<script>alert(1)</script>",
  "=cmd()",
  "../../etc",
  "\u{1f433}".repeat(256),
  "__proto__",
  "$inc",
  "a.$b/c",
  "'; DROP TABLE tags; --",
];

/** Reads all pages; unlike other lists, one may be short and not the last. */
async function listAll(
  store: Store,
  query: Omit<UnusedQuery, "limit" | "before"> & { before?: number },
  limit = 2,
): Promise<UnusedItem[]> {
  const items: UnusedItem[] = [];
  let page: Page<UnusedItem> = await store.listUnused({ before, limit, ...query });
  for (let count = 0; count < 1000; count++) {
    assert.ok(page.items.length <= limit);
    items.push(...page.items);
    if (page.next === null) return items;
    const after = JSON.parse(JSON.stringify(page.next));
    page = await store.listUnused({ before, limit, ...query, after });
  }
  return assert.fail("the list comes to an end");
}

const namesOf = (items: readonly UnusedItem[]): string[] =>
  items.map(({ repository, tag }) => tag === null ? repository : `${repository}:${tag}`);

/** What is unused. */
export const unusedCases: readonly ContractCase[] = [
  {
    name: "lists repositories that have not been used for long, oldest use first",
    async run(t, { store }) {
      await record(store, [
        { repository: "old", at: ago(200) },
        { repository: "older", at: ago(300) },
        { repository: "same-b", at: ago(250) },
        { repository: "same-a", at: ago(250) },
        { repository: "checked", at: ago(400) },
        { repository: "checked", method: "HEAD", at: ago(1) },
        { repository: "new", at: ago(2) },
        { repository: "limit", at: before * 1000 },
        { repository: "just", at: before * 1000 - 1000 },
        { ...gone, repository: "never", tag: "x", at: ago(120) },
        { ...gone, repository: "never-new", tag: "x", at: ago(3) },
      ]);
      await record(store, [{ repository: "old", at: ago(210) }], { registry: "other" });
      const want = ["never", "older", "same-b", "same-a", "old", "old", "just"];
      for (const limit of [1, 2, 3, 7, 1000]) {
        await t.step(`${limit} on a page`, async () => {
          const items = await listAll(store, { kind: "repositories" }, limit);
          assert.deepEqual(namesOf(items), want);
          assert.deepEqual(items.map(({ lastUsed }) => lastUsed), [
            null,
            noon - 300 * DAY_MS,
            noon - 250 * DAY_MS,
            noon - 250 * DAY_MS,
            noon - 210 * DAY_MS,
            noon - 200 * DAY_MS,
            before - 1,
          ]);
        });
      }
      const some = await listAll(store, { kind: "repositories", registry: "other" });
      assert.deepEqual(some.map(({ registry }) => registry), ["other"]);
      const same = await listAll(store, { kind: "repositories", prefix: "same" }, 1);
      assert.deepEqual(namesOf(same), ["same-b", "same-a"]);
      assert.deepEqual(await listAll(store, { kind: "repositories", before: 0 }), []);
    },
  },
  {
    name: "lists tags that neither by name nor by digest have been used for long",
    async run(t, { store }) {
      const tag = (name: string, days: number, parts: EventParts = {}): EventParts => ({
        ...push,
        tag: name,
        digest: digestOf(name),
        at: ago(days),
        ...parts,
      });
      await record(store, [
        tag("old", 200),
        tag("older", 300),
        tag("new", 5),
        tag("pinned", 310),
        tag("pinned-once", 310),
        tag("deleted", 320),
        tag("moved", 330),
        tag("other", 150, { repository: "team/other" }),
        { tag: undefined, digest: digestOf("pinned"), at: ago(4) },
        { tag: undefined, digest: digestOf("pinned-once"), at: ago(100) },
        { ...gone, tag: "deleted", kind: "manifest", at: ago(100) },
        tag("moved", 3, { digest: digestOf("new") }),
      ]);
      const want = ["team/app:older", "team/app:old", "team/other:other", "team/app:pinned-once"];
      for (const limit of [4, 1000]) {
        await t.step(`${limit} on a page`, async () => {
          const items = await listAll(store, { kind: "tags" }, limit);
          assert.deepEqual(namesOf(items), want);
          assert.deepEqual(
            items.map(({ lastUsed }) => lastUsed),
            [300, 200, 150, 100].map((days) => noon - days * DAY_MS),
          );
          assert.equal(items[0]?.digest, digestOf("older"));
        });
      }
      await t.step("one on a page", async () => {
        const items = await listAll(store, { kind: "tags" }, 1);
        assert.deepEqual(namesOf(items).toSorted(), want.toSorted());
      });
      const other = await listAll(store, { kind: "tags", prefix: "team/o", registry: "default" });
      assert.deepEqual(namesOf(other), ["team/other:other"]);
      assert.deepEqual(await listAll(store, { kind: "tags", registry: "other" }), []);
    },
  },
  {
    name: "orders the unused tags of a day by the time, within a page",
    async run(_t, { store }) {
      const seconds = [30, 10, 20, 40];
      await record(
        store,
        seconds.map((second) => ({
          tag: `t${second}`,
          digest: digestOf(second),
          at: ago(200, second),
        })),
      );
      const items = await listAll(store, { kind: "tags" }, 10);
      assert.deepEqual(items.map(({ tag }) => tag), ["t10", "t20", "t30", "t40"]);
    },
  },
  {
    name: "follows the last use of a tag, whatever the order of arrival",
    async run(_t, { store }) {
      await recordEach(store, [{ at: ago(300) }, { at: ago(200) }, { at: ago(250) }]);
      const [item] = await listAll(store, { kind: "tags" });
      assert.equal(item?.lastUsed, noon - 200 * DAY_MS);
      await record(store, [{ tag: "2.0", method: "HEAD", digest: digestOf("a"), at: ago(1) }]);
      assert.deepEqual(await listAll(store, { kind: "tags" }), []);
      assert.deepEqual(await listAll(store, { kind: "repositories" }), []);
    },
  },
  {
    name: "marks unused tags whose deletion by digest would harm what is in use",
    async run(t, { store }) {
      const [child, index, outer, image] = ["c", "i", "o", "m"].map(digestOf);
      assert.ok(child && index && outer && image);
      await record(store, [
        { ...push, tag: "child", digest: child, at: ago(300) },
        { ...push, tag: "alone", digest: image, at: ago(301) },
        {
          ...push,
          tag: "index",
          digest: index,
          mediaType: mediaTypes.index,
          references: [{ digest: child, mediaType: mediaTypes.image, size: 7 }],
          at: ago(300),
        },
      ]);
      const marks = async () => {
        const items = await listAll(store, { kind: "tags" }, 10);
        return Object.fromEntries(items.map(({ tag, protectedBy }) => [tag, protectedBy]));
      };
      await t.step("nothing is in use", async () => {
        assert.deepEqual(await marks(), { alone: [], child: [], index: [] });
      });
      await t.step("the index is in use", async () => {
        await record(store, [{ tag: "index", digest: index, mediaType: mediaTypes.index }]);
        assert.deepEqual(await marks(), { alone: [], child: [{ digest: index }] });
      });
      await t.step("an index of the index is in use, and both of another repository", async () => {
        const references = [{ digest: image, mediaType: mediaTypes.image }];
        await record(store, [
          {
            ...push,
            tag: undefined,
            digest: outer,
            mediaType: mediaTypes.index,
            references: [{ digest: digestOf("n"), mediaType: mediaTypes.index }],
          },
          {
            ...push,
            tag: undefined,
            digest: digestOf("n"),
            mediaType: mediaTypes.index,
            references,
            at: ago(300),
          },
          { ...push, repository: "x", digest: child, tag: "y", at: ago(300) },
        ]);
        assert.deepEqual(await marks(), {
          alone: [{ digest: outer }],
          child: [{ digest: index }],
          y: [],
        });
      });
    },
  },
  {
    name: "knows size and last consumer of what is unused",
    options: {
      consumers: [
        { name: "ci", actors: ["ci"], addresses: [], useragents: [] },
        { name: "prod", actors: ["prod"], addresses: [], useragents: [] },
      ],
    },
    async run(_t, { store }) {
      const layer = { digest: digestOf("l"), mediaType: mediaTypes.layer, size: 1000 };
      const config = (seed: string) => ({
        digest: digestOf(seed),
        mediaType: mediaTypes.config,
        size: 10,
      });
      await record(store, [
        {
          ...push,
          tag: "1",
          digest: digestOf("x"),
          references: [config("p"), layer],
          actor: "ci",
          at: ago(300),
        },
        {
          ...push,
          tag: "2",
          digest: digestOf("y"),
          references: [config("q"), layer],
          actor: "ci",
          at: ago(200),
        },
        { tag: "1", digest: digestOf("x"), actor: "prod", at: ago(200, 5) },
        { ...push, tag: "3", digest: digestOf("z"), actor: "prod", at: ago(150) },
        { ...push, repository: "bare", tag: "1", digest: digestOf("z"), at: ago(150) },
      ]);
      const tags = await listAll(store, { kind: "tags", prefix: "team/" }, 10);
      assert.deepEqual(
        tags.map(({ tag, size, lastConsumer }) => [tag, size, lastConsumer]),
        [["2", 1010, null], ["1", 1010, null], ["3", null, "prod"]],
      );
      const repositories = await listAll(store, { kind: "repositories" }, 10);
      assert.deepEqual(
        repositories.map((item) => [item.repository, item.size, item.lastConsumer]),
        [["team/app", 1020, "prod"], ["bare", null, "other"]],
      );
    },
  },
  {
    name: "leaves out what is deleted as a whole",
    options: { onRepositoryDelete: "keep" },
    async run(_t, { store }) {
      await record(store, [{ at: ago(200) }, { ...gone, at: ago(100) }]);
      assert.deepEqual(await listAll(store, { kind: "tags" }), []);
      assert.deepEqual(await listAll(store, { kind: "repositories" }), []);
    },
  },
  {
    name: "lists unused things of any name",
    async run(_t, { store }) {
      await record(
        store,
        hostile.map((name) => ({
          repository: name,
          actor: name,
          userAgent: name,
          instance: name,
          mediaType: name,
          at: ago(200),
        })),
      );
      const repositories = await listAll(store, { kind: "repositories" }, 3);
      assert.deepEqual(namesOf(repositories).toSorted(), hostile.toSorted());
      for (const prefix of hostile) {
        const items = await listAll(store, { kind: "tags", prefix }, 3);
        assert.deepEqual(namesOf(items), [`${prefix}:1.0`]);
      }
      assert.equal((await store.watchedSince()).get("default"), noon - 200 * DAY_MS);
    },
  },
  {
    name: "knows since when a registry has been watched without a possible gap",
    async run(t, { store, reopen }) {
      const since = async (from: Store = store) => Object.fromEntries(await from.watchedSince());
      const ms = (days: number, seconds = 0) => Math.floor(ago(days, seconds) / 1000);
      assert.deepEqual(await since(), {});
      await record(store, [
        { instance: "a", at: ago(100) },
        { instance: "a", at: ago(90) },
        { instance: "a", at: ago(101) },
      ]);
      await record(store, [{ instance: undefined, at: ago(50) }], { registry: "other" });
      assert.deepEqual(await since(), { default: ms(101), other: ms(50) });
      await t.step("a new instance is a possible gap", async () => {
        await record(store, [{ instance: "b", at: ago(80) }]);
        assert.equal((await since()).default, ms(80));
      });
      await t.step("two that alternate are none", async () => {
        await record(store, [{ instance: "b", at: ago(70) }]);
        await record(store, [{ instance: "c", at: ago(70, 60) }]);
        assert.equal((await since()).default, ms(70, 60));
        await record(store, [{ instance: "b", at: ago(70, 61) }]);
        assert.equal((await since()).default, ms(80));
      });
      await t.step("what is told late may close it", async () => {
        await record(store, [{ instance: "c", at: ago(79) }]);
        await record(store, [{ instance: "a", at: ago(75) }]);
        assert.equal((await since()).default, ms(101));
      });
      await t.step("it is still known after a restart", async () => {
        const again = await reopen();
        assert.deepEqual(await since(again), { default: ms(101), other: ms(50) });
        await record(again, [{ instance: "c", at: ago(60) }], { registry: "default" });
        await record(again, [{ instance: "d", at: ago(1) }]);
        assert.equal((await since(again)).default, ms(1));
      });
    },
  },
  {
    name: "does not note an instance whose events were not recorded",
    async run(_t, { store, poison }) {
      await assert.rejects(record(store, [{ ...poison, instance: "x", at: ago(9) }]));
      assert.deepEqual([...await store.watchedSince()], []);
      await record(store, [{ instance: "x", at: ago(8) }]);
      assert.equal((await store.watchedSince()).get(app.registry), noon - 8 * DAY_MS);
    },
  },
  {
    name: "makes one key for all collectors",
    async run(_t, { store, another }) {
      const second = await another();
      const keys = await Promise.all([
        store.madeKey("badge", "one"),
        second.madeKey("badge", "two"),
      ]);
      assert.equal(keys[0], keys[1]);
      assert.equal(await second.madeKey("badge", "three"), keys[0]);
    },
  },
];
