/**
 * Integers for names that repeat. Lives as long as a transaction: a rollback takes new ones back.
 *
 * @module
 */

import { keyOf } from "../../facts.ts";
import type { Database } from "./database.ts";

/** The ids of registries, texts and repositories. */
export class Names {
  readonly #database: Database;
  readonly #ids = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
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
    return this.#idOf(
      keyOf("repository", registry, repository),
      () =>
        this.findRepository(registry, repository) ??
          this.#database.insert(insert, repository, registry),
    );
  }

  /** @returns The id of a repository, `undefined` where nothing is known of it. */
  findRepository(registry: string, repository: string): number | undefined {
    const sql = "SELECT id FROM repositories WHERE repository = ? AND registry = ?";
    return this.#find(sql, repository, registry);
  }

  #idOf(key: string, find: () => number): number {
    const present = this.#ids.get(key);
    if (present !== undefined) return present;
    const id = find();
    this.#ids.set(key, id);
    return id;
  }

  #find(sql: string, ...parameters: string[]): number | undefined {
    return this.#database.get(sql, ...parameters)?.id as number | undefined;
  }
}
