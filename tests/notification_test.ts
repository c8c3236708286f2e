import assert from "node:assert/strict";

import { isAboutLayer, outlineOf, receivedOf } from "../lib/notification.ts";
import { blobEvent, textOf, wireEvent } from "./support/ingest.ts";
import { readRecordings } from "./support/testdata.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const read = (body: Uint8Array) =>
  receivedOf({ registry: "main", receivedAt: Date.now(), body, deadline: 0 });

Deno.test("outlineOf() tells of all that registries send how many events it has", () => {
  for (const { name, posts } of readRecordings()) {
    for (const { body } of posts) {
      const bytes = bytesOf(body);
      assert.equal(outlineOf(bytes).events, Math.max(1, read(bytes).length), name);
    }
  }
});

Deno.test("outlineOf() knows nearly all that has something to count, and never more", () => {
  let known = 0;
  let toCount = 0;
  for (const { name, posts } of readRecordings()) {
    for (const { body } of posts) {
      const bytes = bytesOf(body);
      const { mayBeLayers } = outlineOf(bytes);
      const isIgnored = read(bytes).every(isAboutLayer);
      assert.ok(mayBeLayers || !isIgnored, name);
      if (!isIgnored) toCount++;
      if (!mayBeLayers) known++;
    }
  }
  assert.ok(known > 0.9 * toCount, `${known} of ${toCount}`);
});

Deno.test("outlineOf() is sure of nothing that it does not know", async (t) => {
  const cases: [name: string, body: string, events: number, mayBeLayers: boolean][] = [
    ["nothing", "", 1, true],
    ["no envelope", "hello", 1, true],
    ["a manifest", textOf([wireEvent()]), 1, false],
    ["a manifest that names no URL", '{"action":"pull","target":{}}', 1, true],
    ["a layer", textOf([blobEvent()]), 1, true],
    ["both", textOf([blobEvent(), wireEvent(), wireEvent()]), 3, true],
    ["not UTF-8", "\u00ff\u0000/manifests/", 1, false],
  ];
  for (const [name, body, events, mayBeLayers] of cases) {
    await t.step(name, () => assert.deepEqual(outlineOf(bytesOf(body)), { events, mayBeLayers }));
  }
});
