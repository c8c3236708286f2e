import assert from "node:assert/strict";

import { createMetrics } from "../lib/metrics.ts";

interface Family {
  type: string;
  samples: Map<string, number>;
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"`;
const SAMPLE = new RegExp(String.raw`^(${NAME})(\{${LABEL}(?:,${LABEL})*\})? (\S+)$`);
const SUFFIXES: Readonly<Record<string, string>> = {
  counter: "",
  gauge: "",
  histogram: "(?:_bucket|_sum|_count)",
};

/** Reads the text format 0.0.4, and nothing else. */
function parseMetrics(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  assert.ok(text.endsWith("\n"));
  let current = "";
  let helped = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const help = new RegExp(`^# HELP (${NAME}) (?:[^\\\\\\n]|\\\\\\\\|\\\\n)+$`).exec(line);
    const type = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`).exec(line);
    if (help?.[1] !== undefined) {
      assert.ok(!families.has(help[1]), `two of ${help[1]}`);
      helped = help[1];
    } else if (type?.[1] !== undefined && type[2] !== undefined) {
      assert.equal(type[1], helped, "TYPE follows HELP");
      current = type[1];
      families.set(current, { type: type[2], samples: new Map() });
    } else {
      const [, name = "", labels = "", value = ""] = SAMPLE.exec(line) ?? assert.fail(line);
      const family = families.get(current) ?? assert.fail(`${line} before its TYPE`);
      assert.match(name, new RegExp(`^${current}${SUFFIXES[family.type]}$`));
      assert.match(value, /^(?:[+-]Inf|NaN|-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/);
      assert.ok(!family.samples.has(name + labels), `two of ${name}${labels}`);
      family.samples.set(name + labels, value === "+Inf" ? Infinity : Number(value));
    }
  }
  return families;
}

function samplesOf(text: string, name: string): Record<string, number> {
  const family = parseMetrics(text).get(name);
  assert.ok(family, name);
  return Object.fromEntries(family.samples);
}

Deno.test("createMetrics() names all instruments, with help and type", () => {
  const families = parseMetrics(createMetrics({ version: "1.2.3" }).render());
  const types = [...families].map(([name, { type }]) => `${name} ${type}`);
  assert.deepEqual(types.sort(), [
    "drec_batch_events histogram",
    "drec_build_info gauge",
    "drec_certificate_expiry_timestamp_seconds gauge",
    "drec_commit_duration_seconds histogram",
    "drec_events_clock_skewed_total counter",
    "drec_events_total counter",
    "drec_http_requests_total counter",
    "drec_last_event_timestamp_seconds gauge",
    "drec_notifications_total counter",
    "drec_queue_events gauge",
    "drec_store_errors_total counter",
    "drec_stream_readers gauge",
    "drec_stream_readers_dropped_total counter",
    "process_resident_memory_bytes gauge",
    "process_start_time_seconds gauge",
  ]);
});

Deno.test("docs/metrics.md explains every instrument", async () => {
  const families = parseMetrics(createMetrics({ version: "1.2.3" }).render());
  const docs = await Deno.readTextFile(new URL("../docs/metrics.md", import.meta.url));
  for (const name of families.keys()) assert.ok(docs.includes(`\`${name}`), name);
});

Deno.test("createMetrics() starts at zero and tells about the process", () => {
  const text = createMetrics({ version: "1.2.3" }).render();
  assert.deepEqual(samplesOf(text, "drec_store_errors_total"), { drec_store_errors_total: 0 });
  assert.deepEqual(samplesOf(text, "drec_events_total"), {});
  assert.deepEqual(samplesOf(text, "drec_certificate_expiry_timestamp_seconds"), {});
  assert.deepEqual(samplesOf(text, "drec_build_info"), {
    [`drec_build_info{version="1.2.3",deno="${Deno.version.deno}"}`]: 1,
  });
  const start = samplesOf(text, "process_start_time_seconds").process_start_time_seconds ?? 0;
  assert.ok(Math.abs(start - Date.now() / 1000) < 3600, String(start));
  const rss = samplesOf(text, "process_resident_memory_bytes").process_resident_memory_bytes ?? 0;
  assert.ok(rss > 1_000_000, String(rss));
});

Deno.test("counters add up by labels", () => {
  const metrics = createMetrics({ version: "1" });
  metrics.events.add(2, { registry: "main", outcome: "counted" });
  metrics.events.add(3, { registry: "main", outcome: "counted" });
  metrics.events.add(1, { registry: "main", outcome: "duplicate" });
  metrics.storeErrors.add(1);
  assert.deepEqual(samplesOf(metrics.render(), "drec_events_total"), {
    'drec_events_total{registry="main",outcome="counted"}': 5,
    'drec_events_total{registry="main",outcome="duplicate"}': 1,
  });
  assert.deepEqual(samplesOf(metrics.render(), "drec_store_errors_total"), {
    "drec_store_errors_total": 1,
  });
});

Deno.test("gauges keep the last value", () => {
  const metrics = createMetrics({ version: "1" });
  metrics.queueEvents.set(7);
  metrics.queueEvents.set(4);
  metrics.lastEvent.set(1_795_176_000.25, { registry: "main" });
  assert.deepEqual(samplesOf(metrics.render(), "drec_queue_events"), { "drec_queue_events": 4 });
  assert.deepEqual(samplesOf(metrics.render(), "drec_last_event_timestamp_seconds"), {
    'drec_last_event_timestamp_seconds{registry="main"}': 1_795_176_000.25,
  });
});

Deno.test("histograms count each value in all buckets that are wide enough", () => {
  const metrics = createMetrics({ version: "1" });
  for (const value of [1, 2, 3, 500, 501]) metrics.batchEvents.observe(value);
  const samples = samplesOf(metrics.render(), "drec_batch_events");
  assert.equal(samples['drec_batch_events_bucket{le="1"}'], 1);
  assert.equal(samples['drec_batch_events_bucket{le="2"}'], 2);
  assert.equal(samples['drec_batch_events_bucket{le="5"}'], 3);
  assert.equal(samples['drec_batch_events_bucket{le="200"}'], 3);
  assert.equal(samples['drec_batch_events_bucket{le="500"}'], 4);
  assert.equal(samples['drec_batch_events_bucket{le="+Inf"}'], 5);
  assert.equal(samples.drec_batch_events_sum, 1007);
  assert.equal(samples.drec_batch_events_count, 5);
});

Deno.test("labels are escaped", () => {
  const metrics = createMetrics({ version: 'a"b\\c\nd' });
  const [name] = Object.keys(samplesOf(metrics.render(), "drec_build_info"));
  assert.ok(name?.startsWith(String.raw`drec_build_info{version="a\"b\\c\nd",`), name);
});
