import assert from "node:assert/strict";

import { openTestApp } from "../../support/app.ts";
import { openTestStore, recordEvents } from "../../support/store.ts";

const DAY_MS = 86_400_000;

interface Series {
  metric: string;
  interval: string;
  items: { start: string; value: number }[];
}

const consumers = [
  { name: "ci", addresses: ["198.51.100.0/24"], actors: [], useragents: [] },
];
const ci = { address: "198.51.100.9:1" };
const retention = {
  ids: 90 * DAY_MS,
  events: 14 * DAY_MS,
  days: 31 * DAY_MS,
  tagDays: 31 * DAY_MS,
  deleted: 90 * DAY_MS,
  quarantine: 30 * DAY_MS,
};

const total = ({ items }: Series): number => items.reduce((sum, { value }) => sum + value, 0);

Deno.test("GET /series adds up everything, a registry, a namespace", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [
    {},
    { repository: "team/sub/web", timestamp: "2026-11-19T01:00:00Z" },
    { repository: "app" },
    { registry: "other" },
    { action: "push", tag: "v1" },
  ]);
  const day = "from=2026-11-20&to=2026-11-20";
  const { text } = await app.ask(`/api/v1/series?${day}`);
  const items = [{ start: "2026-11-20", value: 3 }];
  assert.equal(text, JSON.stringify({ metric: "pulls", interval: "day", items }));
  const cases: [query: string, want: number][] = [
    ["", 4],
    ["registry=default", 3],
    ["registry=other", 1],
    ["registry=nobody", 0],
    ["prefix=team/", 3],
    ["prefix=team/sub/", 1],
    ["prefix=team/&registry=other", 1],
    ["prefix=nobody/", 0],
    ["metric=pushes", 1],
  ];
  for (const [query, want] of cases) {
    assert.equal(total(await app.get(`/api/v1/series?${query}`) as Series), want, query);
  }
  const week = await app.get(
    "/api/v1/series?interval=week&from=2026-11-02&to=2026-11-22",
  ) as Series;
  assert.deepEqual(week.items, [
    { start: "2026-11-02", value: 0 },
    { start: "2026-11-09", value: 0 },
    { start: "2026-11-16", value: 4 },
  ]);
});

Deno.test("series can be had of some consumers, or of all but some", async () => {
  await using opened = await openTestStore({ consumers });
  await using app = await openTestApp({ store: opened.store });
  await recordEvents(opened.store, [{ tag: "v1" }, ci, ci]);
  for (const path of ["/api/v1/series?", "/api/v1/repositories/team/app/-/series?"]) {
    const sum = async (query: string) => total(await app.get(path + query) as Series);
    assert.equal(await sum("consumer=ci"), 2);
    assert.equal(await sum("consumer=ci,other"), 3);
    assert.equal(await sum("consumer=!ci"), 1);
    assert.equal(await sum("consumer=!ci,!other"), 0);
    assert.equal(await sum("consumer=nobody"), 0);
    assert.equal(await sum("consumer="), 3);
  }
});

Deno.test("series refuse what they do not keep", async (t) => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{ tag: "v1" }]);
  const own = "/api/v1/repositories/team/app/-/series";
  const cases: [target: string, detail: string][] = [
    [
      "/api/v1/series?prefix=team",
      'Parameter "prefix" cannot be "team": end it in a slash, such as team/: ' +
      "numbers by day are kept for directories",
    ],
    [
      "/api/v1/series?prefix=a/b/c/d/e/",
      'Parameter "prefix" cannot be "a/b/c/d/e/": use one of at most 4 directories: ' +
      "numbers by day are kept for those",
    ],
    [
      "/api/v1/series?consumer=a,!b",
      'Parameter "consumer" cannot be "a,!b": use either names, or names that all begin with !',
    ],
    [
      "/api/v1/series?consumer=CI",
      'Parameter "consumer" cannot be "CI": use up to 16 names of consumers such as ci,prod, ' +
      "or !ci,!prod for all others",
    ],
    [
      "/api/v1/series?tag=v1",
      'Unknown parameter "tag": use metric, from, to, interval, prefix, registry, consumer',
    ],
    [
      `${own}?tag=v1&consumer=ci`,
      "The days of a tag are not kept by consumer: leave out `consumer`, or `tag`",
    ],
  ];
  for (const [target, detail] of cases) {
    await t.step(target, async () => {
      const { status, json } = await app.ask(target);
      assert.equal(status, 400);
      assert.equal((json as { detail: string }).detail, detail);
    });
  }
});

Deno.test("series say from when days are there, and have months for ever", async (t) => {
  await using opened = await openTestStore({ retention });
  await using app = await openTestApp({ store: opened.store });
  await recordEvents(opened.store, [
    { tag: "v1", timestamp: "2026-08-31T23:59:59Z" },
    { tag: "v1", timestamp: "2026-09-01T00:00:00Z" },
    { tag: "v1", timestamp: "2026-09-30T12:00:00Z" },
    { tag: "v1", timestamp: "2026-10-01T00:00:00Z" },
  ]);
  // 31 days before are 2 October: September is over, October is not.
  while (await opened.store.expire(Date.parse("2026-11-02T12:00:00Z")));
  const paths = [
    "/api/v1/series?",
    "/api/v1/series?prefix=team/&",
    "/api/v1/repositories/team/app/-/series?",
    "/api/v1/repositories/team/app/-/series?tag=v1&",
  ];
  for (const path of paths) {
    await t.step(path, async () => {
      const whole = await app.get(`${path}interval=month&from=2026-08-01&to=2026-11-20`) as Series;
      assert.deepEqual(whole.items, [
        { start: "2026-08-01", value: 1 },
        { start: "2026-09-01", value: 2 },
        { start: "2026-10-01", value: 1 },
        { start: "2026-11-01", value: 0 },
      ]);
      const days = await app.get(`${path}from=2026-10-01&to=2026-10-02`) as Series;
      assert.deepEqual(days.items.map(({ value }) => value), [1, 0]);
      for (
        const query of [
          "from=2026-09-30",
          "interval=week&from=2026-08-30",
          "interval=month&from=2026-09-02",
        ]
      ) {
        const { status, json } = await app.ask(path + query);
        const { availableFrom, detail, code } = json as Record<string, string>;
        assert.deepEqual([status, code, availableFrom], [400, "invalid", "2026-10-01"]);
        assert.match(detail ?? "", /^Days before 2026-10-01 are kept by month: begin with/);
      }
    });
  }
  await t.step("what happened in no folded month is told by day", async () => {
    const days = await app.get("/api/v1/series?from=2026-07-01&to=2026-07-31") as Series;
    assert.equal(days.items.length, 31);
  });
});
