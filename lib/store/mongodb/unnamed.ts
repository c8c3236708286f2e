/**
 * Documents without a registry: they mean `default`. Where there is one that says so, too, that one
 * is the repository, and the other is none; the start leaves such a pair as it is (`adoption.ts`).
 *
 * @module
 */

import type { Database } from "./connection.ts";
import { DEFAULT_REGISTRY, type RepositoryDocument } from "./documents.ts";

/** What tells a repository from others. */
interface Names {
  readonly registry?: unknown;
  readonly repositoryname?: unknown;
}

/**
 * Says whether a document names no registry.
 *
 * @param document Of the main collection.
 * @returns True if it means `default`.
 */
export function isUnnamed({ registry }: Names): boolean {
  return typeof registry !== "string";
}

/**
 * Leaves out what is no repository, of all documents of some names.
 *
 * @param documents The documents.
 * @param named Those among which one of the same name may be in `default`.
 * @returns The documents, but those without a registry beside one that has it.
 */
export function preferNamed<D extends Names>(
  documents: readonly D[],
  named: readonly Names[] = documents,
): D[] {
  const ofDefault = named.filter(({ registry }) => registry === DEFAULT_REGISTRY);
  const names = new Set(ofDefault.map(({ repositoryname }) => repositoryname));
  return documents.filter((document) =>
    !isUnnamed(document) || !names.has(document.repositoryname)
  );
}

/**
 * Leaves out what is no repository, of a part of a list: the other document may be in another.
 *
 * @param database Where; it is asked only if a document names no registry.
 * @param documents The documents.
 * @returns As of {@linkcode preferNamed}.
 */
export async function onlyRepositories<D extends Names>(
  database: Database,
  documents: readonly D[],
): Promise<D[]> {
  const names = documents.filter(isUnnamed).map(({ repositoryname }) => String(repositoryname));
  if (names.length === 0) return [...documents];
  const named = await database.collection<RepositoryDocument>("repositories")
    .find({ registry: DEFAULT_REGISTRY, repositoryname: { $in: names } })
    .project<Names>({ registry: 1, repositoryname: 1 })
    .toArray();
  return preferNamed(documents, named);
}
