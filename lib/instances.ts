/**
 * Since when a registry has been watched without a possible gap.
 *
 * A registry that starts again has a new instance id, and what waited in the queue of the old one
 * may be lost. So first and last event of each instance are kept: the first of an instance that no
 * other one overlaps ends a possible gap. They are written when an instance is new, when one turns
 * out to overlap another, and else once an hour: events as such cost no write.
 *
 * @module
 */

import type { LogEntry } from "./batch.ts";

/** An instance of a registry, and when it was heard, in milliseconds since 1970. */
export interface InstanceSpan {
  readonly registry: string;
  /** `""` where events name none. */
  readonly instance: string;
  readonly first: number;
  readonly last: number;
}

/** Instances kept of a registry; a registry has one a restart. */
export const MAX_INSTANCES = 1000;

/** How far what is written may be behind, in milliseconds. */
const WRITE_MS = 3_600_000;

interface Held extends InstanceSpan {
  /** The `last` that is written. */
  readonly written: number;
}

type Spans<T extends InstanceSpan> = Map<string, Map<string, T>>;

/** What a batch says of instances. */
export interface InstanceNews {
  /** Spans of this batch alone. */
  readonly seen: readonly InstanceSpan[];
  /** Spans to be written: the least `first` and the greatest `last` hold. */
  readonly due: readonly InstanceSpan[];
}

/** The instances that this process has heard. */
export class InstanceWatch {
  readonly #held: Spans<Held> = new Map();
  #size = 0;

  /**
   * Looks at the events of a batch; remembers nothing.
   *
   * @param log The rows of the log that the batch adds.
   * @returns What is to be written with it.
   */
  newsOf(log: Iterable<Pick<LogEntry, "registry" | "event">>): InstanceNews {
    const seen = spansOf(log);
    return { seen, due: seen.flatMap((span) => this.#dueOf(span)) };
  }

  /**
   * Remembers a batch, once it is durable.
   *
   * @param news From {@linkcode newsOf}.
   */
  commit({ seen, due }: InstanceNews): void {
    if (this.#size > MAX_INSTANCES) this.#clear();
    for (const span of seen) this.#hold(span, -Infinity);
    for (const span of due) this.#hold(span, span.last);
  }

  #dueOf(span: InstanceSpan): InstanceSpan[] {
    const others = this.#held.get(span.registry);
    const held = others?.get(span.instance);
    if (held === undefined) {
      // What ends here is known best now.
      const behind = [...others?.values() ?? []].filter(({ last, written }) => last > written);
      return [span, ...behind.map(plain)];
    }
    const merged = merge(held, span);
    const { written } = held;
    if (merged.last <= written && merged.first === held.first) return [];
    const isDue = merged.first < held.first || merged.last - written >= WRITE_MS ||
      [...others?.values() ?? []].some(({ first }) => first > written && first <= merged.last);
    return isDue ? [merged] : [];
  }

  #hold(span: InstanceSpan, written: number): void {
    const spans = this.#held.get(span.registry) ?? new Map<string, Held>();
    this.#held.set(span.registry, spans);
    const held = spans.get(span.instance);
    if (held === undefined) this.#size++;
    const merged = held === undefined ? span : merge(held, span);
    const latest = Math.max(held?.written ?? -Infinity, written);
    spans.set(span.instance, { ...merged, written: latest });
  }

  #clear(): void {
    this.#held.clear();
    this.#size = 0;
  }
}

function spansOf(log: Iterable<Pick<LogEntry, "registry" | "event">>): InstanceSpan[] {
  const spans: Spans<InstanceSpan> = new Map();
  for (const { registry, event } of log) {
    if (event === undefined) continue;
    const instance = event.instance ?? "";
    const time = Math.floor(event.at / 1000);
    let ofRegistry = spans.get(registry);
    if (ofRegistry === undefined) spans.set(registry, ofRegistry = new Map());
    const present = ofRegistry.get(instance);
    const isWithin = present !== undefined && present.first <= time && time <= present.last;
    if (isWithin) continue;
    const span = { registry, instance, first: time, last: time };
    ofRegistry.set(instance, present === undefined ? span : merge(present, span));
  }
  return [...spans.values()].flatMap((ofRegistry) => [...ofRegistry.values()]);
}

function merge(one: InstanceSpan, other: InstanceSpan): InstanceSpan {
  const { registry, instance } = one;
  const first = Math.min(one.first, other.first);
  return { registry, instance, first, last: Math.max(one.last, other.last) };
}

function plain({ registry, instance, first, last }: Held): InstanceSpan {
  return { registry, instance, first, last };
}

/**
 * Says since when registries have been watched without a possible gap: since the first event ever,
 * or since the first of the latest instance that began when no other one was still heard.
 *
 * @param spans All instances of all registries.
 * @returns Milliseconds since 1970, by registry.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { watchedSince } from "./instances.ts";
 *
 * const registry = "main";
 * const since = watchedSince([
 *   { registry, instance: "a", first: 1, last: 5 },
 *   { registry, instance: "b", first: 7, last: 12 },
 *   { registry, instance: "c", first: 9, last: 13 },
 * ]);
 * assert.deepEqual([...since], [["main", 7]]);
 * ```
 */
export function watchedSince(spans: Iterable<InstanceSpan>): Map<string, number> {
  const since = new Map<string, number>();
  const until = new Map<string, number>();
  for (const { registry, first, last } of [...spans].sort((a, b) => a.first - b.first)) {
    if (first > (until.get(registry) ?? -Infinity)) since.set(registry, first);
    until.set(registry, Math.max(until.get(registry) ?? -Infinity, last));
  }
  return since;
}
