import assert from "node:assert/strict";

import { describeApi } from "../../../lib/http/openapi/document.ts";
import { openTestApp } from "../../support/app.ts";
import { digestOf, mediaTypes } from "../../support/events.ts";
import { recordEvents } from "../../support/store.ts";

const REPOSITORY = "/api/v1/repositories/team/app";

interface Page {
  items: Record<string, unknown>[];
  next: string | null;
}

Deno.test("GET /-/tags lists tags, and /-/tags/{tag} shows one, in this order", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [
    { action: "push", tag: "v1", digest: "one", timestamp: "2026-11-18T00:00:00Z" },
    { action: "push", tag: "v1", digest: "one", timestamp: "2026-11-19T00:00:00Z" },
    { tag: "v1", digest: "one", timestamp: "2026-11-20T00:00:00Z" },
    { action: "push", tag: "v2", digest: "two", timestamp: "2026-11-19T00:00:00Z" },
    { action: "delete", tag: "v2", digest: null, timestamp: "2026-11-20T01:02:03Z" },
  ]);
  const v1 = {
    tag: "v1",
    digest: digestOf("one"),
    pulls: 1,
    pushes: 2,
    unchangedPushes: 1,
    checks: 0,
    firstPulled: "2026-11-20T00:00:00.000Z",
    lastPulled: "2026-11-20T00:00:00.000Z",
    firstPushed: "2026-11-18T00:00:00.000Z",
    lastPushed: "2026-11-19T00:00:00.000Z",
    lastChecked: null,
    lastUsed: "2026-11-20T00:00:00.000Z",
    deleted: null,
  };
  const { items, next } = await app.get(`${REPOSITORY}/-/tags`) as Page;
  assert.equal(JSON.stringify(items[0]), JSON.stringify(v1));
  assert.deepEqual([items[1]?.tag, items[1]?.deleted], ["v2", "2026-11-20T01:02:03.000Z"]);
  assert.equal(next, null);
  assert.equal((await app.ask(`${REPOSITORY}/-/tags/v1`)).text, JSON.stringify(v1));
  const { status, json } = await app.ask(`${REPOSITORY}/-/tags/v3`);
  assert.equal(status, 404);
  assert.equal((json as { detail: string }).detail, 'No tag "v3" in repository "team/app"');
});

Deno.test("GET /-/manifests lists manifests, in this order", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [
    { action: "push", digest: "b", mediaType: mediaTypes.image, timestamp: "2026-11-19T00:00:00Z" },
    { tag: "v1", digest: "a", mediaType: mediaTypes.index },
  ]);
  const { items } = await app.get(`${REPOSITORY}/-/manifests`) as Page;
  assert.equal(
    JSON.stringify(items[0]),
    JSON.stringify({
      digest: digestOf("a"),
      mediaType: mediaTypes.index,
      kind: "index",
      size: null,
      platforms: [],
      pulls: 1,
      childPulls: 0,
      checks: 0,
      pushes: 0,
      digestPushes: 0,
      firstSeen: "2026-11-20T12:00:00.000Z",
      lastUsed: "2026-11-20T12:00:00.000Z",
      deleted: null,
    }),
  );
  assert.deepEqual([items[1]?.mediaType, items[1]?.digestPushes], [mediaTypes.image, 1]);
});

Deno.test("GET /-/actors, /-/clients and /-/consumers tell who it was, in this order", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [
    { tag: "v1", actor: "zoe" },
    { tag: "v1", actor: "zoe", timestamp: "2026-11-20T13:00:00Z" },
    { action: "push", tag: "v1", userAgent: "containers/5.36.2 (github.com/containers/image)" },
  ]);
  const seen = { firstSeen: "2026-11-20T12:00:00.000Z", lastSeen: "2026-11-20T12:00:00.000Z" };
  const zoe = { pulls: 2, pushes: 0, ...seen, lastSeen: "2026-11-20T13:00:00.000Z" };
  const { text } = await app.ask(`${REPOSITORY}/-/actors`);
  const actors = [
    { name: "zoe", ...zoe },
    { name: "(anonymous)", pulls: 0, pushes: 1, ...seen, anonymous: true },
  ];
  assert.equal(text, JSON.stringify({ items: actors, next: null }));
  const clients = await app.get(`${REPOSITORY}/-/clients`) as Page;
  assert.deepEqual(clients.items[0], { name: "docker", ...zoe });
  const consumers = await app.get(`${REPOSITORY}/-/consumers`) as Page;
  assert.deepEqual(consumers.items, [{ name: "other", ...zoe, pushes: 1 }]);
});

Deno.test("GET /-/actors was moved by whatever the description says", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [
    { tag: "v1", actor: "zoe" },
    { tag: "v1", actor: "zoe", method: "HEAD", timestamp: "2026-11-20T11:00:00Z" },
    {
      tag: "v1",
      actor: "zoe",
      action: "delete",
      method: "DELETE",
      timestamp: "2026-11-20T13:00:00Z",
    },
  ]);
  const { items } = await app.get(`${REPOSITORY}/-/actors`) as Page;
  const { firstSeen, lastSeen } = items[0] ?? {};
  assert.deepEqual([firstSeen, lastSeen], ["2026-11-20T11:00:00.000Z", "2026-11-20T13:00:00.000Z"]);
  const { properties = {} } = describeApi({ route: "/events" }).components.schemas.User ?? {};
  for (const name of ["firstSeen", "lastSeen"]) {
    assert.match(properties[name]?.description ?? "", /pull, push, check or delete/);
  }
});

Deno.test("GET /-/events tells what events were counted as, latest first, in this order", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [
    { id: "head", method: "HEAD", tag: "v1", timestamp: "2026-11-20T12:00:00.123456789Z" },
    {
      id: "get",
      actor: "zoe",
      timestamp: "2026-11-20T12:00:01Z",
      receivedAt: Date.parse("2026-11-20T12:00:02Z"),
    },
    { id: "head2", method: "HEAD", tag: "v1", actor: "zoe" },
    { id: "get2", actor: "zoe", timestamp: "2026-11-20T12:00:03Z" },
  ]);
  const { items } = await app.get(`${REPOSITORY}/-/events`) as Page;
  assert.deepEqual(items.map(({ id }) => id), ["get2", "head2", "get", "head"]);
  assert.equal(
    JSON.stringify(items[2]),
    JSON.stringify({
      id: "get",
      timestamp: "2026-11-20T12:00:01.000Z",
      receivedAt: "2026-11-20T12:00:02.000Z",
      action: "pull",
      method: "GET",
      tag: null,
      digest: digestOf("image"),
      mediaType: mediaTypes.image,
      actor: "zoe",
      address: "192.0.2.1",
      client: "docker",
      userAgent: "docker/28.5.2 go/go1.24.8",
      outcome: "counted",
      countedAs: "pull",
      row: 4,
      countedTag: null,
      estimated: false,
    }),
  );
  assert.deepEqual([items[0]?.row, items[0]?.tag, items[0]?.countedTag], [2, null, "v1"]);
  assert.deepEqual([items[3]?.countedAs, items[3]?.timestamp], [
    "check",
    "2026-11-20T12:00:00.123Z",
  ]);
});

Deno.test("lists of a repository flag the row of what is beyond the bound", async () => {
  await using app = await openTestApp();
  const events = Array.from({ length: 1001 }, (_, index) => ({
    tag: "v1",
    actor: `robot-${String(index).padStart(4, "0")}`,
  }));
  await recordEvents(app.store, events);
  const names: unknown[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const path: string = `${REPOSITORY}/-/actors?limit=400&cursor=${cursor}`;
    const { items, next } = await app.get(path) as Page;
    names.push(...items.map(({ name, overflow }) => overflow === true ? { name } : name));
    cursor = next;
  }
  assert.equal(names.length, 1001);
  const overflow = names.filter((name) => typeof name === "object");
  assert.deepEqual(overflow, [{ name: "(overflow)" }]);
});

Deno.test("lists of a repository are paged, each item once", async (t) => {
  await using app = await openTestApp();
  const events = Array.from({ length: 7 }, (_, index) => ({
    action: "push",
    tag: `v${index}`,
    digest: `image-${index}`,
    actor: `actor-${index % 5}`,
    userAgent: ["docker/1", "containerd/1", "skopeo/1", "curl/1"][index % 4] ?? "",
  }));
  await recordEvents(app.store, events);
  const lists: [path: string, key: string, count: number][] = [
    ["tags", "tag", 7],
    ["manifests", "digest", 7],
    ["actors", "name", 5],
    ["consumers", "name", 1],
    ["events", "id", 7],
  ];
  for (const [path, key, count] of lists) {
    await t.step(path, async () => {
      const all = await app.get(`${REPOSITORY}/-/${path}`) as Page;
      assert.equal(all.next, null);
      const found: unknown[] = [];
      for (let cursor: string | null = ""; cursor !== null;) {
        const target: string = `${REPOSITORY}/-/${path}?limit=2&cursor=${cursor}`;
        const { items, next } = await app.get(target) as Page;
        assert.ok(items.length <= 2);
        found.push(...items.map((item) => item[key]));
        cursor = next;
      }
      assert.deepEqual(found, all.items.map((item) => item[key]));
      assert.equal(new Set(found).size, count);
    });
  }
});

Deno.test("lists of a repository refuse what they do not understand", async (t) => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{ tag: "v1" }, { tag: "v2", repository: "team/other" }]);
  await recordEvents(app.store, [{ tag: "v2" }, { tag: "v3", repository: "team/other" }]);
  const { next } = await app.get(`${REPOSITORY}/-/tags?limit=1`) as Page;
  const other = "/api/v1/repositories/team/other/-/tags";
  const cases: [target: string, status: number][] = [
    [`${REPOSITORY}/-/tags?limit=1&cursor=${next}`, 200],
    [`${other}?limit=1&cursor=${next}`, 400],
    [`${REPOSITORY}/-/manifests?cursor=${next}`, 400],
    [`${REPOSITORY}/-/tags?q=v`, 400],
    [`${REPOSITORY}/-/tags/v1?limit=1`, 400],
    [`${REPOSITORY}/-/actors?limit=1001`, 400],
    ["/api/v1/repositories/none/-/tags", 404],
    ["/api/v1/repositories/none/-/tags/v1", 404],
    ["/api/v1/repositories/none/-/events", 404],
    ["/api/v1/repositories/none/-/series", 404],
  ];
  for (const [target, status] of cases) {
    await t.step(target, async () => assert.equal((await app.ask(target)).status, status));
  }
});

Deno.test("a repository known by its layers alone is none", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{ mediaType: mediaTypes.blob }]);
  assert.equal((await app.ask(REPOSITORY)).status, 404);
  assert.equal((await app.ask(`${REPOSITORY}/-/series?metric=blobPulls`)).status, 404);
  assert.deepEqual(await app.get("/api/v1/repositories"), { items: [], next: null });
});
