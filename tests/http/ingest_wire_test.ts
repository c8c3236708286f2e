/**
 * What of HTTP itself can go wrong on the event route: paths, methods, hosts, framing, hang-ups.
 *
 * @module
 */

import assert from "node:assert/strict";

import type { Store } from "../../lib/store/store.ts";
import { createCertificates } from "../support/tls.ts";
import { openSocket, rawRequest } from "../support/http.ts";
import { requestOf, slowStore, startIngest, textOf, wireEvent } from "../support/ingest.ts";
import { pause, until } from "../support/wait.ts";

Deno.test("POST counts for the registry that the path names, with a slash at its end or not", async (t) => {
  await using ingest = await startIngest();
  const cases: [path: string, registry: string][] = [
    ["/events", "default"],
    ["/events/", "default"],
    ["/events?from=here", "default"],
    ["/events/main", "main"],
    ["/events/main/", "main"],
    ["/events/main/?a=b", "main"],
    ["/events/0.a_b-c", "0.a_b-c"],
    [`/events/${"a".repeat(64)}`, "a".repeat(64)],
    // As a proxy is asked.
    ["http://drec.example/events/main", "main"],
  ];
  for (const [path, registry] of cases) {
    await t.step(path, async () => {
      const repository = `at/${crypto.randomUUID()}`;
      const answer = await ingest.post([wireEvent({ repository })], { path });
      assert.equal(answer.status, 200);
      await ingest.settled();
      const found = await ingest.store.findRepositories(repository);
      assert.deepEqual(found.map(({ registry }) => registry), [registry]);
    });
  }
});

Deno.test("POST to any other path is 404, never a redirect, and counts nothing", async (t) => {
  await using ingest = await startIngest();
  const paths = [
    "/",
    "//events",
    "/events//",
    "/eventsmain",
    "/Events",
    "/events/Main",
    "/events/.hidden",
    "/events/-main",
    "/events/ma%69n",
    "/events/main/more",
    "/events//main",
    "/events/..",
    "/events/%2e%2e/metrics",
    `/events/${"a".repeat(65)}`,
    "/./events",
    "/event",
  ];
  for (const path of paths) {
    await t.step(path, async () => {
      const answer = await ingest.post([wireEvent()], { path });
      assert.equal(answer.status, 404);
      assert.equal(answer.headers.location, undefined);
    });
  }
  assert.equal((await ingest.accounting()).received, 0);
});

Deno.test("the event route refuses every other method with 405, before the token", async (t) => {
  await using ingest = await startIngest({ tokens: [{ token: "secret" }] });
  for (const method of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "FROB"]) {
    for (const path of ["/events", "/events/", "/events/main", "/events/main/"]) {
      await t.step(`${method} ${path}`, async () => {
        const answer = await ingest.ask({ method, path, headers: ["Connection: close"] });
        assert.equal(answer.status, 405);
        assert.equal(answer.headers.allow, "POST");
      });
    }
  }
});

Deno.test("POST is heard whatever the Host header says", async (t) => {
  await using ingest = await startIngest();
  const hosts = [
    null,
    "",
    "[",
    "[::1",
    "a b",
    "h:99999",
    "h:",
    "@",
    "a?b",
    "a#b",
    "a\\b",
    "\u00ff",
    "a/b",
    "/",
    "drec/events",
    "a/b/c?d#e",
    "\u00e9/x",
  ];
  for (const host of hosts) {
    await t.step(host ?? "none", async () => {
      const answer = await ingest.post([wireEvent()], { host });
      assert.equal(answer.status, 200);
    });
  }
  assert.equal((await ingest.accounting()).counted, hosts.length);
  await t.step("nor is anything else heard by it", async () => {
    const other = await ingest.post([wireEvent()], { path: "/main", host: "drec/events" });
    assert.equal(other.status, 404);
    const asked = { method: "GET", host: "a/b?c=d#e" };
    for (const path of ["/-/healthy", "/api/v1/repositories/team/app", "/api/v1/series?metric=x"]) {
      const { status } = await ingest.ask({ ...asked, path });
      assert.equal(status, path.endsWith("x") ? 400 : 200, path);
    }
  });
  assert.deepEqual(ingest.failures, []);
});

Deno.test("POST is heard over HTTP/1.0", async () => {
  await using ingest = await startIngest();
  const answer = await ingest.post([wireEvent()], { version: "1.0", host: null });
  assert.equal(answer.status, 200);
});

Deno.test("POST is heard in chunks, down to single bytes", async () => {
  await using ingest = await startIngest();
  const body = textOf([wireEvent()]);
  const chunks = Array.from(body, (byte) => `1\r\n${byte}\r\n`).join("");
  const headers = ["Transfer-Encoding: chunked"];
  assert.equal((await ingest.post(`${chunks}0\r\n\r\n`, { headers })).status, 200);
  assert.equal((await ingest.accounting()).counted, 1);
});

Deno.test("a connection that is kept open carries one notification after the other", async () => {
  await using ingest = await startIngest();
  using socket = await ingest.connect();
  for (let count = 1; count <= 5; count++) {
    await socket.send(requestOf({ body: textOf([wireEvent()]) }));
    assert.equal((await socket.answer()).status, 200);
  }
  assert.equal((await ingest.accounting()).counted, 5);
});

Deno.test("a body that does not arrive whole is no notification", async (t) => {
  await using ingest = await startIngest();
  const body = textOf([wireEvent()]);
  const half = body.slice(0, body.length / 2);
  const first = `${half.length.toString(16)}\r\n${half}\r\n`;
  const cases: [name: string, headers: string[], sent: string][] = [
    ["nothing of it", [`Content-Length: ${body.length}`], ""],
    ["the half of it", [`Content-Length: ${body.length}`], half],
    // What is there is an envelope; more was announced.
    ["an envelope and less than announced", [`Content-Length: ${body.length + 1}`], body],
    ["chunks without the last", ["Transfer-Encoding: chunked"], first],
    ["half a chunk", ["Transfer-Encoding: chunked"], first.slice(0, -10)],
  ];
  for (const [name, headers, sent] of cases) {
    await t.step(name, async () => {
      using socket = await ingest.connect();
      await socket.send(requestOf({ headers, body: sent }));
      await pause(20);
      socket.close();
      await pause(20);
      assert.equal((await ingest.accounting()).received, 0);
    });
  }
  await t.step("a chunk of impossible length", async () => {
    const headers = ["Transfer-Encoding: chunked"];
    const answer = await ingest.post(`${first}zz\r\n`, { headers });
    assert.ok(answer.status === 0 || answer.status >= 400, `${answer.status}`);
    assert.equal((await ingest.accounting()).received, 0);
  });
  await t.step("and its repetition is counted once", async () => {
    assert.equal((await ingest.post(body)).status, 200);
    assert.equal((await ingest.accounting()).counted, 1);
  });
});

Deno.test("a sender that gives up while its event is committed is counted once", async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const wrap = (store: Store): Store =>
    slowStore(store, async () => {
      await gate;
    });
  await using ingest = await startIngest({ wrap });
  const body = textOf([wireEvent()]);
  {
    using socket = await ingest.connect();
    await socket.send(requestOf({ body }));
    await pause(50);
  }
  open();
  await until(async () => (await ingest.accounting()).counted === 1, "the event");
  assert.equal((await ingest.post(body)).status, 200);
  const { counted, duplicate } = await ingest.accounting();
  assert.deepEqual({ counted, duplicate }, { counted: 1, duplicate: 1 });
});

Deno.test("POST is heard over TLS, the broken ones refused", async (t) => {
  await using certificates = await createCertificates();
  const { caCert, cert, key } = certificates;
  await using ingest = await startIngest({ pair: { cert, key } });
  const body = textOf([wireEvent()]);
  const ask = (request: Uint8Array | string) => rawRequest(ingest.port, request, { caCert });
  await t.step("whole", async () => {
    const answer = await ask(requestOf({ path: "/events/main", body }));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["content-length"], "0");
  });
  await t.step("GET", async () => {
    assert.equal((await ask(requestOf({ method: "GET" }))).status, 405);
  });
  await t.step("cut off", async () => {
    using socket = await openSocket(ingest.port, { caCert });
    await socket.send(requestOf({ headers: [`Content-Length: ${body.length}`], body: "{" }));
    socket.close();
  });
  await t.step("plain HTTP on the port of HTTPS", async () => {
    const answer = await rawRequest(ingest.port, requestOf({ body }));
    assert.ok(answer.status === 0 || answer.status === 400, `${answer.status}`);
  });
  await ingest.settled();
  const { received, counted } = await ingest.store.accounting();
  assert.deepEqual({ received, counted }, { received: 1, counted: 1 });
});
