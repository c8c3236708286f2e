/**
 * The contract of a store as tests, the same for every adapter.
 *
 * @module
 */

import type { Ignorable } from "../support/require.ts";
import { arrivalCases } from "./contract_arrivals.ts";
import { countingCases } from "./contract_counting.ts";
import { deletingCases } from "./contract_deleting.ts";
import { expiringCases } from "./contract_expiring.ts";
import { listingCases } from "./contract_listing.ts";
import { recordingCases } from "./contract_recording.ts";
import { robustnessCases } from "./contract_robustness.ts";
import { starCases } from "./contract_stars.ts";
import { summingCases } from "./contract_summing.ts";
import { type OpenStore, storeOptionsOf } from "./contract_support.ts";
import { unusedCases } from "./contract_unused.ts";
import { watchingCases } from "./contract_watching.ts";
import { timeCases } from "./contract_time.ts";

/**
 * Makes the tests of a store. Whoever declares them is the file that they are reported by.
 *
 * @param name What the adapter is called.
 * @param open Opens a store whose data are new.
 * @param ignorable Whether a part is missing that the adapter needs.
 * @returns One test a line of the contract.
 */
export function storeContract(
  name: string,
  open: OpenStore,
  ignorable: Ignorable = { ignore: false },
): Deno.TestDefinition[] {
  const cases = [
    ...recordingCases,
    ...countingCases,
    ...deletingCases,
    ...listingCases,
    ...expiringCases,
    ...timeCases,
    ...robustnessCases,
    ...unusedCases,
    ...starCases,
    ...watchingCases,
    ...summingCases,
    ...arrivalCases,
  ];
  return cases.map(({ name: what, options, run }) => ({
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
  }));
}
