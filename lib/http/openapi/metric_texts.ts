/**
 * What each number counts, in a line.
 *
 * @module
 */

import { type Metric, METRICS } from "../../statistics.ts";
import { choice } from "./schema.ts";
import type { Schema } from "./types.ts";

const ONLY_COUNTED = "only with `blobs: count`";

/** By their names; `docs/counting.md` says more. */
export const METRIC_TEXTS: Readonly<Record<Metric, string>> = {
  pulls: "images fetched, one for each time, whatever the number of requests",
  checks: "requests for news (HEAD of a manifest), never pulls",
  childPulls: "platform images fetched as part of an index, no pulls",
  pushes: "tags set by a push, the same image again included",
  unchangedPushes: "those of the pushes that changed nothing",
  digestPushes: "manifests pushed by digest: platform images, attestations",
  tagDeletes: "tags deleted",
  manifestDeletes: "manifests deleted",
  blobDeletes: "layers and configurations deleted",
  unknownDeletes: "deletes of a digest of which nobody knows what it was",
  blobPulls: `layers fetched, ${ONLY_COUNTED}`,
  blobChecks: `layers looked for, ${ONLY_COUNTED}`,
  blobPushes: `layers uploaded, ${ONLY_COUNTED}`,
  mounts: `layers taken over from another repository, ${ONLY_COUNTED}`,
  blobBytes: `bytes of the layers fetched, at most, ${ONLY_COUNTED}`,
};

/**
 * Describes the choice of a number.
 *
 * @param choices Numbers, perhaps with others that need no explanation.
 * @returns The schema; `pulls` unless told.
 */
export function metricOf(choices: readonly string[]): Schema {
  const texts = METRICS.map((metric) => `\`${metric}\`: ${METRIC_TEXTS[metric]}`).join("; ");
  const more = choices.includes("stars") ? "; `stars`: stars of users, of all time only" : "";
  return { ...choice(`The number. ${texts}${more}.`, choices), default: "pulls" };
}
