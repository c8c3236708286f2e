/**
 * What the lines of the store contract have in common.
 *
 * @module
 */

import assert from "node:assert/strict";

import type { RegistryEvent } from "../../lib/event.ts";
import type { Outcome } from "../../lib/batch.ts";
import type { Metric } from "../../lib/statistics.ts";
import type { DayValue } from "../../lib/store/history.ts";
import type {
  Page,
  PageQuery,
  RepositoryStatistics,
  Store,
  StoreOptions,
} from "../../lib/store/store.ts";
import { type Arrival, eventOf, type EventParts, receivedOf } from "../support/events.ts";

/** A store with its data, which no other test uses. */
export interface StoreUnderTest {
  readonly store: Store;
  /** An event that this adapter cannot store, by its own fault. */
  readonly poison: RegistryEvent;
  /** Closes the store, and opens it again. */
  reopen(): Promise<Store>;
  /** Opens a second store on the same data, beside the first. */
  another(): Promise<Store>;
  /** Gives `team/app`, which is new, these tags, each with one check, by whatever way is fast. */
  fillTags(tags: readonly string[]): Promise<void>;
  /** Moves the stars of `team/app` as a front end does, past DREC. */
  addStars(by: number): Promise<void>;
  /** Closes all stores and removes the data. */
  dispose(): Promise<void>;
}

/** Opens a store whose data are new. */
export type OpenStore = (options: StoreOptions) => Promise<StoreUnderTest>;

/** One line of the contract. */
export interface ContractCase {
  readonly name: string;
  /** What differs from {@linkcode storeOptionsOf}. */
  readonly options?: Partial<StoreOptions>;
  run(t: Deno.TestContext, under: StoreUnderTest): Promise<void>;
}

export { storeOptionsOf } from "../support/store.ts";

/** Which days of which number. */
export interface DaysQuery {
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly metric: Metric;
  readonly from: number;
  readonly to: number;
}

/**
 * Reads the days of a number, none of which has been added up to a month.
 *
 * @param store Where.
 * @param query Of what, which number, which days.
 * @returns The days with a value, in order.
 */
export async function daysOf(
  store: Pick<Store, "history">,
  { registry, repository, tag, metric, from, to }: DaysQuery,
): Promise<readonly DayValue[]> {
  const of = { registry, repository, ...(tag === undefined ? {} : { tag }) };
  const { days, months } = await store.history({ of, metric, from, to });
  assert.deepEqual(months, []);
  return days;
}

/** The repository that most tests are about. */
export const app = { registry: "default", repository: "team/app" } as const;

/** The parts of a delete as registries send it. */
export const gone: EventParts = {
  action: "delete",
  method: "DELETE",
  kind: "unknown",
  mediaType: undefined,
  tag: undefined,
  digest: undefined,
};

/**
 * Records events in one batch.
 *
 * @param store Where.
 * @param events Each as what differs from {@linkcode eventOf}.
 * @param arrival Where and when they arrived.
 * @returns What became of each.
 */
export function record(
  store: Store,
  events: readonly EventParts[],
  arrival: Arrival = {},
): Promise<Outcome[]> {
  const received = events.map((parts) => receivedOf(eventOf(parts), arrival));
  // What is tested is what is counted, not how fast a database for tests is.
  return store.record(received, { deadline: Date.now() + 60_000 });
}

/**
 * Records events, each in a batch of its own.
 *
 * @param store Where.
 * @param events As for {@linkcode record}.
 */
export async function recordEach(store: Store, events: readonly EventParts[]): Promise<void> {
  for (const parts of events) await record(store, [parts]);
}

/**
 * Reads the repository that most tests are about.
 *
 * @param store Where.
 * @param repository Its name.
 * @returns Its numbers and times.
 */
export async function findApp(
  store: Store,
  repository: string = app.repository,
): Promise<RepositoryStatistics> {
  const found = await store.findRepositories(repository, app.registry);
  assert.equal(found.length, 1, `${repository} is found once`);
  const whole = await store.findRepository({ registry: app.registry, repository });
  assert.deepEqual(found, [{ ...whole, actors: [] }]);
  return whole ?? assert.fail();
}

/**
 * Reads a whole list, page by page.
 *
 * @param list Reads one page.
 * @param limit How long pages are.
 * @returns All items.
 */
export async function listAll<T>(
  list: (page: PageQuery) => Promise<Page<T>>,
  limit = 2,
): Promise<T[]> {
  const items: T[] = [];
  let { items: shown, next } = await list({ limit });
  while (next !== null) {
    assert.equal(shown.length, limit, "a page before the last is full");
    items.push(...shown);
    // What a client sends back went through JSON.
    ({ items: shown, next } = await list({ limit, after: JSON.parse(JSON.stringify(next)) }));
    assert.ok(items.length < 100_000, "the list comes to an end");
  }
  assert.ok(shown.length <= limit);
  return [...items, ...shown];
}

/**
 * Orders names as every store does: by code point.
 *
 * @param one A name.
 * @param other Another.
 * @returns Below, equal to or above 0.
 */
export function compareCodePoints(one: string, other: string): number {
  const [a, b] = [Array.from(one), Array.from(other)];
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const difference = (a[at]?.codePointAt(0) ?? 0) - (b[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
