/**
 * A model of a store, in memory: it answers questions from the plans it was given, and only what
 * was asked. What it comes to is what every store must come to.
 *
 * @module
 */

import {
  type Answers,
  type ClientQuestion,
  createAnswers,
  keyOf,
  type Named,
  type Questions,
  questionsOf,
  type RepositoryState,
  type Sighting,
  type TagState,
} from "../../lib/facts.ts";
import {
  type AccountingWrite,
  type BatchPlan,
  type LogEntry,
  type ManifestWrite,
  MAX_TAGS,
  type Outcome,
  type PlanOptions,
  type QuarantineWrite,
  type Received,
  type RepositoryWrite,
} from "../../lib/batch.ts";
import { isChildType } from "../../lib/event.ts";
import { candidatesOf, planBatch } from "../../lib/plan.ts";
import { addChange, type Change, type Counts, type Times } from "../../lib/statistics.ts";
import { planOptionsOf } from "./events.ts";

type RepositoryRow = RepositoryState & { readonly tagCount: number };

/** Everything a store knows, by key. */
export class MemoryStore {
  readonly changes = new Map<string, Change>();
  readonly tags = new Map<string, TagState>();
  readonly manifests = new Map<string, ManifestWrite>();
  readonly repositories = new Map<string, RepositoryRow>();
  readonly actors = new Set<string>();
  readonly log = new Map<string, LogEntry>();
  readonly quarantine = new Map<string, QuarantineWrite>();
  readonly accounting = new Map<string, AccountingWrite>();
  readonly #options: PlanOptions;

  /** @param options How events are counted. */
  constructor(options: PlanOptions = planOptionsOf()) {
    this.#options = options;
  }

  /**
   * Records a batch as every store does.
   *
   * @param received The entries.
   * @returns What became of each.
   */
  record(received: readonly Received[]): readonly Outcome[] {
    return this.plan(received).outcomes;
  }

  /**
   * Records a batch.
   *
   * @param received The entries.
   * @returns The plan that was applied.
   */
  plan(received: readonly Received[]): BatchPlan {
    const candidates = candidatesOf(received, this.#options);
    const keys = candidates.map(({ key }) => key);
    const duplicates = new Set(keys.filter((key) => this.log.has(key)));
    const fresh = candidates.filter(({ key }) => !duplicates.has(key));
    const sightings = fresh.flatMap(({ sighting }): Sighting[] =>
      sighting === undefined ? [] : [sighting]
    );
    const known = this.#answer(questionsOf(sightings));
    const plan = planBatch(candidates, { duplicates, known, options: this.#options });
    this.#apply(plan);
    return plan;
  }

  /**
   * Reads the numbers of a row.
   *
   * @param parts Of its key, see `changesOf()`: registry, repository, `r`; `t` and the tag; …
   * @returns The numbers, none for a row that is not there.
   */
  counts(...parts: string[]): Counts {
    return this.changes.get(keyOf(...parts))?.counts ?? {};
  }

  /**
   * Reads the times of a row.
   *
   * @param parts Of its key.
   * @returns The times in milliseconds since 1970.
   */
  times(...parts: string[]): Times {
    return this.changes.get(keyOf(...parts))?.times ?? {};
  }

  /**
   * Adds up the days of a repository, for what is kept by day only.
   *
   * @param registry The registry.
   * @param repository The repository.
   * @returns The numbers of all days and consumers.
   */
  countsOfDays(registry: string, repository: string): Counts {
    const total = new Map<string, Change>();
    const key = keyOf(registry, repository, "d");
    for (const change of this.changes.values()) {
      if (change.key.startsWith(`${key}\n`)) addChange(total, { ...change, key });
    }
    return total.get(key)?.counts ?? {};
  }

  #answer(questions: Questions): Answers {
    const known = createAnswers();
    copyAsked(questions.repositories, this.repositories, known.repositories);
    copyAsked(questions.tags, this.tags, known.tags);
    for (const [key, { registry, repository, name }] of questions.manifests) {
      const manifest = this.manifests.get(keyOf(registry, repository, name));
      if (manifest === undefined) continue;
      known.manifests.set(key, {
        kind: manifest.kind,
        hasReferences: manifest.references !== undefined,
        hasMediaType: manifest.mediaType !== undefined,
      });
    }
    for (const [key, part] of questions.parts) this.#answerPart(known, key, part);
    for (const [key, deleted] of questions.deleted) this.#answerDeleted(known, key, deleted);
    for (const key of questions.actors.keys()) if (this.actors.has(key)) known.actors.add(key);
    for (const question of questions.checks) this.#answerChecks(known, question);
    for (const [key, question] of questions.requests) {
      known.requests.set(key, this.#timesOfRequest(question));
    }
    for (const question of questions.indexFetches) this.#answerIndexFetches(known, question);
    return known;
  }

  #answerPart(known: Answers, key: string, { registry, repository, name }: Named): void {
    for (const manifest of this.manifests.values()) {
      const isHere = manifest.registry === registry && manifest.repository === repository;
      const part = manifest.references?.find(({ digest }) => digest === name);
      if (!isHere || part === undefined) continue;
      const isChild = manifest.isIndex && isChildType(part.mediaType);
      (isChild ? known.childrenOfIndexes : known.layers).add(key);
    }
  }

  #answerDeleted(known: Answers, key: string, { registry, repository, name }: Named): void {
    const prefix = keyOf(registry, repository, "");
    for (const [tag, state] of this.tags) {
      if (tag.startsWith(prefix) && state.digest === name) known.tags.set(tag, state);
    }
    const { tombstone = -1 } = this.repositories.get(keyOf(registry, repository)) ?? {};
    for (const { registry: of, event } of this.log.values()) {
      const isHere = of === registry && event?.repository === repository && event.at > tombstone;
      if (isHere && event.kind === "blob" && event.digest === name) known.blobs.add(key);
    }
  }

  #answerChecks(known: Answers, question: Questions["checks"][number]): void {
    const { registry, repository, name, fingerprint } = question;
    const found = this.#eventsOf(question).filter(({ event, meaning, claimedBy }) =>
      meaning.type === "check" && event?.tag !== undefined && event.digest === name &&
      claimedBy === undefined
    );
    const checks = found.map(({ id, event }) => ({
      id,
      tag: event?.tag ?? "",
      at: event?.at ?? 0,
    }));
    const key = keyOf(registry, repository, name, fingerprint);
    const before = known.checks.get(key) ?? [];
    const isNew = ({ id }: { id: string }): boolean => before.every((check) => check.id !== id);
    known.checks.set(key, [...before, ...checks.filter(isNew)]);
    const { tagRows = 0 } = this.repositories.get(keyOf(registry, repository)) ?? {};
    if (tagRows < MAX_TAGS) return;
    for (const { tag } of checks) {
      const tagKey = keyOf(registry, repository, tag);
      const state = this.tags.get(tagKey);
      if (state !== undefined) known.tags.set(tagKey, state);
    }
  }

  #answerIndexFetches(known: Answers, question: ClientQuestion): void {
    const { registry, repository, fingerprint } = question;
    const fetches = this.#eventsOf(question).filter((entry) => entry.isUnknownIndexFetch);
    const times = fetches.map(({ event }) => event?.at ?? 0);
    known.indexFetches.set(keyOf(registry, repository, fingerprint), times);
  }

  #eventsOf({ registry, repository, fingerprint, from, to }: ClientQuestion): LogEntry[] {
    return [...this.log.values()].filter(({ event, ...entry }) =>
      entry.registry === registry && event?.repository === repository &&
      entry.fingerprint === fingerprint && from <= event.at && event.at <= to
    );
  }

  #timesOfRequest(question: ClientQuestion & Named): number[] {
    const gets = this.#eventsOf(question).filter(({ meaning, event }) =>
      event?.requestId === question.name &&
      (meaning.type === "pull" || meaning.type === "childPull")
    );
    return gets.map(({ event }) => event?.at ?? 0);
  }

  #apply(plan: BatchPlan): void {
    for (const { registry, repository, at } of plan.removals) {
      const prefix = keyOf(registry, repository, "");
      for (const rows of [this.changes, this.tags, this.manifests, this.actors]) {
        for (const key of [...rows.keys()]) if (key.startsWith(prefix)) rows.delete(key);
      }
      const empty = { tombstone: at, actorCount: 0, tagRows: 0, tagCount: 0 };
      this.repositories.set(keyOf(registry, repository), empty);
    }
    for (const change of plan.changes) addChange(this.changes, change);
    for (const { registry, repository, tag, state } of plan.tags) {
      this.tags.set(keyOf(registry, repository, tag), state);
    }
    for (const write of plan.manifests) {
      const key = keyOf(write.registry, write.repository, write.digest);
      this.manifests.set(key, { ...this.manifests.get(key), ...write });
    }
    for (const write of plan.repositories) this.#applyRepository(write);
    for (const change of plan.changes) this.#noteLastPushed(change);
    for (const { registry, id, by } of plan.claims) this.#claim(keyOf(registry, id), by);
    for (const entry of plan.log) this.log.set(keyOf(entry.registry, entry.id), entry);
    for (const entry of plan.quarantine) this.#quarantine(entry);
    for (const row of plan.accounting) this.#account(row);
  }

  #noteLastPushed({ target, times }: Change): void {
    if (target.kind !== "repository" || times.lastPushed === undefined) return;
    const key = keyOf(target.registry, target.repository);
    const row = this.repositories.get(key) ?? { actorCount: 0, tagRows: 0, tagCount: 0 };
    const lastPushed = Math.max(row.lastPushed ?? -Infinity, times.lastPushed);
    this.repositories.set(key, { ...row, lastPushed });
  }

  #applyRepository({ registry, repository, ...write }: RepositoryWrite): void {
    const key = keyOf(registry, repository);
    const before = this.repositories.get(key);
    const { deletedAt: deletedBefore, ...rest } = before ?? {};
    const deletedAt = write.deletedAt === undefined ? deletedBefore : write.deletedAt ?? undefined;
    this.repositories.set(key, {
      ...rest,
      isListed: true,
      actorCount: write.actorCount,
      tagRows: write.tagRows,
      tagCount: (before?.tagCount ?? 0) + write.tagCountChange,
      ...(deletedAt === undefined ? {} : { deletedAt }),
      ...(write.tombstone === undefined ? {} : { tombstone: write.tombstone }),
    });
    for (const actor of write.newActors) this.actors.add(keyOf(registry, repository, actor));
  }

  #claim(key: string, by: string): void {
    const entry = this.log.get(key);
    if (entry === undefined || entry.claimedBy !== undefined) {
      throw new Error(`Cannot claim ${key} for ${by}: ${entry?.claimedBy ?? "no such event"}`);
    }
    entry.claimedBy = by;
  }

  #quarantine(entry: QuarantineWrite): void {
    const key = keyOf(entry.registry, entry.envelope);
    const events = (this.quarantine.get(key)?.events ?? 0) + entry.events;
    this.quarantine.set(key, { ...entry, events });
  }

  #account({ registry, day, ...outcomes }: AccountingWrite): void {
    const key = keyOf(registry, String(day));
    const before = this.accounting.get(key);
    const sum = (name: Outcome): number => (before?.[name] ?? 0) + outcomes[name];
    this.accounting.set(key, {
      registry,
      day,
      counted: sum("counted"),
      duplicate: sum("duplicate"),
      ignored: sum("ignored"),
      quarantined: sum("quarantined"),
    });
  }
}

function copyAsked<T>(
  asked: ReadonlyMap<string, unknown>,
  rows: ReadonlyMap<string, T>,
  answers: Map<string, T>,
): void {
  for (const key of asked.keys()) {
    const row = rows.get(key);
    if (row !== undefined) answers.set(key, row);
  }
}
