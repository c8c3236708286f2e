/**
 * What mapping needs to know of the past, and how the earlier events of a batch add to it.
 *
 * A store is asked once for a whole batch ({@linkcode questionsOf}); what it says are
 * {@linkcode Answers}, which give each event its {@linkcode Facts} and learn from it in turn.
 * There is no knowledge beyond a batch: another collector may have heard what came before.
 *
 * @module
 */

import type { Answers, TagCheck, TagState } from "./facts_answers.ts";
import { CHECK_WINDOW_US, keyOf, type Sighting } from "./facts_sighting.ts";

export {
  addTo,
  type Answers,
  createAnswers,
  isNewer,
  isUnknownIndexFetch,
  learnContent,
  type ManifestState,
  type RepositoryState,
  type TagCheck,
  type TagState,
} from "./facts_answers.ts";
export {
  type ClientQuestion,
  createQuestions,
  type Named,
  type Questions,
  questionsOf,
} from "./facts_questions.ts";
export {
  CHECK_LATE_US,
  CHECK_WINDOW_US,
  isJoined,
  isUntaggedGet,
  keyOf,
  type Sighting,
  sightingOf,
  tagKeyOf,
} from "./facts_sighting.ts";

/** What mapping needs to know to give one event its meaning. */
export interface Facts {
  readonly tombstone?: number;
  /** State of the event's tag. */
  readonly tag?: TagState;
  /** Unclaimed HEADs with a tag of the event's digest by the event's client. */
  readonly tagChecks: readonly TagCheck[];
  /** The digest is a child of an index of this repository. */
  readonly isChild: boolean;
  /** A manifest GET of the same request has been counted, at most 60 s before or after. */
  readonly isSameRequest: boolean;
  /** The client has just fetched an index whose children are unknown. */
  readonly followsUnknownIndex: boolean;
  /** What the digest is known to be. */
  readonly digestIs?: "manifest" | "blob";
}

/**
 * Gathers the facts about one event.
 *
 * @param known The store's answers and what earlier events of the batch added.
 * @param sighting The event.
 * @returns Its facts.
 */
export function factsOf(known: Answers, { event, fingerprint, keys }: Sighting): Facts {
  const { digest = "" } = event;
  const state = known.repositories.get(keys.repository);
  const tagState = keys.tag === undefined ? undefined : known.tags.get(keys.tag);
  const digestIs = digest === "" ? undefined : whatIs(known, keys.digest);
  // What came before the repository's delete went with it, though the log still tells.
  const since = Math.max(event.at - CHECK_WINDOW_US, (state?.tombstone ?? -Infinity) + 1);
  const checks = known.checks.size === 0 ? [] : known.checks.get(keyOf(keys.digest, fingerprint));
  const fetches = known.indexFetches.size === 0
    ? []
    : known.indexFetches.get(keyOf(keys.repository, fingerprint));
  const requests = keys.request === undefined ? undefined : known.requests.get(keys.request);
  return {
    ...(state?.tombstone === undefined ? {} : { tombstone: state.tombstone }),
    ...(tagState === undefined ? {} : { tag: tagState }),
    tagChecks: checks?.filter(({ at }) => at >= since) ?? [],
    isChild: known.childrenOfIndexes.has(keys.digest),
    isSameRequest: requests?.some((at) => since <= at && at <= event.at + CHECK_WINDOW_US) ?? false,
    followsUnknownIndex: fetches?.some((at) => since <= at && at <= event.at) ?? false,
    ...(digestIs === undefined ? {} : { digestIs }),
  };
}

function whatIs(known: Answers, key: string): "manifest" | "blob" | undefined {
  if (known.manifests.has(key) || known.childrenOfIndexes.has(key)) return "manifest";
  return known.layers.has(key) || known.blobs.has(key) ? "blob" : undefined;
}
