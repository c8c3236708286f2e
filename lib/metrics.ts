/**
 * What this process tells Prometheus about itself: counters, gauges and histograms, and their
 * rendering in the text format 0.0.4. Explained for operators in `docs/metrics.md`.
 *
 * @module
 */

/** Values of the labels of one time series. */
type Labels<Name extends string> = Readonly<Record<Name, string>>;

/** Nothing where a metric has no labels. */
type LabelArguments<Name extends string> = [Name] extends [never] ? [] : [labels: Labels<Name>];

/** A number that only grows. */
export interface Counter<Name extends string = never> {
  add(amount: number, ...labels: LabelArguments<Name>): void;
}

/** A number that goes up and down. */
export interface Gauge<Name extends string = never> {
  set(value: number, ...labels: LabelArguments<Name>): void;
}

/** How values are distributed. */
export interface Histogram {
  observe(value: number): void;
}

/** The instruments of DREC. A label `registry` is only ever a name that was let in. */
export interface Metrics {
  /** Events by what became of them. */
  readonly events: Counter<"registry" | "outcome">;
  /** Events whose own time could not be used. */
  readonly clockSkewed: Counter;
  /** Answers on the event route. */
  readonly notifications: Counter<"status">;
  /** Answers on all other routes. */
  readonly httpRequests: Counter<"route" | "status">;
  /** Events waiting to be committed. */
  readonly queueEvents: Gauge;
  /** Events in a committed batch. */
  readonly batchEvents: Histogram;
  /** Seconds that commits took. */
  readonly commitDuration: Histogram;
  /** Failures of the store; an event at fault is none. */
  readonly storeErrors: Counter;
  /** Seconds since 1970 at which the last event arrived. */
  readonly lastEvent: Gauge<"registry">;
  /** Seconds since 1970 at which the certificate expires. */
  readonly certificateExpiry: Gauge;
  /** Readers of the live stream. */
  readonly streamReaders: Gauge;
  /** Readers of the live stream who were disconnected for being too slow. */
  readonly streamDropped: Counter;
  /** @returns All of them in the text format. */
  render(): string;
}

/** The `Content-Type` of the text format. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const BATCH_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
// deno-fmt-ignore
const SECONDS_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/**
 * Makes the instruments.
 *
 * @param options `version`: of this program.
 * @returns The instruments; those without labels are at zero, the others have no series yet.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createMetrics } from "./metrics.ts";
 *
 * const metrics = createMetrics({ version: "1.0.0" });
 * metrics.events.add(3, { registry: "main", outcome: "counted" });
 * assert.match(metrics.render(), /drec_events_total\{registry="main",outcome="counted"\} 3\n/);
 * ```
 */
export function createMetrics({ version }: { version: string }): Metrics {
  const page = new Page();
  const metrics = {
    events: page.family("counter", "drec_events_total", "Events received"),
    clockSkewed: page.family(
      "counter",
      "drec_events_clock_skewed_total",
      "Events counted by their arrival because their own time cannot be used",
    ),
    notifications: page.family("counter", "drec_notifications_total", "Answers to registries"),
    httpRequests: page.family("counter", "drec_http_requests_total", "Answers to all others"),
    queueEvents: page.family("gauge", "drec_queue_events", "Events waiting to be committed"),
    batchEvents: page.histogram("drec_batch_events", "Events in a commit", BATCH_BUCKETS),
    commitDuration: page.histogram(
      "drec_commit_duration_seconds",
      "Duration of commits",
      SECONDS_BUCKETS,
    ),
    storeErrors: page.family("counter", "drec_store_errors_total", "Failures of the store"),
    lastEvent: page.family(
      "gauge",
      "drec_last_event_timestamp_seconds",
      "Arrival of the last event",
    ),
    certificateExpiry: page.family(
      "gauge",
      "drec_certificate_expiry_timestamp_seconds",
      "Expiry of the certificate",
    ),
    streamReaders: page.family("gauge", "drec_stream_readers", "Readers of the live stream"),
    streamDropped: page.family(
      "counter",
      "drec_stream_readers_dropped_total",
      "Readers of the live stream disconnected for being too slow",
    ),
    render: () => page.render(),
  };
  const { clockSkewed, queueEvents, storeErrors, streamReaders, streamDropped } = metrics;
  const known = [clockSkewed, queueEvents, storeErrors, streamReaders, streamDropped];
  for (const family of known) family.set(0);
  describeProcess(page, version);
  return metrics;
}

function describeProcess(page: Page, version: string): void {
  const info = { version, deno: Deno.version.deno };
  page.family("gauge", "drec_build_info", "What runs here; always 1").set(1, info);
  const start = page.family("gauge", "process_start_time_seconds", "Start of this process");
  start.set(performance.timeOrigin / 1000);
  const memory = page.family("gauge", "process_resident_memory_bytes", "Memory of this process");
  memory.set(() => Deno.memoryUsage().rss);
}

/** All metrics, in the order in which they were made. */
class Page {
  readonly #families: { render(): string }[] = [];

  family(type: "counter" | "gauge", name: string, help: string): Family {
    const family = new Family(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`, name);
    this.#families.push(family);
    return family;
  }

  histogram(name: string, help: string, bounds: readonly number[]): Buckets {
    const histogram = new Buckets(
      `# HELP ${name} ${help}\n# TYPE ${name} histogram\n`,
      name,
      bounds,
    );
    this.#families.push(histogram);
    return histogram;
  }

  render(): string {
    return this.#families.map((family) => family.render()).join("");
  }
}

/** The time series of one counter or gauge; a function is asked for its value each time. */
class Family {
  readonly #samples = new Map<string, number | (() => number)>();
  readonly #head: string;
  readonly #name: string;

  constructor(head: string, name: string) {
    this.#head = head;
    this.#name = name;
  }

  add(amount: number, labels?: Labels<string>): void {
    const key = renderLabels(labels);
    this.#samples.set(key, this.#valueOf(key) + amount);
  }

  set(value: number | (() => number), labels?: Labels<string>): void {
    this.#samples.set(renderLabels(labels), value);
  }

  render(): string {
    const lines = [...this.#samples.keys()].map((labels) =>
      `${this.#name}${labels} ${renderNumber(this.#valueOf(labels))}\n`
    );
    return this.#head + lines.join("");
  }

  #valueOf(labels: string): number {
    const value = this.#samples.get(labels) ?? 0;
    return typeof value === "number" ? value : value();
  }
}

/** A histogram. Each value is in one bucket here and in all wider ones when rendered. */
class Buckets {
  readonly #head: string;
  readonly #name: string;
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(head: string, name: string, bounds: readonly number[]) {
    this.#head = head;
    this.#name = name;
    this.#bounds = [...bounds, Infinity];
    this.#counts = this.#bounds.map(() => 0);
  }

  observe(value: number): void {
    const index = this.#bounds.findIndex((bound) => value <= bound);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += value;
  }

  render(): string {
    let count = 0;
    const lines = this.#bounds.map((bound, index) => {
      count += this.#counts[index] ?? 0;
      return `${this.#name}_bucket{le="${renderNumber(bound)}"} ${count}\n`;
    });
    const sum = `${this.#name}_sum ${renderNumber(this.#sum)}\n`;
    return `${this.#head}${lines.join("")}${sum}${this.#name}_count ${count}\n`;
  }
}

function renderNumber(value: number): string {
  return value === Infinity ? "+Inf" : String(value);
}

function renderLabels(labels: Labels<string> = {}): string {
  let pairs = "";
  for (const name in labels) {
    pairs += `${pairs === "" ? "" : ","}${name}="${escapeLabel(labels[name] ?? "")}"`;
  }
  return pairs === "" ? "" : `{${pairs}}`;
}

/** Nearly no value has anything to escape, and each event comes here. */
function escapeLabel(value: string): string {
  if (!/[\\"\n]/.test(value)) return value;
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
