/**
 * Names that mean something to somebody, in every field that comes from outside: nothing executes,
 * nothing breaks, everything is shown as text.
 *
 * @module
 */

import assert from "node:assert/strict";

import { createCollector } from "../../lib/collector.ts";
import { createIngest } from "../../lib/http/ingest.ts";
import { describeApi, operationsOf } from "../../lib/http/openapi/document.ts";
import { createMetrics } from "../../lib/metrics.ts";
import { openMongoStore } from "../../lib/store/mongodb/mongo_store.ts";
import type { AccountingReport, Store } from "../../lib/store/store.ts";
import { type Answer, openTestApp, type TestApp } from "../support/app.ts";
import { hostileEvents, hostileNames, isPossibleRepository } from "../support/hostile.ts";
import { freshDatabase } from "../support/mongodb.ts";
import { createChecker, parametersOf, targetOf } from "../support/openapi.ts";
import { needs } from "../support/require.ts";
import { openTestStore, storeOptionsOf } from "../support/store.ts";
import { assertWellFormed } from "../support/xml.ts";

const document = describeApi({ route: "/events" });
const checker = createChecker(document);
/** All that is asked for, but for the stream, which never ends, and events, which are posted. */
const asked = operationsOf(document).filter(({ path, method }) =>
  path !== "/api/v1/stream" && method !== "post"
);
const names = hostileNames.filter(isPossibleRepository);
/** What no address can say in a way that all clients leave alone; the list shows it. */
const isAskable = (name: string): boolean => name !== "..";

/** The application with an event route, on a store. */
async function openApp(store: Store): Promise<TestApp> {
  const metrics = createMetrics({ version: "0.0.0-test" });
  const collector = createCollector({
    store,
    metrics,
    blobs: "ignore",
    queueLimit: 10_000,
    onStoreChange: () => {},
  });
  const failures: unknown[] = [];
  const ingest = createIngest({
    collector,
    authorize: () => ({ ok: true }),
    metrics,
    route: "/events",
    limits: { bodyBytes: 2 ** 20, bodiesInFlightBytes: 2 ** 25 },
    onUnauthorized: () => {},
    onFailure: (error) => failures.push(error),
  });
  const app = await openTestApp({
    store,
    ingest,
    settled: () => collector.settled(),
    now: Date.now,
  });
  return {
    ...app,
    async [Symbol.asyncDispose]() {
      await collector.stop();
      await app[Symbol.asyncDispose]();
      assert.deepEqual(failures, []);
    },
  };
}

/** Sends a name in every field, as a registry would: again, until it is taken. */
async function post(app: TestApp, events: readonly unknown[], path = "/events"): Promise<number> {
  const body = JSON.stringify({ events });
  for (let times = 0; times < 100; times++) {
    const { status } = await app.ask(path, { method: "POST", body });
    if (status !== 503) return status;
  }
  return 503;
}

/** What is true of every answer, whatever was asked for. */
function assertHarmless(answer: Answer, where: string): void {
  const { status, headers, text } = answer;
  assert.ok(status < 500, `${where}: ${status} ${text}`);
  assert.equal(headers.get("x-content-type-options"), "nosniff", where);
  assert.match(headers.get("content-security-policy") ?? "", /^default-src 'none'/, where);
  assert.equal(headers.get("set-cookie"), null, where);
  const [type] = headers.get("content-type")?.split(";") ?? [];
  assert.ok(type !== "text/html" || where.includes("/docs"), `${where}: HTML`);
  if (type === "image/svg+xml") assertWellFormed(text);
}

async function examine(
  store: Store,
  t: Deno.TestContext,
  { sent }: { sent: readonly string[] },
): Promise<void> {
  await using app = await openApp(store);
  await t.step("events with them are counted, or quarantined", async () => {
    for (const name of hostileNames) {
      assert.equal(await post(app, hostileEvents(name)), 200);
      assert.equal(await post(app, hostileEvents(name, "team/app")), 200);
      const registry = `/events/${encodeURIComponent(name)}`;
      const isName = /^[a-z0-9][a-z0-9._-]{0,63}$/.test(name);
      assert.equal(await post(app, hostileEvents(name), registry), isName ? 200 : 404, name);
    }
    const accounting = await app.get("/api/v1/accounting") as AccountingReport;
    const impossible = hostileNames.length - names.length;
    assert.equal(accounting.quarantined, 2 * impossible);
    assert.equal(accounting.counted, accounting.received - accounting.quarantined);
  });

  await t.step("lists have them as they are", async () => {
    const list = await app.get("/api/v1/repositories?limit=1000") as { items: Row[] };
    const listed = list.items.map(({ repository }) => repository);
    assert.deepEqual(new Set(listed), new Set([...names, "team/app"]));
    for (const what of ["actors", "clients", "events", "tags", "manifests"]) {
      const { items } = await app.get(
        `/api/v1/repositories/team%2Fapp/-/${what}?limit=1000&registry=default`,
      ) as { items: Row[] };
      assert.ok(items.length > 0, what);
      if (what === "actors") {
        const actors = new Set(items.map(({ name }) => name));
        assert.deepEqual(names.filter((name) => !actors.has(name)), []);
      }
    }
  });

  await t.step("each is found by its name, and is data", async () => {
    for (const name of names.filter(isAskable)) {
      const path = `/api/v1/repositories/${encodeURIComponent(name)}`;
      const found = await app.get(`${path}?registry=default`) as Row;
      assert.deepEqual([found.repository, found.pulls, found.pushes], [name, 1, 1]);
      const q = new URLSearchParams({ q: name, registry: "default" });
      const searched = await app.get(`/api/v1/repositories?${q}`) as { items: Row[] };
      assert.ok(searched.items.some(({ repository }) => repository === name), name);
      const prefix = new URLSearchParams({ prefix: name, registry: "default" });
      const listed = await app.get(`/api/v1/repositories?${prefix}`) as { items: Row[] };
      assert.ok(listed.items.some(({ repository }) => repository === name), name);
    }
    assert.deepEqual(Object.entries(Object.prototype), []);
  });

  await t.step("stars are of users of that name, or of none", async () => {
    const stars = "/api/v1/repositories/team%2Fapp/-/stars";
    for (const user of hostileNames.filter(isAskable)) {
      const target = `${stars}/${encodeURIComponent(user)}?registry=default`;
      const { status } = await app.ask(target, { method: "PUT" });
      assert.equal(status, isPossibleRepository(user) ? 200 : 400, user);
    }
    const { items } = await app.get(`${stars}?limit=1000&registry=default`) as { items: Row[] };
    assert.deepEqual(new Set(items.map(({ user }) => user)), new Set(names.filter(isAskable)));
  });

  await t.step("badges show them as text", async () => {
    for (const name of names.filter(isAskable)) {
      const label = Array.from(name).slice(0, 64).join("");
      const query = new URLSearchParams({ label, registry: "default" });
      const file = `/badge/${encodeURIComponent(name)}`;
      const { status, text } = await app.ask(`${file}.svg?${query}`);
      assert.equal(status, 200, text);
      assertWellFormed(text);
      assert.doesNotMatch(text, /<script|<img|onerror="/i);
      const { json } = await app.ask(`${file}.json?${query}`);
      assert.deepEqual([(json as Row).label, (json as Row).message], [label, "1"]);
    }
  });

  await t.step("every parameter can be sent every one", async () => {
    for (const placed of asked) {
      const parameters = parametersOf(document, placed.operation);
      for (const { name: parameter, in: place } of parameters) {
        if (place === "header") continue;
        for (const value of sent) {
          const target = targetOf(document, placed, { [parameter]: value });
          const answer = await app.ask(target, { method: placed.method.toUpperCase() });
          assertHarmless(answer, `${placed.method} ${target}`);
          checker.check(placed, answer);
        }
      }
    }
  });

  await t.step("every header can have what a header can have", async () => {
    const printable = hostileNames.filter((name) => /^[\x20-\x7e]+$/.test(name));
    for (const name of printable) {
      const headers = Object.fromEntries(
        [
          "authorization",
          "x-request-id",
          "if-none-match",
          "accept",
          "accept-encoding",
          "origin",
          "host",
        ]
          .map((header) => [header, name]),
      );
      for (const path of ["/api/v1/repositories", "/badge/team/app.svg", "/docs", "/-/ready"]) {
        const answer = await app.ask(path, { headers });
        assertHarmless(answer, `${path} with ${name}`);
        assert.equal(answer.status, 200);
      }
    }
  });

  await t.step("paths that are not there say so", async () => {
    for (const name of hostileNames) {
      for (const path of [`/${encodeURIComponent(name)}`, `/api/v1/${encodeURIComponent(name)}`]) {
        const answer = await app.ask(path);
        assertHarmless(answer, path);
        assert.equal(answer.status, 404);
      }
    }
  });

  await t.step("nothing was an error inside", () => {
    assert.deepEqual(app.logged.filter(({ level }) => level === "error"), []);
  });
}

interface Row extends Record<string, unknown> {
  readonly repository?: string;
  readonly name?: string;
  readonly user?: string;
}

Deno.test("hostile names are text: SQLite", async (t) => {
  await using opened = await openTestStore();
  await examine(opened.store, t, { sent: hostileNames });
});

Deno.test({
  name: "hostile names are text: MongoDB",
  ...needs("mongodb"),
  fn: async (t) => {
    await using fresh = await freshDatabase();
    const connection = { ...fresh, collection: "registry-stats", timeoutMs: 10_000 };
    const store = await openMongoStore(connection, storeOptionsOf());
    try {
      // What means something to MongoDB, or to what speaks to it.
      const sent = hostileNames.filter((name) => /[$\0]|__/.test(name));
      await examine(store, t, { sent });
    } finally {
      await store.close();
    }
  },
});
