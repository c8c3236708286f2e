/**
 * What a repository consists of: its tags, manifests, users, and the latest events.
 *
 * @module
 */

import { AppError } from "../../errors.ts";
import type {
  BreakdownDimension,
  Page,
  PageQuery,
  RepositoryRef,
  Store,
  TagStatistics,
} from "../../store/store.ts";
import { answerJson, answerPage, type ApiHandler, parametersOf, partOf } from "./answer.ts";
import { findRepository } from "./repositories.ts";
import { breakdownShape, eventShape, manifestShape, type Shape, tagShape } from "./shapes.ts";

/**
 * `GET /api/v1/repositories/{name}/-/tags?registry=&limit=&cursor=`
 *
 * @param store Where statistics live.
 * @returns The handler.
 */
export function listTags(store: Store): ApiHandler {
  return listOf(store, {
    kind: "tags",
    load: (of, page) => store.listTags(of, page),
    shape: tagShape,
  });
}

/**
 * `GET /api/v1/repositories/{name}/-/tags/{tag}?registry=`
 *
 * @param store Where statistics live.
 * @returns The handler.
 */
export function showTag(store: Store): ApiHandler {
  return async function showTag(c): Promise<Response> {
    const of = await findRepository(store, c, parametersOf(c, ["registry"]));
    return answerJson(c, tagShape(await findTag(store, of, partOf(c, "tag"))));
  };
}

/**
 * `GET /api/v1/repositories/{name}/-/manifests?registry=&limit=&cursor=`
 *
 * @param store Where statistics live.
 * @returns The handler.
 */
export function listManifests(store: Store): ApiHandler {
  return listOf(store, {
    kind: "manifests",
    load: (of, page) => store.listManifests(of, page),
    shape: manifestShape,
  });
}

/**
 * `GET /api/v1/repositories/{name}/-/actors`, `/-/clients`, `/-/consumers`
 * `?registry=&limit=&cursor=`
 *
 * @param store Where statistics live.
 * @param dimension Which of them.
 * @returns The handler.
 */
export function listBreakdown(store: Store, dimension: BreakdownDimension): ApiHandler {
  return listOf(store, {
    kind: dimension,
    load: (of, page) => store.listBreakdown(of, dimension, page),
    shape: breakdownShape,
  });
}

/**
 * `GET /api/v1/repositories/{name}/-/events?registry=&limit=&cursor=`
 *
 * @param store Where statistics live.
 * @returns The handler.
 */
export function listEvents(store: Store): ApiHandler {
  return listOf(store, {
    kind: "events",
    load: (of, page) => store.listEvents(of, page),
    shape: eventShape,
  });
}

/**
 * Finds a tag.
 *
 * @param store Where statistics live.
 * @param of The repository.
 * @param tag Its name.
 * @returns The tag.
 * @throws {AppError} `not_found` if no event has named it.
 */
export async function findTag(
  store: Store,
  of: RepositoryRef,
  tag: string,
): Promise<TagStatistics> {
  const found = await store.findTag(of, tag);
  if (found !== undefined) return found;
  throw new AppError("not_found", `No tag "${tag}" in repository "${of.repository}"`);
}

interface RepositoryListing<T> {
  readonly kind: string;
  readonly load: (of: RepositoryRef, page: PageQuery) => Promise<Page<T>>;
  readonly shape: (item: T) => Shape;
}

function listOf<T>(store: Store, { kind, load, shape }: RepositoryListing<T>): ApiHandler {
  return async function listOfRepository(c): Promise<Response> {
    const parameters = parametersOf(c, ["registry", "limit", "cursor"]);
    const of = await findRepository(store, c, parameters);
    return answerPage(c, parameters, {
      name: [kind, of.registry, of.repository],
      load: (page) => load(of, page),
      shape,
    });
  };
}
