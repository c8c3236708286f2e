/**
 * The handshakes of Event Grid and of CloudEvents, and the events that come after them.
 *
 * @module
 */

import assert from "node:assert/strict";

import { type RequestParts, startIngest, wireEvent } from "../support/ingest.ts";

const token = "Authorization: Bearer secret";
const validation = "aeg-event-type: SubscriptionValidation";
const tokens = [{ token: "secret" }];
const code = "512d38b6-c7b8-40c8-89fe-f46f9e9622b6";
const asked = (data: unknown): string =>
  JSON.stringify([{
    id: "2d1781af-3a4c-4d7c-bd0c-e34b19da4e66",
    topic: "/subscriptions/1/resourceGroups/1/providers/Microsoft.ContainerRegistry/registries/1",
    eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
    data,
  }]);

Deno.test("POST gives Event Grid its validation code back, and counts nothing", async (t) => {
  await using ingest = await startIngest({ tokens });
  const body = asked({ validationCode: code, validationUrl: "https://rp-eastus2.example" });
  for (const path of ["/events", "/events/azure"]) {
    await t.step(path, async () => {
      const answer = await ingest.post(body, { path, headers: [token, validation] });
      assert.equal(answer.status, 200);
      assert.match(answer.headers["content-type"] ?? "", /^application\/json/);
      assert.deepEqual(JSON.parse(answer.body), { validationResponse: code });
    });
  }
  await t.step("not without a token", async () => {
    const answer = await ingest.post(body, { headers: [validation] });
    assert.equal(answer.status, 401);
    assert.doesNotMatch(answer.body, /512d38b6/);
  });
  const { received } = await ingest.accounting();
  assert.equal(received, 0);
});

Deno.test("POST takes what is no such request for what it is", async (t) => {
  await using ingest = await startIngest({ tokens });
  const cases: [name: string, body: string, headers: string[]][] = [
    ["no header", asked({ validationCode: code }), [token]],
    ["another header", asked({ validationCode: code }), [token, "aeg-event-type: Notification"]],
    ["no code", asked({}), [token, validation]],
    ["a code that is none", asked({ validationCode: 7 }), [token, validation]],
    ["a code without an end", asked({ validationCode: "x".repeat(257) }), [token, validation]],
    ["no JSON", "code", [token, validation]],
    ["null", "null", [token, validation]],
  ];
  for (const [name, body, headers] of cases) {
    await t.step(name, async () => {
      const answer = await ingest.post(body, { headers });
      assert.deepEqual([answer.status, answer.body], [200, ""]);
    });
  }
  // Those with the same id are one event and its repetitions.
  const { received, quarantined, duplicate } = await ingest.accounting();
  assert.deepEqual([received, quarantined, duplicate], [cases.length, 3, 4]);
});

Deno.test("OPTIONS consents to CloudEvents of who has a token", async (t) => {
  await using ingest = await startIngest({ tokens });
  const origin = "WebHook-Request-Origin: eventgrid.azure.net";
  const ask = (headers: string[], method = "OPTIONS"): RequestParts => ({ method, headers });
  await t.step("with one", async () => {
    const { status, headers } = await ingest.ask(ask([token, origin]));
    assert.equal(status, 200);
    assert.equal(headers["webhook-allowed-origin"], "eventgrid.azure.net");
    assert.equal(headers["webhook-allowed-rate"], "*");
    assert.equal(headers.allow, "POST");
  });
  await t.step("not without one", async () => {
    const { status, headers } = await ingest.ask(ask([origin]));
    assert.equal(status, 401);
    assert.equal(headers["webhook-allowed-origin"], undefined);
  });
  await t.step("nor to anything else", async () => {
    assert.equal((await ingest.ask(ask([token]))).status, 405);
    assert.equal((await ingest.ask(ask([token, origin], "GET"))).status, 405);
    assert.equal((await ingest.ask({ ...ask([token, origin]), path: "/events/A" })).status, 404);
  });
  assert.equal((await ingest.accounting()).received, 0);
});

Deno.test("POST counts events in the schema of Event Grid and in that of CloudEvents", async () => {
  await using ingest = await startIngest({ tokens });
  const [one, two, three] = [wireEvent(), wireEvent(), wireEvent()];
  const cloud = (data: unknown) => ({
    specversion: "1.0",
    type: "Microsoft.ContainerRegistry.ImagePushed",
    source: "/subscriptions/1",
    id: "1",
    data,
  });
  for (const body of [[{ id: "0", data: one }], cloud(two), [cloud(three)], [cloud(three)]]) {
    const answer = await ingest.post(JSON.stringify(body), { headers: [token] });
    assert.equal(answer.status, 200);
  }
  const { counted, duplicate } = await ingest.accounting();
  assert.deepEqual([counted, duplicate], [3, 1]);
});
