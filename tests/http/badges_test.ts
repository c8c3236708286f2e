import assert from "node:assert/strict";

import { createAuthorizer } from "../../lib/http/auth.ts";
import { badgeUrl, signBadge } from "../../lib/http/badge_signature.ts";
import { renderNumber } from "../../lib/http/badges.ts";
import { NOW, openTestApp, type TestApp } from "../support/app.ts";
import { openTestStore, recordEvents, storeOptionsOf } from "../support/store.ts";
import { assertWellFormed } from "../support/xml.ts";

const DAY_MS = 86_400_000;
const daysAgo = (days: number): string => new Date(NOW - days * DAY_MS).toISOString();
const closed = createAuthorizer({
  roles: { ingest: [{ token: "i" }], read: [{ token: "r" }], admin: [{ token: "a" }] },
  madeTokens: () => [],
  isLoopbackBound: false,
});

/** 3 pulls of `1.0`, one of them old, 1 pull of `2.0`, 1 push of `1.0`. */
async function fill(app: TestApp): Promise<void> {
  await recordEvents(app.store, [
    { tag: "1.0", action: "push", timestamp: daysAgo(60) },
    { tag: "1.0", timestamp: daysAgo(50) },
    { tag: "1.0", timestamp: daysAgo(29) },
    { tag: "1.0", timestamp: daysAgo(6) },
    { tag: "2.0", digest: "two", timestamp: daysAgo(2) },
  ]);
}

interface Endpoint {
  schemaVersion: number;
  label: string;
  message: string;
  color: string;
  isError?: boolean;
  style: string;
  cacheSeconds: number;
}

const endpoint = async (app: TestApp, query = ""): Promise<Endpoint> =>
  await app.get(`/badge/team/app.json${query}`) as Endpoint;

Deno.test("renderNumber() writes numbers as people do", () => {
  const cases: [value: number, want: string][] = [
    [0, "0"],
    [1, "1"],
    [999, "999"],
    [1000, "1k"],
    [1049, "1k"],
    [1234, "1.2k"],
    [9949, "9.9k"],
    [9950, "10k"],
    [12_345, "12k"],
    [999_499, "999k"],
    [999_500, "1M"],
    [3_400_000, "3.4M"],
    [1e9, "1G"],
    [2.5e12, "2.5T"],
  ];
  assert.deepEqual(cases.map(([value]) => renderNumber(value)), cases.map(([, want]) => want));
});

Deno.test("GET /badge is an image that other sites may show", async () => {
  await using app = await openTestApp();
  await fill(app);
  const { status, headers, text } = await app.ask("/badge/team/app.svg");
  assert.equal(status, 200);
  assert.match(text, /^<svg [^]*aria-label="pulls: 4"[^]*<\/svg>$/);
  const expected = {
    "content-type": "image/svg+xml",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "public, max-age=300",
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(headers.get(name), value);
  const etag = headers.get("etag") ?? assert.fail();
  for (const sent of [etag, `W/${etag}`, `"x", ${etag}`]) {
    const again = await app.ask("/badge/team/app.svg", { headers: { "if-none-match": sent } });
    assert.deepEqual([again.status, again.text, again.headers.get("etag")], [304, "", etag]);
  }
  await recordEvents(app.store, [{ tag: "1.0" }]);
  const changed = await app.ask("/badge/team/app.svg", { headers: { "if-none-match": etag } });
  assert.equal(changed.status, 200);
  const other = await app.ask("/api/v1/repositories");
  assert.equal(other.headers.get("cross-origin-resource-policy"), "same-origin");
});

Deno.test("GET /badge/{name}.json is what shields.io's endpoint badge takes", async () => {
  await using app = await openTestApp();
  await fill(app);
  assert.deepEqual(await endpoint(app), {
    schemaVersion: 1,
    label: "pulls",
    message: "4",
    color: "blue",
    style: "flat",
    cacheSeconds: 300,
  });
  assert.deepEqual(await endpoint(app, "?label=used&color=ff8800&style=social"), {
    schemaVersion: 1,
    label: "used",
    message: "4",
    color: "#ff8800",
    style: "social",
    cacheSeconds: 300,
  });
});

Deno.test("GET /badge shows each number, of a time and of a tag", async (t) => {
  await using app = await openTestApp();
  await fill(app);
  const cases: [query: string, label: string, message: string][] = [
    ["?metric=pulls&period=all", "pulls", "4"],
    ["?period=30d", "pulls", "3/month"],
    ["?period=7d", "pulls", "2/week"],
    ["?tag=1.0", "pulls", "3"],
    ["?tag=1.0&period=30d", "pulls", "2/month"],
    ["?tag=2.0&period=7d", "pulls", "1/week"],
    ["?metric=pushes", "pushes", "1"],
    ["?metric=pushes&period=30d", "pushes", "0/month"],
    ["?metric=stars", "stars", "0"],
    ["?metric=tags", "tags", "2"],
    ["?metric=lastPush", "last push", "2026-09-21"],
    ["?metric=lastPush&tag=2.0", "last push", "never"],
    ["?metric=lastPull", "last pull", "2026-11-18"],
    ["?metric=lastPull&tag=1.0", "last pull", "2026-11-14"],
  ];
  for (const [query, label, message] of cases) {
    await t.step(query, async () => {
      const badge = await endpoint(app, query);
      assert.deepEqual([badge.label, badge.message], [label, message]);
      const { text } = await app.ask(`/badge/team/app.svg${query}`);
      assert.ok(text.includes(`aria-label="${label}: ${message}"`));
    });
  }
});

Deno.test("GET /badge is grey where nothing is known", async () => {
  await using app = await openTestApp();
  await fill(app);
  for (const path of ["none.json", "team/app.json?tag=9", "team/app.json?registry=other"]) {
    const badge = await app.get(`/badge/${path}`) as Endpoint;
    assert.deepEqual([badge.message, badge.color, badge.isError], ["unknown", "lightgrey", true]);
  }
  const svg = await app.ask("/badge/none.svg?color=red");
  assert.equal(svg.status, 200);
  assert.match(svg.text, /pulls: unknown/);
  assert.doesNotMatch(svg.text, /#e05d44/);
  await recordEvents(app.store, [{ registry: "other" }]);
  assert.equal((await endpoint(app)).message, "several registries");
  assert.equal((await endpoint(app, "?registry=other")).message, "1");
});

Deno.test("GET /badge takes any name and label, and escapes them", async (t) => {
  await using app = await openTestApp();
  const names = [
    "a.svg",
    "a.svg/b.json",
    "a/b.c/d",
    "<script>alert(1)</script>",
    "=cmd()",
    "../etc/passwd",
    "a/../b",
    "\u{1f433}".repeat(256),
    "__proto__",
    "$inc",
    "\"'&<>",
    "a/-/tags",
  ];
  await recordEvents(app.store, names.map((repository) => ({ repository, tag: "1.0" })));
  for (const name of names) {
    await t.step(name, async () => {
      const path = encodeURIComponent(name);
      for (const sent of [path, path.replaceAll("%2F", "/")]) {
        const badge = await app.get(`/badge/${sent}.json`) as Endpoint;
        assert.equal(badge.message, "1");
      }
      const label = encodeURIComponent(Array.from(name).slice(0, 64).join(""));
      for (const style of ["flat", "flat-square", "plastic", "for-the-badge", "social"]) {
        const { status, text } = await app.ask(`/badge/${path}.svg?label=${label}&style=${style}`);
        assert.equal(status, 200);
        assertWellFormed(text);
        assert.doesNotMatch(text, /<script/i);
      }
    });
  }
  const label = "label=a%00b%1b%0a%EF%BF%BFc";
  const { text } = await app.ask(`/badge/a.svg.svg?${label}`);
  assert.match(text, /aria-label="a b {3}c: 1"/);
  const data = await app.get(`/badge/a.svg.json?${label}`) as Endpoint;
  assert.equal(data.label, "a b   c");
});

Deno.test("GET /badge does not count a period of which days are kept by month", async (t) => {
  const retention = { ...storeOptionsOf().retention, days: 10 * DAY_MS, tagDays: 10 * DAY_MS };
  await using opened = await openTestStore({ retention });
  await using app = await openTestApp({ store: opened.store });
  await recordEvents(opened.store, [
    { tag: "1.0", timestamp: daysAgo(25) },
    { tag: "2.0", timestamp: daysAgo(25) },
    { tag: "1.0", timestamp: daysAgo(3) },
    { tag: "3.0", timestamp: daysAgo(3) },
  ]);
  assert.equal((await endpoint(app, "?period=30d")).message, "4/month");
  while (await opened.store.expire(NOW));
  const cases: [query: string, message: string, color: string][] = [
    ["?period=30d", "unknown", "lightgrey"],
    ["?period=30d&tag=1.0", "unknown", "lightgrey"],
    ["?period=30d&tag=2.0", "unknown", "lightgrey"],
    ["?period=30d&tag=3.0", "1/month", "blue"],
    ["?period=7d", "2/week", "blue"],
    ["?period=7d&tag=1.0", "1/week", "blue"],
    ["?period=30d&metric=pushes", "0/month", "blue"],
    ["", "4", "blue"],
  ];
  for (const [query, message, color] of cases) {
    await t.step(query, async () => {
      const badge = await endpoint(app, query);
      assert.deepEqual([badge.message, badge.color], [message, color]);
      assert.equal(badge.isError, message === "unknown" ? true : undefined);
    });
  }
});

Deno.test("GET /badge refuses what it does not understand", async (t) => {
  await using app = await openTestApp();
  await fill(app);
  const cases: [path: string, status: number, detail: RegExp][] = [
    ["team/app", 404, /^No badge "team\/app": ask for the name/],
    ["team/app.png", 404, /^No badge/],
    [".svg", 404, /^No badge/],
    ["%ff.svg", 400, /^Cannot decode the path: use percent-encoded UTF-8$/],
    [
      "team/app.svg?metric=checks",
      400,
      /use one of pulls, pushes, stars, lastPush, lastPull, tags/,
    ],
    ["team/app.svg?period=1d", 400, /use one of all, 30d, 7d/],
    ["team/app.svg?metric=stars&period=7d", 400, /"period" is not possible with metric "stars"/],
    ["team/app.svg?metric=tags&tag=x", 400, /"tag" is not possible with metric "tags"/],
    ["team/app.svg?color=url(x)", 400, /^Parameter "color" cannot be "url\(x\)"/],
    ["team/app.svg?color=red%22/%3E", 400, /^Parameter "color" cannot be/],
    ["team/app.svg?style=fancy", 400, /use one of flat, flat-square, plastic, for-the-badge, soc/],
    [`team/app.svg?label=${"x".repeat(65)}`, 400, /^Parameter "label" is too long/],
    ["team/app.svg?logo=x", 400, /^Unknown parameter "logo"/],
  ];
  for (const [path, status, detail] of cases) {
    await t.step(path.slice(0, 50), async () => {
      const answer = await app.ask(`/badge/${path}`);
      assert.equal(answer.status, status);
      assert.match((answer.json as { detail: string }).detail, detail);
      assert.equal(answer.headers.get("cache-control"), "no-store");
      assert.equal(answer.headers.get("cross-origin-resource-policy"), "same-origin");
    });
  }
});

Deno.test("GET /badge needs a token, or the signature of that very badge", async (t) => {
  await using app = await openTestApp({ authorize: closed });
  await fill(app);
  const key = await app.store.madeKey("badge", "a key");
  const sig = signBadge({ repository: "team/app" }, key);
  const sigMain = signBadge({ repository: "team/app", registry: "default" }, key);
  const wrong = signBadge({ repository: "team/app" }, "another key");
  const cases: [path: string, token: string | undefined, status: number][] = [
    ["team/app.svg", undefined, 401],
    ["none.svg", undefined, 401],
    ["team/app.svg", "x", 401],
    ["team/app.svg", "i", 403],
    ["team/app.svg", "r", 200],
    [`team/app.svg?sig=${wrong}`, "r", 200],
    [`team/app.svg?sig=${sig}`, undefined, 200],
    [`team%2Fapp.json?metric=lastPush&sig=${sig}&style=social`, undefined, 200],
    [`team/app.svg?registry=default&sig=${sigMain}`, undefined, 200],
    [`team/app.svg?registry=default&sig=${sig}`, undefined, 401],
    [`team/app.svg?registry=other&sig=${sigMain}`, undefined, 401],
    [`team/app.svg?sig=${sigMain}`, undefined, 401],
    [`team/other.svg?sig=${sig}`, undefined, 401],
    [`none.svg?sig=${sig}`, undefined, 401],
    [`team/app.svg?sig=${wrong}`, undefined, 401],
    [`team/app.svg?sig=${wrong}`, "i", 403],
    [`team/app.svg?sig=${sig.slice(1)}`, undefined, 401],
    ["team/app.svg?sig=", undefined, 401],
  ];
  for (const [path, token, status] of cases) {
    await t.step(`${path} with ${token}`, async () => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await app.ask(`/badge/${path}`, { headers });
      assert.equal(answer.status, status, answer.text);
      const scope = token === undefined ? "public" : "private";
      const caching = status === 200 ? `${scope}, max-age=300` : "no-store";
      assert.equal(answer.headers.get("cache-control"), caching);
    });
  }
  await t.step("a signature opens nothing else", async () => {
    for (const path of ["/api/v1/repositories/team/app", "/metrics", "/api/v1/unused"]) {
      assert.equal((await app.ask(`${path}?sig=${sig}`)).status, 401);
    }
  });
});

Deno.test("badgeUrl() makes addresses that open their badge", async (t) => {
  await using app = await openTestApp({ authorize: closed });
  const key = await app.store.madeKey("badge", "a key");
  const names = ["team/app", "a b?c#d%", "../x", "a/./b", "/a//b/", "é/\u{1f433}", "a.svg", ".."];
  await recordEvents(app.store, names.map((repository) => ({ repository })));
  for (const repository of names) {
    await t.step(repository, async () => {
      const url = new URL(badgeUrl("https://drec.example/", { repository }, key));
      const { status, text } = await app.ask(url.pathname + url.search);
      assert.equal(status, 200);
      assert.match(text, /pulls: 1"/);
    });
  }
});
