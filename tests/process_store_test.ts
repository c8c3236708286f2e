/**
 * The real program loses its store for a while: nothing is answered 200, everything at once, and
 * it takes events again by itself.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import { createApi } from "./support/api.ts";
import { testForms } from "./support/forms.ts";
import { createPoster, type RawAnswer, rawRequest } from "./support/http.ts";
import { requestOf, textOf, wireEvent } from "./support/ingest.ts";
import { startMongo } from "./support/mongodb.ts";
import { type Drec, startDrec } from "./support/process.ts";
import { pause, tempDir, until } from "./support/wait.ts";

const plain = { DREC_SERVER_PORT: "0", DREC_SERVER_SSL: "off" };

/** How long a registry waits for an answer. */
const PATIENCE_MS = 1000;
/** How long an answer may take where the store is known to be away. */
const KNOWN_MS = 100;

/** Posts the same event for a while, at even times, whatever is answered in between. */
async function refusals({ url }: Drec, body: string, ms: number): Promise<RawAnswer[]> {
  const port = Number(new URL(url).port);
  const answers: Promise<RawAnswer>[] = [];
  for (const end = Date.now() + ms; Date.now() < end;) {
    answers.push(rawRequest(port, requestOf({ body })));
    await pause(15);
  }
  return await Promise.all(answers);
}

/** Asserts that all are refused within a time. */
function checkRefusals(answers: readonly RawAnswer[], ms: number): void {
  assert.ok(answers.length > 10 && answers.every(({ status }) => status === 503));
  const slowest = Math.max(...answers.map(({ milliseconds }) => milliseconds));
  assert.ok(slowest < ms, `${slowest} ms`);
}

async function readiness({ url }: Drec): Promise<string> {
  const response = await fetch(`${url}/-/ready`);
  return `${response.status} ${(await response.text()).trim()}`;
}

testForms("a database that another program locks: 503 within 100 ms, then as before", async (
  executable,
) => {
  await using drec = await startDrec({ executable, env: plain });
  const url = await drec.ready();
  using poster = createPoster(`${url}/events`);
  assert.equal(await poster.post([wireEvent()]), 200);
  using api = createApi(url);
  assert.equal((await api.get("accounting")).received, 1);
  const event = wireEvent();
  using other = new DatabaseSync(`${drec.cwd}/data/drec.db`, { timeout: 2000 });
  other.exec("BEGIN IMMEDIATE");
  checkRefusals(await refusals(drec, textOf([event]), 400), PATIENCE_MS);
  checkRefusals(await refusals(drec, textOf([event]), 1500), KNOWN_MS);
  assert.equal(await readiness(drec), "503 store");
  assert.equal((await api.get("accounting")).received, 1);
  other.exec("COMMIT");
  await poster.deliver([event]);
  const { received, counted } = await api.get("accounting");
  assert.deepEqual({ received, counted }, { received: 2, counted: 2 });
  assert.equal(await readiness(drec), "200 ok");
  assert.match(drec.stderr, /the store does not answer[^]*the store answers again/);
});

testForms("a MongoDB that is killed: 503 within 100 ms, then as before", async (executable) => {
  await using folder = await tempDir();
  const storagePath = folder.join("mongodb");
  const first = await startMongo({ storagePath, syncOnCommit: true });
  const { port } = first;
  try {
    await using drec = await startDrec({ executable, env: { ...plain, MONGODB_URI: first.uri } });
    const url = await drec.ready();
    using poster = createPoster(`${url}/events`);
    assert.equal(await poster.post([wireEvent()]), 200);
    await first.kill();
    const event = wireEvent();
    // The driver looks for another primary for 2 s before it gives up.
    checkRefusals(await refusals(drec, textOf([event]), 2200), PATIENCE_MS);
    checkRefusals(await refusals(drec, textOf([event]), 1500), KNOWN_MS);
    assert.equal(await readiness(drec), "503 store");
    await using _second = await startMongo({ storagePath, syncOnCommit: true, port });
    await poster.deliver([event]);
    using api = createApi(url);
    const { counted, quarantined } = await api.get("accounting");
    assert.deepEqual({ counted, quarantined }, { counted: 2, quarantined: 0 });
    await until(async () => (await readiness(drec)) === "200 ok", "readiness");
  } finally {
    await first.kill();
  }
}, ["secantusdb"]);

testForms("SIGTERM while its MongoDB is away ends it within 10 s", async (executable) => {
  await using mongo = await startMongo();
  await using drec = await startDrec({ executable, env: { ...plain, MONGODB_URI: mongo.uri } });
  using poster = createPoster(`${await drec.ready()}/events`);
  assert.equal(await poster.post([wireEvent()]), 200);
  await mongo.kill();
  assert.equal(await poster.post([wireEvent()]), 503);
  const start = performance.now();
  drec.signal("SIGTERM");
  assert.equal((await drec.status).code, 0, drec.stderr);
  assert.ok(performance.now() - start < 10_000);
}, ["secantusdb"]);
