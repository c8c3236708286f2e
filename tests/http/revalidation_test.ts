import assert from "node:assert/strict";

import { createAuthorizer } from "../../lib/http/auth.ts";
import { isCurrent } from "../../lib/http/revalidation.ts";
import { type Answer, openTestApp, type TestApp } from "../support/app.ts";
import { recordEvents } from "../support/store.ts";

const ONE = "/api/v1/repositories/team/app";
const LIST = "/api/v1/repositories";
/** One of each kind: a thing, lists, texts, what is computed beside the requests. */
const KEPT = [
  ONE,
  LIST,
  `${ONE}/-/tags`,
  `${ONE}/-/tags/1.0`,
  `${ONE}/-/stars`,
  `${ONE}/-/series`,
  "/api/v1/accounting",
  "/api/v1/downloads/point/last-week/team/app",
  "/api/v1/rankings",
  "/api/v1/summary",
  "/api/v1/unused?days=30",
  "/api/v1/unused?days=30&kind=tags&format=crane&host=registry.example",
];
const CACHING = "private, no-cache";

const ask = (app: TestApp, target: string, headers: Record<string, string> = {}, method = "GET") =>
  app.ask(target, { method, headers });

const tagOf = ({ headers }: Answer): string => headers.get("etag") ?? assert.fail("no ETag");

/** What a 304 must have of the headers of the 200 (RFC 9110 §15.4.5), and how it is kept. */
const keepingOf = ({ headers }: Answer) =>
  ["cache-control", "etag", "vary"].map((name) => headers.get(name));

/** More than is sent uncompressed. */
async function fill(app: TestApp): Promise<void> {
  await recordEvents(app.store, [{ tag: "1.0" }, { repository: "a" }, { repository: "b" }]);
}

Deno.test("isCurrent() reads If-None-Match", () => {
  const cases: [sent: string | undefined, tag: string, want: boolean][] = [
    [undefined, '"a"', false],
    ["", '"a"', false],
    ['"a"', '"a"', true],
    ['"a"', 'W/"a"', true],
    ['W/"a"', '"a"', true],
    ['W/"a"', 'W/"a"', true],
    ['"b"', '"a"', false],
    ['"b", "a"', '"a"', true],
    ['"b","c" ,W/"a"', '"a"', true],
    ['"x,y", "a"', '"a"', true],
    ['"x,y"', '"x,y"', true],
    ["a", '"a"', false],
    ["*", '"a"', true],
    [" * ", '"a"', true],
    ['"*"', '"a"', false],
    ['"A"', '"a"', false],
  ];
  for (const [sent, tag, want] of cases) assert.equal(isCurrent(sent, tag), want, `${sent} ${tag}`);
});

Deno.test("the API answers 304 to whoever has the answer already", async (t) => {
  await using app = await openTestApp();
  await fill(app);
  for (const target of KEPT) {
    await t.step(target, async () => {
      const first = await ask(app, target);
      assert.equal(first.status, 200, first.text);
      assert.match(tagOf(first), /^W\/"[\w-]{22}"$/);
      assert.equal(first.headers.get("cache-control"), CACHING);
      assert.match(first.headers.get("vary") ?? "", /\baccept-encoding\b/i);
      const tag = tagOf(first);
      for (const sent of [tag, tag.slice(2), `"x", ${tag}`, "*"]) {
        const again = await ask(app, target, { "if-none-match": sent });
        assert.deepEqual([again.status, again.text], [304, ""], sent);
        assert.deepEqual(keepingOf(again), keepingOf(first));
        for (const name of ["content-type", "content-length", "content-encoding"]) {
          assert.equal(again.headers.get(name), null, name);
        }
        assert.match(again.headers.get("x-request-id") ?? "", /./);
        assert.equal(again.headers.get("x-content-type-options"), "nosniff");
      }
      const other = await ask(app, target, { "if-none-match": '"x", W/"y"' });
      assert.deepEqual([other.status, other.text], [200, first.text]);
    });
  }
});

Deno.test("an answer has another ETag after an event, and another query another answer", async () => {
  await using app = await openTestApp();
  await fill(app);
  const [one, list] = [await ask(app, ONE), await ask(app, LIST)];
  assert.notEqual(tagOf(one), tagOf(list));
  await recordEvents(app.store, [{ tag: "1.0" }]);
  for (const [target, before] of [[ONE, one], [LIST, list]] as const) {
    const after = await ask(app, target, { "if-none-match": tagOf(before) });
    assert.equal(after.status, 200);
    assert.notEqual(tagOf(after), tagOf(before));
    assert.notEqual(after.text, before.text);
  }
  const page = await ask(app, `${LIST}?limit=1`, { "if-none-match": tagOf(await ask(app, LIST)) });
  assert.equal(page.status, 200);
});

Deno.test("an answer has one ETag, compressed or not, and HEAD the same", async (t) => {
  await using app = await openTestApp();
  await fill(app);
  for (const target of [LIST, `${LIST}?limit=1`]) {
    await t.step(target, async () => {
      const plain = await ask(app, target);
      const packed = await ask(app, target, { "accept-encoding": "gzip" });
      const isLong = target === LIST;
      assert.equal(plain.headers.get("content-encoding"), null);
      assert.equal(packed.headers.get("content-encoding"), isLong ? "gzip" : null);
      assert.deepEqual(keepingOf(packed), keepingOf(plain));
      assert.equal(packed.text, plain.text);
      const head = await ask(app, target, { "accept-encoding": "gzip" }, "HEAD");
      assert.deepEqual([head.status, head.text], [200, ""]);
      assert.deepEqual(keepingOf(head), keepingOf(plain));
      for (const method of ["GET", "HEAD"]) {
        const sent = { "if-none-match": tagOf(packed), "accept-encoding": "gzip" };
        const again = await ask(app, target, sent, method);
        assert.deepEqual([again.status, again.text], [304, ""]);
        assert.deepEqual(keepingOf(again), keepingOf(plain));
      }
    });
  }
});

Deno.test("errors, changes, the stream, metrics and probes are not to be kept", async (t) => {
  await using app = await openTestApp();
  await fill(app);
  const star = `${ONE}/-/stars/jane`;
  const cases: [method: string, target: string, status: number][] = [
    ["GET", "/api/v1/repositories/none", 404],
    ["GET", `${LIST}?limt=1`, 400],
    ["POST", LIST, 405],
    ["GET", "/api/v1/downloads/point/last-week/none", 404],
    ["GET", "/api/v1/nothing", 404],
    ["PUT", star, 200],
    ["DELETE", star, 200],
    ["HEAD", "/api/v1/stream", 200],
    ["GET", "/metrics", 200],
    ["GET", "/-/healthy", 200],
    ["GET", "/-/ready", 200],
  ];
  for (const [method, target, status] of cases) {
    await t.step(`${method} ${target}`, async () => {
      const answer = await ask(app, target, { "if-none-match": "*" }, method);
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.headers.get("cache-control") ?? "", /^no-store(?:, no-transform)?$/);
      assert.equal(answer.headers.get("etag"), null);
    });
  }
});

Deno.test("an ETag opens nothing: a token is asked for first", async () => {
  const authorize = createAuthorizer({
    roles: { ingest: [{ token: "i" }], read: [{ token: "r" }], admin: [{ token: "a" }] },
    madeTokens: () => [],
    isLoopbackBound: false,
  });
  await using app = await openTestApp({ authorize });
  await fill(app);
  const tag = tagOf(await ask(app, ONE, { authorization: "Bearer r" }));
  for (const sent of [tag, "*"]) {
    const without = await ask(app, ONE, { "if-none-match": sent });
    assert.equal(without.status, 401);
    const wrong = await ask(app, ONE, { "if-none-match": sent, authorization: "Bearer i" });
    assert.equal(wrong.status, 403);
    const right = await ask(app, ONE, { "if-none-match": sent, authorization: "Bearer a" });
    assert.equal(right.status, 304);
  }
});

Deno.test("pages of listed origins can read ETags and send them", async () => {
  const origin = "https://board.example";
  await using app = await openTestApp({ origins: [origin] });
  await fill(app);
  const first = await ask(app, ONE, { origin });
  const again = await ask(app, ONE, { origin, "if-none-match": tagOf(first) });
  assert.equal(again.status, 304);
  for (const { headers } of [first, again]) {
    assert.equal(headers.get("access-control-allow-origin"), origin);
    assert.match(headers.get("access-control-expose-headers") ?? "", /\bETag\b/);
    assert.deepEqual(headers.get("vary")?.split(", ").sort(), ["Accept-Encoding", "Origin"]);
  }
  const preflight = await ask(app, ONE, {
    origin,
    "access-control-request-method": "GET",
    "access-control-request-headers": "if-none-match",
  }, "OPTIONS");
  assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /\bIf-None-Match\b/);
});
