/**
 * Reading repositories.
 *
 * @module
 */

import type { Collection, Document, Filter } from "mongodb";

import { compareCodePoints, endOfPrefix } from "../../code_points.ts";
import { keyOf } from "../../facts.ts";
import type {
  Page,
  RepositoryQuery,
  RepositoryRef,
  RepositorySort,
  RepositoryStatistics,
} from "../store.ts";
import type { Database } from "./connection.ts";
import { DEFAULT_REGISTRY, type RepositoryDocument } from "./documents.ts";
import { cursorOf, filterAfter, pageOf, type SortKey, sortOf } from "./paging.ts";
import { onlyRepositories, preferNamed } from "./unnamed.ts";
import { countOf, starsOf, timeOf } from "./values.ts";

const SORT_KEYS: Readonly<Record<RepositorySort, readonly SortKey[]>> = {
  name: [],
  "-pulls": [{ field: "numpulls", direction: -1 }],
  "-pushes": [{ field: "numpushs", direction: -1 }],
  "-stars": [{ field: "numstars", direction: -1, type: "foreign" }],
  "-lastPulled": [{ field: "lastpulled", direction: -1, type: "time" }],
  "-lastPushed": [{ field: "lastpushed", direction: -1, type: "time" }],
  "-lastUsed": [{ field: "lastused", direction: -1, type: "time" }],
};
const TIES: readonly SortKey[] = [
  { field: "repositoryname", direction: 1 },
  { field: "registry", direction: 1 },
];

/** In a list the names of actors stay behind; their number is told all the same. */
const WITHOUT_ACTORS: Document = {
  ...Object.fromEntries(
    [
      ...["registry", "repositoryname", "numpulls", "numpushs", "numstars", "numchecks"],
      ...["numchildpulls", "numdigestpushs", "numunchangedpushs", "numtagdeletes"],
      ...["nummanifestdeletes", "numblobdeletes", "numunknowndeletes", "numtags"],
      ...["firstpulled", "lastpulled", "firstpushed", "lastpushed", "lastchecked", "lastused"],
      "deletedat",
    ].map((field) => [field, 1]),
  ),
  numactors: {
    $ifNull: ["$numactors", { $size: { $cond: [{ $isArray: "$actors" }, "$actors", []] } }],
  },
};

/**
 * Lists repositories.
 *
 * @param database Where.
 * @param query Which, and in which order.
 * @returns A page of them, without the names of actors.
 */
export async function listRepositories(
  database: Database,
  { sort, registry, q, prefix, limit, after }: RepositoryQuery,
): Promise<Page<RepositoryStatistics>> {
  const keys = [...SORT_KEYS[sort], ...TIES];
  const conditions = [
    registry === undefined ? {} : { registry: registryFilter(registry) },
    q === undefined ? {} : { repositoryname: { $regex: patternOf(q) } },
    prefix === undefined ? {} : { repositoryname: rangeOf(prefix) },
  ].filter((condition) => Object.keys(condition).length > 0);
  const filter = conditions.length > 1 ? { $and: conditions } : conditions[0] ?? {};
  const found: RepositoryDocument[] = [];
  let from = after;
  while (true) {
    const wanted = limit + 1 - found.length;
    const documents = await repositoriesOf(database)
      .find(filterAfter(filter, keys, from) as Filter<RepositoryDocument>)
      .project<RepositoryDocument>(WITHOUT_ACTORS)
      .sort(sortOf(keys))
      .limit(wanted)
      .toArray();
    found.push(...await onlyRepositories(database, documents));
    const last = documents.at(-1);
    if (last === undefined || documents.length < wanted || found.length > limit) break;
    // Hardly ever is one of them no repository: then the page goes on behind them.
    from = cursorOf(last, keys);
  }
  return pageOf(found, keys, { limit, read: repositoryOf });
}

/** @returns A repository with the names of its actors. */
export async function findRepository(
  database: Database,
  { registry, repository }: RepositoryRef,
): Promise<RepositoryStatistics | undefined> {
  const filter = { repositoryname: repository, registry: registryFilter(registry) };
  const documents = await repositoriesOf(database)
    .find(filter as Filter<RepositoryDocument>)
    .toArray();
  return preferNamed(documents).map(repositoryOf)[0];
}

/**
 * Finds the repositories of a name.
 *
 * @param database Where.
 * @param repository The name.
 * @param registry Only of this registry.
 * @returns At most one of each registry, in order of the registry, without the names of actors.
 */
export async function findRepositories(
  database: Database,
  repository: string,
  registry?: string,
): Promise<RepositoryStatistics[]> {
  const filter = {
    repositoryname: repository,
    ...(registry === undefined ? {} : { registry: registryFilter(registry) }),
  };
  const documents = await repositoriesOf(database)
    .find(filter as Filter<RepositoryDocument>)
    .project<RepositoryDocument>(WITHOUT_ACTORS)
    .toArray();
  return preferNamed(documents).map(repositoryOf).sort((a, b) =>
    compareCodePoints(a.registry, b.registry)
  );
}

/**
 * Finds some repositories; the server that took a change knows of it.
 *
 * @param database Where.
 * @param wanted Which.
 * @returns Those that there are, without the names of actors.
 */
export async function findItems(
  database: Database,
  wanted: readonly RepositoryRef[],
): Promise<RepositoryStatistics[]> {
  const registries: (string | null)[] = [...new Set(wanted.map(({ registry }) => registry))];
  if (registries.includes(DEFAULT_REGISTRY)) registries.push(null);
  const filter = {
    repositoryname: { $in: [...new Set(wanted.map(({ repository }) => repository))] },
    registry: { $in: registries },
  };
  const documents = await database.decisive<RepositoryDocument>("repositories")
    .find(filter as Filter<RepositoryDocument>)
    .project<RepositoryDocument>(WITHOUT_ACTORS)
    .toArray();
  const keys = new Set(wanted.map(({ registry, repository }) => keyOf(registry, repository)));
  return preferNamed(documents).map(repositoryOf)
    .filter(({ registry, repository }) => keys.has(keyOf(registry, repository)));
}

function repositoriesOf(database: Database): Collection<RepositoryDocument> {
  return database.collection<RepositoryDocument>("repositories");
}

/**
 * Finds the documents of a registry: a front end may have made one without.
 *
 * @param registry Its name.
 * @returns The condition on `registry`.
 */
export function registryFilter(registry: string): unknown {
  return registry === DEFAULT_REGISTRY ? { $in: [registry, null] } : registry;
}

function repositoryOf(document: RepositoryDocument): RepositoryStatistics {
  const actors = Array.isArray(document.actors) ? document.actors.toSorted(compareCodePoints) : [];
  return {
    registry: document.registry ?? DEFAULT_REGISTRY,
    repository: document.repositoryname,
    pulls: countOf(document.numpulls),
    pushes: countOf(document.numpushs),
    stars: starsOf(document.numstars),
    checks: countOf(document.numchecks),
    childPulls: countOf(document.numchildpulls),
    digestPushes: countOf(document.numdigestpushs),
    unchangedPushes: countOf(document.numunchangedpushs),
    firstPulled: timeOf(document.firstpulled),
    lastPulled: timeOf(document.lastpulled),
    firstPushed: timeOf(document.firstpushed),
    lastPushed: timeOf(document.lastpushed),
    lastChecked: timeOf(document.lastchecked),
    lastUsed: timeOf(document.lastused),
    deletes: {
      tags: countOf(document.numtagdeletes),
      manifests: countOf(document.nummanifestdeletes),
      blobs: countOf(document.numblobdeletes),
      unknown: countOf(document.numunknowndeletes),
    },
    actors,
    actorCount: countOf(document.numactors ?? actors.length),
    tagCount: countOf(document.numtags),
    deleted: timeOf(document.deletedat),
  };
}

/** A pattern for a text in any ASCII case; the server's own way would fold other letters, too. */
function patternOf(text: string): string {
  return text.replaceAll(
    /[A-Za-z]|[\\^$.*+?()[\]{}|]/g,
    (character) =>
      /[A-Za-z]/.test(character)
        ? `[${character.toUpperCase()}${character.toLowerCase()}]`
        : `\\${character}`,
  );
}

/**
 * Finds the names that begin with a text: from it to the first that is greater than all of them.
 *
 * @param prefix The text.
 * @returns The condition on a name.
 */
export function rangeOf(prefix: string): Document {
  const end = endOfPrefix(prefix);
  return { $gte: prefix, ...(end === undefined ? {} : { $lt: end }) };
}
