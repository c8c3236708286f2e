import assert from "node:assert/strict";

import { AppError } from "../../lib/errors.ts";
import { createAuthorizer } from "../../lib/http/auth.ts";
import type { FetchHandler } from "../../lib/http/request.ts";
import type { Store } from "../../lib/store/store.ts";
import { openTestApp } from "../support/app.ts";
import { rawRequest } from "../support/http.ts";
import { recordEvents } from "../support/store.ts";

const REPOSITORY = "/api/v1/repositories/team/app";
/** All routes, as asked for a repository that exists. */
const GUARDED = [
  "/metrics",
  "/api/v1/accounting",
  "/api/v1/repositories",
  REPOSITORY,
  `${REPOSITORY}/-/tags`,
  `${REPOSITORY}/-/tags/latest`,
  `${REPOSITORY}/-/stars`,
  `${REPOSITORY}/-/manifests`,
  `${REPOSITORY}/-/actors`,
  `${REPOSITORY}/-/clients`,
  `${REPOSITORY}/-/consumers`,
  `${REPOSITORY}/-/events`,
  `${REPOSITORY}/-/series`,
  "/api/v1/unused",
  "/badge/team/app.svg",
];
const OPEN = ["/-/healthy", "/-/ready"];

const closed = createAuthorizer({
  roles: { ingest: [{ token: "i" }], read: [{ token: "r" }], admin: [{ token: "a" }] },
  madeTokens: () => [],
  isLoopbackBound: false,
});

/** A store none of whose calls succeeds. */
function brokenStore(error: unknown): Store {
  return new Proxy({} as Store, { get: () => () => Promise.reject(error) });
}

Deno.test("createApp() guards all routes but the probes with the role read", async (t) => {
  await using app = await openTestApp({ authorize: closed });
  await recordEvents(app.store, [{ tag: "latest" }]);
  const cases: [token: string | undefined, status: number, code: string | undefined][] = [
    [undefined, 401, "unauthorized"],
    ["unknown", 401, "unauthorized"],
    ["i", 403, "forbidden"],
    ["r", 200, undefined],
    ["a", 200, undefined],
  ];
  for (const path of GUARDED) {
    for (const [token, status, code] of cases) {
      await t.step(`${path} with ${token}`, async () => {
        const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
        const answer = await app.ask(path, { headers });
        assert.equal(answer.status, status, answer.text);
        assert.equal((answer.json as { code?: string } | undefined)?.code, code);
        const challenge = status === 401 ? 'Bearer realm="drec"' : null;
        assert.equal(answer.headers.get("www-authenticate"), challenge);
      });
    }
  }
  for (const path of OPEN) {
    await t.step(path, async () => assert.equal((await app.ask(path)).status, 200));
  }
});

Deno.test("createApp() answers HEAD like GET, without the body", async (t) => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{ tag: "latest" }]);
  for (const path of [...OPEN, ...GUARDED]) {
    await t.step(path, async () => {
      const got = await app.ask(path);
      const head = await app.ask(path, { method: "HEAD" });
      assert.equal(head.status, 200);
      assert.equal(head.text, "");
      for (const name of ["content-type", "content-length", "cache-control"]) {
        assert.equal(head.headers.get(name), got.headers.get(name), name);
      }
    });
  }
  assert.equal((await app.ask("/api/v1/repositories/none", { method: "HEAD" })).status, 404);
});

Deno.test("createApp() refuses other methods with 405, before it asks for a token", async (t) => {
  await using app = await openTestApp({ authorize: closed });
  for (const path of [...OPEN, ...GUARDED]) {
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "FOO"]) {
      await t.step(`${method} ${path}`, async () => {
        const { status, headers, json } = await app.ask(path, { method });
        assert.equal(status, 405);
        assert.equal(headers.get("allow"), "GET, HEAD");
        const { requestId: _, ...problem } = json as Record<string, unknown>;
        assert.deepEqual(problem, {
          type: "about:blank",
          title: "Method Not Allowed",
          status: 405,
          detail: `${method} is not possible here: use GET, HEAD`,
          code: "method_not_allowed",
        });
      });
    }
  }
});

Deno.test("createApp() answers 404 where nothing is", async (t) => {
  await using app = await openTestApp();
  const paths = [
    "/",
    "/event",
    "/eventsx",
    "/api",
    "/api/v2/repositories",
    "/metrics/",
    "//metrics",
  ];
  for (const path of [...paths, "/api/v1/repositories/", "/%6detrics", "/-/", "/-/healthy/"]) {
    for (const method of ["GET", "POST"]) {
      await t.step(`${method} ${path}`, async () => {
        const { status, json } = await app.ask(path, { method });
        assert.equal(status, 404);
        assert.equal((json as { detail: string }).detail, "Nothing is at this path");
      });
    }
  }
});

Deno.test("createApp() hands the event route and all below to ingest as it is", async (t) => {
  const cases: [route: string, path: string, isIngest: boolean][] = [
    ["/events", "/events", true],
    ["/events", "/events/", true],
    ["/events", "/events?x", true],
    ["/events", "/events/main", true],
    ["/events", "/events/main/", true],
    ["/events", "/events/../metrics", true],
    ["/events", "/eventsmain", false],
    ["/events", "/Events", false],
    ["/events/", "/events", true],
    ["/hooks/drec", "/hooks/drec/main", true],
    ["/hooks/drec", "/hooks", false],
  ];
  for (const [route, path, isIngest] of cases) {
    await t.step(`${route}: ${path}`, async () => {
      await using app = await openTestApp({ route });
      const { status, headers } = await app.ask(path, { method: "POST" });
      assert.equal(status, isIngest ? 299 : 404);
      assert.equal(headers.has("x-request-id"), !isIngest);
    });
  }
});

Deno.test("createApp() sends headers against misuse with every answer", async (t) => {
  await using app = await openTestApp();
  for (const path of [...OPEN, "/metrics", "/api/v1/repositories", "/none", `${REPOSITORY}x`]) {
    await t.step(path, async () => {
      const { headers } = await app.ask(path);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("x-frame-options"), "DENY");
      assert.equal(headers.get("referrer-policy"), "no-referrer");
      const policy = headers.get("content-security-policy");
      assert.equal(policy, "default-src 'none'; frame-ancestors 'none'");
      assert.equal(headers.get("strict-transport-security"), null);
      const isKept = path === "/api/v1/repositories";
      assert.equal(headers.get("cache-control"), isKept ? "private, no-cache" : "no-store");
    });
  }
});

Deno.test("createApp() names each request, in the answer and in problems", async () => {
  await using app = await openTestApp();
  const found = await app.ask("/api/v1/repositories");
  assert.match(found.headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
  const headers = { "X-Request-Id": "mine-1" };
  const missing = await app.ask("/none", { headers });
  assert.equal(missing.headers.get("x-request-id"), "mine-1");
  assert.equal((missing.json as { requestId: string }).requestId, "mine-1");
  const hostile = await app.ask("/none", { headers: { "X-Request-Id": "<script>" } });
  assert.match(hostile.headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
});

Deno.test("createApp() says what to do to whom calls it by a name that it does not know", async () => {
  const authorize = createAuthorizer({
    roles: { ingest: undefined, read: undefined, admin: undefined },
    madeTokens: (role) => [`made-${role}`],
    isLoopbackBound: true,
    hosts: ["drec.example"],
  });
  await using app = await openTestApp({ authorize });
  const of = (path: string, host: string) => app.ask(path, { headers: { host } }, "127.0.0.1");
  for (const path of ["/api/v1/repositories", "/metrics", "/badge/none.svg"]) {
    assert.equal((await of(path, "drec.example:8443")).status, 200);
    const { status, json } = await of(path, "evil.example:8443");
    assert.equal(status, 401);
    assert.equal(
      (json as { detail: string }).detail,
      'The token is missing, and "evil.example:8443" is not known as a name of this DREC: send ' +
        '"Authorization: Bearer TOKEN" (`drec token` shows it to the operator), or set ' +
        "`server.external_url` or `server.ssl.names`",
    );
  }
  for (const path of ["/-/healthy", "/-/ready"]) {
    assert.equal((await of(path, "evil.example")).status, 200);
  }
});

Deno.test("createApp() shows nothing of inner errors, but logs them", async (t) => {
  const cases: [error: unknown, status: number, level: string, message: string, detail: string][] =
    [
      [new TypeError("secret"), 500, "error", "request failed", "Internal error"],
      [
        new AppError("unavailable", "Cannot reach secret"),
        503,
        "warning",
        "the store did not answer a request",
        "The store does not answer: try again later",
      ],
    ];
  for (const [error, status, level, message, detail] of cases) {
    await t.step(String(error), async () => {
      await using app = await openTestApp({ store: brokenStore(error) });
      const path = "/api/v1/repositories/team/app";
      const answer = await app.ask(`${path}?registry=main`, {
        headers: { authorization: "Bearer secret" },
      });
      assert.equal(answer.status, status);
      assert.equal((answer.json as { detail: string }).detail, detail);
      assert.doesNotMatch(answer.text, /secret/);
      assert.equal(answer.headers.get("retry-after"), status === 503 ? "5" : null);
      const [logged, ...others] = app.logged;
      assert.equal(others.length, 0);
      assert.deepEqual([logged?.level, logged?.message], [level, message]);
      assert.deepEqual(logged?.fields, {
        "request_id": answer.headers.get("x-request-id"),
        method: "GET",
        path: "/api/v1/repositories/team%2Fapp",
        error,
      });
    });
  }
});

Deno.test("createApp() compresses large answers for those who take it", async () => {
  await using app = await openTestApp();
  const events = Array.from({ length: 40 }, (_, index) => ({ repository: `team/app-${index}` }));
  await recordEvents(app.store, events);
  const plain = await app.ask("/api/v1/repositories");
  assert.equal(plain.headers.get("content-encoding"), null);
  assert.equal(plain.headers.get("vary"), "Accept-Encoding");
  assert.equal(Number(plain.headers.get("content-length")), plain.text.length);

  const headers = { "accept-encoding": "gzip" };
  const small = await app.ask("/api/v1/repositories?limit=1", { headers });
  assert.equal(small.headers.get("content-encoding"), null);

  const packed = await app.ask("/api/v1/repositories", { headers });
  assert.equal(packed.headers.get("content-encoding"), "gzip");
  assert.equal(packed.headers.get("content-length"), null);
  assert.equal(packed.text, plain.text);
});

Deno.test("createApp() counts answers by route", async () => {
  await using app = await openTestApp();
  await app.ask("/api/v1/repositories/a");
  await app.ask("/api/v1/repositories/b/c");
  await app.ask("/api/v1/repositories", { method: "POST" });
  await app.ask("/none");
  const { text } = await app.ask("/metrics");
  for (
    const line of [
      'drec_http_requests_total{route="/api/v1/repositories/:name",status="404"} 2\n',
      'drec_http_requests_total{route="/*",status="405"} 1\n',
      'drec_http_requests_total{route="/*",status="404"} 1\n',
    ]
  ) assert.ok(text.includes(line), text);
});

Deno.test("createApp() serves what only a bare socket can ask for", async (t) => {
  await using app = await openTestApp();
  const names = ["..", "a/../b", "a/./b", "a//b", "/", "%zz", "a\\b", "[x]|{y}"];
  await recordEvents(app.store, names.map((repository) => ({ repository })));
  await using server = serve(app.handle);
  const cases: [name: string, target: string, host?: string][] = [
    ["..", "/api/v1/repositories/.."],
    ["..", "/api/v1/repositories/%2e%2e"],
    ["a/../b", "/api/v1/repositories/a/../b"],
    ["a/../b", "/api/v1/repositories/a%2F..%2Fb"],
    ["a/./b", "/api/v1/repositories/a/./b"],
    ["a//b", "/api/v1/repositories/a//b"],
    ["/", "/api/v1/repositories//"],
    ["%zz", "/api/v1/repositories/%25zz"],
    ["a\\b", "/api/v1/repositories/a\\b"],
    ["[x]|{y}", "/api/v1/repositories/[x]|{y}"],
    ["a/../b", "/api/v1/repositories/a/../b", "bad host!"],
    ["a/../b", "/api/v1/repositories/a/../b", "["],
    ["a/../b", "http://other/api/v1/repositories/a/../b"],
  ];
  for (const [name, target, host = "drec"] of cases) {
    await t.step(`${target} of ${host}`, async () => {
      const head = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      const { status, body } = await rawRequest(server.port, head);
      assert.equal(status, 200, body);
      assert.equal(JSON.parse(body).repository, name);
    });
  }
});

/** Serves on a free port; leaving its scope ends it. */
function serve(handle: FetchHandler): AsyncDisposable & { port: number } {
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = Deno.serve(options, (request, { remoteAddr }) => {
    assert.ok("hostname" in remoteAddr);
    return handle(request, { remoteAddress: remoteAddr.hostname });
  });
  return {
    port: (server.addr as Deno.NetAddr).port,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
