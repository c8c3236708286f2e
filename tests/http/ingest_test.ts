/**
 * What bodies are answered, and what becomes of the events in them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import { digestOf } from "../support/events.ts";
import {
  blobEvent,
  type Numbers,
  type RequestParts,
  startIngest,
  textOf,
  wireEvent,
} from "../support/ingest.ts";

const nothing: Numbers = { received: 0, counted: 0, duplicate: 0, ignored: 0, quarantined: 0 };

function difference(after: Numbers, before: Numbers): Numbers {
  const names = Object.keys(nothing) as (keyof Numbers)[];
  const pairs = names.map((name) => [name, after[name] - before[name]]);
  return Object.fromEntries(pairs) as Numbers;
}

const good = wireEvent();
const { target: _, ...withoutTarget } = wireEvent();
const whole = textOf([wireEvent(), wireEvent()]);

interface Case {
  name: string;
  body: string | readonly unknown[] | Uint8Array;
  parts?: RequestParts;
  /** What is added to the accounting beside `received`. */
  adds: Partial<Numbers>;
}

const cases: Case[] = [
  { name: "a new event", body: [good], adds: { counted: 1 } },
  { name: "a known event", body: [good], adds: { duplicate: 1 } },
  {
    name: "the same event twice in an envelope",
    body: [wireEvent({ id: "twice" }), wireEvent({ id: "twice" })],
    adds: { counted: 1, duplicate: 1 },
  },
  {
    name: "good events among bad ones",
    body: [wireEvent(), { action: "frobnicate" }, 17, wireEvent(), withoutTarget],
    adds: { counted: 2, quarantined: 3 },
  },
  { name: "no JSON", body: "pull team/app", adds: { quarantined: 1 } },
  { name: "no JSON, again", body: "pull team/app", adds: { duplicate: 1 } },
  { name: "truncated JSON", body: whole.slice(0, -20), adds: { quarantined: 1 } },
  { name: "an empty body", body: "", adds: { quarantined: 1 } },
  { name: "bytes", body: new Uint8Array([0, 255, 254, 0, 10]), adds: { quarantined: 1 } },
  { name: "a number", body: "42", adds: { quarantined: 1 } },
  { name: "a text", body: '"events"', adds: { quarantined: 1 } },
  { name: "null", body: "null", adds: { quarantined: 1 } },
  { name: "events that are no array", body: '{"events":{"0":1}}', adds: { quarantined: 1 } },
  { name: "JSON that nests deeply", body: "[".repeat(200_000), adds: { quarantined: 1 } },
  {
    name: "wrong types",
    body: [{ ...wireEvent(), action: 1 }, { ...wireEvent(), target: [] }],
    adds: { quarantined: 2 },
  },
  { name: "an empty object", body: "{}", adds: {} },
  { name: "an empty envelope", body: [], adds: {} },
  { name: "events: null", body: '{"events":null}', adds: {} },
  { name: "an unknown action", body: [wireEvent({ action: "sign" })], adds: { quarantined: 1 } },
  {
    name: "an unknown media type",
    body: [wireEvent({ mediaType: "application/vnd.example.future.v9+json" })],
    adds: { counted: 1 },
  },
  {
    name: "unknown keys",
    body: JSON.stringify({ version: 9, events: [{ ...wireEvent(), new: { a: [1] } }] }),
    adds: { counted: 1 },
  },
  { name: "an event without an envelope", body: JSON.stringify(wireEvent()), adds: { counted: 1 } },
  {
    name: "an unknown Content-Type",
    body: [wireEvent()],
    parts: { headers: ["Content-Type: image/png"] },
    adds: { counted: 1 },
  },
  {
    name: "two Content-Type lines",
    body: [wireEvent()],
    parts: {
      headers: [
        "Content-Type: application/vnd.docker.distribution.events.v1+json",
        "Content-Type: application/json",
      ],
    },
    adds: { counted: 1 },
  },
  {
    name: "a broken Content-Type",
    body: [wireEvent()],
    parts: { headers: ["Content-Type: ;;="] },
    adds: { counted: 1 },
  },
  {
    name: "an Accept that nothing satisfies",
    body: [wireEvent()],
    parts: { headers: ["Accept: image/png", "Accept-Encoding: gzip"] },
    adds: { counted: 1 },
  },
  { name: "a blob", body: [blobEvent()], adds: { ignored: 1 } },
  {
    name: "a blob among manifests",
    body: [blobEvent(), wireEvent(), blobEvent()],
    adds: { ignored: 2, counted: 1 },
  },
];

Deno.test("POST /events answers 200 to whatever arrives whole, and accounts for it", async (t) => {
  await using ingest = await startIngest();
  for (const { name, body, parts, adds } of cases) {
    await t.step(name, async () => {
      const before = await ingest.accounting();
      const text = body instanceof Uint8Array ? body : textOf(body);
      const answer = await ingest.ask({ ...parts, body: text });
      assert.equal(answer.status, 200);
      assert.equal(answer.body, "");
      assert.equal(answer.headers["content-length"], "0");
      const received = Object.values(adds).reduce((sum, count) => sum + count, 0);
      const added = difference(await ingest.accounting(), before);
      assert.deepEqual(added, { ...nothing, received, ...adds });
    });
  }
  assert.deepEqual(ingest.failures, []);
});

Deno.test("POST /events answers when the event is durable; a question finds it counted", async () => {
  await using ingest = await startIngest();
  using other = new DatabaseSync(ingest.path, { readOnly: true });
  for (let pulls = 1; pulls <= 20; pulls++) {
    assert.equal((await ingest.post([wireEvent()])).status, 200);
    const inbox = await Deno.readTextFile(`${ingest.path}-inbox-1`);
    assert.equal(inbox.match(/"events":/g)?.length, pulls);
    assert.equal((await ingest.accounting()).counted, pulls);
    const row = other.prepare("SELECT sum(pulls) AS pulls FROM repositories").get();
    assert.equal(row?.pulls, pulls);
  }
});

Deno.test("POST /events with blobs: count counts layers, exactly once", async () => {
  await using ingest = await startIngest({ blobs: "count" });
  const body = [blobEvent(), wireEvent(), blobEvent({ method: "HEAD" })];
  await ingest.post(body);
  await ingest.post(body);
  assert.deepEqual(await ingest.accounting(), {
    received: 6,
    counted: 3,
    duplicate: 3,
    ignored: 0,
    quarantined: 0,
  });
});

Deno.test("POST /events takes 2,200 events at once, and counts them in several batches", async () => {
  await using ingest = await startIngest();
  using other = new DatabaseSync(ingest.path, { readOnly: true });
  const events = Array.from({ length: 2200 }, (_, index) => wireEvent({ tag: `t${index % 7}` }));
  assert.equal((await ingest.post(events)).status, 200);
  await ingest.settled();
  const row = other.prepare("SELECT sum(pulls) AS pulls FROM repositories").get();
  assert.equal(row?.pulls, 2200);
  assert.match(ingest.metrics.render(), /^drec_batch_events_count 3$/m);
});

Deno.test("POST /events takes an event of 25 MB, and keeps 10,000 of its references", async () => {
  await using ingest = await startIngest();
  const references = Array.from({ length: 100_000 }, (_, index) => ({
    mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
    digest: digestOf(index),
    size: index,
    annotations: { "org.example.padding": "\\u003c".repeat(5) },
  }));
  const body = textOf([wireEvent({ action: "push", method: "PUT", references })]);
  assert.ok(body.length > 20_000_000 && body.length < 32 * 1024 ** 2, `${body.length}`);
  assert.equal((await ingest.post(body)).status, 200);
  assert.deepEqual(await ingest.accounting(), { ...nothing, received: 1, counted: 1 });
  using other = new DatabaseSync(ingest.path, { readOnly: true });
  const row = other.prepare("SELECT count(*) AS count FROM manifest_references").get();
  assert.equal(row?.count, 10_000);
});

Deno.test("POST /events shares commits between those who send at once", async () => {
  await using ingest = await startIngest();
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => ingest.post([wireEvent()])),
  );
  assert.ok(answers.every(({ status }) => status === 200));
  assert.deepEqual(await ingest.accounting(), { ...nothing, received: 200, counted: 200 });
  const commits = Number(/^drec_batch_events_count (\d+)$/m.exec(ingest.metrics.render())?.[1]);
  assert.ok(commits < 100, `${commits} commits for 200 events`);
});
