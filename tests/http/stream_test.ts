import assert from "node:assert/strict";

import { createAuthorizer } from "../../lib/http/auth.ts";
import { openSocket } from "../support/http.ts";
import { recordEvents } from "../support/store.ts";
import { startStream, type StreamServer } from "../support/stream.ts";
import { pause, until } from "../support/wait.ts";

const STREAM = "/api/v1/stream";
/** Long enough to be told from "at once", short enough to be waited for. */
const INTERVAL = { intervalMs: 400 };
const removal = { action: "delete", digest: null, timestamp: "2026-11-20T13:00:00Z" };

Deno.test("GET /api/v1/stream sends the object of the list, with an id", async () => {
  await using server = await startStream();
  const reader = await server.read();
  assert.equal(reader.headers.get("content-type"), "text/event-stream");
  assert.match(reader.headers.get("cache-control") ?? "", /no-store/);
  assert.equal(reader.headers.get("x-accel-buffering"), "no");
  assert.match(reader.text(), /^retry: \d{4}\nid: [0-9a-z]{12}-0\n\n$/);
  await recordEvents(server.app.store, [{ tag: "latest", actor: "zoe" }]);
  const { event, id, data } = await reader.next();
  assert.equal(event, "repository");
  assert.match(id, /^[0-9a-z]{12}-1$/);
  const { items } = await server.app.get("/api/v1/repositories") as { items: unknown[] };
  assert.deepEqual([data], items);
  assert.equal("actors" in data, false);
});

Deno.test("GET /api/v1/stream tells of a repository at most once in a while, the last state last", async () => {
  await using server = await startStream({ streamLimits: INTERVAL });
  const reader = await server.read();
  const end = Date.now() + 1000;
  let pulls = 0;
  while (Date.now() < end) {
    await recordEvents(server.app.store, [{}]);
    pulls++;
    await pause(5);
  }
  await until(() => reader.messages.at(-1)?.data.pulls === pulls, "the last state");
  assert.ok(pulls > 20);
  assert.ok(reader.messages.length >= 3 && reader.messages.length <= 4, reader.text());
  assert.equal(reader.messages[0]?.data.pulls, 1);
  // What does not change is not told again.
  await pause(INTERVAL.intervalMs * 2);
  assert.ok(reader.messages.length <= 4);
});

Deno.test("GET /api/v1/stream waits for no other repository", async () => {
  await using server = await startStream({ streamLimits: { intervalMs: 60_000 } });
  const reader = await server.read();
  for (const repository of ["a", "b", "c"]) {
    await recordEvents(server.app.store, [{ repository }, { repository: "a" }]);
    assert.equal((await reader.next()).data.repository, repository);
  }
});

Deno.test("GET /api/v1/stream tells of a repository that is gone", async () => {
  await using server = await startStream({ streamLimits: { intervalMs: 10 } });
  await recordEvents(server.app.store, [{}]);
  const reader = await server.read();
  await recordEvents(server.app.store, [removal]);
  const { event, data } = await reader.next();
  assert.deepEqual([event, data], ["removed", { registry: "default", repository: "team/app" }]);
  await recordEvents(server.app.store, [{ timestamp: "2026-11-20T14:00:00Z" }]);
  const again = await reader.next();
  assert.deepEqual([again.event, again.data.pulls], ["repository", 1]);
});

Deno.test("GET /api/v1/stream tells what was asked for", async (t) => {
  await using server = await startStream({ streamLimits: { intervalMs: 10 } });
  const cases: [query: string, want: string[]][] = [
    ["", ["default other", "default team/app", "default team/app2", "main team/app"]],
    ["?registry=", ["default other", "default team/app", "default team/app2", "main team/app"]],
    ["?registry=main", ["main team/app"]],
    ["?repository=team%2Fapp", ["default team/app", "main team/app"]],
    ["?repository=team/app&registry=default", ["default team/app"]],
    ["?prefix=team/", ["default team/app", "default team/app2", "main team/app"]],
    ["?prefix=team/&registry=edge", []],
  ];
  const readers = await Promise.all(cases.map(([query]) => server.read(query)));
  const last = await server.read();
  await recordEvents(server.app.store, [
    { repository: "team/app" },
    { repository: "team/app2" },
    { repository: "team/app", registry: "main" },
    { repository: "other" },
  ]);
  await until(() => last.messages.length === 4, "all messages");
  for (const [index, [query, want]] of cases.entries()) {
    await t.step(query, async () => {
      const { messages } = readers[index] ?? assert.fail();
      await until(() => messages.length >= want.length, "its messages");
      const names = messages.map(({ data }) => `${data.registry} ${data.repository}`);
      assert.deepEqual(names.sort(), want);
    });
  }
});

Deno.test("GET /api/v1/stream refuses parameters that it does not know", async (t) => {
  await using server = await startStream();
  for (const query of ["?q=a", "?registry=A", "?prefix=a&prefix=b", "?limit=1"]) {
    await t.step(query, async () => {
      assert.equal((await server.app.ask(`${STREAM}${query}`)).status, 400);
    });
  }
  assert.equal(server.app.stream.readers, 0);
});

Deno.test("GET /api/v1/stream needs the role read", async () => {
  const authorize = createAuthorizer({
    roles: { ingest: [{ token: "i" }], read: [{ token: "r" }], admin: "none" },
    madeTokens: () => [],
    isLoopbackBound: false,
  });
  await using server = await startStream({ authorize });
  assert.equal((await server.app.ask(STREAM)).status, 401);
  const headers = { authorization: "Bearer i" };
  assert.equal((await server.app.ask(STREAM, { headers })).status, 403);
  const reader = await server.read("", { authorization: "Bearer r" });
  assert.equal(reader.isOver(), false);
});

Deno.test("HEAD /api/v1/stream ends, and makes no reader", async () => {
  await using server = await startStream();
  const { status, headers } = await server.app.ask(STREAM, { method: "HEAD" });
  assert.deepEqual([status, headers.get("content-type")], [200, "text/event-stream"]);
  assert.equal(server.app.stream.readers, 0);
});

Deno.test("GET /api/v1/stream is never compressed, and comes at once", async () => {
  await using server = await startStream({ streamLimits: { intervalMs: 10 } });
  using socket = await openSocket(server.port);
  await socket.send(
    `GET ${STREAM} HTTP/1.1\r\nHost: drec\r\nAccept-Encoding: gzip, br, deflate\r\n\r\n`,
  );
  await until(() => server.app.stream.readers === 1, "the reader");
  await recordEvents(server.app.store, [{}]);
  await pause(200);
  await server.app.stream.stop();
  const { headers, body } = await socket.answer();
  assert.equal(headers["content-encoding"], undefined);
  assert.match(body, /event: repository\ndata: {"registry":"default",/);
});

Deno.test("GET /api/v1/stream goes on where a reader stopped", async (t) => {
  await using server = await startStream({ streamLimits: { intervalMs: 10 } });
  const { store } = server.app;
  await recordEvents(store, [{ repository: "before" }]);
  const first = await server.read();
  const greeted = first.lastId();
  await recordEvents(store, [{ repository: "a" }]);
  const { id } = await first.next();
  await recordEvents(store, [{ repository: "b" }, { repository: "b" }]);
  await first.next();
  await first[Symbol.asyncDispose]();
  await until(() => server.app.stream.readers === 0, "the end of the first");
  // While nobody reads.
  await recordEvents(store, [{ repository: "b" }, { repository: "c" }, { repository: "a" }]);
  const ways: [name: string, query: string, headers: Record<string, string>][] = [
    ["by its header", "", { "Last-Event-ID": id }],
    ["by the parameter", `?lastEventId=${id}`, {}],
    ["by the header, although the address has another", `?lastEventId=x`, { "Last-Event-ID": id }],
    ["from the greeting on", "", { "Last-Event-ID": greeted }],
  ];
  for (const [name, query, headers] of ways) {
    await t.step(name, async () => {
      const again = await server.read(query, headers);
      const wanted = { a: 2, b: 3, c: 1 };
      const states = () =>
        Object.fromEntries(
          again.messages.map(({ data: { repository, pulls } }) => [repository, pulls]),
        );
      await until(
        () => JSON.stringify(Object.entries(states()).sort()).includes('["a",2],["b",3],["c",1]'),
        () => again.text(),
      );
      assert.deepEqual(states(), wanted);
      assert.ok(again.messages.every(({ event }) => event === "repository"), again.text());
    });
  }
  await t.step("with a filter", async () => {
    const again = await server.read("?repository=c", { "Last-Event-ID": id });
    assert.equal((await again.next()).data.repository, "c");
    await pause(50);
    assert.equal(again.messages.length, 1);
  });
});

Deno.test("GET /api/v1/stream tells who comes back too late to read all anew", async (t) => {
  const limits = { intervalMs: 1, pauseMs: 0, maxMessages: 3 };
  await using server = await startStream({ streamLimits: limits });
  await using other = await startStream();
  const stranger = (await other.read()).lastId();
  const reader = await server.read();
  const first = reader.lastId();
  for (const repository of ["a", "b", "c", "d", "e"]) {
    await recordEvents(server.app.store, [{ repository }]);
    await reader.next();
  }
  const run = first.split("-")[0];
  const cases: [name: string, id: string][] = [
    ["too old", first],
    ["of another process", stranger],
    ["of the future", `${run}-99`],
    ["of nobody", "abc"],
    ["with more behind it", `${reader.lastId()}x`],
  ];
  for (const [name, id] of cases) {
    await t.step(name, async () => {
      const again = await server.read("", { "Last-Event-ID": id });
      const { event, data, id: position } = await again.next();
      assert.deepEqual([event, data, position], ["reset", {}, reader.lastId()]);
      await recordEvents(server.app.store, [{ repository: "a" }]);
      assert.equal((await again.next()).event, "repository");
      await reader.next();
    });
  }
});

Deno.test("GET /api/v1/stream keeps the run while a reader may come back, and then no longer", async () => {
  await using server = await startStream({ streamLimits: { maxAgeMs: 300 } });
  const runOf = async (): Promise<string> => {
    const reader = await server.read();
    const [run = ""] = reader.lastId().split("-");
    await reader[Symbol.asyncDispose]();
    await until(() => server.app.stream.readers === 0, "its end");
    return run;
  };
  const first = await runOf();
  assert.equal(await runOf(), first);
  await pause(600);
  assert.notEqual(await runOf(), first);
});

Deno.test("GET /api/v1/stream sends a comment while nothing happens", async () => {
  await using server = await startStream({ streamLimits: { heartbeatMs: 50, intervalMs: 10 } });
  const reader = await server.read("?repository=none");
  await recordEvents(server.app.store, [{}]);
  await until(() => /(^|\n):\nid: [0-9a-z]{12}-1\n\n/.test(reader.text()), "a comment");
  assert.deepEqual(reader.messages, []);
  // Who hears of nothing is not too late for that.
  assert.match(reader.lastId(), /-1$/);
});

/** What `/metrics` says of the readers. */
function counted({ app }: StreamServer): { readers: number; dropped: number } {
  const text = app.metrics.render();
  const valueOf = (name: string) => Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1]);
  return {
    readers: valueOf("drec_stream_readers"),
    dropped: valueOf("drec_stream_readers_dropped_total"),
  };
}

Deno.test("GET /api/v1/stream forgets who hangs up", async () => {
  await using server = await startStream();
  const readers = await Promise.all(Array.from({ length: 20 }, () => server.read()));
  assert.equal(server.app.stream.readers, 20);
  assert.deepEqual(counted(server), { readers: 20, dropped: 0 });
  for (const reader of readers) await reader[Symbol.asyncDispose]();
  await until(() => server.app.stream.readers === 0, "the end of all");
  assert.deepEqual(counted(server), { readers: 0, dropped: 0 });
});

Deno.test("GET /api/v1/stream drops who reads too slowly, and nobody else", async () => {
  const limits = { intervalMs: 1, pauseMs: 0, maxBacklog: 10_000 };
  await using server = await startStream({ streamLimits: limits });
  using stuck = await openSocket(server.port);
  await stuck.send(`GET ${STREAM} HTTP/1.1\r\nHost: drec\r\n\r\n`);
  await until(() => server.app.stream.readers === 1, "the reader");
  const reader = await server.read();
  let count = 0;
  await until(
    async () => {
      // Buffers of the system hold some megabytes.
      const events = Array.from({ length: 200 }, (_, index) => ({
        repository: `${"x".repeat(240)}${index}`,
        timestamp: new Date(Date.UTC(2026, 10, 20) + count++ * 1000).toISOString(),
      }));
      await recordEvents(server.app.store, events);
      await pause(5);
      return server.app.stream.readers === 1;
    },
    "the drop",
    { timeoutMs: 60_000, everyMs: 0 },
  );
  const before = reader.messages.length;
  await recordEvents(server.app.store, [{ repository: "last" }]);
  await until(
    () => reader.messages.slice(before).some(({ data }) => data.repository === "last"),
    "the other reader's message",
  );
  assert.equal(reader.isOver(), false);
  assert.deepEqual(server.app.logged, []);
  assert.deepEqual(counted(server), { readers: 1, dropped: 1 });
});

Deno.test("GET /api/v1/stream reaches a thousand readers", async () => {
  await using server = await startStream();
  const readers = [];
  for (let round = 0; round < 20; round++) {
    readers.push(...await Promise.all(Array.from({ length: 50 }, () => server.read())));
  }
  assert.equal(server.app.stream.readers, 1000);
  await recordEvents(server.app.store, [{ tag: "latest" }]);
  const ids = await Promise.all(readers.map(async (reader) => (await reader.next()).id));
  assert.equal(new Set(ids).size, 1);
});

Deno.test("GET /api/v1/stream has a bound of readers", async () => {
  await using server = await startStream({ streamLimits: { maxReaders: 2 } });
  await server.read();
  const second = await server.read();
  const { status, json } = await server.app.ask(STREAM);
  const { code, detail } = json as { code: string; detail: string };
  const want = [503, "unavailable", "The stream has 2 readers already: try again later"];
  assert.deepEqual([status, code, detail], want);
  const [line] = server.app.logged;
  assert.deepEqual([line?.level, line?.message], ["warning", "cannot take a request now"]);
  await second[Symbol.asyncDispose]();
  await until(() => server.app.stream.readers === 1, "a free place");
  await server.read();
});

Deno.test("GET /api/v1/stream holds up no stop", async () => {
  await using server = await startStream();
  const readers = await Promise.all(Array.from({ length: 10 }, () => server.read()));
  const start = performance.now();
  await server.app.stream.stop();
  await server.server.stop(5000);
  assert.ok(performance.now() - start < 2000);
  await until(() => readers.every((reader) => reader.isOver()), "the end of all");
  const { status, json } = await server.app.ask(STREAM);
  const { detail } = json as { detail: string };
  assert.deepEqual([status, detail], [503, "DREC is stopping: try again later"]);
});

Deno.test("GET /api/v1/stream is understood by EventSource", async () => {
  await using server = await startStream({ streamLimits: { intervalMs: 10, heartbeatMs: 20 } });
  const source = new EventSource(`${server.server.url}${STREAM}`);
  const told: string[] = [];
  for (const name of ["message", "repository", "removed", "reset", "error"]) {
    source.addEventListener(name, (event) => {
      const { data, lastEventId } = event as MessageEvent<string>;
      told.push(`${name} ${JSON.parse(data).repository} ${lastEventId.split("-")[1]}`);
    });
  }
  await until(() => source.readyState === EventSource.OPEN, "the connection");
  await recordEvents(server.app.store, [{}]);
  await until(() => told.length > 0, "the first message");
  await recordEvents(server.app.store, [removal]);
  await until(() => told.length > 1, "the second message");
  await pause(60);
  source.close();
  assert.deepEqual(told, ["repository team/app 1", "removed team/app 2"]);
});
