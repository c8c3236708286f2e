import assert from "node:assert/strict";

import { createAuthorizer } from "../../lib/http/auth.ts";
import { type Answer, openTestApp, type TestApp } from "../support/app.ts";
import { recordEvents } from "../support/store.ts";

const LIST = "/api/v1/repositories";
const STAR = "/api/v1/repositories/team/app/-/stars/alice";
const APP = "https://app.example";
const EVIL = "https://evil.example";

const closed = createAuthorizer({
  roles: { ingest: [{ token: "i" }], read: [{ token: "r" }], admin: [{ token: "a" }] },
  madeTokens: () => [],
  isLoopbackBound: false,
});

function preflight(app: TestApp, path: string, origin: string, method = "GET"): Promise<Answer> {
  const headers = {
    origin,
    "access-control-request-method": method,
    "access-control-request-headers": "authorization",
  };
  return app.ask(path, { method: "OPTIONS", headers });
}

/** The headers that browsers look at. */
function sharing({ headers }: Answer): Record<string, string> {
  const found = [...headers].filter(([name]) => name.startsWith("access-control-"));
  return Object.fromEntries(found.map(([name, value]) => [name.slice(15), value]));
}

const EXPOSED = { "expose-headers": "ETag, Retry-After, X-Request-Id" };
const PREFLIGHT = {
  "allow-headers": "Authorization, Content-Type, If-None-Match, Last-Event-ID, X-Request-Id",
  "max-age": "600",
};

Deno.test("shareWith() is off by default", async () => {
  await using app = await openTestApp();
  const asked = await app.ask(LIST, { headers: { origin: APP } });
  assert.equal(asked.status, 200);
  assert.deepEqual(sharing(asked), {});
  assert.equal(asked.headers.get("vary"), "Accept-Encoding");
  const refused = await preflight(app, LIST, APP);
  assert.equal(refused.status, 405);
  assert.deepEqual(sharing(refused), {});
});

Deno.test("shareWith() lets pages of a listed origin read every answer", async (t) => {
  await using app = await openTestApp({ origins: [APP, "https://b.example"], authorize: closed });
  const token = { authorization: "Bearer r" };
  const cases: [path: string, headers: Record<string, string>, status: number][] = [
    [LIST, token, 200],
    [LIST, {}, 401],
    [`${LIST}?x`, token, 400],
    [`${LIST}/none`, token, 404],
    ["/api/v1/none", token, 404],
    ["/badge/none.svg", {}, 401],
  ];
  for (const [path, headers, status] of cases) {
    await t.step(`${status} ${path}`, async () => {
      const answer = await app.ask(path, { headers: { ...headers, origin: APP } });
      assert.equal(answer.status, status);
      const shared = { "allow-origin": APP, "allow-credentials": "true", ...EXPOSED };
      assert.deepEqual(sharing(answer), shared);
      assert.match(answer.headers.get("vary") ?? "", /(^|, )Origin$/);
      const foreign = await app.ask(path, { headers: { ...headers, origin: EVIL } });
      assert.equal(foreign.status, status);
      assert.deepEqual(sharing(foreign), {});
      assert.match(foreign.headers.get("vary") ?? "", /(^|, )Origin$/);
      const own = await app.ask(path, { headers });
      assert.deepEqual(sharing(own), {});
      assert.match(own.headers.get("vary") ?? "", /(^|, )Origin$/);
    });
  }
});

Deno.test("shareWith() shares neither metrics nor probes", async () => {
  await using app = await openTestApp({ origins: [APP, "*"] });
  for (const path of ["/metrics", "/-/ready", "/api/v2", "/badgex"]) {
    const answer = await app.ask(path, { headers: { origin: APP } });
    assert.deepEqual(sharing(answer), {}, path);
    assert.equal((await preflight(app, path, APP)).status, answer.status === 404 ? 404 : 405, path);
  }
});

Deno.test("shareWith() answers a preflight without a token", async (t) => {
  await using app = await openTestApp({ origins: [APP], authorize: closed });
  for (const path of [LIST, STAR, "/badge/team/app.svg"]) {
    await t.step(path, async () => {
      const answer = await preflight(app, path, APP, "PUT");
      assert.equal(answer.status, 204);
      assert.equal(answer.text, "");
      assert.equal(answer.headers.get("vary"), "Origin");
      assert.ok(answer.headers.has("x-request-id"));
      assert.deepEqual(sharing(answer), {
        "allow-origin": APP,
        "allow-credentials": "true",
        "allow-methods": "GET, HEAD, PUT, DELETE",
        ...PREFLIGHT,
      });
    });
  }
  await t.step("but none of another origin", async () => {
    for (const origin of [EVIL, "null", "*", `${APP}:444`, "http://app.example", ""]) {
      const answer = await preflight(app, LIST, origin);
      assert.equal(answer.status, 405, origin);
      assert.deepEqual(sharing(answer), {});
      assert.match(answer.headers.get("vary") ?? "", /(^|, )Origin$/);
    }
  });
  await t.step("and OPTIONS that is none is no method", async () => {
    const answer = await app.ask(LIST, { method: "OPTIONS", headers: { origin: APP } });
    assert.equal(answer.status, 405);
  });
});

Deno.test("shareWith() lets all pages read with `*`, without what browsers add", async () => {
  await using app = await openTestApp({ origins: ["*", APP] });
  const read = await app.ask(LIST, { headers: { origin: EVIL } });
  assert.deepEqual(sharing(read), { "allow-origin": "*", ...EXPOSED });
  const asked = await preflight(app, STAR, EVIL, "PUT");
  assert.deepEqual(sharing(asked), {
    "allow-origin": "*",
    "allow-methods": "GET, HEAD",
    ...PREFLIGHT,
  });
  const listed = sharing(await preflight(app, STAR, APP, "PUT"));
  assert.equal(listed["allow-origin"], APP);
  assert.equal(listed["allow-methods"], "GET, HEAD, PUT, DELETE");
});

Deno.test("shareWith() adds to what answers vary by", async () => {
  await using app = await openTestApp({ origins: [APP] });
  const events = Array.from({ length: 40 }, (_, index) => ({ repository: `team/app-${index}` }));
  await recordEvents(app.store, events);
  const headers = { origin: APP, "accept-encoding": "gzip" };
  const answer = await app.ask(LIST, { headers });
  assert.equal(answer.headers.get("content-encoding"), "gzip");
  assert.equal(answer.headers.get("vary"), "Accept-Encoding, Origin");
});

Deno.test("refuseForeignPages() refuses changes that a page of another site asks for", async (t) => {
  const cases: [site: string | undefined, origin: string | undefined, cors: string[], number][] = [
    [undefined, undefined, [], 200],
    ["same-origin", "https://drec.example", [], 200],
    ["none", undefined, [], 200],
    ["cross-site", EVIL, [], 403],
    ["cross-site", undefined, [], 403],
    ["same-site", "https://other.example", [], 403],
    ["same-site", "null", [], 403],
    ["cross-site", EVIL, [APP], 403],
    ["cross-site", EVIL, ["*"], 403],
    ["cross-site", "*", ["*"], 403],
    ["cross-site", APP, [APP], 200],
    ["same-site", APP, ["*", APP], 200],
    ["", EVIL, [], 403],
    ["unheard-of", EVIL, [], 403],
  ];
  // Whether all may, a token is needed, or a proxy names the user.
  const ways: [name: string, parts: Parameters<typeof openTestApp>[0], Record<string, string>][] = [
    ["open to all", {}, {}],
    ["with a token", { authorize: closed }, { authorization: "Bearer a" }],
    ["as a user", { authorize: closed, identify: () => "alice" }, {}],
  ];
  for (const [name, parts, sent] of ways) {
    for (const [site, origin, origins, status] of cases) {
      await t.step(`${name}: ${site} from ${origin}, ${origins} listed`, async () => {
        await using app = await openTestApp({ ...parts, origins });
        await recordEvents(app.store, [{}]);
        const headers = {
          ...sent,
          ...(site === undefined ? {} : { "sec-fetch-site": site }),
          ...(origin === undefined ? {} : { origin }),
        };
        for (const method of ["PUT", "DELETE"]) {
          const answer = await app.ask(STAR, { method, headers });
          assert.equal(answer.status, status, answer.text);
          const { code } = answer.json as { code?: string };
          assert.equal(code, status === 403 ? "forbidden" : undefined);
        }
        // Reading is for `server.cors` and the browser to decide.
        const read = { ...headers, authorization: "Bearer r" };
        assert.equal((await app.ask(LIST, { headers: read })).status, 200);
      });
    }
  }
});
