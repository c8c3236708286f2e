/**
 * The contract of a store as tests, the same for every adapter.
 *
 * @module
 */

import { createConsumerMatcher } from "../../lib/consumer.ts";
import type { RegistryEvent } from "../../lib/event.ts";
import type { Store, StoreOptions } from "../../lib/store/store.ts";
import type { Ignorable } from "../support/require.ts";
import { countingCases } from "./contract_counting.ts";
import { deletingCases } from "./contract_deleting.ts";
import { expiringCases } from "./contract_expiring.ts";
import { listingCases } from "./contract_listing.ts";
import { recordingCases } from "./contract_recording.ts";
import { robustnessCases } from "./contract_robustness.ts";

/** A store with its data, which no other test uses. */
export interface StoreUnderTest {
  readonly store: Store;
  /** An event that this adapter cannot store, by its own fault. */
  readonly poison: RegistryEvent;
  /** Closes the store, and opens it again. */
  reopen(): Promise<Store>;
  /** Opens a second store on the same data, beside the first. */
  another(): Promise<Store>;
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

const day = 86_400_000;

/**
 * Says how a store is opened.
 *
 * @param parts What differs from: nothing disguised, repositories are removed, the defaults of
 *   retention.
 * @returns The options.
 */
export function storeOptionsOf(parts: Partial<StoreOptions> = {}): StoreOptions {
  return {
    consumerOf: createConsumerMatcher([]),
    privacy: { actors: "keep", addresses: "keep" },
    onRepositoryDelete: "remove",
    collector: "collector-1",
    retention: {
      ids: 90 * day,
      events: 14 * day,
      days: 800 * day,
      tagDays: 90 * day,
      deleted: 90 * day,
      quarantine: 30 * day,
    },
    ...parts,
  };
}

/**
 * Declares the tests of a store.
 *
 * @param name What the adapter is called.
 * @param open Opens a store whose data are new.
 * @param ignorable Whether a part is missing that the adapter needs.
 */
export function testStoreContract(
  name: string,
  open: OpenStore,
  ignorable: Ignorable = { ignore: false },
): void {
  const cases = [
    ...recordingCases,
    ...countingCases,
    ...deletingCases,
    ...listingCases,
    ...expiringCases,
    ...robustnessCases,
  ];
  for (const { name: what, options, run } of cases) {
    Deno.test({
      name: `${name}: ${what}`,
      ...ignorable,
      fn: async (t) => {
        const under = await open(storeOptionsOf(options));
        try {
          await run(t, under);
        } finally {
          await under.dispose();
        }
      },
    });
  }
}
