/**
 * What lists of repositories need beside the tables.
 *
 * @module
 */

/** The repositories of one registry by name; `schema_orders.ts` adds their numbers. */
export const LISTS = `
CREATE INDEX repositories_by_registry ON repositories (registry, repository) WHERE listed = 1;
`;
