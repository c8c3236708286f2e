/**
 * What a batch of events writes: facts → mapping → statistics for each event in turn, merged.
 *
 * A store looks up the answers to the questions about a batch, calls {@linkcode planBatch}, and
 * applies the plan, all in one transaction.
 *
 * @module
 */

import type { BatchPlan, Candidate, PlanOptions, Received } from "./batch.ts";
import type { RegistryEvent } from "./event.ts";
import { Draft } from "./draft.ts";
import { type Answers, isJoined, keyOf, sightingOf } from "./facts.ts";
import { disguise, fingerprintOf } from "./privacy.ts";

/**
 * Derives from each entry what depends on nothing else.
 *
 * @param received The entries of a batch.
 * @param options How they are counted.
 * @returns One candidate for each, in order.
 */
export function candidatesOf(
  received: readonly Received[],
  { privacy, key }: PlanOptions,
): Candidate[] {
  // Those who send much send much of the same.
  const fingerprints = new Map<string, string>();
  const fingerprint = (event: RegistryEvent): string => {
    const { address = "", userAgent = "", actor = "" } = event;
    // With lengths, for each of them may have any character.
    const client = keyOf(`${address.length} ${userAgent.length}`, address, userAgent, actor);
    const present = fingerprints.get(client);
    if (present !== undefined) return present;
    const made = fingerprintOf(event, key);
    fingerprints.set(client, made);
    return made;
  };
  return received.map((item) => {
    const { registry, entry } = item;
    if ("rejected" in entry) {
      const { id } = entry.rejected;
      return { received: item, id, key: keyOf(registry, id) };
    }
    const { event } = entry;
    const actor = disguise(event.actor, privacy.actors, key);
    const sighting = sightingOf({
      registry,
      event,
      fingerprint: isJoined(event) ? fingerprint(event) : "",
      ...(actor === undefined ? {} : { actor }),
    });
    return { received: item, id: event.id, key: keyOf(registry, event.id), sighting };
  });
}

/**
 * Plans the writes of a batch.
 *
 * @param candidates In order of arrival.
 * @param context The keys of those that the log has already, the store's answers, which are
 *   changed, and how events are counted.
 * @returns The plan.
 */
export function planBatch(
  candidates: readonly Candidate[],
  context: { duplicates: ReadonlySet<string>; known: Answers; options: PlanOptions },
): BatchPlan {
  const draft = new Draft(context.known, context.options);
  const seen = new Set<string>();
  const outcomes = candidates.map((candidate) => {
    const { key } = candidate;
    const isDuplicate = context.duplicates.has(key) || seen.has(key);
    seen.add(key);
    const outcome = isDuplicate ? "duplicate" : draft.add(candidate);
    draft.account(candidate.received, outcome);
    return outcome;
  });
  return draft.finish(outcomes);
}
