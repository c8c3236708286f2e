/**
 * Stars that users give to repositories.
 *
 * @module
 */

import type { Page, PageQuery, RepositoryRef, Star, StarChange } from "../store.ts";
import type { Database } from "./database.ts";
import { repositoryIdOf } from "./reads.ts";

const GIVE = `INSERT INTO stars (repository_id, user, at) VALUES (?, ?, ?)
  ON CONFLICT (repository_id, user) DO NOTHING`;
const TAKE = "DELETE FROM stars WHERE repository_id = ? AND user = ?";
const ONE_MORE = "UPDATE repositories SET stars = stars + 1 WHERE id = ?";
/** Who sets the number back by hand does not get a negative one for it. */
const ONE_LESS = "UPDATE repositories SET stars = stars - 1 WHERE id = ? AND stars > 0";

/**
 * Gives a star or takes it back, within a transaction.
 *
 * @param database Where.
 * @param of The repository.
 * @param change Whose star.
 * @returns The repository's number of stars; `undefined` if there is no such repository.
 */
export function setStar(
  database: Database,
  of: RepositoryRef,
  { user, at, isStarred }: StarChange,
): number | undefined {
  const id = repositoryIdOf(database, of);
  if (id === undefined) return undefined;
  const changed = isStarred ? database.run(GIVE, id, user, at) : database.run(TAKE, id, user);
  if (changed > 0) database.run(isStarred ? ONE_MORE : ONE_LESS, id);
  return Number(database.get("SELECT stars FROM repositories WHERE id = ?", id)?.stars);
}

/** @returns A page of stars in the order of their users. */
export function listStars(
  database: Database,
  of: RepositoryRef,
  { limit, after }: PageQuery,
): Page<Star> {
  const id = repositoryIdOf(database, of);
  if (id === undefined) return { items: [], next: null };
  const sql = `SELECT user, at FROM stars WHERE repository_id = ? AND user > ?
    ORDER BY user LIMIT ?`;
  const rows = database.all(sql, id, String(after?.[0] ?? ""), limit + 1);
  const items = rows.slice(0, limit)
    .map((row) => ({ user: String(row.user), at: Number(row.at) }));
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? [last.user] : null };
}
