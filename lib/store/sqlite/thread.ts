/**
 * The thread on which SQLite works, so that it holds up nobody who hands in an event. This module
 * is both what starts it and what runs on it; the other side is `threaded_store.ts`.
 *
 * @module
 */

import type { RepositoryRef, RepositoryWatcher } from "../store.ts";
import { type PortableReceived, receivedFrom } from "./portable_received.ts";
import { SqliteStore } from "./sqlite_store.ts";
import {
  type CallMessage,
  type ChangeMessage,
  type OpenMessage,
  portableError,
  type ReplyMessage,
  THREAD_NAME,
} from "./thread_messages.ts";

/**
 * Starts a thread.
 *
 * @returns The thread; it waits for an {@linkcode OpenMessage}.
 */
export function startThread(): Worker {
  // Where everything has been made one file, that is the whole program.
  return new Worker(import.meta.url, { type: "module", name: THREAD_NAME });
}

/** What there is on this side of a thread; other names than in the types of a window. */
interface ThreadScope {
  readonly name?: string;
  postMessage(message: ReplyMessage | ChangeMessage): void;
  onmessage: (event: MessageEvent) => void;
}

/** Opens a store, and from then on calls what it is told to. */
function serve(scope: ThreadScope, { path, options }: OpenMessage): void {
  const store = SqliteStore.open(path, options);
  let watching: AsyncDisposable | undefined;

  async function call(method: string, args: unknown[]): Promise<unknown> {
    if (method === "record") {
      const [received, rest] = args as [PortableReceived[], Parameters<SqliteStore["record"]>[1]];
      return await store.record(received.map(receivedFrom), rest);
    }
    if (method === "watch") return void (watching = await store.watch(tellerOf(scope)));
    if (method === "unwatch") return await watching?.[Symbol.asyncDispose]();
    const action: (...args: unknown[]) => unknown = Reflect.get(store, method);
    return await action.apply(store, args);
  }

  scope.onmessage = async ({ data }: MessageEvent<CallMessage>) => {
    const { id, method, args } = data;
    try {
      scope.postMessage({ id, value: await call(method, args) });
    } catch (error) {
      scope.postMessage({ id, error: portableError(error) });
    }
  };
}

/** Passes on what a watcher is told: all of a commit at once. */
function tellerOf(scope: ThreadScope): RepositoryWatcher {
  let changed: RepositoryRef[] = [];
  return {
    onChange(of) {
      if (changed.push(of) > 1) return;
      queueMicrotask(() => {
        scope.postMessage({ changed });
        changed = [];
      });
    },
    onLost: () => scope.postMessage({ changed: "lost" }),
  };
}

const scope = globalThis as unknown as ThreadScope;
if (scope.name === THREAD_NAME) {
  scope.onmessage = ({ data }: MessageEvent<OpenMessage>) => {
    try {
      serve(scope, data);
      scope.postMessage({ value: undefined });
    } catch (error) {
      scope.postMessage({ error: portableError(error) });
    }
  };
}
