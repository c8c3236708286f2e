/**
 * Orders of repositories, each of one registry at a time.
 *
 * @module
 */

/** The columns by which repositories can be listed, greatest first; each has an index. */
export const ORDER_COLUMNS = [
  "pulls",
  "pushes",
  "stars",
  "last_pulled",
  "last_pushed",
  "last_used",
] as const;

/** One of {@linkcode ORDER_COLUMNS}. */
export type OrderColumn = typeof ORDER_COLUMNS[number];

/**
 * Names the index of an order: of one registry by that column, then by name.
 *
 * @param column The column.
 * @returns The name.
 */
export function orderIndexOf(column: OrderColumn): string {
  return `repositories_by_${column}`;
}

/**
 * The names of a registry with all that lists are ordered by: the few that begin with a prefix are
 * sorted without a look at their rows, which are far from each other. It changes with every event,
 * but in one place, beside the dozen that change anyway.
 */
export const NAMES_WITH_NUMBERS = `
DROP INDEX repositories_by_registry;
CREATE INDEX repositories_by_registry ON repositories
  (registry, repository, ${ORDER_COLUMNS.join(", ")}) WHERE listed = 1;
`;

/**
 * The registry comes first, so that the list of one is a range, however few of all repositories it
 * has; a list of all merges those of the registries. As many indexes as before: one more for each
 * order would have to be changed with every event.
 */
export const ORDERS = ORDER_COLUMNS.map((column) => `
DROP INDEX ${orderIndexOf(column)};
CREATE INDEX ${orderIndexOf(column)} ON repositories (registry, ${column} DESC, repository)
  WHERE listed = 1;`).join("");
