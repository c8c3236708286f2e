/**
 * The process is killed again and again in the middle of a load: what was acknowledged is counted,
 * once.
 *
 * @module
 */

import assert from "node:assert/strict";

import { createApi } from "./support/api.ts";
import { deliverTwice, pullsByRepository, pullsOf, type SentEvent } from "./support/load.ts";
import { startMongo } from "./support/mongodb.ts";
import { type Drec, type Executable, startDrec } from "./support/process.ts";
import { needs } from "./support/require.ts";
import { freePort, pause, tempDir } from "./support/wait.ts";

const KILLS = 10;
const SENDERS = 8;
const REPOSITORIES = 5;

/** What a run under kills is to show. */
interface Scenario {
  readonly executable: Executable;
  /** Beside the port. */
  readonly env?: Record<string, string>;
  /** How long the process lives, in milliseconds after it is ready. */
  readonly lifeMs: number;
  readonly kills?: number;
  /** Events in a body, and bytes that each has in addition. */
  readonly body?: { readonly events: number; readonly padding: number };
}

for (const executable of ["source", "compiled"] as const) {
  Deno.test({
    name: `kill -9 loses and doubles nothing in SQLite (${executable})`,
    ...needs(...executable === "compiled" ? ["executable"] as const : []),
    fn: () => killAndCount({ executable, lifeMs: 300 }),
  });
}

Deno.test("kill -9 loses and doubles nothing while the inbox and the log are used again", async () => {
  // 400 KB a body: the 16 MiB of the inbox are full after 40 of them, some tenths of a second.
  const body = { events: 50, padding: 8000 };
  await killAndCount({ executable: "source", lifeMs: 1200, kills: 4, body });
});

Deno.test({
  name: "kill -9 loses and doubles nothing in MongoDB",
  ...needs("secantusdb"),
  async fn() {
    await using mongo = await startMongo({ syncOnCommit: true });
    await killAndCount({
      executable: "source",
      env: { MONGODB_URI: mongo.uri },
      lifeMs: 900,
    });
  },
});

async function killAndCount(
  { executable, env = {}, lifeMs, kills = KILLS, body = { events: 1, padding: 0 } }: Scenario,
): Promise<void> {
  await using folder = await tempDir();
  const port = String(freePort());
  const options = { executable, cwd: folder.path, env: { DREC_SERVER_PORT: port, ...env } };
  let drec: Drec = await startDrec(options);
  try {
    const url = await drec.ready();
    const caCert = await Deno.readTextFile(folder.join("certs", "ca.crt"));
    const source = pullsOf(REPOSITORIES, { padding: body.padding });
    const urls = [`${url}/events`];
    const sending = { senders: SENDERS, urls, caCert, perBody: body.events };
    const delivery = deliverTwice(source, sending);
    for (let kill = 0; kill < kills; kill++) {
      await pause(lifeMs);
      await drec.kill();
      drec = await startDrec(options);
      await drec.ready();
    }
    source.end();
    const posts = await delivery;
    const bodies = source.events.length / body.events;
    assert.ok(posts > 2 * bodies, "No kill came between a post and its answer");
    using api = createApi(url, { caCert });
    await checkNumbers(api, source.events);
  } finally {
    await drec[Symbol.asyncDispose]();
  }
}

async function checkNumbers(
  api: ReturnType<typeof createApi>,
  sent: readonly SentEvent[],
): Promise<void> {
  for (const [repository, pulls] of pullsByRepository(sent)) {
    const found = await api.get(`repositories/${repository}`);
    assert.equal(found.pulls, pulls, repository);
    const tag = await api.get(`repositories/${repository}/-/tags/1.0`);
    assert.equal(tag.pulls, pulls);
    const series = await api.get<{ items: { value: number }[] }>(
      `repositories/${repository}/-/series?metric=pulls`,
    );
    assert.equal(series.items.reduce((sum, { value }) => sum + value, 0), pulls);
  }
  const { received, counted, duplicate, ignored, quarantined } = await api.get("accounting");
  assert.equal(counted, sent.length);
  assert.deepEqual([ignored, quarantined], [0, 0]);
  // Every event is sent by two senders; a kill may cost the answer of what was counted.
  assert.ok(Number(duplicate) >= sent.length);
  assert.equal(received, Number(counted) + Number(duplicate));
}
