/**
 * Tells of the repositories that commits have changed.
 *
 * @module
 */

import type { BatchPlan } from "../../batch.ts";
import { keyOf } from "../../facts.ts";
import type { RepositoryRef, RepositoryWatcher } from "../store.ts";
import type { Database } from "./database.ts";

/** How often another process that writes is looked out for. */
const LOOK_OUT_MS = 2000;
/** While it goes on writing, watchers are told only after so many looks. */
const MAX_LOOKS = 5;

/** Who wants to know. Without anybody nothing is collected. */
export class Watchers {
  readonly #database: Database;
  readonly #watchers = new Set<RepositoryWatcher>();
  #timer: ReturnType<typeof setInterval> | undefined;
  /** What the last look has found, and what watchers know of. */
  #found = 0;
  #known = 0;
  /** At what watchers do not know of. */
  #looks = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Adds a watcher.
   *
   * @param watcher Told of all commits from now on.
   * @returns Removes it.
   */
  add(watcher: RepositoryWatcher): AsyncDisposable {
    if (this.#timer === undefined) {
      this.#found = this.#known = this.#dataVersion();
      this.#timer = setInterval(() => this.#lookOut(), LOOK_OUT_MS);
    }
    this.#watchers.add(watcher);
    return {
      [Symbol.asyncDispose]: () => {
        this.#watchers.delete(watcher);
        if (this.#watchers.size === 0) this.close();
        return Promise.resolve();
      },
    };
  }

  /**
   * Tells all watchers of a batch.
   *
   * @param plan What was committed.
   */
  tellOf(plan: BatchPlan): void {
    if (this.#watchers.size > 0) this.tell(touchedBy(plan));
  }

  /**
   * Tells all watchers.
   *
   * @param touched The repositories that a commit has changed.
   */
  tell(touched: readonly RepositoryRef[]): void {
    for (const watcher of this.#watchers) {
      for (const of of touched) watcher.onChange(of);
    }
  }

  /** Forgets all watchers. */
  close(): void {
    this.#watchers.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** What another process has changed is not known, only that it has. */
  #lookOut(): void {
    const version = this.#dataVersion();
    const isWriting = version !== this.#found;
    this.#found = version;
    if (version === this.#known || (isWriting && ++this.#looks < MAX_LOOKS)) return;
    this.#known = version;
    this.#looks = 0;
    for (const watcher of this.#watchers) watcher.onLost();
  }

  /** A number that changes with every commit of another connection. */
  #dataVersion(): number {
    return Number(this.#database.get("PRAGMA data_version")?.data_version);
  }
}

/** The repositories whose numbers a batch changes. */
function touchedBy({ removals, repositories, changes }: BatchPlan): RepositoryRef[] {
  const touched = new Map<string, RepositoryRef>();
  const touch = ({ registry, repository }: RepositoryRef): void => {
    touched.set(keyOf(registry, repository), { registry, repository });
  };
  for (const removal of removals) touch(removal);
  for (const write of repositories) touch(write);
  for (const { target } of changes) if (target.kind === "repository") touch(target);
  return [...touched.values()];
}
