import assert from "node:assert/strict";

import type { Outcome, Received } from "../lib/batch.ts";
import type { Metric } from "../lib/statistics.ts";
import { receivedOfBody } from "./support/events.ts";
import { MemoryStore } from "./support/memory_facts.ts";
import { type ExpectedRepository, readRecordings, type Recording } from "./support/testdata.ts";

function receivedOfRecording({ posts }: Recording): Received[] {
  return posts.flatMap((post) => {
    const receivedAt = Date.parse(post.receivedAt);
    return receivedOfBody(post.body, { registry: "main", receivedAt });
  });
}

function replay(store: MemoryStore, received: Received[], size: number): Outcome[] {
  const outcomes: Outcome[] = [];
  for (let from = 0; from < received.length; from += size) {
    outcomes.push(...store.record(received.slice(from, from + size)));
  }
  return outcomes;
}

/** What a store knows of a repository, in the words of the recordings. */
function countsOf(store: MemoryStore, repository: string): ExpectedRepository {
  const counts = store.counts("main", repository, "r");
  const days = store.countsOfDays("main", repository);
  const of = (metric: Metric): number => {
    const value = counts[metric] ?? 0;
    assert.equal(days[metric] ?? 0, value, `${metric} of the days`);
    return value;
  };
  return {
    pulls: of("pulls"),
    pushes: of("pushes"),
    checks: of("checks"),
    childpulls: of("childPulls"),
    digestpushes: of("digestPushes"),
    blobpulls: (days.blobPulls ?? 0) + (days.blobChecks ?? 0),
    blobpushes: days.blobPushes ?? 0,
    mounts: days.mounts ?? 0,
    deletes: {
      tags: of("tagDeletes"),
      manifests: of("manifestDeletes"),
      blobs: of("blobDeletes"),
      unknown: of("unknownDeletes"),
    },
  };
}

function checkRecording(store: MemoryStore, { expected }: Recording): void {
  const { repositories, tags } = expected;
  const seen = Object.keys(repositories).map((name) => [name, countsOf(store, name)]);
  assert.deepEqual(Object.fromEntries(seen), repositories);
  for (const [name, { pulls, pushes }] of Object.entries(tags)) {
    const colon = name.lastIndexOf(":");
    const counts = store.counts("main", name.slice(0, colon), "t", name.slice(colon + 1));
    assert.deepEqual(
      { pulls: counts.pulls ?? 0, pushes: counts.pushes ?? 0 },
      { pulls, pushes },
      name,
    );
  }
  const known = [...store.log.values()].flatMap(({ event }) => event?.repository ?? []);
  assert.deepEqual(new Set(known), new Set(Object.keys(repositories)));
}

function accountingOf(store: MemoryStore): Record<Outcome, number> {
  const total = { counted: 0, duplicate: 0, ignored: 0, quarantined: 0 };
  for (const row of store.accounting.values()) {
    for (const outcome of Object.keys(total) as Outcome[]) total[outcome] += row[outcome];
  }
  return total;
}

for (const recording of readRecordings()) {
  Deno.test(`planBatch() counts the recording ${recording.name} as expected`, async (t) => {
    const received = receivedOfRecording(recording);
    for (const size of [1, 7, received.length]) {
      await t.step(`in batches of ${size}`, () => {
        const store = new MemoryStore();
        replay(store, received, size);
        checkRecording(store, recording);
        const none = { ignored: 0, quarantined: 0 };
        const unique = recording.uniqueEvents;
        const again = received.length - unique;
        assert.deepEqual(accountingOf(store), { ...none, counted: unique, duplicate: again });

        const outcomes = replay(store, received, size);
        assert.deepEqual(new Set(outcomes), new Set(["duplicate"]));
        checkRecording(store, recording);
        const twice = received.length + again;
        assert.deepEqual(accountingOf(store), { ...none, counted: unique, duplicate: twice });
        assert.equal(store.quarantine.size, 0);
      });
    }
  });
}
