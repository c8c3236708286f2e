import assert from "node:assert/strict";

import { createRankings } from "../../../lib/rankings.ts";
import { SUMMED_METRICS } from "../../../lib/store/day_sums.ts";
import { NOW, openTestApp } from "../../support/app.ts";
import { openTestStore, recordEvents, type TestEvent } from "../../support/store.ts";

const RANKINGS = "/api/v1/rankings";

interface Ranking {
  metric: string;
  period: string;
  from: string | null;
  to: string;
  computedAt: string;
  items: Record<string, unknown>[];
}

const namesOf = ({ items }: Ranking) => items.map(({ repository, value }) => [repository, value]);

Deno.test("GET /rankings lists repositories with the period before", async () => {
  await using app = await openTestApp();
  const old = "2026-10-20T12:00:00Z";
  await recordEvents(app.store, [
    ...Array<TestEvent>(3).fill({ repository: "team/b" }),
    ...Array<TestEvent>(2).fill({ repository: "team/b", timestamp: old }),
    { repository: "team/a", registry: "main" },
    { repository: "team/a" },
    { repository: "old", timestamp: old },
    { repository: "pushed", action: "push", tag: "1.0" },
  ]);
  assert.deepEqual(await app.get(RANKINGS), {
    metric: "pulls",
    period: "30d",
    from: "2026-10-22",
    to: "2026-11-20",
    computedAt: new Date(NOW).toISOString(),
    items: [
      { rank: 1, registry: "default", repository: "team/b", value: 3, previous: 2 },
      { rank: 2, registry: "default", repository: "team/a", value: 1, previous: 0 },
      { rank: 3, registry: "main", repository: "team/a", value: 1, previous: 0 },
    ],
  });
  const all = await app.get(`${RANKINGS}?period=all&limit=2`) as Ranking;
  assert.equal(all.from, null);
  assert.deepEqual(all.items, [
    { rank: 1, registry: "default", repository: "team/b", value: 5, previous: null },
    { rank: 2, registry: "default", repository: "old", value: 1, previous: null },
  ]);
  const ranking = async (query: string) =>
    namesOf(await app.get(`${RANKINGS}?${query}`) as Ranking);
  assert.deepEqual(await ranking("metric=pushes&period=7d"), [["pushed", 1]]);
  assert.deepEqual(await ranking("registry=main"), [["team/a", 1]]);
  assert.deepEqual(await ranking("prefix=o&period=90d"), [["old", 1]]);
  assert.deepEqual(await ranking("metric=blobDeletes"), []);
  assert.deepEqual(await ranking("metric=stars"), []);
});

Deno.test("GET /rankings counts some consumers, or all others", async () => {
  const rule = { name: "ci", addresses: ["10.0.0.0/8"], actors: [], useragents: [] };
  await using opened = await openTestStore({ consumers: [rule] });
  const rankings = createRankings({ store: opened.store, now: () => NOW });
  await using app = await openTestApp({ store: opened.store, rankings });
  const ci = { address: "10.0.0.1:80" };
  await recordEvents(app.store, [{ ...ci, repository: "a" }, { ...ci, repository: "a" }, {
    repository: "a",
  }, { repository: "b" }]);
  const ranking = async (consumer: string) =>
    namesOf(await app.get(`${RANKINGS}?consumer=${consumer}`) as Ranking);
  assert.deepEqual(await ranking(""), [["a", 3], ["b", 1]]);
  assert.deepEqual(await ranking("ci"), [["a", 2]]);
  assert.deepEqual(await ranking("!ci,!nobody"), [["a", 1], ["b", 1]]);
  assert.deepEqual(await ranking("ci,other"), [["a", 3], ["b", 1]]);
});

Deno.test("GET /rankings shows the first image of a newcomer seconds later", async () => {
  let now = NOW;
  await using opened = await openTestStore();
  const rankings = createRankings({ store: opened.store, now: () => now });
  await using app = await openTestApp({ store: opened.store, rankings });
  await rankings.refresh();
  const ranking = async (query: string) =>
    namesOf(await app.get(`${RANKINGS}?${query}`) as Ranking);
  for (const metric of ["pulls", "pushes"]) assert.deepEqual(await ranking(`metric=${metric}`), []);
  await recordEvents(app.store, [{ action: "push", tag: "1.0" }, { tag: "1.0" }]);
  now += 2000;
  for (const metric of ["pulls", "pushes"]) {
    assert.deepEqual(await ranking(`metric=${metric}`), [["team/app", 1]]);
  }
  await rankings.stop();
});

Deno.test("GET /rankings says when to come again where it takes long", async () => {
  await using opened = await openTestStore();
  const gate = Promise.withResolvers<void>();
  const slow = { sumDays: () => gate.promise.then(() => ({ items: [], next: null })) };
  const rankings = createRankings({ store: slow, now: () => NOW, patienceMs: 10 });
  await using app = await openTestApp({ store: opened.store, rankings });
  const { status, headers, json } = await app.ask(RANKINGS);
  assert.deepEqual([status, headers.get("retry-after")], [503, "10"]);
  assert.equal(headers.get("content-type"), "application/problem+json");
  const { code, detail } = json as { code: string; detail: string };
  assert.deepEqual([code, detail], [
    "unavailable",
    "The ranking is being computed: ask again in some seconds",
  ]);
  assert.deepEqual(app.logged, [], "nothing is wrong");
  gate.resolve();
  await rankings.refresh();
  await rankings.stop();
});

Deno.test("GET /rankings refuses what it does not understand", async (t) => {
  await using app = await openTestApp();
  const consumers = "use up to 16 names of consumers such as ci,prod, or !ci,!prod for all others";
  const cannot = (value: string, hint: string) =>
    `Parameter "consumer" cannot be "${value}": ${hint}`;
  const cases: [query: string, detail: string][] = [
    ["metric=size", `Parameter "metric" cannot be "size": use one of ${SUMMED_METRICS.join(", ")}`],
    ["period=1d", 'Parameter "period" cannot be "1d": use one of 7d, 30d, 90d, 365d, all'],
    ["limit=1001", 'Parameter "limit" cannot be "1001": use a number from 1 to 1000'],
    [
      "cursor=x",
      'Unknown parameter "cursor": use metric, period, registry, prefix, consumer, limit',
    ],
    ["metric=stars&period=7d", "Stars are not kept by day: use period=all"],
    ["metric=stars&consumer=ci", "Stars are not kept by consumer: leave out `consumer`"],
    ["consumer=ci,!prod", cannot("ci,!prod", "use either names, or names that all begin with !")],
    ["consumer=ci,", cannot("ci,", consumers)],
    ["consumer=!", cannot("!", consumers)],
    ["consumer=CI", cannot("CI", consumers)],
    [`consumer=${Array(17).fill("a")}`, cannot(String(Array(17).fill("a")), consumers)],
  ];
  for (const [query, detail] of cases) {
    await t.step(query, async () => {
      const { status, json } = await app.ask(`${RANKINGS}?${query}`);
      assert.equal(status, 400);
      assert.equal((json as { detail: string }).detail, detail);
    });
  }
});
