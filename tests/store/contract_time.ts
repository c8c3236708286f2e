/**
 * The store contract: numbers over time, of namespaces and consumers, by day and by month.
 *
 * @module
 */

import assert from "node:assert/strict";

import { DAY_MS, monthAfter, monthOf } from "../../lib/calendar.ts";
import { namespacesOf } from "../../lib/namespace.ts";
import { METRICS } from "../../lib/statistics.ts";
import type { HistoryQuery, NamespaceRef } from "../../lib/store/history.ts";
import type { Store } from "../../lib/store/store.ts";
import { digestOf, type EventParts, mediaTypes, noon } from "../support/events.ts";
import { app, type ContractCase, gone, record, storeOptionsOf } from "./contract_support.ts";

const today = Math.floor(noon / DAY_MS);
/** Two whole months that are over, and the one that is not. */
const thisMonth = monthOf(today);
const lastMonth = monthOf(thisMonth - 1);
const oldMonth = monthOf(lastMonth - 1);
/** How long days are kept here: the first of a month is this many days old when it is due. */
const kept = 31;

const everything: NamespaceRef = { namespace: "" };
const team: NamespaceRef = { namespace: "team/" };

const consumers = [
  { name: "ci", addresses: ["198.51.100.0/24"], actors: [], useragents: [] },
  { name: "prod-eu", addresses: ["203.0.113.0/24"], actors: [], useragents: [] },
];
const ci: EventParts = { address: "198.51.100.7" };
const prod: EventParts = { address: "203.0.113.7" };
const retention = { ...storeOptionsOf().retention, days: kept * DAY_MS, tagDays: kept * DAY_MS };
const options = { consumers, retention };

/** Noon of a day, in the microseconds of events. */
const on = (day: number): number => (day * DAY_MS + DAY_MS / 2) * 1000;

/** Does all that is due on a day. */
async function expireOn(store: Store, day: number): Promise<void> {
  let steps = 0;
  while (await store.expire(day * DAY_MS + DAY_MS / 2)) {
    assert.ok(++steps < 1000, "it comes to an end");
  }
}

type Asked = Partial<Omit<HistoryQuery, "of">>;

/** Days and months, each with its value, from the old month until today. */
async function historyOf(
  store: Store,
  of: HistoryQuery["of"],
  asked: Asked = {},
): Promise<{ days: number[][]; months: number[][]; byDayFrom: number | null }> {
  const query = { of, metric: "pulls", from: oldMonth, to: today, ...asked } as const;
  const { days, months, byDayFrom } = await store.history(query);
  const pairs = (values: typeof days) => values.map(({ day, value }) => [day, value]);
  return { days: pairs(days), months: pairs(months), byDayFrom };
}

async function sumOf(store: Store, of: HistoryQuery["of"], asked: Asked = {}): Promise<number> {
  const { days, months } = await historyOf(store, of, asked);
  return [...days, ...months].reduce((sum, [, value = 0]) => sum + value, 0);
}

const namespaceCases: readonly ContractCase[] = [
  {
    name: "adds up namespaces, over all registries and in one",
    async run(_t, { store }) {
      await record(store, [
        {},
        { repository: "team/sub/web" },
        { repository: "team" },
        { repository: "a/b/c/d/e/f" },
      ]);
      await record(store, [{}, { repository: "teams/x" }], { registry: "other" });
      const cases: [namespace: string, all: number, inDefault: number, inOther: number][] = [
        ["", 6, 4, 2],
        ["team/", 3, 2, 1],
        ["team/sub/", 1, 1, 0],
        ["teams/", 1, 0, 1],
        ["a/b/c/d/", 1, 1, 0],
        // Deeper than what is kept.
        ["a/b/c/d/e/", 0, 0, 0],
        ["nobody/", 0, 0, 0],
      ];
      for (const [namespace, ...want] of cases) {
        const found = [
          await sumOf(store, { namespace }),
          await sumOf(store, { namespace, registry: "default" }),
          await sumOf(store, { namespace, registry: "other" }),
        ];
        assert.deepEqual(found, want, namespace);
      }
      assert.equal(await sumOf(store, { namespace: "", registry: "nobody" }), 0);
    },
  },
  {
    name: "adds up every number of a namespace",
    async run(_t, { store }) {
      const blob = { kind: "blob", mediaType: mediaTypes.blob, tag: undefined } as const;
      await record(store, [
        { action: "push", method: "PUT" },
        { action: "push", method: "PUT" },
        { method: "HEAD" },
        {},
        { ...blob, digest: digestOf("layer"), size: 100 },
        { ...gone, kind: "manifest", tag: "1.0" },
      ]);
      const want = { pulls: 1, pushes: 2, unchangedPushes: 1, checks: 1, tagDeletes: 1 };
      const none: Record<string, number> = Object.fromEntries(METRICS.map((metric) => [metric, 0]));
      const expected: Record<string, number> = { ...none, ...want, blobPulls: 1, blobBytes: 100 };
      const range = { from: today, to: today };
      assert.deepEqual(await store.totals({ of: team, ...range }), expected);
      assert.deepEqual(await store.totals({ of: everything, ...range }), expected);
      assert.deepEqual(await store.totals({ of: { namespace: "x/" }, ...range }), none);
      assert.deepEqual(await store.totals({ of: team, from: 0, to: today - 1 }), none);
      for (const metric of METRICS) {
        const { days } = await store.history({ of: team, metric, ...range });
        assert.deepEqual(
          days.map(({ value }) => value),
          expected[metric] ? [expected[metric]] : [],
        );
      }
    },
  },
  {
    name: "tells consumers apart",
    options,
    async run(t, { store }) {
      await record(store, [{}, ci, ci, prod, prod, prod, prod]);
      const cases: [name: string, consumers: HistoryQuery["consumers"], want: number][] = [
        ["one", { only: ["prod-eu"] }, 4],
        ["several", { only: ["prod-eu", "ci"] }, 6],
        ["what no rule fits", { only: ["other"] }, 1],
        ["all but one", { except: ["ci"] }, 5],
        ["all but several", { except: ["ci", "other"] }, 4],
        ["one that is unknown", { only: ["nobody"] }, 0],
        ["all but one that is unknown", { except: ["nobody"] }, 7],
      ];
      for (const [name, consumers = assert.fail(), want] of cases) {
        await t.step(name, async () => {
          for (const owner of [app, team, everything, { ...everything, registry: "default" }]) {
            assert.equal(await sumOf(store, owner, { consumers }), want);
          }
        });
      }
    },
  },
  {
    name: "keeps the numbers of namespaces when a repository goes",
    async run(_t, { store }) {
      await record(store, [{}, { repository: "team/other" }]);
      const at = on(today) + 1;
      await record(store, [{}, { ...gone, at }]);
      assert.deepEqual(await store.findRepositories("team/app"), []);
      assert.equal(await sumOf(store, app), 0);
      assert.deepEqual([await sumOf(store, team), await sumOf(store, everything)], [3, 3]);
    },
  },
  {
    name: "counts repositories and their tags in parts",
    async run(_t, { store }) {
      const names = ["a", "team/b", "team/c", "team/d", "z"];
      await record(store, names.map((repository) => ({ repository, action: "push" })));
      const at = on(today) + 5_000_000;
      await record(store, [{ repository: "team/c", tag: "2.0", at }], { registry: "other" });
      const cases: [of: NamespaceRef, repositories: number, tags: number][] = [
        [everything, 6, 6],
        [team, 4, 4],
        [{ namespace: "team/", registry: "default" }, 3, 3],
        [{ namespace: "", registry: "other" }, 1, 1],
        [{ namespace: "nobody/" }, 0, 0],
      ];
      for (const limit of [1, 2, 3, 100]) {
        for (const [of, repositories, tags] of cases) {
          const sum = { repositories: 0, tags: 0, lastUsed: 0 };
          let next: string | null | undefined;
          let parts = 0;
          do {
            const part = await store.census({ of, limit, ...(next ? { after: next } : {}) });
            sum.repositories += part.repositories;
            sum.tags += part.tags;
            sum.lastUsed = Math.max(sum.lastUsed, part.lastUsed ?? 0);
            next = part.next;
            assert.ok(++parts < 10);
          } while (next !== null);
          assert.deepEqual([sum.repositories, sum.tags], [repositories, tags]);
          const isOfLatest = repositories > 0 && of.registry !== "default";
          assert.equal(sum.lastUsed === Math.floor(at / 1000), isOfLatest);
        }
      }
    },
  },
];

const tag = { ...app, tag: "1.0" } as const;

const foldingCases: readonly ContractCase[] = [
  {
    name: "adds days up to months when all of a month is old, exactly",
    options,
    async run(t, under) {
      let { store } = under;
      await record(store, [
        { at: on(oldMonth) },
        { at: on(oldMonth), ...ci },
        { at: on(oldMonth + 9) },
        { at: on(lastMonth - 1), tag: "2.0" },
        { at: on(lastMonth + 2), ...ci },
      ]);
      const owners = [app, team, everything];
      const byDay = [[oldMonth, 2], [oldMonth + 9, 1], [lastMonth - 1, 1], [lastMonth + 2, 1]];
      await t.step("not before", async () => {
        await expireOn(store, lastMonth + kept - 1);
        for (const of of owners) {
          assert.deepEqual(await historyOf(store, of), {
            days: byDay,
            months: [],
            byDayFrom: null,
          });
        }
      });
      const folded = { days: [[lastMonth + 2, 1]], months: [[oldMonth, 4]], byDayFrom: lastMonth };
      await t.step("when it is time", async () => {
        await expireOn(store, lastMonth + kept);
        for (const of of owners) assert.deepEqual(await historyOf(store, of), folded);
        assert.deepEqual((await historyOf(store, tag)).months, [[oldMonth, 3]]);
        assert.deepEqual((await historyOf(store, { ...app, tag: "2.0" })).months, [[oldMonth, 1]]);
      });
      await t.step("consumers stay apart", async () => {
        for (const of of owners) {
          const { months } = await historyOf(store, of, { consumers: { only: ["ci"] } });
          assert.deepEqual(months, [[oldMonth, 1]]);
        }
      });
      await t.step("a month that begins before the range is told, too", async () => {
        const { days, months } = await historyOf(store, app, { from: oldMonth + 20 });
        assert.deepEqual([days, months], [folded.days, folded.months]);
        const later = await historyOf(store, app, { from: lastMonth });
        assert.deepEqual(later, { days: folded.days, months: [], byDayFrom: null });
      });
      await t.step("only once", async () => {
        await expireOn(store, lastMonth + kept);
        await expireOn(store, lastMonth + kept + 1);
        store = await under.reopen();
        await expireOn(store, lastMonth + kept + 1);
        for (const of of owners) assert.deepEqual(await historyOf(store, of), folded);
      });
    },
  },
  {
    name: "counts what is late for a month that has been added up",
    options,
    async run(_t, { store }) {
      await record(store, [{ at: on(oldMonth) }, { at: on(oldMonth + 1) }]);
      await expireOn(store, lastMonth + kept);
      await record(store, [{ at: on(oldMonth) }, { at: on(oldMonth + 5), ...ci }]);
      for (const owner of [app, team, everything]) {
        assert.deepEqual(await historyOf(store, owner), {
          days: [[oldMonth, 1], [oldMonth + 5, 1]],
          months: [[oldMonth, 2]],
          byDayFrom: lastMonth,
        });
        assert.equal((await store.totals({ of: team, from: oldMonth, to: today })).pulls, 4);
      }
      await expireOn(store, lastMonth + kept + 1);
      for (const owner of [app, tag, team, everything]) {
        const want = { days: [], months: [[oldMonth, 4]], byDayFrom: lastMonth };
        assert.deepEqual(await historyOf(store, owner), want);
      }
      assert.equal((await store.totals({ of: team, from: oldMonth, to: today })).pulls, 4);
    },
  },
  {
    name: "adds up days of every number",
    options,
    async run(_t, { store }) {
      const at = on(oldMonth + 3);
      await record(store, [
        { action: "push", method: "PUT", at },
        { action: "push", method: "PUT", at },
        { method: "HEAD", at },
        { at },
        { kind: "blob", mediaType: mediaTypes.blob, tag: undefined, size: 5 * 2 ** 30, at },
        { ...gone, kind: "manifest", tag: "1.0", at },
      ]);
      const read = async (of: HistoryQuery["of"]) => {
        const sums: Record<string, number> = {};
        for (const metric of METRICS) sums[metric] = await sumOf(store, of, { metric });
        return sums;
      };
      const owners = [app, tag, team];
      const before = await Promise.all(owners.map(read));
      assert.equal(before[0]?.blobBytes, 5 * 2 ** 30);
      assert.deepEqual([before[1]?.unchangedPushes, before[1]?.tagDeletes], [1, 1]);
      await expireOn(store, lastMonth + kept);
      assert.deepEqual(await Promise.all(owners.map(read)), before);
      assert.deepEqual((await historyOf(store, app, { metric: "blobBytes" })).days, []);
    },
  },
  {
    name: "drops the months of what is gone",
    options,
    async run(t, { store }) {
      await t.step("a repository", async () => {
        const repository = "team/gone";
        await record(store, [{ repository, at: on(oldMonth) }]);
        await expireOn(store, lastMonth + kept);
        await record(store, [{ ...gone, repository, at: on(today) }]);
        await record(store, [{ repository, action: "push", at: on(today) + 1 }]);
        for (const owner of [{ ...app, repository }, { ...tag, repository }]) {
          assert.equal(await sumOf(store, owner), 0);
        }
      });
      await t.step("a tag", async () => {
        const at = on(oldMonth);
        await record(store, [{ at }, { ...gone, kind: "manifest", tag: "1.0", at: at + 1 }]);
        await expireOn(store, lastMonth + kept);
        assert.equal(await sumOf(store, tag), 1);
        await expireOn(store, oldMonth + retention.deleted / DAY_MS + 2);
        await record(store, [{ action: "push", at: on(today) }]);
        assert.equal(await sumOf(store, tag), 0);
        assert.equal(await sumOf(store, app), 1);
      });
    },
  },
  {
    name: "has the same sums whenever days are added up",
    options,
    async run(_t, { store }) {
      const repositories = ["app", "team/app", "team/sub/web"];
      const expected = new Map<string, number>();
      const add = (key: string) => expected.set(key, (expected.get(key) ?? 0) + 1);
      let seed = 7;
      const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
      for (let round = 0; round < 6; round++) {
        const events = Array.from({ length: 25 }, () => {
          const repository = repositories[random(3)] ?? "";
          const consumer = random(2) === 0 ? "ci" : "other";
          const version = `${random(2)}`;
          add(`repository ${repository} ${consumer}`);
          add(`tag ${repository} ${version}`);
          for (const namespace of namespacesOf(repository)) {
            add(`namespace ${namespace} ${consumer}`);
          }
          const at = on(oldMonth + random(today - oldMonth + 1));
          return { repository, tag: version, at, ...(consumer === "ci" ? ci : {}) };
        });
        await record(store, events);
        await expireOn(store, oldMonth + kept + round * 20);
      }
      for (const [key, want] of expected) {
        const [kind, name = "", last = ""] = key.split(" ");
        const of = { registry: "default", repository: name };
        const found = kind === "tag"
          ? await sumOf(store, { ...of, tag: last })
          : await sumOf(store, kind === "repository" ? of : { namespace: name }, {
            consumers: { only: [last] },
          });
        assert.equal(found, want, key);
      }
      const { months } = await historyOf(store, everything);
      assert.ok(months.length >= 1);
      assert.ok(
        months.every(([month = 0]) => monthOf(month) === month && monthAfter(month) > month),
      );
    },
  },
];

/** What is known of time. */
export const timeCases: readonly ContractCase[] = [...namespaceCases, ...foldingCases];
