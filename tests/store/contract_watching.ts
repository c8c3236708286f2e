/**
 * The lines of the store contract about being told of changes.
 *
 * @module
 */

import assert from "node:assert/strict";

import type { RepositoryRef, RepositoryWatcher, Store } from "../../lib/store/store.ts";
import { noonUs } from "../support/events.ts";
import { until } from "../support/wait.ts";
import { app, type ContractCase, findApp, gone, record } from "./contract_support.ts";

/** What a watcher was told. */
export interface Told extends AsyncDisposable {
  /** Names of repositories, in the order in which they were told; `(lost)` for what was missed. */
  readonly names: string[];
  /** Waits until all of these have been told since the last call, and forgets them. */
  expect(...names: string[]): Promise<void>;
}

/**
 * Watches a store.
 *
 * @param store Which.
 * @returns What is told from now on; leaving its scope ends it.
 */
export async function watch(store: Store): Promise<Told> {
  const names: string[] = [];
  const watcher: RepositoryWatcher = {
    onChange: ({ registry, repository }: RepositoryRef) => names.push(`${registry} ${repository}`),
    onLost: () => names.push("(lost)"),
  };
  const watching = await store.watch(watcher);
  return {
    names,
    async expect(...wanted) {
      const isTold = () => wanted.every((name) => names.includes(name));
      await until(isTold, () => `${wanted.join()}; told: ${names.join()}`);
      names.length = 0;
    },
    [Symbol.asyncDispose]: () => watching[Symbol.asyncDispose](),
  };
}

/** Being told. */
export const watchingCases: readonly ContractCase[] = [
  {
    name: "tells of every repository that a batch has changed, when it can be read",
    async run(_t, { store }) {
      const reads: Promise<{ pulls: number }>[] = [];
      const watching = await store.watch({
        onChange: () => void reads.push(findApp(store)),
        onLost: () => {},
      });
      await using second = await watch(store);
      await record(store, [{}, {}, { repository: "team/tool", tag: "a" }]);
      await second.expect("default team/app", "default team/tool");
      await until(() => reads.length > 0, "the first to be told");
      assert.equal((await reads[0])?.pulls, 2);
      await record(store, [{ action: "push", method: "PUT" }], { registry: "main" });
      await second.expect("main team/app");
      await watching[Symbol.asyncDispose]();
      await Promise.all(reads);
    },
  },
  {
    name: "tells of nothing where no number of a repository has changed",
    async run(_t, { store }) {
      await record(store, [{ id: "1" }]);
      await using told = await watch(store);
      // A duplicate, and one that changes something, after which all has been told.
      await record(store, [{ id: "1" }]);
      await record(store, [{ repository: "last" }]);
      await until(() => told.names.length > 0, "the last change");
      assert.deepEqual(new Set(told.names), new Set(["default last"]));
    },
  },
  {
    name: "tells of a repository that is gone",
    async run(_t, { store }) {
      await record(store, [{}, { repository: "team/tool" }]);
      await using told = await watch(store);
      await record(store, [{ ...gone, at: noonUs + 1_000_000 }]);
      await told.expect("default team/app");
      const found = await store.findItems([app, { ...app, repository: "team/tool" }]);
      assert.deepEqual(found.map(({ repository }) => repository), ["team/tool"]);
    },
  },
  {
    name: "tells nothing after the end, and is told to another watcher still",
    async run(_t, { store }) {
      const ended = await watch(store);
      await using told = await watch(store);
      await ended[Symbol.asyncDispose]();
      await record(store, [{}]);
      await told.expect("default team/app");
      assert.deepEqual(ended.names, []);
    },
  },
  {
    name: "closes with a watcher",
    async run(_t, under) {
      const told = await watch(under.store);
      await under.reopen();
      await told[Symbol.asyncDispose]();
      assert.deepEqual(told.names, []);
    },
  },
  {
    name: "finds the items that there are",
    async run(_t, { store }) {
      await record(store, [{ actor: "zoe" }, { repository: "a" }, { repository: "b" }]);
      await record(store, [{ repository: "a" }], { registry: "main" });
      const [listed] = (await store.listRepositories({ sort: "name", limit: 1, prefix: "team/" }))
        .items;
      assert.deepEqual(await store.findItems([app]), [listed]);
      // The pairs, not whatever their parts make.
      const found = await store.findItems([
        { registry: "main", repository: "a" },
        { registry: "default", repository: "b" },
        { registry: "main", repository: "none" },
      ]);
      const names = found.map(({ registry, repository }) => `${registry} ${repository}`);
      assert.deepEqual(names.sort(), ["default b", "main a"]);
      assert.deepEqual(await store.findItems([]), []);
    },
  },
];
