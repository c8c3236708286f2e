/**
 * Tells of changes of repositories, whoever makes them: another collector, or a person by hand.
 *
 * A change stream begins, or begins again, at a token; what the stream cannot tell, because the
 * server has forgotten it, is told as lost.
 *
 * @module
 */

import type { ChangeStream, Document, ResumeToken } from "mongodb";

import type { RepositoryWatcher } from "../store.ts";
import type { Database } from "./connection.ts";
import { isTransient } from "./errors.ts";
import { type RepositoryChange, WatchedNames } from "./watched_names.ts";

const PIPELINE: Document[] = [{
  $project: {
    operationType: 1,
    documentKey: 1,
    "fullDocument.registry": 1,
    "fullDocument.repositoryname": 1,
  },
}];

/** Operations on a document; all others are about the collection. */
const OF_DOCUMENT: ReadonlySet<string> = new Set(["insert", "update", "replace", "delete"]);

/** Between two tries to go on. */
const RETRY_MS = 1000;

/** Watches the repositories for one watcher. */
export class RepositoryWatch {
  readonly #database: Database;
  readonly #watcher: RepositoryWatcher;
  #names: WatchedNames;
  #token: ResumeToken;
  #stream: ChangeStream<Document, Document> | undefined;
  #followed: Promise<void> = Promise.resolve();
  readonly #closing = Promise.withResolvers<void>();
  #isClosed = false;

  /**
   * @param database Where.
   * @param watcher Told of changes.
   */
  constructor(database: Database, watcher: RepositoryWatcher) {
    this.#database = database;
    this.#watcher = watcher;
    this.#names = new WatchedNames(database);
  }

  /**
   * Begins to watch.
   *
   * @throws What the driver threw.
   */
  async open(): Promise<void> {
    await this.#begin();
    this.#followed = this.#follow();
  }

  /** Ends it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closing.resolve();
    await this.#stream?.close();
    await this.#followed;
  }

  /** Finds out where "now" is. */
  async #begin(): Promise<void> {
    const stream = this.#watch({ maxAwaitTimeMS: 1 });
    try {
      const change = await stream.tryNext();
      this.#token = stream.resumeToken;
      this.#names = new WatchedNames(this.#database);
      await this.#names.load();
      if (change !== null) await this.#tell(change as unknown as RepositoryChange);
    } finally {
      await stream.close();
    }
  }

  #watch(options: { maxAwaitTimeMS?: number; resumeAfter?: ResumeToken }) {
    return this.#database.decisive("repositories").watch<Document, Document>(PIPELINE, options);
  }

  async #follow(): Promise<void> {
    let isLost = false;
    while (!this.#isClosed) {
      try {
        if (isLost) {
          await this.#begin();
          this.#watcher.onLost();
        }
        isLost = false;
        await this.#read();
        isLost = true;
      } catch (error) {
        // An election or a broken connection loses nothing.
        isLost ||= !isTransient(error);
      }
      if (!this.#isClosed) await this.#pause();
    }
  }

  /** Reads changes until the collection is gone. */
  async #read(): Promise<void> {
    const stream = this.#watch({ resumeAfter: this.#token });
    this.#stream = stream;
    try {
      while (!this.#isClosed) {
        const change = await stream.next() as unknown as RepositoryChange;
        if (change.operationType === "invalidate") return;
        await this.#tell(change);
      }
    } finally {
      this.#token = stream.resumeToken ?? this.#token;
      await stream.close();
    }
  }

  async #tell(change: RepositoryChange): Promise<void> {
    if (!OF_DOCUMENT.has(change.operationType)) return;
    const of = await this.#names.nameOf(change).catch(() => "unknown" as const);
    if (of === "unknown") this.#watcher.onLost();
    else if (of !== "none") this.#watcher.onChange(of);
  }

  async #pause(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = new Promise<void>((resolve) => timer = setTimeout(resolve, RETRY_MS));
    await Promise.race([over, this.#closing.promise]);
    clearTimeout(timer);
  }
}
