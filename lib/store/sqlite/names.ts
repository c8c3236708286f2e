/**
 * Integers for names that repeat.
 *
 * @module
 */

import { keyOf } from "../../facts.ts";
import type { Database } from "./database.ts";
import { encodeDigest } from "./encoding.ts";

/** Ids that stay in memory between transactions. */
const MAX_KEPT = 20_000;

/**
 * The ids of registries, texts and repositories. They never change, so that those of committed
 * transactions are kept in memory.
 */
export class Names {
  readonly #registries: Dictionary;
  readonly #texts: Dictionary;
  readonly #repositories: Dictionary;
  readonly #digests = new Map<string, Uint8Array>();

  constructor(database: Database) {
    this.#registries = new Dictionary(database, {
      find: "SELECT id FROM registries WHERE name = ?",
      insert: "INSERT INTO registries (name) VALUES (?)",
    });
    this.#texts = new Dictionary(database, {
      find: "SELECT id FROM texts WHERE text = ?",
      insert: "INSERT INTO texts (text) VALUES (?)",
    });
    this.#repositories = new Dictionary(database, {
      find: "SELECT id FROM repositories WHERE repository = ? AND registry = ?",
      insert: "INSERT INTO repositories (repository, registry) VALUES (?, ?)",
    });
  }

  /** Keeps what a transaction has found; to be called after its commit. */
  commit(): void {
    for (const dictionary of this.#dictionaries()) dictionary.commit();
  }

  /** Forgets what a transaction has found; to be called before it begins. */
  begin(): void {
    for (const dictionary of this.#dictionaries()) dictionary.begin();
  }

  /** @returns The id of a registry, which is made where it is new. */
  registry(name: string): number {
    return this.#registries.get(name) ?? this.#registries.make(name, [name]);
  }

  /** @returns The id of a text, which is made where it is new; `null` for none. */
  text(text: string | undefined): number | null {
    if (text === undefined) return null;
    return this.#texts.get(text) ?? this.#texts.make(text, [text]);
  }

  /** @returns The id of a repository, which is made, unlisted, where it is new. */
  repository(registry: string, repository: string): number {
    const key = keyOf(registry, repository);
    return this.#repositories.get(key) ?? this.#repositories.make(key, [repository, registry]);
  }

  /** @returns The stored form of a digest: the same few come again and again. */
  digest(digest: string): Uint8Array {
    const present = this.#digests.get(digest);
    if (present !== undefined) return present;
    if (this.#digests.size > MAX_KEPT) this.#digests.clear();
    const encoded = encodeDigest(digest);
    this.#digests.set(digest, encoded);
    return encoded;
  }

  #dictionaries(): Dictionary[] {
    return [this.#registries, this.#texts, this.#repositories];
  }
}

/** The names of one table and their ids. */
class Dictionary {
  readonly #database: Database;
  readonly #sql: { readonly find: string; readonly insert: string };
  readonly #kept = new Map<string, number>();
  /** Of this transaction: a rollback takes new names back. */
  #new = new Map<string, number>();

  constructor(database: Database, sql: { find: string; insert: string }) {
    this.#database = database;
    this.#sql = sql;
  }

  commit(): void {
    if (this.#kept.size > MAX_KEPT) this.#kept.clear();
    for (const [key, id] of this.#new) this.#kept.set(key, id);
    this.begin();
  }

  begin(): void {
    if (this.#new.size > 0) this.#new = new Map();
  }

  /** @returns The id of a name, if it is known without a query. */
  get(key: string): number | undefined {
    return this.#kept.get(key) ?? this.#new.get(key);
  }

  /** @returns The id of a name that {@linkcode get} does not know. */
  make(key: string, columns: readonly string[]): number {
    const found = this.#database.get(this.#sql.find, ...columns)?.id as number | undefined;
    const id = found ?? this.#database.insert(this.#sql.insert, ...columns);
    this.#new.set(key, id);
    return id;
  }
}
