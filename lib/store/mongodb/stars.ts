/**
 * Stars that users give to repositories.
 *
 * A star and the number in the main document change in one transaction. What a star changes depends
 * on whether its document is there, so that a commit whose result is unknown may be repeated: the
 * second time finds the first. The number is only ever moved by `$inc`, as front ends do it, too.
 *
 * @module
 */

import type { ClientSession, Filter } from "mongodb";

import { AppError } from "../../errors.ts";
import { keyOf } from "../../facts.ts";
import type { Page, PageQuery, RepositoryRef, Star, StarChange } from "../store.ts";
import type { Database } from "./connection.ts";
import type { RepositoryDocument, StarDocument } from "./documents.ts";
import { hasCode, TYPE_MISMATCH } from "./errors.ts";
import { filterAfter, pageOf, type SortKey, sortOf } from "./paging.ts";
import { registryFilter } from "./repositories.ts";
import { runTransaction } from "./transaction.ts";
import { longOf, starsOf } from "./values.ts";

const KEYS: readonly SortKey[] = [{ field: "user", direction: 1 }];

/**
 * Gives a star or takes it back, and tries again until its deadline.
 *
 * @param database Where.
 * @param of The repository.
 * @param change Whose star; `deadline` in milliseconds since 1970.
 * @returns The repository's number of stars; `undefined` if there is no such repository.
 * @throws {AppError} `internal` if that is no number; else what the driver threw.
 */
export async function setStar(
  database: Database,
  of: RepositoryRef,
  { deadline, ...change }: StarChange & { readonly deadline: number },
): Promise<number | undefined> {
  return await runTransaction(
    database.client,
    async ({ session }) => {
      // Waiting for its turn may have taken all the time.
      if (Date.now() >= deadline) throw new Error("no answer in time");
      const repository = await findRepository(database, of, session);
      if (repository === null) return undefined;
      const write = change.isStarred ? giveStar : takeStar;
      const isChanged = await write(database, of, { ...change, session });
      if (!isChanged) return starsOf(repository.numstars);
      return await moveNumber(database, repository, { session, by: change.isStarred ? 1 : -1 });
    },
    { deadline },
  );
}

function findRepository(
  database: Database,
  { registry, repository }: RepositoryRef,
  session: ClientSession,
): Promise<RepositoryDocument | null> {
  const filter = { repositoryname: repository, registry: registryFilter(registry) };
  const projection = { registry: 1, repositoryname: 1, numstars: 1 };
  // One that names its registry comes before one that does not.
  const sort = { registry: -1 } as const;
  return database.decisive<RepositoryDocument>("repositories")
    .findOne(filter as Filter<RepositoryDocument>, { session, projection, sort });
}

type StarWrite = StarChange & { readonly session: ClientSession };

/** @returns Whether it is new. */
async function giveStar(
  database: Database,
  of: RepositoryRef,
  { user, at, session }: StarWrite,
): Promise<boolean> {
  const { registry, repository } = of;
  const place = { registry, repositoryname: repository };
  const fields = { ...database.isSharded ? {} : place, user, at: new Date(at) };
  const result = await database.decisive<StarDocument>("stars")
    .updateOne(filterOf(database, of, user), { $setOnInsert: fields }, { session, upsert: true });
  return result.upsertedCount > 0;
}

/** @returns Whether there was one. */
async function takeStar(
  database: Database,
  of: RepositoryRef,
  { user, session }: StarWrite,
): Promise<boolean> {
  const result = await database.decisive<StarDocument>("stars")
    .deleteOne(filterOf(database, of, user), { session });
  return result.deletedCount > 0;
}

/** A sharded cluster finds a document by its shard key; without one, `_id` is the faster way. */
function filterOf(
  { isSharded }: Database,
  { registry, repository }: RepositoryRef,
  user: string,
): Filter<StarDocument> {
  const _id = keyOf(registry, repository, user);
  return isSharded ? { _id, registry, repositoryname: repository } : { _id };
}

async function moveNumber(
  database: Database,
  { registry, repositoryname, numstars }: RepositoryDocument,
  { session, by }: { session: ClientSession; by: 1 | -1 },
): Promise<number> {
  // Who sets the number back by hand does not get a negative one for it.
  const least = by < 0 ? { numstars: { $gt: 0 } } : {};
  const filter = { registry: registry ?? null, repositoryname, ...least };
  try {
    const moved = await database.decisive<RepositoryDocument>("repositories").findOneAndUpdate(
      filter as Filter<RepositoryDocument>,
      { $inc: { numstars: longOf(by) as unknown as number } },
      { session, projection: { numstars: 1 }, returnDocument: "after" },
    );
    return starsOf((moved ?? { numstars }).numstars);
  } catch (error) {
    if (!hasCode(error, TYPE_MISMATCH)) throw error;
    const what = `"numstars" of repository "${repositoryname}" is no number in MongoDB`;
    const hint = "set it to one, or remove it";
    throw new AppError("internal", `Cannot change a star: ${what}`, { hint, cause: error });
  }
}

/**
 * Lists stars.
 *
 * @param database Where.
 * @param of The repository.
 * @param page Which part.
 * @returns A page of them in the order of their users.
 */
export async function listStars(
  database: Database,
  { registry, repository }: RepositoryRef,
  { limit, after }: PageQuery,
): Promise<Page<Star>> {
  const filter = filterAfter({ registry, repositoryname: repository }, KEYS, after);
  const documents = await database.collection<StarDocument>("stars")
    .find(filter as Filter<StarDocument>)
    .sort(sortOf(KEYS))
    .limit(limit + 1)
    .toArray();
  return pageOf(documents, KEYS, {
    limit,
    read: ({ user, at }) => ({ user, at: at.getTime() }),
  });
}
