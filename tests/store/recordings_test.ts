import assert from "node:assert/strict";

import type { Outcome, Received } from "../../lib/batch.ts";
import type { Metric } from "../../lib/statistics.ts";
import { openMongoStore } from "../../lib/store/mongodb/mongo_store.ts";
import { openSqliteStore } from "../../lib/store/sqlite/open.ts";
import type { Accounting, Store } from "../../lib/store/store.ts";
import { receivedOfBody } from "../support/events.ts";
import { freshDatabase } from "../support/mongodb.ts";
import { type Ignorable, needs } from "../support/require.ts";
import { type ExpectedRepository, readRecordings, type Recording } from "../support/testdata.ts";
import { tempDir } from "../support/wait.ts";
import { daysOf, storeOptionsOf } from "./contract_support.ts";

/** Every recording is of a registry of its own, so that one store can take them all. */
function receivedOfRecording({ name, posts }: Recording): Received[] {
  const arrival = { registry: registryOf(name), receivedAt: Date.now() };
  return posts.flatMap(({ body }) => receivedOfBody(body, arrival));
}

function registryOf(recording: string): string {
  return recording.toLowerCase();
}

async function replay(store: Store, received: Received[], size: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let from = 0; from < received.length; from += size) {
    const deadline = Date.now() + 60_000;
    outcomes.push(...await store.record(received.slice(from, from + size), { deadline }));
  }
  return outcomes;
}

type Ref = { registry: string; repository: string };

/** What the days of a number come to. */
async function sumOfDays(store: Store, of: Ref, metric: Metric): Promise<number> {
  const days = await daysOf(store, { ...of, metric, from: 0, to: 100_000 });
  return days.reduce((sum, { value }) => sum + value, 0);
}

/** What a store answers of a repository, in the words of the recordings. */
async function countsOf(store: Store, of: Ref): Promise<ExpectedRepository> {
  const [found, ...others] = await store.findRepositories(of.repository, of.registry);
  assert.equal(others.length, 0);
  const { tags, manifests, blobs, unknown } = found?.deletes ??
    { tags: 0, manifests: 0, blobs: 0, unknown: 0 };
  const days = (metric: Metric): Promise<number> => sumOfDays(store, of, metric);
  return {
    pulls: found?.pulls ?? 0,
    pushes: found?.pushes ?? 0,
    checks: found?.checks ?? 0,
    childpulls: found?.childPulls ?? 0,
    digestpushes: found?.digestPushes ?? 0,
    blobpulls: await days("blobPulls") + await days("blobChecks"),
    blobpushes: await days("blobPushes"),
    mounts: await days("mounts"),
    deletes: { tags, manifests, blobs, unknown },
  };
}

const metricOf = {
  pulls: "pulls",
  pushes: "pushes",
  checks: "checks",
  childpulls: "childPulls",
  digestpushes: "digestPushes",
} as const;

async function checkRecording(store: Store, { name, expected }: Recording): Promise<void> {
  const registry = registryOf(name);
  for (const [repository, want] of Object.entries(expected.repositories)) {
    const of = { registry, repository };
    assert.deepEqual(await countsOf(store, of), want, repository);
    for (const number of Object.keys(metricOf) as (keyof typeof metricOf)[]) {
      assert.equal(await sumOfDays(store, of, metricOf[number]), want[number], number);
    }
  }
  for (const [key, { pulls, pushes }] of Object.entries(expected.tags)) {
    const colon = key.lastIndexOf(":");
    const of = { registry, repository: key.slice(0, colon) };
    const tag = await store.findTag(of, key.slice(colon + 1));
    assert.deepEqual({ pulls: tag?.pulls, pushes: tag?.pushes }, { pulls, pushes }, key);
  }
}

async function checkAccounting(store: Store, recording: Recording, times: number): Promise<void> {
  const { byRegistry } = await store.accounting();
  const registry = registryOf(recording.name);
  const counted = recording.uniqueEvents;
  const received = times * recording.posts.length;
  const want: Accounting = {
    received,
    counted,
    duplicate: received - counted,
    ignored: 0,
    quarantined: 0,
  };
  assert.deepEqual(byRegistry.find((row) => row.registry === registry), { registry, ...want });
}

/**
 * Replays all recordings into one store, twice.
 *
 * @param name What the store is called.
 * @param open Opens the store in a scope.
 * @param ignorable Whether a part is missing that it needs.
 */
function testRecordings(
  name: string,
  open: (scope: AsyncDisposableStack) => Promise<Store>,
  ignorable: Ignorable = { ignore: false },
): void {
  Deno.test({
    name: `${name} counts every recording as expected`,
    ...ignorable,
    fn: async (t) => {
      await using scope = new AsyncDisposableStack();
      const store = await open(scope);
      for (const [number, recording] of readRecordings().entries()) {
        await t.step(recording.name, async () => {
          const received = receivedOfRecording(recording);
          // One event a batch as registries send, a few as under load, all as in a replay.
          const size = [1, 7, received.length][number % 3] ?? 1;
          await replay(store, received, size);
          await checkRecording(store, recording);
          await checkAccounting(store, recording, 1);
          const outcomes = await replay(store, received, 500);
          assert.deepEqual(new Set(outcomes), new Set(["duplicate"]));
          await checkRecording(store, recording);
          await checkAccounting(store, recording, 2);
        });
      }
      await t.step("and accounts for all of them", async () => {
        const { byRegistry, ...total } = await store.accounting();
        const sum = (part: keyof Accounting): number =>
          byRegistry.reduce((all, row) => all + row[part], 0);
        assert.equal(total.received, 2 * sumOfPosts());
        assert.deepEqual(total, {
          received: sum("received"),
          counted: sum("counted"),
          duplicate: sum("duplicate"),
          ignored: 0,
          quarantined: 0,
        });
      });
    },
  });
}

function sumOfPosts(): number {
  return readRecordings().reduce((sum, { posts }) => sum + posts.length, 0);
}

testRecordings("SqliteStore", async (scope) => {
  const folder = scope.use(await tempDir());
  const location = { path: folder.join("drec.db"), exclusive: true };
  const store = await openSqliteStore(location, storeOptionsOf());
  scope.defer(() => store.close());
  return store;
});

testRecordings("MongoStore", async (scope) => {
  const { uri, database } = scope.use(await freshDatabase());
  const connection = { uri, database, collection: "registry-stats", timeoutMs: 10_000 };
  const store = await openMongoStore(connection, storeOptionsOf());
  scope.defer(() => store.close());
  return store;
}, needs("mongodb"));
