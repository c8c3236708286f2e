import assert from "node:assert/strict";

import { openTestApp } from "../../support/app.ts";
import { recordEvents } from "../../support/store.ts";

const NOTHING = { received: 0, counted: 0, duplicate: 0, ignored: 0, quarantined: 0 };

Deno.test("GET /api/v1/accounting is there before the first event", async () => {
  await using app = await openTestApp();
  assert.deepEqual(await app.get("/api/v1/accounting"), { ...NOTHING, byRegistry: [] });
});

Deno.test("GET /api/v1/accounting tells what became of events, by registry", async () => {
  await using app = await openTestApp();
  const event = { registry: "main", id: "1" };
  await recordEvents(app.store, [event, event, { registry: "edge" }, { ...event, id: "2" }]);
  await recordEvents(app.store, [{ registry: "main", action: "burn" }]);
  const { text } = await app.ask("/api/v1/accounting");
  const edge = { registry: "edge", ...NOTHING, received: 1, counted: 1 };
  const main = { received: 4, counted: 2, duplicate: 1, ignored: 0, quarantined: 1 };
  const total = { received: 5, counted: 3, duplicate: 1, ignored: 0, quarantined: 1 };
  const byRegistry = [edge, { registry: "main", ...main }];
  assert.equal(text, JSON.stringify({ ...total, byRegistry }));
});

Deno.test("GET /api/v1/accounting has what waits for the next commit", async () => {
  const receivedAt = Date.now();
  const pending = [
    { registry: "main", receivedAt, count: 2 },
    { registry: "edge", receivedAt, count: 3 },
    { registry: "main", receivedAt: receivedAt + 86_400_000, count: 4 },
  ];
  await using app = await openTestApp({ pendingIgnored: () => pending });
  await recordEvents(app.store, [{ registry: "main" }]);
  assert.deepEqual(await app.get("/api/v1/accounting"), {
    received: 10,
    counted: 1,
    duplicate: 0,
    ignored: 9,
    quarantined: 0,
    byRegistry: [
      { registry: "edge", ...NOTHING, received: 3, ignored: 3 },
      { registry: "main", ...NOTHING, received: 7, counted: 1, ignored: 6 },
    ],
  });
});

Deno.test("GET /api/v1/accounting has no parameters", async () => {
  await using app = await openTestApp();
  assert.equal((await app.ask("/api/v1/accounting?registry=main")).status, 400);
});
