/**
 * What lists of repositories need beside the tables.
 *
 * @module
 */

/**
 * The repositories of one registry by name. It changes only with a repository's first and last
 * event, unlike an index for each order, which every event would have to change.
 */
export const LISTS = `
CREATE INDEX repositories_by_registry ON repositories (registry, repository) WHERE listed = 1;
`;
