import assert from "node:assert/strict";

import { Validator } from "@seriousme/openapi-schema-validator";

import { AppError } from "../../lib/errors.ts";
import { createRoutes } from "../../lib/http/app.ts";
import { createAuthorizer } from "../../lib/http/auth.ts";
import { describeApi, operationsOf } from "../../lib/http/openapi/document.ts";
import { exampleOf } from "../../lib/http/openapi/schema.ts";
import type { Parameter, PlacedOperation, Schema } from "../../lib/http/openapi/types.ts";
import { routingPath } from "../../lib/http/repository_path.ts";
import { type Answer, openTestApp, type TestApp } from "../support/app.ts";
import { createChecker, parametersOf, responseOf, targetOf } from "../support/openapi.ts";
import { recordEvents } from "../support/store.ts";

const document = describeApi({ route: "/events" });
const operations = operationsOf(document);
const checker = createChecker(document);

/** Those that a test application answers: events go to another handler. */
const routed = operations.filter(({ operation }) =>
  operation.operationId.indexOf("postEvents") < 0
);
/** Those that read no query, as what asks them may add to it. */
const LENIENT = ["showMetrics", "healthy", "ready", "showDocs", "showDocsStyle"];
const strict = routed.filter(({ operation }) => !LENIENT.includes(operation.operationId));
/** Ends only when the application does. */
const isEndless = ({ operation }: PlacedOperation): boolean =>
  operation.operationId === "streamRepositories";

const closed = createAuthorizer({
  roles: { ingest: [{ token: "i" }], read: [{ token: "r" }], admin: [{ token: "a" }] },
  madeTokens: () => [],
  isLoopbackBound: false,
});

/** Something of everything: tags, manifests, users, several registries, what is no longer used. */
async function fill(app: TestApp): Promise<void> {
  await recordEvents(app.store, [
    { tag: "1.0", action: "push", actor: "alice", timestamp: "2026-10-01T08:00:00Z" },
    { tag: "1.0", timestamp: "2026-11-19T08:00:00Z" },
    { tag: "2.0", digest: "two", action: "push", timestamp: "2026-01-01T00:00:00Z" },
    { tag: "3.0", digest: "two", action: "push", timestamp: "2026-02-01T00:00:00Z" },
    { tag: "1.0", method: "HEAD" },
    { repository: "twice", tag: "1", registry: "main" },
    { repository: "twice", tag: "1", registry: "other" },
    { repository: "team/old", tag: "1", action: "push", timestamp: "2025-01-01T00:00:00Z" },
  ]);
  await app.store.setStar({ registry: "default", repository: "team/app" }, {
    user: "alice",
    isStarred: true,
    at: Date.parse("2026-11-20T12:00:00Z"),
  });
}

/** Asks as a client does that knows the description only. */
async function ask(
  app: TestApp,
  placed: PlacedOperation,
  values: Readonly<Record<string, unknown>> = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  // A stream has no end; HEAD has its status and headers.
  const method = isEndless(placed) ? "HEAD" : placed.method.toUpperCase();
  return await app.ask(targetOf(document, placed, values), { method, headers });
}

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
    ["showDownloadsPointOfPackages", { name: "team/app,none" }, 200],
    ["showDownloadsRangeOfPackages", { name: "team/app,__proto__" }, 200],
    ["showDownloadsRangeOfPackages", { name: "none" }, 404],
    ["showDownloadsPoint", { period: "never" }, 400],
    ["showBadgeData", { name: "none" }, 200],
    ["showBadgeData", { name: "twice" }, 200],
    ["showBadgeData", { color: "ff8800", metric: "lastPush" }, 200],
    ["showBadge", { period: "7d", metric: "stars" }, 400],
    ["showOpenApi", { x: 1 }, 400],
  ];
  for (const [id, values, status] of cases) {
    await t.step(`${id} with ${JSON.stringify(values)}: ${status}`, async () => {
      // A comma separates names only as it is.
      const target = targetOf(document, operationOf(id), values).replaceAll("%2C", ",");
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
      const again = await ask(app, placed, {}, { "if-none-match": etag });
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
      const wrong = await ask(app, placed, {}, { authorization: "Bearer i" });
      assert.equal(wrong.status, roles.length === 0 ? 200 : 403);
      if (isEndless(placed)) return;
      checker.check(placed, without);
      checker.check(placed, wrong);
      for (const role of roles) {
        const token = role.slice(0, 1);
        const basic = `Basic ${btoa(`anybody:${token}`)}`;
        for (const authorization of [`Bearer ${token}`, basic]) {
          assert.equal((await ask(app, placed, {}, { authorization })).status, 200);
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

Deno.test("queries have the parameters that are described, and no others", async (t) => {
  await using app = await openTestApp();
  await fill(app);
  for (const placed of strict) {
    await t.step(placed.operation.operationId, async () => {
      const target = targetOf(document, placed, { "no such": "1" });
      const { status, text } = await app.ask(target, { method: placed.method.toUpperCase() });
      assert.equal(status, 400);
      // The answer names those that there are.
      const names = /use ([\w, ]+)["\\]/.exec(text)?.[1]?.split(", ") ?? [];
      assert.deepEqual(names.toSorted(), queryOf(placed).map(({ name }) => name).toSorted());
    });
  }
});

Deno.test("parameters can be what is described, and nothing else", async (t) => {
  await using app = await openTestApp();
  await fill(app);
  for (const placed of strict) {
    for (const parameter of queryOf(placed)) {
      const { name, schema, example } = parameter;
      await t.step(`${placed.operation.operationId}: ${name}`, async () => {
        for (const value of [example, ...possible(schema)].filter((one) => one !== undefined)) {
          const answer = await ask(app, placed, withContext(placed, name, value));
          assert.equal(answer.status, 200, `${value}: ${answer.text}`);
        }
        for (const value of impossible(schema)) {
          const answer = await ask(app, placed, withContext(placed, name, value));
          assert.equal(answer.status, 400, `${value}: ${answer.text}`);
          if (!isEndless(placed)) checker.check(placed, answer);
        }
        if (schema.default === undefined) return;
        const told = await ask(app, placed, withContext(placed, name, schema.default));
        assert.equal(told.text, (await ask(app, placed, withContext(placed))).text);
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

Deno.test("an empty parameter is as good as none", async (t) => {
  await using app = await openTestApp();
  await fill(app);
  for (const placed of strict) {
    const empty = Object.fromEntries(queryOf(placed).map(({ name }) => [name, ""]));
    await t.step(placed.operation.operationId, async () => {
      const [none, some] = [await ask(app, placed), await ask(app, placed, empty)];
      assert.deepEqual([some.status, some.text], [none.status, none.text]);
    });
  }
  for (const placed of operations) {
    const query = parametersOf(document, placed.operation).filter((one) => one.in === "query");
    assert.ok(query.every(({ allowEmptyValue }) => allowEmptyValue === true));
  }
});

Deno.test("describeApi() names the event route as it is configured", () => {
  const paths = (route: string) =>
    Object.keys(describeApi({ route }).paths).filter((path) => path.includes("hook"));
  assert.deepEqual(paths("/my/hook/"), ["/my/hook", "/my/hook/{registry}"]);
});

/** Parameters of the query, with the signature, which is a way to say who asks. */
function queryOf({ operation }: PlacedOperation): Parameter[] {
  const query = parametersOf(document, operation).filter((one) => one.in === "query");
  const isSigned = operation.security.some((scheme) => "signature" in scheme);
  const schema: Schema = { type: "string" };
  return isSigned ? [...query, { name: "sig", in: "query", description: "", schema }] : query;
}

/** Some values have meaning beside others only, as their descriptions say. */
function withContext(
  { operation: { operationId: id } }: PlacedOperation,
  name = "",
  value: unknown = "",
): Record<string, unknown> {
  const values = name === "" ? {} : { [name]: value };
  if (id === "listUnused" && (name === "host" || value === "crane" || value === "skopeo")) {
    return { format: "crane", host: "r.example", registry: "main", ...values };
  }
  if (id === "showSeries" || id === "showTotalSeries") {
    return {
      ...(name === "from" ? { to: "2026-11-24" } : {}),
      ...(name === "to" ? { from: "2026-11-01" } : {}),
      ...values,
    };
  }
  return values;
}

function possible(schema: Schema): unknown[] {
  const { minimum, maximum, maxLength, pattern, examples = [] } = schema;
  const longest = maxLength === undefined || pattern !== undefined ? [] : ["😀".repeat(maxLength)];
  return [...enumOf(schema), minimum, maximum, ...examples, ...longest];
}

function impossible(schema: Schema): unknown[] {
  const { type, minimum, maximum, maxLength, pattern, format } = schema;
  return [
    ...(enumOf(schema).length === 0 ? [] : ["nonsense", "Pulls", "__proto__"]),
    ...(minimum === undefined ? [] : [minimum - 1]),
    ...(maximum === undefined ? [] : [maximum + 1]),
    ...(type === "integer" ? ["x", "1.5", "-1", "1e3"] : []),
    ...(maxLength === undefined ? [] : ["x".repeat(maxLength + 1)]),
    ...(pattern === undefined
      ? []
      : ["!", "\0", "A B"].filter((text) => !new RegExp(pattern, "u").test(text))),
    ...(format === "date" ? ["2026-02-30", "today"] : []),
  ];
}

function enumOf(schema: Schema): readonly unknown[] {
  return schema.enum ?? schema.anyOf?.flatMap((one) => one.enum ?? []) ?? [];
}
