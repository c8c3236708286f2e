/**
 * Repositories: the list of them, and one by its name.
 *
 * @module
 */

import { AppError } from "../../errors.ts";
import { codePoints, MAX_TEXT } from "../../event_values.ts";
import { REPOSITORY_SORTS, type RepositoryStatistics, type Store } from "../../store/store.ts";
import type { Parameters } from "../parameters.ts";
import { ProblemError } from "../problem.ts";
import {
  answerJson,
  answerPage,
  type ApiContext,
  type ApiHandler,
  parametersOf,
  partOf,
} from "./answer.ts";
import { repositoryItem, repositoryShape } from "./shapes.ts";

/**
 * `GET /api/v1/repositories?q=&prefix=&sort=&registry=&limit=&cursor=`
 *
 * @param store Where statistics live.
 * @returns The handler.
 */
export function listRepositories(store: Store): ApiHandler {
  return function listRepositories(c): Promise<Response> {
    const allowed = ["q", "prefix", "sort", "registry", "limit", "cursor"];
    const parameters = parametersOf(c, allowed);
    const sort = parameters.choice("sort", REPOSITORY_SORTS, "name");
    const q = parameters.text("q");
    const prefix = parameters.text("prefix");
    const registry = parameters.registry();
    const filters = {
      ...(q === undefined ? {} : { q }),
      ...(prefix === undefined ? {} : { prefix }),
      ...(registry === undefined ? {} : { registry }),
    };
    return answerPage(c, parameters, {
      name: ["repositories", sort, q, prefix, registry],
      async load(page) {
        // SQLite's patterns end at NUL, and both stores refuse long ones.
        if (!isInNames(q) || !isInNames(prefix)) return { items: [], next: null };
        return await store.listRepositories({ ...page, ...filters, sort });
      },
      shape: repositoryItem,
    });
  };
}

/** Whether the name of a repository can have a text in it: see `parseTarget()`. */
function isInNames(text = ""): boolean {
  return codePoints(text) <= MAX_TEXT && !/\p{Cc}/u.test(text);
}

/**
 * `GET /api/v1/repositories/{name}?registry=`
 *
 * @param store Where statistics live.
 * @returns The handler.
 */
export function showRepository(store: Store): ApiHandler {
  return async function showRepository(c): Promise<Response> {
    const parameters = parametersOf(c, ["registry"]);
    const { registry, repository } = await findRepository(store, c, parameters);
    const found = await store.findRepository({ registry, repository });
    if (found === undefined) throw noRepository(repository, registry);
    return answerJson(c, repositoryShape(found));
  };
}

/**
 * Finds the repository that a request names.
 *
 * @param store Where statistics live.
 * @param c Its path has `name`.
 * @param parameters May have `registry`.
 * @returns The repository, without the names of its actors.
 * @throws {AppError} `not_found`, or `conflict` if several registries have one of that name.
 */
export async function findRepository(
  store: Store,
  c: ApiContext,
  parameters: Parameters,
): Promise<RepositoryStatistics> {
  const name = partOf(c, "name");
  const registry = parameters.registry();
  const [first, ...others] = await store.findRepositories(name, registry);
  if (first === undefined) throw noRepository(name, registry);
  if (others.length === 0) return first;
  const registries = [first, ...others].map((found) => found.registry);
  throw new ProblemError("conflict", `Several registries have a repository "${name}"`, {
    hint: `choose with ?registry=, one of ${registries.join(", ")}`,
    members: { registries },
  });
}

/**
 * Says that there is no such repository.
 *
 * @param name What was asked for.
 * @param registry Where.
 * @returns The error.
 */
export function noRepository(name: string, registry: string | undefined): AppError {
  const where = registry === undefined ? "" : ` in registry "${registry}"`;
  return new AppError("not_found", `No repository "${name}"${where}`);
}
