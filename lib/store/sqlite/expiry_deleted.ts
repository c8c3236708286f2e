/**
 * Drops tags and manifests that were deleted long ago, with all that belongs to them.
 *
 * @module
 */

import { dayOfTime } from "../../calendar.ts";
import type { Database } from "./database.ts";

/** Deleted tags or manifests that one step looks at. */
const LOOKS = 500;
/** Rows that one step drops of each, as a rule: what it begins, it ends. */
const ROWS = 1000;

const DELETED_MANIFEST = `SELECT id, deleted_at, deleted_at >= ifnull(last_used, 0) AS is_gone
  FROM manifests INDEXED BY manifests_deleted`;
/** In two parts: of a pair, SQLite takes the first value alone for the range of an index. */
const DELETED_MANIFESTS = `${DELETED_MANIFEST} WHERE deleted_at = ?1 AND deleted_at < ?3 AND id > ?2
  UNION ALL ${DELETED_MANIFEST} WHERE deleted_at > ?1 AND deleted_at < ?3
  ORDER BY deleted_at, id LIMIT ${LOOKS}`;

/** Where the walk along deleted manifests is. */
type Position = readonly [deletedAt: number, id: number];
const START: Position = [-1, -1];

/** The steps of one store. */
export class DeletedExpiry {
  readonly #database: Database;
  /** The last manifest that was looked at: those used again since are not looked at each time. */
  #position = START;
  /** The day on which the walk began: once a day all are looked at, for a delete may arrive late. */
  #day = -1;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Drops a step of what is due.
   *
   * @param before Milliseconds since 1970: what was deleted before that is due.
   * @returns True while there is more.
   */
  step(before: number): boolean {
    const hasMoreTags = this.#expireTags(before * 1000);
    return this.#expireManifests(before) || hasMoreTags;
  }

  /** The numbers of a deleted tag stay in its repository. */
  #expireTags(before: number): boolean {
    const rows = this.#database.all(
      `SELECT id, repository_id FROM tags WHERE deleted_at < ? LIMIT ${LOOKS}`,
      before,
    );
    let left = ROWS;
    for (const { id, repository_id: repositoryId } of rows) {
      if (left <= 0) return true;
      left -= this.#database.run("DELETE FROM tag_days WHERE tag_id = ?", Number(id));
      left -= this.#database.run("DELETE FROM tag_months WHERE tag_id = ?", Number(id));
      left -= this.#database.run("DELETE FROM tags WHERE id = ?", Number(id));
      this.#database.run(
        "UPDATE repositories SET tag_rows = tag_rows - 1 WHERE id = ?",
        Number(repositoryId),
      );
    }
    return rows.length === LOOKS;
  }

  #expireManifests(before: number): boolean {
    const day = dayOfTime(before);
    if (day > this.#day) [this.#day, this.#position] = [day, START];
    const rows = this.#database.all(DELETED_MANIFESTS, ...this.#position, before);
    let left = ROWS;
    for (const { id, deleted_at: deletedAt, is_gone: isGone } of rows) {
      if (left <= 0) return true;
      this.#position = [Number(deletedAt), Number(id)];
      if (isGone === 0) continue;
      left -= this.#database.run(
        "DELETE FROM manifest_references WHERE parent_id = ?",
        Number(id),
      );
      left -= this.#database.run("DELETE FROM manifests WHERE id = ?", Number(id));
    }
    return rows.length === LOOKS;
  }
}
