/**
 * The process is killed again and again while it adds days up to months: of a day's numbers none is
 * lost, and none is in both.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import { MongoClient } from "mongodb";

import { createApi } from "./support/api.ts";
import { createPoster } from "./support/http.ts";
import { startMongo } from "./support/mongodb.ts";
import { startDrec } from "./support/process.ts";
import { needs } from "./support/require.ts";
import { freePort, pause, tempDir, until } from "./support/wait.ts";

const DAY_MS = 86_400_000;
const REPOSITORIES = 5;
/** Days with an event in each repository, 2 days apart. */
const DAYS = 220;
/** Days that are sent at once. */
const STEP = 4;
/** More rows than those of this month and of the last days, which stay days. */
const RECENT = REPOSITORIES * 60;
const MOST_KILLS = 20;
/** Kills in the middle of it that a run needs to say anything. */
const KILLS_WITHIN = 2;

/** Rows of what is added up. */
interface Rows {
  readonly days: number;
  readonly months: number;
}

/** Where the numbers are. */
interface Scenario {
  /** Beside the port. */
  readonly env: Record<string, string>;
  /** The most that the process lives after it is ready, in milliseconds. */
  readonly lifeMs: number;
  /** Counts rows of repositories, tags and namespaces. */
  rows(): Promise<Rows>;
  /** Lets go of what a dead process holds. */
  release?(): Promise<void>;
}

Deno.test("kill -9 within the fold of days to months loses and doubles nothing in SQLite", async () => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  await killWithinFold({
    env: { DREC_SQLITE_PATH: path },
    lifeMs: 700,
    rows: () => Promise.resolve(rowsOfSqlite(path)),
  });
});

Deno.test({
  name: "kill -9 within the fold of days to months loses and doubles nothing in MongoDB",
  ...needs("secantusdb"),
  async fn() {
    await using mongo = await startMongo({ syncOnCommit: true });
    await killWithinFold({
      env: { MONGODB_URI: mongo.uri },
      lifeMs: 3500,
      rows: () => rowsOfMongo(mongo.uri),
      release: () => releaseMongo(mongo.uri),
    });
  },
});

async function killWithinFold({ env, lifeMs, rows, release }: Scenario): Promise<void> {
  await using folder = await tempDir();
  const base = {
    cwd: folder.path,
    env: { DREC_SERVER_PORT: String(freePort()), DREC_SERVER_SSL: "off", ...env },
  };
  await fill(base);
  const due = { DREC_RETENTION_DAYS: "2d", DREC_RETENTION_TAG_DAYS: "2d" };
  const folding = { ...base, env: { ...base.env, ...due } };
  const before = await rows();
  assert.ok(before.days >= REPOSITORIES * DAYS, "the days are there");
  assert.equal(before.months, 0);
  let within = 0;
  for (let kill = 0; within < KILLS_WITHIN; kill++) {
    assert.ok(kill < MOST_KILLS, "no kill came within the fold");
    await using drec = await startDrec(folding);
    await drec.ready();
    // Each time a little later, so that it goes on from whatever the kill has left.
    await pause(lifeMs * (kill % 7 + 1) / 7);
    await drec.kill();
    await release?.();
    const { days, months } = await rows();
    if (days < RECENT) break;
    if (months > 0) within++;
  }
  assert.ok(within > 0, "a kill came within the fold");
  await using drec = await startDrec(folding);
  using api = createApi(await drec.ready());
  await checkSums(api);
  await until(async () => (await rows()).days < RECENT, "the end of the fold", {
    timeoutMs: 60_000,
  });
  await checkSums(api);
}

async function fill(options: { cwd: string; env: Record<string, string> }): Promise<void> {
  await using drec = await startDrec(options);
  const url = await drec.ready();
  using poster = createPoster(`${url}/events`);
  for (let from = 0; from < DAYS; from += STEP) {
    const events = Array.from({ length: STEP }, (_, at) => from + at).flatMap(eventsOfDay);
    await poster.deliver(events);
  }
  using api = createApi(url);
  await checkSums(api);
  await drec.kill();
}

function eventsOfDay(day: number): unknown[] {
  const timestamp = new Date(Date.now() - (2 * day + 1) * DAY_MS).toISOString();
  return Array.from({ length: REPOSITORIES }, (_, number) => ({
    id: `${number}-${day}`,
    timestamp,
    action: "pull",
    target: {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: `sha256:${"a".repeat(64)}`,
      repository: `team/app-${number}`,
      url: `http://registry/v2/team/app-${number}/manifests/sha256:${"a".repeat(64)}`,
      tag: "1.0",
    },
    request: { id: `${number}-${day}`, addr: "192.0.2.1:1", method: "GET", useragent: "docker/28" },
  }));
}

async function checkSums(api: ReturnType<typeof createApi>): Promise<void> {
  const from = new Date(Date.now() - (2 * DAYS + 60) * DAY_MS).toISOString().slice(0, 8);
  const range = `metric=pulls&interval=month&from=${from}01`;
  const sumOf = async (path: string): Promise<number> => {
    const { items } = await api.get<{ items: { value: number }[] }>(path);
    return items.reduce((sum, { value }) => sum + value, 0);
  };
  for (let number = 0; number < REPOSITORIES; number += 3) {
    const repository = `repositories/team/app-${number}`;
    assert.equal(await sumOf(`${repository}/-/series?${range}`), DAYS, "a repository");
    assert.equal(await sumOf(`${repository}/-/series?${range}&tag=1.0`), DAYS, "a tag");
  }
  assert.equal(await sumOf(`series?${range}`), REPOSITORIES * DAYS, "everything");
  assert.equal(await sumOf(`series?${range}&prefix=team/`), REPOSITORIES * DAYS, "a namespace");
}

function rowsOfSqlite(path: string): Rows {
  const database = new DatabaseSync(path);
  try {
    const count = (tables: readonly string[]): number =>
      tables.reduce((sum, table) => {
        const row = database.prepare(`SELECT count(*) AS count FROM ${table}`).get();
        return sum + Number(row?.count);
      }, 0);
    return {
      days: count(["days", "tag_days", "namespace_days"]),
      months: count(["months", "tag_months", "namespace_months"]),
    };
  } finally {
    database.close();
  }
}

async function rowsOfMongo(uri: string): Promise<Rows> {
  await using client = new MongoClient(uri);
  const database = client.db("docker-registry-db");
  const count = (suffix: string, filter = {}): Promise<number> =>
    database.collection(`registry-stats.${suffix}`).countDocuments(filter);
  const namespace = { $exists: true };
  return {
    days: await count("daily") + await count("registries", { namespace, day: { $exists: true } }),
    months: await count("monthly") +
      await count("registries", { namespace, month: { $exists: true } }),
  };
}

/** A transaction stands in the way of others until the server ends it, a minute after its process. */
async function releaseMongo(uri: string): Promise<void> {
  await using client = new MongoClient(uri);
  await client.db("admin").command({ killAllSessions: [] });
}
