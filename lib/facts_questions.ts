/**
 * What a store must look up before a batch can be mapped.
 *
 * @module
 */

import {
  CHECK_LATE_US,
  CHECK_WINDOW_US,
  isUntaggedGet,
  keyOf,
  type Sighting,
} from "./facts_sighting.ts";

/** A name in a repository, such as a tag, a digest or an actor. */
export interface Named {
  readonly registry: string;
  readonly repository: string;
  readonly name: string;
}

/** Something a client did to a repository within a span of time. */
export interface ClientQuestion extends Omit<Named, "name"> {
  readonly fingerprint: string;
  /** Microseconds since 1970, both inclusive. */
  readonly from: number;
  readonly to: number;
}

/** What a store must look up before a batch can be mapped. Map keys are {@linkcode keyOf}. */
export interface Questions {
  readonly repositories: Map<string, Omit<Named, "name">>;
  readonly tags: Map<string, Named>;
  /** Digests of manifests: kind, references, whether known at all. */
  readonly manifests: Map<string, Named>;
  /** Digests that may be part of another manifest. */
  readonly parts: Map<string, Named>;
  /** Digests that are deleted: the tags that point there, and blob events of it. */
  readonly deleted: Map<string, Named>;
  readonly actors: Map<string, Named>;
  /**
   * HEADs of tags, for GETs without a tag; `name` is the digest. Those of one client and digest do
   * not overlap, nor do the {@linkcode indexFetches} of one client.
   */
  readonly checks: (ClientQuestion & Named)[];
  /** Manifest GETs of the same request; `name` is its id. */
  readonly requests: Map<string, ClientQuestion & Named>;
  readonly indexFetches: ClientQuestion[];
}

/** @returns No questions. */
export function createQuestions(): Questions {
  return {
    repositories: new Map(),
    tags: new Map(),
    manifests: new Map(),
    parts: new Map(),
    deleted: new Map(),
    actors: new Map(),
    checks: [],
    requests: new Map(),
    indexFetches: [],
  };
}

/**
 * Collects what must be known to map some events.
 *
 * @param sightings The events of a batch, without duplicates.
 * @returns The questions, each once.
 */
export function questionsOf(sightings: readonly Sighting[]): Questions {
  const questions = createQuestions();
  for (const sighting of sightings) ask(questions, sighting);
  return {
    ...questions,
    checks: joined(questions.checks),
    indexFetches: joined(questions.indexFetches),
  };
}

/** Many GETs of one client ask about spans that overlap: as one, so that each row is read once. */
function joined<Question extends ClientQuestion & Partial<Named>>(
  questions: readonly Question[],
): Question[] {
  const groups = Map.groupBy(
    questions,
    ({ registry, repository, name = "", fingerprint }) =>
      keyOf(registry, repository, name, fingerprint),
  );
  return [...groups.values()].flatMap((group) => {
    const spans: Question[] = [];
    for (const question of group.toSorted((one, other) => one.from - other.from)) {
      const last = spans.at(-1);
      if (last === undefined || question.from > last.to) spans.push(question);
      else spans[spans.length - 1] = { ...last, to: Math.max(last.to, question.to) };
    }
    return spans;
  });
}

function ask(questions: Questions, { registry, event, fingerprint, actor, keys }: Sighting): void {
  const { repository, digest, tag } = event;
  const note = (names: Map<string, Named>, key: string | undefined, name = ""): void => {
    if (key !== undefined && !names.has(key)) names.set(key, { registry, repository, name });
  };
  if (!questions.repositories.has(keys.repository)) {
    questions.repositories.set(keys.repository, { registry, repository });
  }
  if (event.kind === "blob") return;
  note(questions.tags, keys.tag, tag);
  note(questions.actors, keys.actor, actor);
  if (digest === undefined) return;
  note(questions.manifests, keys.digest, digest);
  if (event.action === "delete") {
    note(questions.parts, keys.digest, digest);
    note(questions.deleted, keys.digest, digest);
  }
  if (!isUntaggedGet(event)) return;
  const from = event.at - CHECK_WINDOW_US;
  const client = { registry, repository, fingerprint, from };
  note(questions.parts, keys.digest, digest);
  questions.checks.push({ ...client, name: digest, to: event.at + CHECK_LATE_US });
  questions.indexFetches.push({ ...client, to: event.at });
  if (event.requestId !== undefined && keys.request !== undefined) {
    const { from, to } = questions.requests.get(keys.request) ?? { from: Infinity, to: -Infinity };
    questions.requests.set(keys.request, {
      ...client,
      name: event.requestId,
      from: Math.min(from, client.from),
      to: Math.max(to, event.at + CHECK_WINDOW_US),
    });
  }
}
