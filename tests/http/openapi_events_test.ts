/**
 * The description held against what needs a socket: the event route, and the live stream.
 *
 * @module
 */

import assert from "node:assert/strict";

import { describeApi, operationsOf } from "../../lib/http/openapi/document.ts";
import type { Answer } from "../support/app.ts";
import type { RawAnswer } from "../support/http.ts";
import { type RequestParts, startIngest, wireEvent } from "../support/ingest.ts";
import { createChecker } from "../support/openapi.ts";
import { recordEvents } from "../support/store.ts";
import { startStream } from "../support/stream.ts";

const document = describeApi({ route: "/events" });
const checker = createChecker(document);
const operations = operationsOf(document);

function check(id: string, { status, headers, body }: RawAnswer): void {
  const placed = operations.find(({ operation }) => operation.operationId === id);
  const answer: Answer = { status, headers: new Headers(headers), text: body, json: undefined };
  checker.check(placed ?? assert.fail(id), answer);
}

Deno.test("the event route answers as described", async (t) => {
  await using ingest = await startIngest({
    bodyBytes: 1000,
    tokens: [{ token: "i", registry: "main" }],
  });
  const known = ["Authorization: Bearer i"];
  const events = JSON.stringify({ events: [wireEvent()] });
  const cases: [status: number, parts: RequestParts][] = [
    [200, { headers: known, body: events }],
    [200, { headers: known, body: "{}" }],
    [200, { headers: known, body: "no JSON" }],
    [200, { headers: known }],
    [202, { headers: known, body: "x".repeat(2000) }],
    [401, {}],
    [401, { headers: ["Authorization: Bearer x"], body: events }],
  ];
  for (const [status, parts] of cases) {
    await t.step(`${status} for ${parts.body?.slice(0, 20)}`, async () => {
      for (
        const [id, path] of [["postEvents", "/events"], [
          "postEventsOfRegistry",
          "/events/main",
        ]] as const
      ) {
        const answer = await ingest.ask({ ...parts, path });
        assert.equal(answer.status, status);
        check(id, answer);
      }
    });
  }
  await t.step("404 and 401 for other registries", async () => {
    for (const [path, status] of [["/events/NO", 404], ["/events/other", 401]] as const) {
      const answer = await ingest.ask({ path, headers: known });
      assert.equal(answer.status, status);
      check("postEventsOfRegistry", answer);
    }
  });
  await t.step("503 at the end", async () => {
    await ingest.drain();
    const answer = await ingest.ask({ headers: known, body: events });
    assert.equal(answer.status, 503);
    check("postEvents", answer);
  });
});

Deno.test("the live stream tells what is described", async () => {
  await using server = await startStream();
  await using reader = await server.read();
  assert.equal(reader.headers.get("content-type"), "text/event-stream");
  await recordEvents(server.app.store, [{ tag: "1.0", action: "push" }]);
  const changed = await reader.next();
  assert.equal(changed.event, "repository");
  checker.checkValue("/components/schemas/RepositoryItem", changed.data);
  await recordEvents(server.app.store, [{
    action: "delete",
    digest: null,
    timestamp: "2026-11-20T13:00:00Z",
  }]);
  const removed = await reader.next();
  assert.equal(removed.event, "removed");
  checker.checkValue("/components/schemas/Removed", removed.data);
});
