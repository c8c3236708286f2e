/**
 * Which repository a document is that a change stream names by its `_id` alone.
 *
 * DREC makes an `_id` of the names. Documents of 2015, and those that a front end has made, have
 * any other: their names are remembered, as nobody can ask for them once they are removed.
 *
 * @module
 */

import { type Document, ObjectId } from "mongodb";

import type { RepositoryRef } from "../store.ts";
import type { Database } from "./connection.ts";
import { DEFAULT_REGISTRY, type RepositoryDocument } from "./documents.ts";

/** What a change says, as far as it is needed: the numbers are read by whoever wants them. */
export interface RepositoryChange {
  readonly operationType: string;
  readonly documentKey?: Document;
  /** The names of a document that is new or replaced. */
  readonly fullDocument?: { readonly registry?: unknown; readonly repositoryname?: unknown };
}

/** Names that are read in advance. */
const MAX_LOADED = 10_000;
/** Names that are remembered at most. */
const MAX_KEPT = 100_000;

const NAMES = { registry: 1, repositoryname: 1 } as const;
const FIRST_ID = new ObjectId("0".repeat(24));

/** The names of documents by what identifies them. */
export class WatchedNames {
  readonly #database: Database;
  readonly #kept = new Map<string, RepositoryRef>();

  /** @param database Where they are looked up. */
  constructor(database: Database) {
    this.#database = database;
  }

  /** Remembers the names of documents of 2015, the latest made first. */
  async load(): Promise<void> {
    // Below: no other type of `_id` than ObjectId is compared with one.
    const documents = this.#database.decisive<RepositoryDocument>("repositories")
      .find({ _id: { $gte: FIRST_ID } })
      .project<RepositoryDocument>(NAMES)
      .sort({ _id: -1 })
      .limit(MAX_LOADED);
    for await (const { _id, ...names } of documents) {
      const of = refOf(names);
      if (of !== undefined) this.#keep(_id, of);
    }
  }

  /**
   * Names the repository of a change.
   *
   * @param change An operation on a document.
   * @returns The repository; `none` where the document is of none, `unknown` where it is gone and
   *   nobody knows.
   */
  async nameOf(
    { operationType, documentKey, fullDocument }: RepositoryChange,
  ): Promise<RepositoryRef | "none" | "unknown"> {
    const id: unknown = documentKey?._id;
    // A shard key is part of what identifies a document.
    const named = refOfId(id) ?? refOf(fullDocument) ?? refOf(documentKey);
    if (named !== undefined) {
      if (refOfId(id) === undefined) this.#keep(id, named);
      return named;
    }
    const kept = this.#kept.get(keyOfId(id));
    if (kept !== undefined) return kept;
    if (operationType === "delete") return "unknown";
    const document = await this.#database.decisive<RepositoryDocument>("repositories")
      .findOne({ _id: id as ObjectId }, { projection: NAMES });
    const found = refOf(document);
    // What is gone by now is told as such next.
    if (found === undefined) return "none";
    this.#keep(id, found);
    return found;
  }

  #keep(id: unknown, of: RepositoryRef): void {
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(keyOfId(id), of);
  }
}

function keyOfId(id: unknown): string {
  return `${typeof id} ${String(id)}`;
}

function refOfId(id: unknown): RepositoryRef | undefined {
  if (typeof id !== "string") return undefined;
  const [registry, repository, ...others] = id.split("\n");
  if (registry === undefined || repository === undefined || others.length > 0) return undefined;
  return { registry, repository };
}

function refOf(
  names: { readonly registry?: unknown; readonly repositoryname?: unknown } | null | undefined,
): RepositoryRef | undefined {
  if (typeof names?.repositoryname !== "string") return undefined;
  const registry = typeof names.registry === "string" ? names.registry : DEFAULT_REGISTRY;
  return { registry, repository: names.repositoryname };
}
