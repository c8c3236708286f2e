import assert from "node:assert/strict";

import { AppError } from "../../lib/errors.ts";
import type { FetchHandler } from "../../lib/http/request.ts";
import { type KeyPair, type Server, startServer } from "../../lib/http/server.ts";
import { openSocket, rawRequest } from "../support/http.ts";
import { createCertificates } from "../support/tls.ts";
import { pause, until } from "../support/wait.ts";

const GET = "GET / HTTP/1.1\r\nHost: drec\r\n\r\n";
const HELLO: FetchHandler = (_request, info) => new Response(`hello ${info.remoteAddress}`);

function pairOf({ cert, key }: KeyPair): KeyPair {
  return { cert, key };
}

function serve(handler: FetchHandler = HELLO, pair?: KeyPair): Server {
  const options = { address: "127.0.0.1", port: 0, handler };
  return startServer(pair === undefined ? options : { ...options, pair });
}

function portOf({ url }: Server): number {
  return Number(new URL(url).port);
}

Deno.test("startServer() names the address it has bound, and hands over the client's", async () => {
  const server = serve();
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  assert.equal((await rawRequest(portOf(server), GET)).body, "hello 127.0.0.1");
  await server.stop(1000);
});

Deno.test("startServer() says what to do where it cannot listen", async (t) => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const cases: [name: string, address: string, port: number, hint: RegExp | undefined][] = [
    ["a port in use", "127.0.0.1", taken.addr.port, /another `server\.port`/],
    ["an address of another machine", "192.0.2.1", 0, /`server\.address` of this machine/],
    ["no address", "not an address", 0, undefined],
  ];
  for (const [name, address, port, hint] of cases) {
    await t.step(name, () => {
      assert.throws(() => startServer({ address, port, handler: HELLO }), (error) => {
        assert.ok(error instanceof AppError);
        assert.equal(error.code, "unavailable");
        assert.ok(error.message.includes(`Cannot listen on ${address}:${port}`), error.message);
        assert.ok(hint === undefined || hint.test(error.hint ?? ""), error.hint);
        return true;
      });
    });
  }
});

Deno.test("startServer() speaks TLS, and nothing else, with a certificate", async () => {
  await using certificates = await createCertificates();
  const { caCert } = certificates;
  const server = serve(HELLO, pairOf(certificates));
  assert.match(server.url, /^https:/);
  assert.equal((await rawRequest(portOf(server), GET, { caCert })).body, "hello 127.0.0.1");
  const plain = await rawRequest(portOf(server), GET);
  assert.ok(plain.status === 0 || plain.status === 400);
  await server.stop(1000);
});

Deno.test("reload() serves the new certificate; requests in progress end with the old one", async () => {
  await using before = await createCertificates();
  await using after = await createCertificates();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  let requests = 0;
  const handler: FetchHandler = async () => {
    if (++requests === 1) await gate;
    return new Response("done");
  };
  const server = serve(handler, pairOf(before));
  const port = portOf(server);
  const slow = rawRequest(port, GET, { caCert: before.caCert });
  await until(() => requests === 1, "the request");
  const reloaded = server.reload(pairOf(after));
  await until(async () => {
    try {
      return (await rawRequest(port, GET, { caCert: after.caCert })).status === 200;
    } catch {
      return false;
    }
  }, "the new certificate");
  await assert.rejects(
    openSocket(port, { caCert: before.caCert }).then(async (socket) => {
      using _ = socket;
      await socket.send(GET);
      await socket.answer();
    }),
  );
  open();
  assert.equal((await slow).body, "done");
  await reloaded;
  await server.stop(1000);
});

Deno.test("reload() goes on with the former certificate where the new one is no use", async () => {
  await using before = await createCertificates();
  await using after = await createCertificates();
  const { caCert } = before;
  const server = serve(HELLO, pairOf(before));
  const port = portOf(server);
  const failures: unknown[] = [];
  const bad = { cert: after.cert, key: "no key" };
  await assert.rejects(server.reload(bad, (error) => void failures.push(error)), AppError);
  assert.equal((await rawRequest(port, GET, { caCert })).body, "hello 127.0.0.1");
  assert.deepEqual(failures, [], "there was a listener all the time");
  await server.reload(pairOf(after));
  assert.equal((await rawRequest(port, GET, { caCert: after.caCert })).status, 200);
  await server.stop(1000);
});

Deno.test("reload() tries until it can listen again, and says so each time", async () => {
  await using before = await createCertificates();
  await using after = await createCertificates();
  const server = serve(HELLO, pairOf(before));
  const port = portOf(server);
  const failures: unknown[] = [];
  let taken: Deno.Listener | undefined;
  const taking = {
    key: after.key,
    // It is read when the port has been given back, and before it is taken again.
    get cert(): string {
      taken ??= Deno.listen({ hostname: "127.0.0.1", port });
      return after.cert;
    },
  };
  const reloaded = server.reload(taking, (error) => void failures.push(error));
  await until(() => failures.length >= 2, "two failures");
  assert.ok(failures.every((error) => /Cannot listen on/.test(String(error))));
  taken?.close();
  await reloaded;
  assert.equal((await rawRequest(port, GET, { caCert: after.caCert })).status, 200);
  await server.stop(1000);
});

Deno.test("stop() ends a reload that cannot listen", async () => {
  await using before = await createCertificates();
  await using after = await createCertificates();
  const server = serve(HELLO, pairOf(before));
  const port = portOf(server);
  let taken: Deno.Listener | undefined;
  const taking = {
    key: after.key,
    get cert(): string {
      taken ??= Deno.listen({ hostname: "127.0.0.1", port });
      return after.cert;
    },
  };
  const reloaded = server.reload(taking);
  await until(() => taken !== undefined, "the reload");
  await server.stop(5000);
  assert.equal(await reloaded, false);
  taken?.close();
  await assert.rejects(openSocket(port), Deno.errors.ConnectionRefused);
});

Deno.test("stop() finishes requests in progress and takes no more", async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  let requests = 0;
  const server = serve(async () => {
    requests++;
    await gate;
    return new Response("done");
  });
  const port = portOf(server);
  const answers = [rawRequest(port, GET), rawRequest(port, GET)];
  await until(() => requests === 2, "the requests");
  const stopped = server.stop(5000);
  await pause(20);
  await assert.rejects(openSocket(port), Deno.errors.ConnectionRefused);
  open();
  assert.deepEqual((await Promise.all(answers)).map(({ body }) => body), ["done", "done"]);
  await stopped;
});

Deno.test("stop() does not wait for connections that say nothing", async () => {
  const server = serve();
  using idle = await openSocket(portOf(server));
  await idle.send(GET);
  await idle.answer();
  const start = performance.now();
  await server.stop(5000);
  assert.ok(performance.now() - start < 2000);
});

Deno.test("stop() waits no longer than it is told for half a request", async () => {
  const server = serve();
  using half = await openSocket(portOf(server));
  await half.send("GET / HTTP/1.1\r\nHost:");
  await pause(20);
  const start = performance.now();
  await server.stop(300);
  assert.ok(performance.now() - start < 1000);
});
