import assert from "node:assert/strict";

import { openTestApp, type TestApp } from "../../support/app.ts";
import { recordEvents } from "../../support/store.ts";

const LIST = "/api/v1/repositories";

interface Page {
  items: Record<string, unknown>[];
  next: string | null;
}

async function namesOf(app: TestApp, query: string): Promise<string[]> {
  const { items } = await app.get(`${LIST}${query}`) as Page;
  return items.map(({ registry, repository }) => `${registry} ${repository}`);
}

/** Follows `next` to the end. */
async function walk(app: TestApp, query: string): Promise<string[]> {
  const names: string[] = [];
  for (let cursor = "";;) {
    const { items, next } = await app.get(`${LIST}?${query}&cursor=${cursor}`) as Page;
    names.push(...items.map(({ registry, repository }) => `${registry} ${repository}`));
    if (next === null) return names;
    cursor = next;
  }
}

Deno.test("GET /api/v1/repositories/{name} shows all that is known, in this order", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [
    { action: "push", tag: "latest", timestamp: "2026-11-19T08:36:27.801Z", actor: "zoe" },
    { tag: "latest", timestamp: "2026-11-20T08:36:27+01:00", actor: "bob" },
    { method: "HEAD", tag: "latest", timestamp: "2026-11-20T09:00:00.5Z" },
  ]);
  const { text, headers } = await app.ask(`${LIST}/team/app`);
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(
    text,
    JSON.stringify({
      registry: "default",
      repository: "team/app",
      pulls: 1,
      pushes: 1,
      stars: 0,
      checks: 1,
      childPulls: 0,
      digestPushes: 0,
      unchangedPushes: 0,
      firstPulled: "2026-11-20T07:36:27.000Z",
      lastPulled: "2026-11-20T07:36:27.000Z",
      firstPushed: "2026-11-19T08:36:27.801Z",
      lastPushed: "2026-11-19T08:36:27.801Z",
      lastChecked: "2026-11-20T09:00:00.500Z",
      lastUsed: "2026-11-20T09:00:00.500Z",
      deletes: { tags: 0, manifests: 0, blobs: 0, unknown: 0 },
      actors: ["bob", "zoe"],
      actorCount: 2,
      tagCount: 1,
      deleted: null,
    }),
  );
});

Deno.test("GET /api/v1/repositories/{name} has null for what never was", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{ action: "delete" }]);
  const json = await app.get(`${LIST}/team/app`) as Record<string, unknown>;
  assert.deepEqual(json.deletes, { tags: 0, manifests: 0, blobs: 0, unknown: 1 });
  for (const time of ["Pulled", "Pushed"]) {
    assert.equal(json[`first${time}`], null);
    assert.equal(json[`last${time}`], null);
  }
  assert.deepEqual([json.lastChecked, json.lastUsed], [null, null]);
});

Deno.test("GET /api/v1/repositories/{name} finds any name", async (t) => {
  await using app = await openTestApp();
  const names = [
    ...["a", "team/app", "a/b/c/d", "a/-/tags", "a/-/b", "/-/", "-", "a/", "/a", "//", "..", "."],
    ...[
      "a/../b",
      "<script>alert(1)</script>",
      "😀/é",
      "e\u0301",
      "a b",
      "a+b",
      "a%2Fb",
      "%",
      "%zz",
    ],
    ...["__proto__", "constructor", "a?b", "a#b", "a&b=c", "a\\b", '"', "'; DROP TABLE x; --"],
    ...["*", ":name", "{a}", "a;b", "a,b", "A", "x".repeat(256), "\u202e", "null", "(overflow)"],
  ];
  await recordEvents(app.store, names.map((repository) => ({ repository, tag: "t" })));
  for (const name of names) {
    await t.step(name, async () => {
      const path = `${LIST}/${encodeURIComponent(name)}`;
      assert.equal((await app.get(path) as { repository: string }).repository, name);
      const { items } = await app.get(`${path}/-/tags`) as Page;
      assert.deepEqual(items.map(({ tag }) => tag), ["t"]);
    });
  }
  for (const name of ["team/app", "a/b/c/d", "a/../b", "..", "a/-/b", "//", "/a", "*", ":name"]) {
    await t.step(`${name}, slashes and all`, async () => {
      assert.equal((await app.get(`${LIST}/${name}`) as Page & { pulls: number }).pulls, 1);
      const { items } = await app.get(`${LIST}/${name}/-/tags`) as Page;
      assert.equal(items.length, 1);
    });
  }
});

Deno.test("GET /api/v1/repositories/{name} says what it does not have", async (t) => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{ registry: "main" }]);
  const cases: [path: string, status: number, detail: string][] = [
    ["none", 404, 'No repository "none"'],
    ["Team/App", 404, 'No repository "Team/App"'],
    ["team/app/-/burn", 404, 'No repository "team/app/-/burn"'],
    ["team/app?registry=edge", 404, 'No repository "team/app" in registry "edge"'],
    ["%00", 404, 'No repository "\u0000"'],
    ["%ff", 400, "Cannot decode the path: use percent-encoded UTF-8"],
    ["team/%E0%A4", 400, "Cannot decode the path: use percent-encoded UTF-8"],
    ["%ff/-/tags", 400, "Cannot decode the path: use percent-encoded UTF-8"],
    ["team/app/-/tags/%ff", 400, "Cannot decode the path: use percent-encoded UTF-8"],
    ["team/app?registri=edge", 400, 'Unknown parameter "registri": use registry'],
  ];
  for (const [path, status, detail] of cases) {
    await t.step(path, async () => {
      const answer = await app.ask(`${LIST}/${path}`);
      assert.equal(answer.status, status);
      assert.equal((answer.json as { detail: string }).detail, detail);
    });
  }
});

Deno.test("GET /api/v1/repositories/{name} asks which registry, if several have it", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{ registry: "main" }, { registry: "edge" }, { registry: "edge" }]);
  for (const rest of ["", "/-/tags", "/-/tags/latest", "/-/events", "/-/series"]) {
    const { status, json } = await app.ask(`${LIST}/team/app${rest}`);
    assert.equal(status, 409);
    const { requestId: _, ...problem } = json as Record<string, unknown>;
    assert.deepEqual(problem, {
      type: "about:blank",
      title: "Conflict",
      status: 409,
      detail: 'Several registries have a repository "team/app": ' +
        "choose with ?registry=, one of edge, main",
      code: "conflict",
      registries: ["edge", "main"],
    });
  }
  for (const [registry, pulls] of [["main", 1], ["edge", 2]]) {
    const json = await app.get(`${LIST}/team/app?registry=${registry}`) as Record<string, unknown>;
    assert.deepEqual([json.registry, json.pulls], [registry, pulls]);
  }
});

Deno.test("GET /api/v1/repositories lists the same objects without actors", async () => {
  await using app = await openTestApp();
  assert.deepEqual(await app.get(LIST), { items: [], next: null });
  await recordEvents(app.store, [{ tag: "latest", actor: "zoe" }]);
  const { actors, ...rest } = await app.get(`${LIST}/team/app`) as Record<string, unknown>;
  assert.deepEqual(actors, ["zoe"]);
  const { text } = await app.ask(LIST);
  assert.equal(text, JSON.stringify({ items: [rest], next: null }));
});

Deno.test("GET /api/v1/repositories filters and sorts", async (t) => {
  await using app = await openTestApp();
  await recordEvents(app.store, [
    { repository: "team/app" },
    { repository: "team/app" },
    { repository: "team/tool", timestamp: "2026-11-21T00:00:00Z" },
    { repository: "other/App", action: "push", tag: "latest" },
    { repository: "team/app", registry: "edge", timestamp: "2026-11-19T00:00:00Z" },
    { repository: "100%_sure" },
  ]);
  const cases: [query: string, want: string[]][] = [
    ["?prefix=team/", ["default team/app", "edge team/app", "default team/tool"]],
    ["?prefix=Team/", []],
    ["?q=app", ["default other/App", "default team/app", "edge team/app"]],
    ["?q=APP&registry=edge", ["edge team/app"]],
    ["?q=%25_", ["default 100%_sure"]],
    ["?q=a%25p", []],
    ["?prefix=100%25", ["default 100%_sure"]],
    ["?prefix=team&q=tool", ["default team/tool"]],
    ["?registry=none", []],
    ["?sort=-pulls&prefix=team", ["default team/app", "edge team/app", "default team/tool"]],
    ["?sort=-lastPulled&prefix=team", ["default team/tool", "default team/app", "edge team/app"]],
    ["?sort=-pushes&q=app&limit=1", ["default other/App"]],
    ["?q=&prefix=&sort=&registry=edge&limit=&cursor=", ["edge team/app"]],
  ];
  for (const [query, want] of cases) {
    await t.step(query, async () => assert.deepEqual(await namesOf(app, query), want));
  }
});

Deno.test("GET /api/v1/repositories has nothing with a text that no name has", async (t) => {
  await using opened = await openTestApp();
  await recordEvents(opened.store, [{ repository: "team/app" }, { repository: "x".repeat(256) }]);
  const store = Object.create(opened.store, {
    listRepositories: { value: () => assert.fail("a store was asked") },
  });
  await using app = await openTestApp({ store });
  const texts = ["%00", "team%00", "a%0Ab", "x".repeat(257), "%25".repeat(40_000)];
  for (const query of texts.flatMap((text) => [`q=${text}`, `prefix=${text}`])) {
    await t.step(query.slice(0, 20), async () => {
      assert.deepEqual(await app.get(`${LIST}?${query}`), { items: [], next: null });
    });
  }
  await t.step("as long as the longest name", async () => {
    assert.deepEqual(await namesOf(opened, `?q=${"X".repeat(256)}`), [
      `default ${"x".repeat(256)}`,
    ]);
    assert.deepEqual(await namesOf(opened, `?q=${"😀".repeat(256)}`), []);
  });
  await t.step("a bad cursor is one all the same", async () => {
    assert.equal((await app.ask(`${LIST}?q=%00&cursor=garbage`)).status, 400);
  });
});

Deno.test("GET /api/v1/repositories is paged in every order, each item once", async (t) => {
  await using app = await openTestApp();
  const events = Array.from({ length: 23 }, (_, index) => ({
    repository: `team/app-${index % 12}`,
    registry: index % 2 === 0 ? "main" : "edge",
    action: index % 3 === 0 ? "push" : "pull",
    tag: "latest",
    timestamp: new Date(Date.UTC(2026, 10, 1 + index % 5)).toISOString(),
  }));
  await recordEvents(app.store, events);
  const sorts = ["-pulls", "-pushes", "-stars", "-lastPulled", "-lastPushed", "-lastUsed"];
  for (const sort of ["name", ...sorts]) {
    await t.step(sort, async () => {
      const all = await namesOf(app, `?sort=${sort}`);
      assert.equal(new Set(all).size, 12);
      assert.deepEqual(await walk(app, `sort=${sort}&limit=1`), all);
      assert.deepEqual(await walk(app, `sort=${sort}&limit=5`), all);
      assert.deepEqual(await walk(app, `sort=${sort}&limit=12`), all);
    });
  }
});

Deno.test("GET /api/v1/repositories refuses what it does not understand", async (t) => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{ repository: "a" }, { repository: "b" }]);
  const { next } = await app.get(`${LIST}?limit=1`) as Page;
  assert.equal(typeof next, "string");
  const cases: [query: string, detail: string][] = [
    [
      "sort=pulls",
      'Parameter "sort" cannot be "pulls": use one of name, -pulls, -pushes, ' +
      "-stars, -lastPulled, -lastPushed, -lastUsed",
    ],
    ["limit=0", 'Parameter "limit" cannot be "0": use a number from 1 to 1000'],
    ["page=2", 'Unknown parameter "page": use q, prefix, sort, registry, limit, cursor'],
    ["q=a&q=b", 'Repeated parameter "q": give it once'],
    [
      "registry=A",
      'Parameter "registry" cannot be "A": ' +
      "use the name by which the registry sends its events",
    ],
    ...["cursor=garbage", `cursor=${next}&sort=-pulls`, `cursor=${next}&q=a`].map((
      query,
    ): [string, string] => [
      query,
      `Parameter "cursor" cannot be "${query.split(/[=&]/)[1]}": ` +
      "use `next` of the page before, asked for in the same way",
    ]),
  ];
  for (const [query, detail] of cases) {
    await t.step(query, async () => {
      const { status, json } = await app.ask(`${LIST}?${query}`);
      assert.equal(status, 400);
      assert.equal((json as { detail: string }).detail, detail);
    });
  }
});
