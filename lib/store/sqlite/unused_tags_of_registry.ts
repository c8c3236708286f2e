/**
 * Finds the tags of a registry in the order of the day of their last use, oldest first.
 *
 * That order has an index. Of the tags of repositories that begin with a prefix, the oldest are
 * found in one of three ways, whichever is the shortest: by the repositories whose tags come next,
 * which the index of names tells; along the order, with the ids of these repositories at hand; along
 * the order, with a look at the name of each repository.
 *
 * @module
 */

import type { Database, Row } from "./database.ts";
import { all, type Condition } from "./repository_filters.ts";
import { NameCount, type Names, namesOf } from "./repository_names.ts";

/** A tag in the order. */
export interface Tag {
  /** Of its last use; -1: never. */
  readonly day: number;
  readonly id: number;
}

/** Before all tags. */
export const FIRST: Tag = { day: -2, id: 0 };

/** The next tags that fit. */
export interface Tags {
  readonly tags: readonly Tag[];
  /** How far was read, if there may be more. */
  readonly end: Tag | undefined;
}

/** Which tags are next. */
export interface TagPart {
  readonly after: Tag;
  readonly lastDay: number;
  readonly limit: number;
  /** So many registries share the time of a read. */
  readonly registries: number;
}

/** Reads the next tags of a registry. */
export type ReadTags = (part: TagPart) => Tags;

/** Repositories that are asked for their tags, which are far from each other; tags of these. */
const [FEW_REPOSITORIES, FEW_TAGS] = [1_000, 50_000];
/** For the first page so many of them are tried for each tag that is wanted. */
const FEW_FOR_ONE = 3;
/** So few names are gone through in less time than it takes to find out whether a walk is long. */
const FEW_NAMES = 1_000;
/** Names that are gone through at all, in some 10 ms. */
const MANY_NAMES = 20_000;
/** Names that are gone through in the time of a look at the name of one repository. */
const NAMES_FOR_ONE = 4;
/** Tags of which a walk looks at the names of their repositories: first, and if that is worth it. */
const [FIRST_STEP, STEP_BY_NAME] = [300, 2_000];
/** Tags of which it looks at the ids. */
const STEP_BY_ID = 20_000;

/** Orders two tags of any registries. */
export function compareTags(one: Tag, other: Tag): number {
  return one.day - other.day || one.id - other.id;
}

/**
 * Finds out how the tags of a registry are read.
 *
 * @param database The open file.
 * @param of The registry, and which of its names.
 * @returns Reads them.
 */
export function readerOfRegistry(
  database: Database,
  { id, names }: { id: number; names: Names },
): ReadTags {
  const walkWith = (fits: Condition) => (part: TagPart, step: number): Tags =>
    walk(database, id, { ...part, fits, step: shareOf(step, part) });
  if (names.range.length === 0) {
    const walkOn = walkWith(EVERYTHING);
    return (part) => walkOn(part, STEP_BY_ID);
  }
  const count = new NameCount(database, names);
  const [walkByName, walkById] = [
    walkWith(nameOfRepository(names)),
    walkWith(idOfRepository(names)),
  ];
  return (part) => {
    if (!count.areUpTo(FEW_NAMES)) {
      const { tags, end } = walkByName(part, FIRST_STEP);
      const missing = part.limit - tags.length;
      if (missing === 0 || end === undefined) return { tags, end };
      const ahead = shareOf(FIRST_STEP, part) * missing / tags.length;
      if (!count.areUpTo(Math.min(MANY_NAMES, Math.ceil(NAMES_FOR_ONE * ahead)))) {
        const more = walkByName({ ...part, after: end, limit: missing }, STEP_BY_NAME);
        return { tags: [...tags, ...more.tags], end: more.end };
      }
    }
    return readOfNext(database, names, part) ?? walkById(part, STEP_BY_ID);
  };
}

function shareOf(step: number, { registries }: TagPart): number {
  return Math.ceil(step / registries);
}

const EVERYTHING: Condition = { sql: "1", parameters: [] };

function idOfRepository(names: Names): Condition {
  const { sql, parameters } = namesOf(names);
  return { sql: `repository_id IN (SELECT id FROM ${sql})`, parameters };
}

function nameOfRepository({ range }: Names): Condition {
  const { sql, parameters } = all(range);
  return {
    sql: `(SELECT ${sql} FROM repositories WHERE repositories.id = entries.repository_id)`,
    parameters,
  };
}

/** Repositories whose tags come next: ids, days of their oldest tags and how many they have. */
interface Asked {
  readonly repositories: readonly Row[];
  /** No other repository has a tag up to this day. */
  readonly upTo: number;
}

/**
 * Finds the repositories whose oldest tags come before others'. Where so many are behind the cursor
 * as are wanted, no other tag comes before these.
 *
 * @param most So many are looked at, as to sort them takes longer than to find them.
 * @returns `undefined` where these are not enough.
 */
function nextOf(database: Database, names: Names, part: TagPart, most: number): Asked | undefined {
  const { after, lastDay, limit } = part;
  const { sql, parameters } = namesOf(names);
  const next = database.all(
    `SELECT id, oldest_tag, tag_count FROM ${sql} AND oldest_tag <= ? ORDER BY oldest_tag LIMIT ?`,
    ...parameters,
    lastDay,
    most + 1,
  );
  // Some of their tags are before the cursor, and others may be behind it.
  const begun = next.filter(({ oldest_tag: oldest }) => Number(oldest) <= after.day).length;
  const upTo = Number(next[begun + limit - 1]?.oldest_tag ?? lastDay);
  const repositories = next.filter(({ oldest_tag: oldest }) => Number(oldest) <= upTo);
  return repositories.length > most ? undefined : { repositories, upTo };
}

/** @returns The next tags of few repositories; `undefined`: there are too many to ask. */
function readOfNext(database: Database, names: Names, part: TagPart): Tags | undefined {
  const { after, limit } = part;
  // Behind a cursor nobody knows how many have begun.
  const first = after.day === FIRST.day
    ? nextOf(database, names, part, FEW_FOR_ONE * limit)
    : undefined;
  const asked = first ?? nextOf(database, names, part, FEW_REPOSITORIES);
  if (asked === undefined) return undefined;
  const { repositories, upTo } = asked;
  const tags = repositories.reduce((sum, { tag_count: count }) => sum + Number(count), 0);
  if (tags > FEW_TAGS) return undefined;
  const rows = database.all(
    `SELECT used_day, tags.id FROM json_each(?)
      CROSS JOIN tags INDEXED BY tags_of_repository ON tags.repository_id = json_each.value
      WHERE tags.deleted_at IS NULL AND (used_day, tags.id) > (?, ?) AND used_day <= ?
      ORDER BY used_day, tags.id LIMIT ?`,
    ...[JSON.stringify(repositories.map(({ id }) => id)), after.day, after.id, upTo, limit],
  );
  return upToLimit(rows.map(tagOf), limit);
}

const OF_REGISTRY = `SELECT used_day, id, repository_id FROM tags INDEXED BY tags_by_used_day
  WHERE deleted_at IS NULL AND registry_id = ?`;
/** The rest of the cursor's day, and the days behind it, each a range of the index. */
const BEHIND = `${OF_REGISTRY} AND used_day = ? AND id > ?
  UNION ALL ${OF_REGISTRY} AND used_day > ? AND used_day <= ? ORDER BY used_day, id LIMIT ?`;

/** Looks at the tags of all repositories. */
function walk(
  database: Database,
  registryId: number,
  { after, lastDay, limit, fits, step }: TagPart & { fits: Condition; step: number },
): Tags {
  const behind = [registryId, after.day, after.id, registryId, after.day, lastDay];
  const rows = database.all(
    `SELECT used_day, id FROM (${BEHIND}) AS entries WHERE ${fits.sql} LIMIT ?`,
    ...[...behind, step, ...fits.parameters, limit],
  );
  const found = upToLimit(rows.map(tagOf), limit);
  if (found.end !== undefined) return found;
  const last = database.get(`${BEHIND} OFFSET ?`, ...behind, 1, step - 1);
  return { ...found, end: last === undefined ? undefined : tagOf(last) };
}

function tagOf({ used_day: day, id }: Row): Tag {
  return { day: Number(day), id: Number(id) };
}

/** Where the limit is reached, there may be more behind the last one. */
function upToLimit(tags: readonly Tag[], limit: number): Tags {
  return { tags, end: tags.length === limit ? tags.at(-1) : undefined };
}
