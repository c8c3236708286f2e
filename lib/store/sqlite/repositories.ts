/**
 * The list of repositories, and one of them.
 *
 * @module
 */

import type { Page, RepositoryQuery, RepositoryRef, RepositoryStatistics } from "../store.ts";
import type { Database, Row } from "./database.ts";
import { readRepositories } from "./repository_order.ts";
import { deletedOf, numberOrNull } from "./values.ts";

/** @returns A page of repositories. */
export async function listRepositories(
  database: Database,
  query: RepositoryQuery,
): Promise<Page<RepositoryStatistics>> {
  const { rows, next } = await readRepositories(database, query);
  return { items: rows.map((row) => repositoryOf(row, [])), next };
}

const REPOSITORY = "SELECT * FROM repositories WHERE repository = ? AND listed = 1";
const ACTORS = `SELECT name FROM breakdowns
  WHERE repository_id = ? AND dimension = 'actor' ORDER BY name`;

/** @returns A repository with the names of its actors. */
export function findRepository(
  database: Database,
  { registry, repository }: RepositoryRef,
): RepositoryStatistics | undefined {
  const row = database.get(`${REPOSITORY} AND registry = ?`, repository, registry);
  if (row === undefined) return undefined;
  const actors = database.all(ACTORS, Number(row.id));
  return repositoryOf(row, actors.map((actor) => String(actor.name)));
}

/** @returns The repository of each registry that has one of that name. */
export function findRepositories(
  database: Database,
  repository: string,
  registry: string | undefined,
): RepositoryStatistics[] {
  const rows = registry === undefined
    ? database.all(`${REPOSITORY} ORDER BY registry`, repository)
    : database.all(`${REPOSITORY} AND registry = ?`, repository, registry);
  return rows.map((row) => repositoryOf(row, []));
}

/** @returns Those of the wanted repositories that there are, without the names of actors. */
export function findItems(
  database: Database,
  wanted: readonly RepositoryRef[],
): RepositoryStatistics[] {
  return wanted.flatMap(({ registry, repository }) => {
    const row = database.get(`${REPOSITORY} AND registry = ?`, repository, registry);
    return row === undefined ? [] : [repositoryOf(row, [])];
  });
}

function repositoryOf(row: Row, actors: readonly string[]): RepositoryStatistics {
  const number = (column: string): number => Number(row[column]);
  return {
    registry: String(row.registry),
    repository: String(row.repository),
    pulls: number("pulls"),
    pushes: number("pushes"),
    stars: number("stars"),
    checks: number("checks"),
    childPulls: number("child_pulls"),
    digestPushes: number("digest_pushes"),
    unchangedPushes: number("unchanged_pushes"),
    firstPulled: numberOrNull(row.first_pulled),
    lastPulled: numberOrNull(row.last_pulled),
    firstPushed: numberOrNull(row.first_pushed),
    lastPushed: numberOrNull(row.last_pushed),
    lastChecked: numberOrNull(row.last_checked),
    lastUsed: numberOrNull(row.last_used),
    deletes: {
      tags: number("tag_deletes"),
      manifests: number("manifest_deletes"),
      blobs: number("blob_deletes"),
      unknown: number("unknown_deletes"),
    },
    actors,
    actorCount: number("actor_count"),
    tagCount: number("tag_count"),
    deleted: deletedOf(row.deleted_at),
  };
}
