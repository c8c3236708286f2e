/**
 * The application and its description, for tests that hold one against the other.
 *
 * @module
 */

import { describeApi, operationsOf } from "../../lib/http/openapi/document.ts";
import type { PlacedOperation } from "../../lib/http/openapi/types.ts";
import type { Answer, TestApp } from "./app.ts";
import { createChecker, targetOf } from "./openapi.ts";
import { recordEvents } from "./store.ts";

/** The description. */
export const document = describeApi({ route: "/events" });
/** All operations. */
export const operations = operationsOf(document);
/** Holds answers against it. */
export const checker = createChecker(document);

/** Those that a test application answers: events go to another handler. */
export const routed = operations.filter(({ operation }) =>
  operation.operationId.indexOf("postEvents") < 0
);
/**
 * Says whether an answer ends only when the application does.
 *
 * @param placed The operation.
 * @returns True for the live stream.
 */
export function isEndless({ operation }: PlacedOperation): boolean {
  return operation.operationId === "streamRepositories";
}

/**
 * Records something of everything: tags, manifests, users, several registries, what is unused.
 *
 * @param app Whose store is filled.
 */
export async function fill(app: TestApp): Promise<void> {
  await recordEvents(app.store, [
    { tag: "1.0", action: "push", actor: "alice", timestamp: "2026-10-01T08:00:00Z" },
    { tag: "1.0", timestamp: "2026-11-19T08:00:00Z" },
    { tag: "2.0", digest: "two", action: "push", timestamp: "2026-01-01T00:00:00Z" },
    { tag: "3.0", digest: "two", action: "push", timestamp: "2026-02-01T00:00:00Z" },
    { tag: "1.0", method: "HEAD" },
    { repository: "twice", tag: "1", registry: "main" },
    { repository: "twice", tag: "1", registry: "other" },
    { repository: "team/old", tag: "1", action: "push", timestamp: "2025-01-01T00:00:00Z" },
  ]);
  await app.store.setStar({ registry: "default", repository: "team/app" }, {
    user: "alice",
    isStarred: true,
    at: Date.parse("2026-11-20T12:00:00Z"),
  });
}

/**
 * Asks as a client does that knows the description only.
 *
 * @param app The application.
 * @param placed What is asked for.
 * @param options Values of parameters, and headers.
 * @returns The answer; of a stream, which has no end, that to HEAD.
 */
export async function ask(
  app: TestApp,
  placed: PlacedOperation,
  { values = {}, headers = {} }: {
    values?: Readonly<Record<string, unknown>>;
    headers?: Record<string, string>;
  } = {},
): Promise<Answer> {
  const method = isEndless(placed) ? "HEAD" : placed.method.toUpperCase();
  return await app.ask(targetOf(document, placed, values), { method, headers });
}
