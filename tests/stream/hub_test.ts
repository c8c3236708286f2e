import assert from "node:assert/strict";

import type { RepositoryWatcher, Store } from "../../lib/store/store.ts";
import { createStreamHub, type StreamHub } from "../../lib/stream/hub.ts";
import { openTestStore, recordEvents } from "../support/store.ts";
import { until } from "../support/wait.ts";

type Part = Pick<Store, "watch" | "findItems">;

interface TestHub extends AsyncDisposable {
  readonly hub: StreamHub;
  readonly store: Store;
  readonly failures: unknown[];
  /** Reads all; gives what has come so far. */
  read(): Promise<() => string>;
}

/** A hub on a real store, some of whose calls are other than usual. */
async function openHub(wrap: (store: Part) => Partial<Part>): Promise<TestHub> {
  const opened = await openTestStore();
  const { store } = opened;
  const failures: unknown[] = [];
  const hub = createStreamHub({
    store: {
      watch: (watcher) => store.watch(watcher),
      findItems: (of) => store.findItems(of),
      ...wrap(store),
    },
    render: ({ repository, pulls }) => [repository, pulls],
    now: () => performance.now(),
    onFailure: (error) => failures.push(error),
    limits: { intervalMs: 20, pauseMs: 1 },
  });
  return {
    hub,
    store,
    failures,
    async read() {
      let text = "";
      const stream = await hub.open({ filter: {} });
      stream.pipeThrough(new TextDecoderStream())
        .pipeTo(new WritableStream({ write: (chunk) => void (text += chunk) }));
      return () => text;
    },
    async [Symbol.asyncDispose]() {
      await hub.stop();
      await opened[Symbol.asyncDispose]();
    },
  };
}

Deno.test("a stream hub tries again what the store did not answer", async () => {
  let tries = 0;
  await using test = await openHub((store) => ({
    findItems: (of) => ++tries < 3 ? Promise.reject(new Error("away")) : store.findItems(of),
  }));
  const text = await test.read();
  await recordEvents(test.store, [{}]);
  await until(() => text().includes('data: ["team/app",1]'), "the state");
  assert.deepEqual(test.failures.map(String), ["Error: away", "Error: away"]);
});

Deno.test("a stream hub tells no state that was read before readers were told to read anew", async () => {
  let watcher: RepositoryWatcher | undefined;
  let reads = 0;
  await using test = await openHub((store) => ({
    watch: (given) => store.watch(watcher = given),
    async findItems(of) {
      const items = await store.findItems(of);
      if (++reads > 1) return items;
      await recordEvents(test.store, [{}]);
      watcher?.onLost();
      return items;
    },
  }));
  const text = await test.read();
  await recordEvents(test.store, [{}]);
  await until(() => text().includes('data: ["team/app",2]'), "the state");
  assert.match(text(), /event: reset/);
  assert.doesNotMatch(text(), /\["team\/app",1\]/);
});

Deno.test("a stream hub whose store cannot be watched says so, and can be asked again", async () => {
  let tries = 0;
  await using test = await openHub((store) => ({
    watch: (watcher) => ++tries < 2 ? Promise.reject(new Error("away")) : store.watch(watcher),
  }));
  await assert.rejects(test.read(), /away/);
  assert.equal(test.hub.readers, 0);
  await test.read();
  await test.read();
  assert.deepEqual([test.hub.readers, tries], [2, 2]);
});

Deno.test("a stream hub asks nothing of the store while nobody reads", async () => {
  const asked: string[] = [];
  await using test = await openHub((store) => ({
    watch: (watcher) => {
      asked.push("watch");
      return store.watch(watcher);
    },
    findItems: (of) => {
      asked.push("findItems");
      return store.findItems(of);
    },
  }));
  await recordEvents(test.store, [{}]);
  const stream = await test.hub.open({ filter: {} });
  await stream.cancel();
  assert.equal(test.hub.readers, 0);
  await recordEvents(test.store, [{}]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(asked, ["watch"]);
});
