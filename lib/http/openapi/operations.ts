/**
 * What operators and their tools ask for, in the description.
 *
 * @module
 */

import { json, operation, plain, reading } from "./operation.ts";
import { count, list, object, text } from "./schema.ts";
import { OPEN, tokenFor } from "./security.ts";
import type { Paths, Schema } from "./types.ts";

const TAG = "Operations";
const NUMBERS = {
  received: count("All events; the sum of the others.", 10),
  counted: count("Those that changed statistics.", 7),
  duplicate: count("Those that had been received before.", 1),
  ignored: count("Those that mean nothing here, such as layers with `blobs: ignore`.", 1),
  quarantined: count("Those that are not understood.", 1),
};

/** By name. */
export const OPERATIONS_SCHEMAS: Readonly<Record<string, Schema>> = {
  Accounting: object({
    ...NUMBERS,
    byRegistry: list(
      object({ registry: text("The registry.", "default"), ...NUMBERS }),
      "The same of each registry, by name.",
    ),
  }, { description: "What became of all events ever received." }),
};

/** Paths of this chapter. */
export const OPERATIONS: Paths = {
  "/api/v1/accounting": {
    get: reading({
      id: "showAccounting",
      tag: TAG,
      summary: "Show what became of all events",
      answer: json("The numbers.", "Accounting"),
    }),
  },
  "/metrics": {
    get: operation({
      id: "showMetrics",
      tag: TAG,
      summary: "Show metrics of this process for Prometheus",
      description: "`docs/metrics.md` says what each is.",
      answer: plain("Text format 0.0.4 of Prometheus.", "drec_queue_events 0\n"),
      errors: ["unauthorized", "forbidden", "internal"],
    }, tokenFor("read")),
  },
  "/-/healthy": {
    get: operation({
      id: "healthy",
      tag: TAG,
      summary: "Say whether the process runs",
      answer: plain("It does.", "ok\n"),
    }, OPEN),
  },
  "/-/ready": {
    get: operation({
      id: "ready",
      tag: TAG,
      summary: "Say whether events would be accepted",
      answer: plain("They would.", "ok\n"),
      more: {
        "503": plain(
          "They would not: `starting`, `draining`, or `store` (it takes no writes).",
          "store\n",
        ),
      },
    }, OPEN),
  },
};
