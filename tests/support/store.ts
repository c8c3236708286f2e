/**
 * A store for tests of what stands above it, and events for it in few words.
 *
 * @module
 */

import { dirname, join } from "node:path";

import type { Outcome, Received } from "../../lib/batch.ts";
import { openSqliteStore } from "../../lib/store/sqlite/open.ts";
import type { Store, StoreOptions } from "../../lib/store/store.ts";
import { digestOf, mediaTypes, receivedOfBody } from "./events.ts";

const DAY_MS = 86_400_000;

/** An event in few words; what is left out is that of an anonymous `docker pull` by tag. */
export interface TestEvent {
  registry?: string;
  /** Unique unless told. */
  id?: string;
  action?: string;
  repository?: string;
  tag?: string;
  /** What `digestOf` makes it from; `null` for none. */
  digest?: string | null;
  mediaType?: string;
  method?: string;
  /** RFC 3339. */
  timestamp?: string;
  /** Milliseconds since 1970; that of the timestamp unless told. */
  receivedAt?: number;
  actor?: string;
  address?: string;
  userAgent?: string;
  /** Of the registry. */
  instance?: string;
}

/** A store in a folder of its own. */
export interface TestStore extends AsyncDisposable {
  readonly store: Store;
  /** The file. */
  readonly path: string;
}

/**
 * Opens a new, empty SQLite store.
 *
 * @param options What is to be other than the defaults.
 * @returns The store; leaving its scope closes it and removes its folder.
 */
export async function openTestStore(options: Partial<StoreOptions> = {}): Promise<TestStore> {
  const folder = await Deno.makeTempDir({ prefix: "drec-test-" });
  return await openAt(join(folder, "drec.db"), options);
}

/**
 * Opens the same file again, as the next process does.
 *
 * @param opened The store; it is closed.
 * @returns The store; leaving its scope closes it and removes its folder.
 */
export async function reopenTestStore({ store, path }: TestStore): Promise<TestStore> {
  await store.close();
  return await openAt(path);
}

/**
 * The options of a store, with the defaults of the configuration.
 *
 * @param options What is to be other than these.
 * @returns All options.
 */
export function storeOptionsOf(options: Partial<StoreOptions> = {}): StoreOptions {
  return {
    consumers: [],
    privacy: { actors: "keep", addresses: "keep" },
    onRepositoryDelete: "remove",
    collector: "collector-1",
    retention: {
      ids: 90 * DAY_MS,
      events: 14 * DAY_MS,
      days: 800 * DAY_MS,
      tagDays: 90 * DAY_MS,
      deleted: 90 * DAY_MS,
      quarantine: 30 * DAY_MS,
    },
    ...options,
  };
}

async function openAt(path: string, options: Partial<StoreOptions> = {}): Promise<TestStore> {
  const store = await openSqliteStore({ path, exclusive: true }, storeOptionsOf(options));
  return {
    store,
    path,
    async [Symbol.asyncDispose]() {
      await store.close();
      await Deno.remove(dirname(path), { recursive: true });
    },
  };
}

/**
 * Records events, each in an envelope of its own.
 *
 * @param store Where to.
 * @param events In order of arrival.
 * @returns What became of each.
 */
export function recordEvents(store: Store, events: readonly TestEvent[]): Promise<Outcome[]> {
  return store.record(events.flatMap(receive));
}

function receive(event: TestEvent): Received[] {
  const { registry = "default", timestamp = "2026-11-20T12:00:00Z" } = event;
  const receivedAt = event.receivedAt ?? Date.parse(timestamp);
  const body = JSON.stringify({ events: [wireEventOf({ ...event, timestamp })] });
  return receivedOfBody(body, { registry, receivedAt });
}

function wireEventOf(event: TestEvent): unknown {
  const { id = crypto.randomUUID(), action = "pull", repository = "team/app", tag } = event;
  const { digest = "image", method = METHODS[action] ?? "GET" } = event;
  const mediaType = event.mediaType ?? mediaTypes.image;
  const kind = mediaType === mediaTypes.blob ? "blobs" : "manifests";
  const path = `${encodeURIComponent(repository)}/${kind}/${digestOf(digest ?? "")}`;
  return {
    id,
    timestamp: event.timestamp,
    action,
    target: {
      repository,
      tag,
      ...(digest === null ? {} : { digest: digestOf(digest) }),
      ...(action === "delete" ? {} : { mediaType, url: `https://registry/v2/${path}` }),
    },
    request: {
      id: crypto.randomUUID(),
      addr: event.address ?? "192.0.2.1:4711",
      method,
      useragent: event.userAgent ?? "docker/28.5.2 go/go1.24.8",
    },
    actor: event.actor === undefined ? {} : { name: event.actor },
    source: { addr: "registry:5000", instanceID: event.instance ?? "instance" },
  };
}

const METHODS: Readonly<Record<string, string>> = {
  push: "PUT",
  mount: "POST",
  delete: "DELETE",
};
