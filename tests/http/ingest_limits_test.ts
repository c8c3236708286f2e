/**
 * Bodies that are too large, too many, or too slow.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import type { RawSocket } from "../support/http.ts";
import { requestOf, slowStore, startIngest, textOf, wireEvent } from "../support/ingest.ts";
import { pause, until } from "../support/wait.ts";

const bodyBytes = 100_000;

/** An envelope with one event, of exactly so many bytes. */
function bodyOf(bytes: number, id: string): string {
  const body = textOf([{ ...wireEvent({ id }), padding: "" }]);
  return body.replace('"padding":""', `"padding":"${"x".repeat(bytes - body.length)}"`);
}

function inChunks(body: string): string {
  const chunks = body.match(/.{1,40000}/gs) ?? [];
  const framed = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  return `${framed.join("")}0\r\n\r\n`;
}

Deno.test("a body above limits.body is answered 202 and noted in the quarantine, once", async (t) => {
  await using ingest = await startIngest({ bodyBytes });
  using database = new DatabaseSync(ingest.path, { readOnly: true });
  const quarantine = async () => {
    await ingest.settled();
    return database.prepare("SELECT bytes, body, reasons FROM quarantine").all()
      .map(({ bytes, body, reasons }) => ({ bytes, body: String(body), reasons: String(reasons) }));
  };
  const headers = ["Transfer-Encoding: chunked"];
  await t.step("the largest that is not", async () => {
    assert.equal((await ingest.post(bodyOf(bodyBytes, "largest"))).status, 200);
    assert.equal((await ingest.accounting()).counted, 1);
  });
  await t.step("one byte more, with its size and id", async () => {
    const body = bodyOf(bodyBytes + 1, "too-large");
    const answer = await ingest.post(body);
    assert.equal(answer.status, 202);
    assert.equal(answer.headers["content-length"], "0");
    const [entry] = await quarantine();
    assert.equal(entry?.bytes, bodyBytes + 1);
    assert.match(entry?.reasons ?? "", /too large: 100001 bytes/);
    const known = database.prepare("SELECT count(DISTINCT id) AS count FROM events").get();
    assert.equal(known?.count, 2);
  });
  await t.step("again, in chunks: a duplicate", async () => {
    const body = inChunks(bodyOf(bodyBytes + 1, "too-large"));
    assert.equal((await ingest.post(body, { headers })).status, 202);
    assert.equal((await ingest.accounting()).duplicate, 1);
  });
  await t.step("in chunks, of several megabytes: 64 KiB are kept", async () => {
    const body = inChunks(bodyOf(3_000_000, "much-too-large"));
    assert.equal((await ingest.post(body, { headers })).status, 202);
    const entry = (await quarantine()).find(({ bytes }) => bytes === 3_000_000);
    assert.equal(entry?.body.length, 65_536);
  });
  await t.step("of several megabytes without an id", async () => {
    assert.equal((await ingest.post("x".repeat(3_000_000))).status, 202);
    assert.equal((await ingest.post("x".repeat(3_000_000))).status, 202);
  });
  assert.deepEqual(await ingest.accounting(), {
    received: 6,
    counted: 1,
    duplicate: 2,
    ignored: 0,
    quarantined: 3,
  });
});

Deno.test("a body that breaks off above limits.body is no notification", async () => {
  await using ingest = await startIngest({ bodyBytes });
  using socket = await ingest.connect();
  await socket.send(requestOf({ headers: ["Content-Length: 500000"], body: "x".repeat(200_000) }));
  await pause(50);
  socket.close();
  await pause(50);
  assert.equal((await ingest.accounting()).received, 0);
});

Deno.test("a body above 256 MiB is dropped, not answered 2xx", async () => {
  await using ingest = await startIngest();
  using socket = await ingest.connect();
  const length = 300 * 1024 ** 2;
  await socket.send(requestOf({ headers: [`Content-Length: ${length}`] }));
  const [sent, answer] = await Promise.all([sendUntilRefused(socket, length), socket.answer()]);
  assert.ok(answer.status === 0 || answer.status === 503, `${answer.status}`);
  assert.ok(sent < length, `${sent} bytes were taken`);
  assert.equal((await ingest.accounting()).received, 0);
  assert.equal((await ingest.post([wireEvent()])).status, 200);
});

async function sendUntilRefused(socket: RawSocket, length: number): Promise<number> {
  const megabyte = new Uint8Array(1024 ** 2);
  let sent = 0;
  try {
    for (; sent < length; sent += megabyte.length) await socket.send(megabyte);
  } catch {
    // The other end has hung up.
  }
  return sent;
}

Deno.test("bodies on their way together are bounded: 503 at once, 200 when there is room", async () => {
  await using ingest = await startIngest({ bodyBytes, bodiesInFlightBytes: 150_000 });
  const body = bodyOf(90_000, "first");
  using slow = await ingest.connect();
  await slow.send(requestOf({ headers: [`Content-Length: ${body.length}`], body: "{" }));
  await pause(50);
  const refused = await ingest.post(bodyOf(90_000, "second"));
  assert.equal(refused.status, 503);
  assert.ok(refused.milliseconds < 100, `${refused.milliseconds} ms`);
  // What is announced too large takes little, what is small enough takes its place.
  assert.equal((await ingest.post(bodyOf(50_000, "third"))).status, 200);
  await slow.send(body.slice(1));
  assert.equal((await slow.answer()).status, 200);
  assert.equal((await ingest.post(bodyOf(90_000, "second"))).status, 200);
  assert.equal((await ingest.accounting()).counted, 3);
});

Deno.test("bodies in chunks are bounded together, too", async () => {
  await using ingest = await startIngest({ bodyBytes, bodiesInFlightBytes: 150_000 });
  const headers = ["Transfer-Encoding: chunked"];
  using slow = await ingest.connect();
  await slow.send(requestOf({ headers, body: `15f90\r\n${"x".repeat(90_000)}\r\n` }));
  await pause(50);
  const refused = await ingest.post(inChunks(bodyOf(90_000, "second")), { headers });
  assert.equal(refused.status, 503);
  slow.close();
  await until(
    async () => (await ingest.post(inChunks(bodyOf(90_000, "second")), { headers })).status === 200,
    "the room of a sender that hung up",
  );
});

Deno.test("a full queue is 503 at once, and takes more when it is not full any more", async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  await using ingest = await startIngest({
    queueLimit: 3,
    wrap: (store) => slowStore(store, () => gate),
  });
  const first = ingest.post([wireEvent()]);
  // It is taken out of the queue, into the store.
  await pause(50);
  const waiting = [ingest.post([wireEvent(), wireEvent()]), ingest.post([wireEvent()])];
  await pause(50);
  const refused = await ingest.post([wireEvent()]);
  assert.equal(refused.status, 503);
  assert.ok(refused.milliseconds < 100, `${refused.milliseconds} ms`);
  open();
  const answers = await Promise.all([first, ...waiting]);
  assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200]);
  assert.equal((await ingest.accounting()).received, 4);
  // More than the whole queue, while it is empty: else it would come again for ever.
  assert.equal((await ingest.post(Array.from({ length: 5 }, () => wireEvent()))).status, 200);
});

Deno.test("a body of tens of thousands of events is counted, not refused for ever", async () => {
  await using ingest = await startIngest();
  const events = Array.from({ length: 12_000 }, () => wireEvent());
  assert.equal((await ingest.post(events)).status, 200);
  assert.equal((await ingest.post(events)).status, 200);
  const { received, counted, duplicate } = await ingest.accounting();
  assert.deepEqual({ received, counted, duplicate }, {
    received: 24_000,
    counted: 12_000,
    duplicate: 12_000,
  });
});

Deno.test("a body that takes more than 30 s is given up, and so is its memory", async () => {
  await using ingest = await startIngest({ bodyBytes, bodiesInFlightBytes: 150_000 });
  using slow = await ingest.connect();
  await slow.send(requestOf({ headers: ["Content-Length: 90000"], body: "{" }));
  await pause(50);
  {
    using _ = moveClock(29_000);
    await pause(60);
    assert.equal((await ingest.post(bodyOf(90_000, "second"))).status, 503);
  }
  using _ = moveClock(31_000);
  const answer = await slow.answer(1000);
  assert.ok(answer.status === 503 || answer.status === 0, `${answer.status}`);
  assert.equal((await ingest.post(bodyOf(90_000, "second"))).status, 200);
});

/** Lets it be later, without waiting. */
function moveClock(ms: number): Disposable {
  const { now } = Date;
  Date.now = () => now() + ms;
  return { [Symbol.dispose]: () => void (Date.now = now) };
}
