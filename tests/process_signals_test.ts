/**
 * The real program is asked to end: what it has accepted is counted, the rest is not answered 200.
 *
 * @module
 */

import assert from "node:assert/strict";

import { createApi } from "./support/api.ts";
import { testForms } from "./support/forms.ts";
import { createPoster, openSocket } from "./support/http.ts";
import { requestOf, wireEvent } from "./support/ingest.ts";
import { type Drec, startDrec } from "./support/process.ts";
import { readStream } from "./support/stream.ts";
import { pause, tempDir, until } from "./support/wait.ts";

const SENDERS = 8;

/** Sends one event after the other until nothing listens any more. */
async function sendUntilRefused(url: string, caCert: string): Promise<Map<number, number>> {
  const answers = new Map<number, number>();
  await Promise.all(Array.from({ length: SENDERS }, async () => {
    using poster = createPoster(`${url}/events`, { caCert });
    try {
      while (true) {
        const status = await poster.post([wireEvent()]);
        answers.set(status, (answers.get(status) ?? 0) + 1);
      }
    } catch {
      // Refused, or cut off: the registry would keep the event.
    }
  }));
  return answers;
}

/** Sends a signal, and asserts that the program ends well. */
async function stop(drec: Drec, signal: Deno.Signal): Promise<number> {
  const start = performance.now();
  drec.signal(signal);
  const { code } = await drec.status;
  assert.equal(code, 0, drec.stderr);
  return performance.now() - start;
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  testForms(`${signal} under load: all that was answered 200 is counted, and nothing else`, async (
    executable,
  ) => {
    await using folder = await tempDir();
    const options = { executable, cwd: folder.path, env: { DREC_SERVER_PORT: "0" } };
    let acknowledged = 0;
    {
      await using drec = await startDrec(options);
      const url = await drec.ready();
      const caCert = await Deno.readTextFile(folder.join("certs", "ca.crt"));
      const sent = sendUntilRefused(url, caCert);
      await pause(700);
      assert.ok(await stop(drec, signal) < 10_000);
      const answers = await sent;
      assert.ok([...answers.keys()].every((status) => status === 200 || status === 503));
      acknowledged = answers.get(200) ?? 0;
      assert.ok(acknowledged > 50, `${acknowledged}`);
    }
    await using drec = await startDrec(options);
    const url = await drec.ready();
    const caCert = await Deno.readTextFile(folder.join("certs", "ca.crt"));
    using api = createApi(url, { caCert });
    const { received, counted } = await api.get("accounting");
    assert.deepEqual({ received, counted }, { received: acknowledged, counted: acknowledged });
  });
}

testForms("SIGTERM ends the live stream at once", async (executable) => {
  const env = { DREC_SERVER_PORT: "0", DREC_SERVER_SSL: "off" };
  await using drec = await startDrec({ executable, env });
  const url = `${await drec.ready()}/api/v1/stream`;
  const readers = await Promise.all(Array.from({ length: 20 }, () => readStream(url)));
  assert.ok(await stop(drec, "SIGTERM") < 3000);
  await until(() => readers.every((reader) => reader.isOver()), "the end of all");
  for (const reader of readers) await reader[Symbol.asyncDispose]();
});

testForms("SIGTERM ends it within 10 s, whatever hangs on its connections", async (executable) => {
  await using drec = await startDrec({ executable, env: { DREC_SERVER_PORT: "0" } });
  const port = Number(new URL(await drec.ready()).port);
  const caCert = await Deno.readTextFile(`${drec.cwd}/certs/ca.crt`);
  using halfHead = await openSocket(port, { caCert });
  await halfHead.send("POST /events HTTP/1.1\r\nHost:");
  using halfBody = await openSocket(port, { caCert });
  await halfBody.send(requestOf({ headers: ["Content-Length: 1000"], body: "{" }));
  using idle = await openSocket(port, { caCert });
  await idle.send(requestOf({ method: "GET", path: "/-/healthy" }));
  assert.equal((await idle.answer()).status, 200);
  using silent = await openSocket(port);
  const ms = await stop(drec, "SIGTERM");
  assert.ok(ms < 10_000, `${ms} ms`);
  silent.close();
});

testForms("SIGTERM while it still waits for its database ends it at once", async (executable) => {
  // Accepts connections and says nothing.
  using mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const uri = `mongodb://127.0.0.1:${mute.addr.port}/?replicaSet=mute`;
  await using drec = await startDrec({ executable, env: { MONGODB_URI: uri } });
  const connection = await mute.accept();
  const ms = await stop(drec, "SIGTERM");
  connection.close();
  assert.ok(ms < 2000, `${ms} ms`);
});

testForms("a second SIGTERM changes nothing", async (executable) => {
  await using drec = await startDrec({ executable, env: { DREC_SERVER_PORT: "0" } });
  await drec.ready();
  drec.signal("SIGTERM");
  await until(() => drec.stderr.includes("stopping") || drec.ended, "the end");
  await stop(drec, "SIGTERM");
});
