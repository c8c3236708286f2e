/**
 * The store contract: sums of days of all repositories.
 *
 * @module
 */

import assert from "node:assert/strict";

import { DAY_MS } from "../../lib/calendar.ts";
import type { DaySums, DaySumsQuery } from "../../lib/store/day_sums.ts";
import type { Cursor, Store } from "../../lib/store/store.ts";
import { digestOf, type EventParts, mediaTypes, noonUs } from "../support/events.ts";
import {
  app,
  compareCodePoints,
  type ContractCase,
  gone,
  record,
  storeOptionsOf,
} from "./contract_support.ts";

const dayUs = 86_400_000_000;
const today = Math.floor(noonUs / dayUs);
const before = (days: number): number => noonUs - days * dayUs;
const week = { from: today - 6, to: today };
const weekBefore = { from: today - 13, to: today - 7 };
const bounds = [{ from: null, atLeast: 1 }];
const pulls = { metric: "pulls", windows: [week, weekBefore], bounds } as const;

const consumers = [
  { name: "ci", addresses: ["10.1.0.0/16"], actors: [], useragents: [] },
  { name: "prod", addresses: ["10.2.0.0/16"], actors: [], useragents: [] },
];
const ci: EventParts = { address: "10.1.0.1" };
const prod: EventParts = { address: "10.2.0.1" };

function times(count: number, parts: EventParts): EventParts[] {
  return Array.from({ length: count }, () => parts);
}

/** All that is found in however many steps, in order of the names. */
async function sum(store: Store, query: DaySumsQuery): Promise<DaySums[]> {
  const found: DaySums[] = [];
  let after: Cursor | null | undefined;
  while (after !== null) {
    const { items, next } = await store.sumDays(after === undefined ? query : { ...query, after });
    found.push(...items);
    after = next;
  }
  return found.sort((a, b) =>
    compareCodePoints(a.repository, b.repository) || compareCodePoints(a.registry, b.registry)
  );
}

type SumRow = [name: string, total: number, ...sums: number[]];

/** What is found, in few words. */
async function rows(store: Store, query: DaySumsQuery): Promise<SumRow[]> {
  const found = await sum(store, query);
  return found.map(({ registry, repository, total, sums }) => [
    registry === "default" ? repository : `${registry}:${repository}`,
    total,
    ...sums,
  ]);
}

/** The same without those that have nothing, which a store may leave out. */
async function rowsWithSome(store: Store, query: DaySumsQuery): Promise<SumRow[]> {
  return (await rows(store, query)).filter(([, total]) => total > 0);
}

/** Sums of days. */
export const summingCases: readonly ContractCase[] = [
  {
    name: "sums up windows of days, whose first and last day are within",
    async run(_t, { store }) {
      await record(store, [
        ...times(1, { at: before(0) }),
        ...times(2, { at: before(6) }),
        ...times(4, { at: before(7) }),
        ...times(8, { at: before(13) }),
        ...times(16, { at: before(14) }),
        { repository: "old", at: before(200) },
        { repository: "pushed", action: "push", method: "PUT" },
      ]);
      assert.deepEqual(await rows(store, pulls), [["old", 1, 0, 0], ["team/app", 31, 3, 12]]);
      const pushes = await rows(store, { ...pulls, metric: "pushes", windows: [week] });
      assert.deepEqual(pushes, [["pushed", 1, 1]]);
    },
  },
  {
    name: "sums up repositories of the same name apart, of one registry, or of a prefix",
    async run(_t, { store }) {
      const names = [
        "team/a",
        "team/a\u{10ffff}",
        "team/b",
        "teal",
        "teaz",
        "Team/a",
        "\u{10ffff}x",
      ];
      for (const registry of ["default", "other"]) {
        const some = names.slice(registry === "other" ? 2 : 0);
        await record(store, some.map((repository) => ({ repository })), { registry });
      }
      const found = async (query: Partial<DaySumsQuery>) =>
        (await rows(store, { ...pulls, windows: [week], ...query })).map(([name]) => name);
      const all = await found({});
      assert.equal(all.length, 12);
      assert.equal(new Set(all).size, 12);
      assert.deepEqual(await found({ registry: "nobody" }), []);
      assert.deepEqual((await found({ registry: "other" })).length, 5);
      assert.deepEqual(await found({ prefix: "team/" }), [
        "team/a",
        "team/a\u{10ffff}",
        "team/b",
        "other:team/b",
      ]);
      assert.deepEqual(await found({ prefix: "team/a" }), ["team/a", "team/a\u{10ffff}"]);
      assert.deepEqual(await found({ prefix: "team/", registry: "other" }), ["other:team/b"]);
      assert.deepEqual(await found({ prefix: "\u{10ffff}" }), ["\u{10ffff}x", "other:\u{10ffff}x"]);
    },
  },
  {
    name: "sums up some consumers, or all others",
    options: { consumers },
    async run(_t, { store }) {
      await record(store, [
        ...times(1, {}),
        ...times(2, ci),
        ...times(4, prod),
        ...times(8, { ...ci, at: before(300) }),
        { ...ci, repository: "team/ci" },
      ]);
      const found = (filter: DaySumsQuery["consumers"] & object) =>
        rowsWithSome(store, { ...pulls, windows: [week], consumers: filter });
      assert.deepEqual(await found({ only: ["ci"] }), [["team/app", 10, 2], ["team/ci", 1, 1]]);
      assert.deepEqual(
        await found({ only: ["other", "prod", "nobody"] }),
        [["team/app", 5, 5]],
      );
      assert.deepEqual(await found({ only: ["nobody"] }), []);
      assert.deepEqual(await found({ except: ["ci", "nobody"] }), [["team/app", 5, 5]]);
      assert.deepEqual(
        await found({ except: ["nobody"] }),
        [["team/app", 15, 7], ["team/ci", 1, 1]],
      );
    },
  },
  {
    name: "leaves out repositories that cannot be among the greatest",
    async run(_t, { store }) {
      await record(store, [
        ...times(1, { repository: "one" }),
        ...times(2, { repository: "two" }),
        ...times(3, { repository: "three" }),
      ]);
      await record(store, [
        ...times(3, { repository: "old", at: before(31) }),
        ...times(1, { ...gone, repository: "old", tag: "1.0", kind: "manifest" }),
      ]);
      const found = async (
        bounds: DaySumsQuery["bounds"],
        metric: "pulls" | "tagDeletes" = "pulls",
      ) => (await rows(store, { metric, windows: [week], bounds })).map(([name]) => name);
      const ever = (atLeast: number) => ({ from: null, atLeast });
      const since = (days: number, atLeast: number) => ({ from: today - days, atLeast });
      assert.deepEqual(await found([ever(2)]), ["old", "three", "two"]);
      assert.deepEqual(await found([ever(4)]), []);
      assert.deepEqual(await found([since(31, 2)]), ["old", "three", "two"]);
      assert.deepEqual(await found([since(30, 2)]), ["three", "two"]);
      assert.deepEqual(await found([since(0, 3), ever(4)]), ["three"]);
      assert.deepEqual(await found([since(0, 1), ever(3)]), ["old", "one", "three", "two"]);
      assert.deepEqual(await found([since(0, 1), ever(9)], "tagDeletes"), ["old"], "no use");
    },
  },
  {
    name: "sums up layers, of repositories that are known by more than their layers",
    async run(_t, { store }) {
      const layer: EventParts = {
        kind: "blob",
        mediaType: mediaTypes.layer,
        tag: undefined,
        size: 1000,
      };
      await record(store, [
        {},
        { ...layer, digest: digestOf("l") },
        { ...layer, digest: digestOf("m"), at: before(30) },
        { ...layer, repository: "layers" },
      ]);
      const found = (metric: "blobPulls" | "blobBytes") =>
        rows(store, { metric, windows: [week], bounds });
      assert.deepEqual(await found("blobPulls"), [["team/app", 2, 1]]);
      assert.deepEqual(await found("blobBytes"), [["team/app", 2000, 1000]]);
    },
  },
  {
    name: "sums up all time where days of long ago are kept by month",
    options: {
      consumers,
      retention: { ...storeOptionsOf().retention, days: 31 * DAY_MS },
    },
    async run(_t, { store }) {
      const layer = {
        kind: "blob",
        mediaType: mediaTypes.layer,
        tag: undefined,
        size: 1000,
      } as const;
      const longAgo = { at: before(100) };
      await record(store, [
        ...times(1, ci),
        ...times(2, { ...ci, ...longAgo }),
        ...times(4, { ...prod, ...longAgo }),
        ...times(8, { ...prod, at: before(200) }),
        { ...layer, digest: digestOf("l") },
        { ...layer, ...longAgo, digest: digestOf("m") },
        { ...layer, ...ci, ...longAgo, digest: digestOf("n") },
        ...times(1, { ...ci, ...longAgo, repository: "team/old" }),
      ]);
      await record(store, [{ ...ci, ...longAgo }], { registry: "other" });
      const found = async () => [
        await rowsWithSome(store, { ...pulls, windows: [week] }),
        await rowsWithSome(store, { ...pulls, windows: [week], consumers: { only: ["ci"] } }),
        await rowsWithSome(store, { ...pulls, windows: [week], consumers: { except: ["ci"] } }),
        await rowsWithSome(store, { metric: "blobPulls", windows: [week], bounds }),
        await rowsWithSome(store, {
          metric: "blobBytes",
          windows: [],
          bounds,
          consumers: { only: ["ci"] },
        }),
      ];
      const kept = await found();
      assert.deepEqual(kept, [
        [["team/app", 15, 1], ["other:team/app", 1, 0], ["team/old", 1, 0]],
        [["team/app", 3, 1], ["other:team/app", 1, 0], ["team/old", 1, 0]],
        [["team/app", 12, 0]],
        [["team/app", 3, 1]],
        [["team/app", 1000]],
      ]);
      while (await store.expire(noonUs / 1000));
      const { months } = await store.history({ of: app, metric: "pulls", from: 0, to: today });
      assert.deepEqual(months.map(({ value }) => value), [8, 6], "there are no days any more");
      assert.deepEqual(await found(), kept);
      // Late for its day, and until the next sweep beside the month.
      await record(store, [{ ...ci, at: before(100), id: "late" }]);
      assert.deepEqual((await found())[1]?.[0], ["team/app", 4, 1]);
    },
  },
  {
    name: "sums up no repository that has been removed",
    async run(_t, { store }) {
      await record(store, [{}, { repository: "other" }]);
      await record(store, [{ ...gone, at: noonUs + 10 }]);
      assert.deepEqual(await rows(store, pulls), [["other", 1, 1, 0]]);
    },
  },
  {
    name: "sums up no repository that is marked as deleted, until it is pushed again",
    options: { onRepositoryDelete: "keep" },
    async run(_t, { store }) {
      await record(store, [{}, { repository: "other" }]);
      await record(store, [{ ...gone, at: noonUs + 10 }]);
      assert.deepEqual(await rows(store, pulls), [["other", 1, 1, 0]]);
      await record(store, [{ action: "push", method: "PUT", at: noonUs + 20 }]);
      assert.deepEqual(await rows(store, pulls), [["other", 1, 1, 0], ["team/app", 1, 1, 0]]);
    },
  },
  {
    name: "finds each of many repositories once, in steps",
    async run(_t, { store }) {
      const names = Array.from({ length: 260 }, (_, at) => `many/${at}`);
      await record(store, names.map((repository) => ({ repository })));
      for (const query of [pulls, { ...pulls, prefix: "many/" }]) {
        const found = await sum(store, query);
        assert.deepEqual(found.map(({ repository }) => repository), names.toSorted());
        assert.ok(found.every(({ total, sums: [value] }) => total === 1 && value === 1));
      }
    },
  },
  {
    name: "gives the stars of all time",
    async run(_t, { store }) {
      await record(store, [{}]);
      const query = { metric: "stars", windows: [] } as const;
      assert.deepEqual(await rows(store, { ...query, bounds }), []);
      const any = [{ from: null, atLeast: 0 }];
      assert.deepEqual(await rows(store, { ...query, bounds: any }), [["team/app", 0]]);
    },
  },
];
