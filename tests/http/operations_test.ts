import assert from "node:assert/strict";

import { AppError } from "../../lib/errors.ts";
import type { Readiness } from "../../lib/http/operations.ts";
import type { Store } from "../../lib/store/store.ts";
import { openTestApp } from "../support/app.ts";

function storeThat(ping: () => Promise<void>): Store {
  return { ping } as Store;
}

Deno.test("GET /-/healthy answers while the process runs", async () => {
  const fault = () => Promise.reject(new Error("down"));
  await using app = await openTestApp({ store: storeThat(fault), readiness: () => "draining" });
  const { status, text, headers } = await app.ask("/-/healthy");
  assert.deepEqual([status, text], [200, "ok\n"]);
  assert.match(headers.get("content-type") ?? "", /^text\/plain/);
});

Deno.test("GET /-/ready says why events would not be accepted", async (t) => {
  const cases: [state: Readiness, status: number, text: string][] = [
    ["ready", 200, "ok\n"],
    ["starting", 503, "starting\n"],
    ["draining", 503, "draining\n"],
  ];
  for (const [state, status, text] of cases) {
    await t.step(state, async () => {
      await using app = await openTestApp({ readiness: () => state });
      const answer = await app.ask("/-/ready");
      assert.deepEqual([answer.status, answer.text], [status, text]);
      assert.equal(answer.headers.get("cache-control"), "no-store");
    });
  }
});

Deno.test("GET /-/ready says that the store is away, or silent", async (t) => {
  const pings: [name: string, ping: () => Promise<void>][] = [
    ["away", () => Promise.reject(new AppError("unavailable", "Cannot reach the store"))],
    ["silent", () => Promise.withResolvers<void>().promise],
  ];
  for (const [name, ping] of pings) {
    await t.step(name, async () => {
      await using app = await openTestApp({ store: storeThat(ping) });
      const { status, text } = await app.ask("/-/ready");
      assert.deepEqual([status, text], [503, "store\n"]);
    });
  }
});

Deno.test("GET /metrics answers in Prometheus' text format", async () => {
  await using app = await openTestApp();
  app.metrics.events.add(2, { registry: "main", outcome: "counted" });
  const { text, headers } = await app.ask("/metrics");
  assert.equal(headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assert.ok(text.includes('drec_events_total{registry="main",outcome="counted"} 2\n'));
});
