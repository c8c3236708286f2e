/**
 * Bodies that are compressed, which no registry does by itself.
 *
 * @module
 */

import assert from "node:assert/strict";
import { deflateSync, gzipSync } from "node:zlib";

import { startIngest, textOf, wireEvent } from "../support/ingest.ts";

Deno.test("a compressed body is understood", async (t) => {
  await using ingest = await startIngest();
  const cases: [coding: string, body: Uint8Array][] = [
    ["gzip", gzipSync(textOf([wireEvent()]))],
    ["X-GZip", gzipSync(textOf([wireEvent()]))],
    ["deflate", deflateSync(textOf([wireEvent()]))],
  ];
  for (const [coding, body] of cases) {
    await t.step(coding, async () => {
      const headers = [`Content-Encoding: ${coding}`];
      assert.equal((await ingest.ask({ body, headers })).status, 200);
      assert.equal((await ingest.ask({ body, headers })).status, 200);
    });
  }
  const { counted, duplicate } = await ingest.accounting();
  assert.deepEqual([counted, duplicate], [3, 3]);
});

Deno.test("a body that cannot be decompressed is quarantined, not asked for again", async (t) => {
  await using ingest = await startIngest();
  const whole = gzipSync(textOf([wireEvent()]));
  const cases: [name: string, coding: string, body: Uint8Array][] = [
    ["no gzip", "gzip", new TextEncoder().encode("{no gzip")],
    ["half of it", "gzip", whole.subarray(0, whole.length / 2)],
    ["unknown coding", "br", whole],
  ];
  for (const [name, coding, body] of cases) {
    await t.step(name, async () => {
      const headers = [`Content-Encoding: ${coding}`];
      assert.equal((await ingest.ask({ body, headers })).status, 200);
    });
  }
  await t.step("not compressed at all, whatever is said", async () => {
    const headers = ["Content-Encoding: gzip"];
    assert.equal((await ingest.post([wireEvent()], { headers })).status, 200);
  });
  const { counted, quarantined } = await ingest.accounting();
  assert.deepEqual([counted, quarantined], [1, 3]);
});

Deno.test("a body that decompresses beyond all limits takes no memory", async () => {
  await using ingest = await startIngest({ bodyBytes: 100_000, bodiesInFlightBytes: 1_000_000 });
  const headers = ["Content-Encoding: gzip"];
  const large = gzipSync(textOf([{ ...wireEvent(), padding: "x".repeat(200_000) }]));
  assert.equal((await ingest.ask({ body: large, headers })).status, 202);
  const bomb = gzipSync(new Uint8Array(300 * 1024 ** 2));
  assert.ok(bomb.length < 500_000);
  assert.equal((await ingest.ask({ body: bomb, headers })).status, 202);
  const { received, quarantined } = await ingest.accounting();
  assert.deepEqual([received, quarantined], [2, 2]);
});
