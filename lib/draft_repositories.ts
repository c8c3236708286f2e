/**
 * What a batch changes in repositories as a whole: which names have rows of their own, how many tags
 * there are, what is deleted.
 *
 * @module
 */

import { MAX_ACTORS, MAX_TAGS, type RepositoryWrite } from "./batch.ts";
import { type Answers, type RepositoryState, type Sighting, tagKeyOf } from "./facts.ts";
import type { Meaning } from "./mapping.ts";
import type { Dimension } from "./statistics.ts";

interface RepositoryDraft {
  tagCountChange: number;
  newActors: string[];
  deletedAt?: number | null;
  tombstone?: number;
}

/** The repositories of a batch, each by its key; see `SightingKeys`. */
export class RepositoryDrafts {
  readonly #known: Answers;
  readonly #drafts = new Map<string, RepositoryDraft>();

  constructor(known: Answers) {
    this.#known = known;
  }

  /** The row of the tag that a meaning names: its own, or that of all tags beyond the bound. */
  tagSlot(meaning: Meaning, sighting: Sighting): string | undefined {
    const tag = "tag" in meaning ? meaning.tag : undefined;
    if (tag === undefined) return undefined;
    if (this.#known.tags.has(tagKeyOf(sighting, tag))) return tag;
    const { keys } = sighting;
    const state = this.#stateOf(keys.repository);
    if (state.tagRows >= MAX_TAGS) return "";
    // The HEAD that a pull claims has made the row already.
    if (meaning.type === "pull" && meaning.claims !== undefined) return tag;
    this.#known.repositories.set(keys.repository, { ...state, tagRows: state.tagRows + 1 });
    this.#draftOf(keys.repository);
    return tag;
  }

  /** The row of an actor: its own, or that of all beyond the bound, or that of the anonymous. */
  actorSlot({ event, actor, keys }: Sighting): { dimension: Dimension; name: string } {
    if (actor === undefined || keys.actor === undefined || event.kind === "blob") {
      return { dimension: "anonymous", name: "" };
    }
    if (this.#known.actors.has(keys.actor)) return { dimension: "actor", name: actor };
    const state = this.#stateOf(keys.repository);
    if (state.actorCount >= MAX_ACTORS) return { dimension: "overflow", name: "" };
    this.#known.actors.add(keys.actor);
    const next = { ...state, actorCount: state.actorCount + 1 };
    this.#known.repositories.set(keys.repository, next);
    this.#draftOf(keys.repository).newActors.push(actor);
    return { dimension: "actor", name: actor };
  }

  /** A repository that nobody has seen before is written even where nothing else is new. */
  list({ keys }: Sighting): void {
    const state = this.#stateOf(keys.repository);
    if (state.isListed === true) return;
    this.#known.repositories.set(keys.repository, { ...state, isListed: true });
    this.#draftOf(keys.repository);
  }

  #stateOf(key: string): RepositoryState {
    return this.#known.repositories.get(key) ?? { actorCount: 0, tagRows: 0 };
  }

  #draftOf(key: string): RepositoryDraft {
    const present = this.#drafts.get(key) ?? { tagCountChange: 0, newActors: [] };
    this.#drafts.set(key, present);
    return present;
  }

  /** Adds to the number of existing tags. */
  countTag(key: string, change: number): void {
    this.#draftOf(key).tagCountChange += change;
  }

  /** Marks a repository as deleted, where that is all that a delete does. */
  markDeleted(key: string, at: number): void {
    const { deletedAt = 0 } = this.#stateOf(key);
    this.#setDeleted(key, Math.max(deletedAt, at));
  }

  /** Remembers when a tag was pushed. */
  notePush(key: string, at: number): void {
    const state = this.#stateOf(key);
    const lastPushed = Math.max(state.lastPushed ?? -Infinity, Math.floor(at / 1000));
    this.#known.repositories.set(key, { ...state, lastPushed });
  }

  /** Whether a push is known that is younger, to the millisecond. */
  isPushedAfter(key: string, at: number): boolean {
    const { lastPushed = -Infinity } = this.#stateOf(key);
    return lastPushed > Math.floor(at / 1000);
  }

  /** Lets nothing count any more that is not younger; what is counted stays. */
  entomb(key: string, at: number): void {
    const state = this.#stateOf(key);
    const tombstone = Math.max(state.tombstone ?? -Infinity, at);
    this.#known.repositories.set(key, { ...state, tombstone });
    this.#draftOf(key).tombstone = tombstone;
  }

  /** A later push takes the mark away. */
  revive(key: string, at: number): void {
    const { deletedAt } = this.#stateOf(key);
    if (deletedAt !== undefined && at > deletedAt) {
      this.#setDeleted(key, undefined);
    }
  }

  /** Forgets a repository; what happened until then no longer counts. */
  bury(key: string, at: number): void {
    this.#drafts.delete(key);
    this.#known.repositories.set(key, { tombstone: at, actorCount: 0, tagRows: 0 });
  }

  /** What is to be written. */
  writes(): RepositoryWrite[] {
    return [...this.#drafts].map(([key, draft]) => {
      const [registry = "", repository = ""] = key.split("\n");
      const { actorCount, tagRows } = this.#stateOf(key);
      return { registry, repository, actorCount, tagRows, ...draft };
    });
  }

  #setDeleted(key: string, deletedAt: number | undefined): void {
    const { deletedAt: _, ...state } = this.#stateOf(key);
    const next = deletedAt === undefined ? state : { ...state, deletedAt };
    this.#known.repositories.set(key, next);
    this.#draftOf(key).deletedAt = deletedAt ?? null;
  }
}
