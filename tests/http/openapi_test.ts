/**
 * Routes and answers held against their description, in both directions.
 *
 * @module
 */

import assert from "node:assert/strict";

import { Validator } from "@seriousme/openapi-schema-validator";

import { AppError } from "../../lib/errors.ts";
import { createRoutes } from "../../lib/http/app.ts";
import { createAuthorizer } from "../../lib/http/auth.ts";
import { describeApi } from "../../lib/http/openapi/document.ts";
import { exampleOf } from "../../lib/http/openapi/schema.ts";
import type { PlacedOperation } from "../../lib/http/openapi/types.ts";
import { routingPath } from "../../lib/http/repository_path.ts";
import { type Answer, openTestApp } from "../support/app.ts";
import {
  ask,
  checker,
  document,
  fill,
  isEndless,
  operations,
  routed,
} from "../support/described.ts";
import { createChecker, parametersOf, responseOf, targetOf } from "../support/openapi.ts";

const closed = createAuthorizer({
  roles: { ingest: [{ token: "i" }], read: [{ token: "r" }], admin: [{ token: "a" }] },
  madeTokens: () => [],
  isLoopbackBound: false,
});

function operationOf(id: string): PlacedOperation {
  return operations.find(({ operation }) => operation.operationId === id) ?? assert.fail(id);
}

Deno.test("the description is valid OpenAPI 3.1", async () => {
  const result = await new Validator().validate(structuredClone(document) as never);
  assert.deepEqual(result.errors ?? [], []);
  assert.equal(result.valid, true);
  const ids = operations.map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length);
  const tags = new Set(document.tags.map(({ name }) => name));
  assert.deepEqual(operations.filter(({ operation }) => !tags.has(operation.tags[0] ?? "")), []);
});

Deno.test("every route is described, and every description is a route", async (t) => {
  await using app = await openTestApp();
  const routes = createRoutes(app.options);
  const matched = routed.map(({ method, path, operation }) => {
    const target = targetOf(document, { method, path, operation });
    const request = new Request("http://drec.example/");
    Object.defineProperty(request, "url", { value: `http://drec.example${target}` });
    const [handlers] = routes.router.match(method.toUpperCase(), routingPath(request));
    const route = handlers.map(([[, route]]) => route).findLast(({ method }) => method !== "ALL");
    return `${method.toUpperCase()} ${route?.path}`;
  });
  await t.step("every description is a route", () => {
    assert.deepEqual(matched.filter((route) => route.endsWith("undefined")), []);
  });
  await t.step("every route is described", () => {
    const known = new Set(matched);
    const routed = routes.routes.filter(({ method }) => method !== "ALL")
      // The same without a name: no path of its own, but an error.
      .filter(({ path }) => !path.endsWith("/"))
      .map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual([...new Set(routed)].filter((route) => !known.has(route)), []);
    assert.ok(known.size > 25);
  });
});

Deno.test("the answers are as described", async (t) => {
  await using app = await openTestApp();
  await fill(app);
  for (const placed of routed) {
    await t.step(`${placed.method} ${placed.path}`, async () => {
      const answer = await ask(app, placed);
      assert.equal(answer.status, 200, answer.text);
      if (!isEndless(placed)) checker.check(placed, answer);
    });
  }
  const tooMany = Array.from({ length: 129 }, (_, at) => String(at));
  const cases: [id: string, values: Record<string, unknown>, status: number][] = [
    ["listUnused", { kind: "tags", days: 30 }, 200],
    ["listUnused", { format: "crane", host: "r.example", registry: "main" }, 200],
    ["listUnused", { format: "crane", host: "r.example" }, 400],
    ["listRepositories", { limit: 1, sort: "-lastUsed" }, 200],
    ["listRepositories", { limit: 0 }, 400],
    ["listRepositories", { cursor: "x" }, 400],
    ["showRepository", { name: "none" }, 404],
    ["showRepository", { name: "twice" }, 409],
    ["showRepository", { name: "twice", registry: "main" }, 200],
    ["showTag", { tag: "none" }, 404],
    ["giveStar", { user: "\0" }, 400],
    ["showRanking", { metric: "stars" }, 200],
    ["showRanking", { period: "all" }, 200],
    ["showSeries", { interval: "week", from: "2026-01-01", to: "2026-11-20" }, 200],
    ["showSeries", { from: "2026-01-02", to: "2026-01-01" }, 400],
    ["showSummary", { registry: "main", prefix: "team/" }, 200],
    ["showDownloadsPointOfPackages", { name: ["team/app", "none"] }, 200],
    ["showDownloadsRangeOfPackages", { name: ["team/app", "__proto__"] }, 200],
    ["showDownloadsRangeOfPackages", { name: ["none"] }, 404],
    ["showDownloadsRangeOfPackages", { name: ["team/app,none"] }, 404],
    ["showDownloadsRangeOfPackages", { name: tooMany }, 400],
    ["showDownloadsPoint", { period: "never" }, 400],
    ["showBadgeData", { name: "none" }, 200],
    ["showBadgeData", { name: "twice" }, 200],
    ["showBadgeData", { color: "ff8800", metric: "lastPush" }, 200],
    ["showBadge", { period: "7d", metric: "stars" }, 400],
    ["showOpenApi", { x: 1 }, 400],
  ];
  for (const [id, values, status] of cases) {
    await t.step(`${id} with ${JSON.stringify(values).slice(0, 80)}: ${status}`, async () => {
      const target = targetOf(document, operationOf(id), values);
      const method = operationOf(id).method.toUpperCase();
      const answer = await app.ask(target, { method });
      assert.equal(answer.status, status, answer.text);
      checker.check(operationOf(id), answer);
    });
  }
});

Deno.test("who has an answer already is answered as described", async (t) => {
  await using app = await openTestApp();
  await fill(app);
  for (const placed of routed.filter(({ operation }) => "304" in operation.responses)) {
    await t.step(placed.operation.operationId, async () => {
      const { headers } = await ask(app, placed);
      const etag = headers.get("etag") ?? assert.fail();
      const again = await ask(app, placed, { headers: { "if-none-match": etag } });
      assert.equal(again.status, 304);
      checker.check(placed, again);
    });
  }
  for (const placed of routed.filter(({ operation }) => !("304" in operation.responses))) {
    const { headers } = await ask(app, placed);
    assert.equal(headers.get("etag"), null, placed.path);
  }
});

Deno.test("other methods and paths are refused as described", async (t) => {
  await using app = await openTestApp();
  const refused = (name: string, answer: Answer) => {
    const schema = `/components/responses/${name}/content/application~1problem+json/schema`;
    checker.checkValue(schema.replaceAll("+", "%2B"), answer.json);
  };
  for (const placed of routed) {
    await t.step(placed.path, async () => {
      const target = targetOf(document, placed);
      const answer = await app.ask(target, { method: "PATCH" });
      assert.equal(answer.status, 405);
      refused("MethodNotAllowed", answer);
      const methods = Object.keys(document.paths[placed.path] ?? {}).map((one) =>
        one.toUpperCase()
      );
      const allow = methods.flatMap((one) => one === "GET" ? ["GET", "HEAD"] : [one]);
      const allowed = answer.headers.get("allow")?.split(", ") ?? [];
      assert.deepEqual(allowed.toSorted(), allow.toSorted());
      refused("NotFound", await app.ask(`/none${target}`));
    });
  }
});

Deno.test("tokens are asked for as described", async (t) => {
  await using app = await openTestApp({ authorize: closed });
  await fill(app);
  for (const placed of routed) {
    const { operation } = placed;
    const roles = operation.security.flatMap((scheme) => scheme["bearer"] ?? []);
    await t.step(`${operation.operationId} needs ${roles}`, async () => {
      const without = await ask(app, placed);
      assert.equal(without.status, roles.length === 0 ? 200 : 401);
      const wrong = await ask(app, placed, { headers: { authorization: "Bearer i" } });
      assert.equal(wrong.status, roles.length === 0 ? 200 : 403);
      if (isEndless(placed)) return;
      checker.check(placed, without);
      checker.check(placed, wrong);
      for (const role of roles) {
        const token = role.slice(0, 1);
        const basic = `Basic ${btoa(`anybody:${token}`)}`;
        for (const authorization of [`Bearer ${token}`, basic]) {
          assert.equal((await ask(app, placed, { headers: { authorization } })).status, 200);
        }
      }
    });
  }
});

Deno.test("a store that does not answer is answered as described", async (t) => {
  for (
    const error of [
      new Error("defect"),
      new AppError("unavailable", "away"),
    ]
  ) {
    const store = new Proxy({}, { get: () => () => Promise.reject(error) });
    await using app = await openTestApp({ store: store as never });
    for (const placed of routed.filter((one) => !isEndless(one))) {
      await t.step(`${placed.operation.operationId}: ${error.message}`, async () => {
        checker.check(placed, await ask(app, placed));
      });
    }
  }
});

Deno.test("the examples are what the schemas allow", () => {
  const { components } = document;
  for (const [name, schema] of Object.entries(components.schemas)) {
    checker.checkValue(`/components/schemas/${name}`, exampleOf(schema, components.schemas));
  }
  for (const { method, path, operation } of operations) {
    for (const parameter of parametersOf(document, operation)) {
      if (parameter.in === "header" || parameter.example === undefined) continue;
      const { schema, example } = parameter;
      const anonymous = createChecker({
        ...document,
        components: { ...components, schemas: { ...components.schemas, It: schema } },
      });
      anonymous.checkValue("/components/schemas/It", example);
    }
    assert.ok(responseOf(document, operation, "200"), `${method} ${path}`);
  }
});

Deno.test("docs/api.md has every path", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/api.md", import.meta.url));
  const missing = operations.map(({ path }) => path)
    // Their chapter is named once.
    .map((path) => path.replace(/^\/api\/v1\/repositories\/\{name\}(?=\/)/, ""))
    .filter((path) => !path.startsWith("/docs/") && !text.includes(`${path}`));
  assert.deepEqual(missing, []);
});

Deno.test("describeApi() names the event route as it is configured", () => {
  const paths = (route: string) =>
    Object.keys(describeApi({ route }).paths).filter((path) => path.includes("hook"));
  assert.deepEqual(paths("/my/hook/"), ["/my/hook", "/my/hook/{registry}"]);
});
