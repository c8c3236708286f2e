/**
 * What a batch changes in repositories as a whole: which names have rows of their own, how many tags
 * there are, what is deleted.
 *
 * @module
 */

import { MAX_ACTORS, MAX_TAGS, type RepositoryWrite } from "./batch.ts";
import { type Answers, keyOf, type RepositoryState, type Sighting } from "./facts.ts";
import type { Meaning } from "./mapping.ts";
import type { Dimension } from "./statistics.ts";

interface RepositoryDraft {
  tagCountChange: number;
  newActors: string[];
  deletedAt?: number | null;
  tombstone?: number;
}

/** The repositories of a batch. */
export class RepositoryDrafts {
  readonly #known: Answers;
  readonly #drafts = new Map<string, RepositoryDraft>();

  constructor(known: Answers) {
    this.#known = known;
  }

  /** The row of the tag that a meaning names: its own, or that of all tags beyond the bound. */
  tagSlot(meaning: Meaning, registry: string, repository: string): string | undefined {
    const tag = "tag" in meaning ? meaning.tag : undefined;
    if (tag === undefined) return undefined;
    const key = keyOf(registry, repository, tag);
    if (this.#known.tags.has(key)) return tag;
    const state = this.#stateOf(registry, repository);
    if (state.tagRows >= MAX_TAGS) return "";
    // The HEAD that a pull claims has made the row already.
    if (meaning.type === "pull" && meaning.claims !== undefined) return tag;
    const next = { ...state, tagRows: state.tagRows + 1 };
    this.#known.repositories.set(keyOf(registry, repository), next);
    this.#draftOf(registry, repository);
    return tag;
  }

  /** The row of an actor: its own, or that of all beyond the bound, or that of the anonymous. */
  actorSlot({ registry, event, actor }: Sighting): { dimension: Dimension; name: string } {
    const { repository, kind } = event;
    if (actor === undefined || kind === "blob") return { dimension: "anonymous", name: "" };
    const key = keyOf(registry, repository, actor);
    if (this.#known.actors.has(key)) return { dimension: "actor", name: actor };
    const state = this.#stateOf(registry, repository);
    if (state.actorCount >= MAX_ACTORS) return { dimension: "overflow", name: "" };
    this.#known.actors.add(key);
    const next = { ...state, actorCount: state.actorCount + 1 };
    this.#known.repositories.set(keyOf(registry, repository), next);
    this.#draftOf(registry, repository).newActors.push(actor);
    return { dimension: "actor", name: actor };
  }

  /** A repository that nobody has seen before is written even where nothing else is new. */
  list(registry: string, repository: string): void {
    const state = this.#stateOf(registry, repository);
    if (state.isListed === true) return;
    this.#known.repositories.set(keyOf(registry, repository), { ...state, isListed: true });
    this.#draftOf(registry, repository);
  }

  #stateOf(registry: string, repository: string): RepositoryState {
    const state = this.#known.repositories.get(keyOf(registry, repository));
    return state ?? { actorCount: 0, tagRows: 0 };
  }

  #draftOf(registry: string, repository: string): RepositoryDraft {
    const key = keyOf(registry, repository);
    const present = this.#drafts.get(key) ?? { tagCountChange: 0, newActors: [] };
    this.#drafts.set(key, present);
    return present;
  }

  /** Adds to the number of existing tags. */
  countTag(registry: string, repository: string, change: number): void {
    this.#draftOf(registry, repository).tagCountChange += change;
  }

  /** Marks a repository as deleted, where that is all that a delete does. */
  markDeleted(registry: string, repository: string, at: number): void {
    const { deletedAt = 0 } = this.#stateOf(registry, repository);
    this.#setDeleted(registry, repository, Math.max(deletedAt, at));
  }

  /** Remembers when a tag was pushed. */
  notePush(registry: string, repository: string, at: number): void {
    const state = this.#stateOf(registry, repository);
    const lastPushed = Math.max(state.lastPushed ?? -Infinity, Math.floor(at / 1000));
    this.#known.repositories.set(keyOf(registry, repository), { ...state, lastPushed });
  }

  /** Whether a push is known that is younger, to the millisecond. */
  isPushedAfter(registry: string, repository: string, at: number): boolean {
    const { lastPushed = -Infinity } = this.#stateOf(registry, repository);
    return lastPushed > Math.floor(at / 1000);
  }

  /** Lets nothing count any more that is not younger; what is counted stays. */
  entomb(registry: string, repository: string, at: number): void {
    const state = this.#stateOf(registry, repository);
    const tombstone = Math.max(state.tombstone ?? -Infinity, at);
    this.#known.repositories.set(keyOf(registry, repository), { ...state, tombstone });
    this.#draftOf(registry, repository).tombstone = tombstone;
  }

  /** A later push takes the mark away. */
  revive(registry: string, repository: string, at: number): void {
    const { deletedAt } = this.#stateOf(registry, repository);
    if (deletedAt !== undefined && at > deletedAt) {
      this.#setDeleted(registry, repository, undefined);
    }
  }

  /** Forgets a repository; what happened until then no longer counts. */
  bury(registry: string, repository: string, at: number): void {
    const key = keyOf(registry, repository);
    this.#drafts.delete(key);
    this.#known.repositories.set(key, { tombstone: at, actorCount: 0, tagRows: 0 });
  }

  /** What is to be written. */
  writes(): RepositoryWrite[] {
    return [...this.#drafts].map(([key, draft]) => {
      const [registry = "", repository = ""] = key.split("\n");
      const { actorCount, tagRows } = this.#stateOf(registry, repository);
      return { registry, repository, actorCount, tagRows, ...draft };
    });
  }

  #setDeleted(registry: string, repository: string, deletedAt: number | undefined): void {
    const { deletedAt: _, ...state } = this.#stateOf(registry, repository);
    const next = deletedAt === undefined ? state : { ...state, deletedAt };
    this.#known.repositories.set(keyOf(registry, repository), next);
    this.#draftOf(registry, repository).deletedAt = deletedAt ?? null;
  }
}
