/**
 * What is in use and would suffer if the digest of an unused tag were deleted.
 *
 * @module
 */

import { MAX_NESTING, MAX_PROTECTORS, type Protector } from "../unused.ts";
import type { Database, Row } from "./database.ts";
import { decodeDigest } from "./encoding.ts";

/** References to indexes that are looked at on each level above a manifest. */
const MAX_ABOVE = 1000;

/** One more than are named: one of them may be the tag that is asked about. */
const TAGS_IN_USE = `SELECT tag FROM tags INDEXED BY tags_by_digest
  WHERE repository_id = ? AND digest = ? AND deleted_at IS NULL AND last_used >= ?
  ORDER BY tag LIMIT ${MAX_PROTECTORS + 1}`;
/**
 * The newest first, which are in use most likely. `CROSS JOIN` keeps the order of the loops. The
 * limit is no parameter: SQLite would prepare the statement anew for each digest.
 */
const INDEXES_ABOVE = `SELECT manifests.digest, ifnull(deleted_at < last_used, 1) AND (
    last_used >= ?3 OR EXISTS (
      SELECT 1 FROM tags INDEXED BY tags_by_digest
        WHERE tags.repository_id = ?1 AND tags.digest = manifests.digest
          AND tags.deleted_at IS NULL AND tags.last_used >= ?3)) AS is_used
  FROM manifest_references AS part INDEXED BY references_by_child
  CROSS JOIN manifests ON manifests.id = part.parent_id
  WHERE part.repository_id = ?1 AND part.child = ?2 AND part.of_index = 1
  ORDER BY part.parent_id DESC LIMIT ${MAX_ABOVE + 1}`;

/** Indexes by their digests, as text. */
type Indexes = Map<string, Row>;

/** Finds protectors for a page: tags of one digest, of which there may be many, have the same. */
export class Protectors {
  readonly #database: Database;
  readonly #before: number;
  readonly #known = new Map<string, readonly [tags: string[], indexes: string[]]>();

  constructor(database: Database, before: number) {
    this.#database = database;
    this.#before = before;
  }

  /** @returns The protectors of the tag of a row. */
  of({ digest, repository_id: id, tag: own }: Row): Protector[] {
    if (!(digest instanceof Uint8Array)) return [];
    const key = `${id} ${decodeDigest(digest)}`;
    const known = this.#known.get(key) ?? this.#find(Number(id), digest);
    this.#known.set(key, known);
    const [tags, indexes] = known;
    return [
      ...tags.filter((tag) => tag !== own).slice(0, MAX_PROTECTORS).map((tag) => ({ tag })),
      ...indexes.map((digest) => ({ digest })),
    ];
  }

  #find(id: number, digest: Uint8Array): readonly [tags: string[], indexes: string[]] {
    const tags = this.#database.all(TAGS_IN_USE, id, digest, this.#before);
    return [tags.map(({ tag }) => String(tag)), this.#indexesAbove(id, digest)];
  }

  /**
   * Indexes in use that a digest belongs to, however deep. There may be more than can be looked at:
   * where none of these is in use, one of the others is named, for it may be.
   */
  #indexesAbove(id: number, digest: Uint8Array): string[] {
    const above: Indexes = new Map();
    let level = [digest];
    for (let depth = 0; depth < MAX_NESTING && level.length > 0; depth++) {
      const { parents, other } = this.#parentsOf(id, level);
      level = [];
      for (const [name, parent] of parents) {
        if (above.has(name)) continue;
        above.set(name, parent);
        level.push(parent.digest as Uint8Array);
      }
      if (other === undefined) continue;
      const used = usedOf(above);
      return used.length === 0 ? [other] : used;
    }
    return usedOf(above);
  }

  /** @returns What is looked at, and one that is not where there are more. */
  #parentsOf(id: number, level: readonly Uint8Array[]): { parents: Indexes; other?: string } {
    const parents: Indexes = new Map();
    let left = MAX_ABOVE;
    for (const digest of level) {
      const rows = this.#database.all(INDEXES_ABOVE, id, digest, this.#before);
      for (const row of rows) {
        const name = decodeDigest(row.digest) ?? "";
        if (left-- === 0) return { parents, other: name };
        parents.set(name, row);
      }
    }
    return { parents };
  }
}

/** Digests are in the order of their bytes, which is that of their texts. */
function usedOf(above: Indexes): string[] {
  const used = [...above].filter(([, row]) => row.is_used === 1).map(([name]) => name);
  return used.sort().slice(0, MAX_PROTECTORS);
}
