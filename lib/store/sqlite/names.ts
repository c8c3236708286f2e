/**
 * Integers for names that repeat.
 *
 * @module
 */

import { keyOf } from "../../facts.ts";
import type { Database } from "./database.ts";
import { encodeDigest, encodeId } from "./encoding.ts";

/** Ids that stay in memory between transactions. */
const MAX_KEPT = 20_000;

/**
 * The ids of registries, texts and repositories. They never change, so that those of committed
 * transactions are kept in memory.
 */
export class Names {
  readonly #database: Database;
  readonly #kept = new Map<string, number>();
  /** Of this transaction: a rollback takes new names back. */
  readonly #new = new Map<string, number>();
  readonly #digests = new Map<string, Uint8Array>();
  /** Of this transaction: an id comes up in two or three statements, and never again. */
  readonly #encodedIds = new Map<string, string | Uint8Array>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Keeps what a transaction has found; to be called after its commit. */
  commit(): void {
    if (this.#kept.size > MAX_KEPT) this.#kept.clear();
    for (const [key, id] of this.#new) this.#kept.set(key, id);
    this.#new.clear();
  }

  /** Forgets what a transaction has found; to be called before it begins. */
  begin(): void {
    this.#new.clear();
    this.#encodedIds.clear();
  }

  /** @returns The id of a registry, which is made where it is new. */
  registry(name: string): number {
    return this.#idOf(
      keyOf("registry", name),
      () =>
        this.#find("SELECT id FROM registries WHERE name = ?", name) ??
          this.#database.insert("INSERT INTO registries (name) VALUES (?)", name),
    );
  }

  /** @returns The id of a text, which is made where it is new; `null` for none. */
  text(text: string | undefined): number | null {
    if (text === undefined) return null;
    return this.#idOf(
      keyOf("text", text),
      () =>
        this.#find("SELECT id FROM texts WHERE text = ?", text) ??
          this.#database.insert("INSERT INTO texts (text) VALUES (?)", text),
    );
  }

  /** @returns The id of a repository, which is made, unlisted, where it is new. */
  repository(registry: string, repository: string): number {
    const insert = "INSERT INTO repositories (repository, registry) VALUES (?, ?)";
    const find = "SELECT id FROM repositories WHERE repository = ? AND registry = ?";
    return this.#idOf(
      keyOf("repository", registry, repository),
      () =>
        this.#find(find, repository, registry) ??
          this.#database.insert(insert, repository, registry),
    );
  }

  /** @returns The stored form of an id, of an event or a request. */
  id(id: string): string | Uint8Array {
    const present = this.#encodedIds.get(id);
    if (present !== undefined) return present;
    const encoded = encodeId(id);
    this.#encodedIds.set(id, encoded);
    return encoded;
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

  #idOf(key: string, find: () => number): number {
    const present = this.#kept.get(key) ?? this.#new.get(key);
    if (present !== undefined) return present;
    const id = find();
    this.#new.set(key, id);
    return id;
  }

  #find(sql: string, ...parameters: string[]): number | undefined {
    return this.#database.get(sql, ...parameters)?.id as number | undefined;
  }
}
