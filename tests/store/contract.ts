/**
 * The contract of a store as tests, the same for every adapter.
 *
 * @module
 */

import type { Ignorable } from "../support/require.ts";
import { countingCases } from "./contract_counting.ts";
import { deletingCases } from "./contract_deleting.ts";
import { expiringCases } from "./contract_expiring.ts";
import { listingCases } from "./contract_listing.ts";
import { recordingCases } from "./contract_recording.ts";
import { robustnessCases } from "./contract_robustness.ts";
import { type OpenStore, storeOptionsOf } from "./contract_support.ts";

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
