/**
 * What a database of a given size is filled with: one statement a table, over a range of
 * repositories. All of it follows from numbers of rows, so that two runs make the same database.
 *
 * The helper tables `plan` (how much each repository has) and `n` (0, 1, 2, …) are made by
 * `fill.ts`. Repository 1 is the same at every size, for questions about one repository.
 *
 * @module
 */

/** How one table is filled; `:from` and `:to` bound the ids of repositories, `:day` is the last. */
export interface Filling {
  readonly table: string;
  readonly sql: string;
}

/** A number from 0 to `below` - 1 that looks random and follows from an integer. */
function mixed(expression: string, below: number, salt = 1): string {
  return `(((((${expression}) * 2654435761 + ${salt * 40503}) & 1099511627775) >> 7) % ${below})`;
}

/** A digest of SHA-256 as the store keeps it: the prefix and 32 bytes. */
function digest(expression: string, salt: number): string {
  const half = (part: number): string => `${mixed(expression, 1_000_003, salt + part)}`;
  return `CAST(printf('sha256:%016d%016d', ${half(0)}, ${expression}) AS BLOB)`;
}

const PLAN = "FROM plan WHERE plan.id BETWEEN :from AND :to";
/** The tags of the plan; `tag_id` counts through all repositories. */
const TAGS = `FROM plan JOIN n ON n.i < plan.tags WHERE plan.id BETWEEN :from AND :to`;
const TAG_ID = "(plan.first_tag + n.i)";
/** Every eighth tag points to an index of two platforms. */
const INDEXES = `${TAGS} AND ${TAG_ID} % 8 = 0`;
const MS = 86_400_000;
/** Some time of a day that is `ago` days back, in milliseconds since 1970. */
const time = (ago: string, salt: number): string =>
  `((:day - (${ago})) * ${MS} + ${mixed("plan.id", MS / 2, salt)})`;
const LAST = `(plan.quiet)`;
const FIRST = `(plan.quiet + plan.days / 2)`;
const NAME = "printf('team-%03d/app-%03d', plan.id % plan.teams, plan.id / plan.teams)";
const NAMESPACE = "printf('team-%03d/', plan.id % plan.teams)";
/** The numbers that days are filled with. */
const COUNTED = [
  "pulls",
  "checks",
  "child_pulls",
  "pushes",
  "unchanged_pushes",
  "digest_pushes",
] as const;
/** The hot repository has 500 of what others have one to four. */
const many = (others: number, salt: number): string =>
  `CASE plan.id WHEN 1 THEN 500 ELSE 1 + ${mixed("plan.id", others, salt)} END`;

/** The tables, in an order in which each finds what it is made from. */
export const FILLINGS: readonly Filling[] = [
  {
    table: "days",
    // Two consumers a day, so that half as many days as rows go back from the last one.
    sql: `INSERT INTO days (repository_id, day, consumer_id, pulls, checks, child_pulls, pushes,
        unchanged_pushes, digest_pushes)
      SELECT id, day, consumer, pulls, pulls * 3, pulls / 2, pushes, pushes / 8, pushes * 2
      FROM (SELECT plan.id AS id, :day - plan.quiet - (plan.days - 1 - n.i) / 2 AS day,
          1 + (plan.days - 1 - n.i) % 2 AS consumer,
          ${mixed("plan.id * 1000 + n.i", 40, 1)} AS pulls,
          ${mixed("plan.id * 1000 + n.i", 3, 2)} AS pushes
        FROM plan JOIN n ON n.i < plan.days WHERE plan.id BETWEEN :from AND :to)
      ORDER BY id, day, consumer`,
  },
  {
    table: "repositories",
    sql: `INSERT INTO repositories (id, repository, registry, listed, pulls, pushes, stars, checks,
        child_pulls, digest_pushes, unchanged_pushes, first_pulled, last_pulled, first_pushed,
        last_pushed, last_checked, last_used, actor_count, tag_count, tag_rows)
      SELECT plan.id, ${NAME}, registries.name, 1, sum(pulls), sum(pushes), plan.stars, sum(checks),
        sum(child_pulls), sum(digest_pushes), sum(unchanged_pushes), ${time(FIRST, 1)},
        ${time(LAST, 2)}, ${time(FIRST, 3)}, ${time(LAST, 4)}, ${time(LAST, 5)},
        ${time(LAST, 6)} + 40000000, ${many(4, 1)}, plan.tags, plan.tags
      FROM plan JOIN registries ON registries.id = plan.registry_id
        JOIN days ON days.repository_id = plan.id
      WHERE plan.id BETWEEN :from AND :to GROUP BY plan.id`,
  },
  {
    table: "registry_days",
    sql: `INSERT INTO registry_days (registry_id, day, counted, ignored)
      SELECT plan.registry_id, days.day, sum(pulls + checks + child_pulls + pushes + digest_pushes),
        sum(pulls)
      FROM plan JOIN days ON days.repository_id = plan.id
      WHERE plan.id BETWEEN :from AND :to GROUP BY 1, 2
      ON CONFLICT DO UPDATE SET counted = counted + excluded.counted,
        ignored = ignored + excluded.ignored`,
  },
  {
    table: "texts",
    sql: `INSERT OR IGNORE INTO texts (text) SELECT DISTINCT ${NAMESPACE} ${PLAN}`,
  },
  {
    table: "namespace_days",
    sql: `INSERT INTO namespace_days (namespace_id, day, registry_id, consumer_id,
        ${COUNTED.join(", ")})
      SELECT texts.id, days.day, plan.registry_id, days.consumer_id,
        ${COUNTED.map((column) => `sum(${column})`).join(", ")}
      FROM plan JOIN days ON days.repository_id = plan.id
        JOIN texts ON texts.text IN ('', ${NAMESPACE})
      WHERE plan.id BETWEEN :from AND :to GROUP BY 1, 2, 3, 4
      ON CONFLICT DO UPDATE SET
        ${COUNTED.map((column) => `${column} = ${column} + excluded.${column}`).join(", ")}`,
  },
  {
    table: "tags",
    sql: `INSERT INTO tags (id, repository_id, tag, digest, state_at, state_id, pulls, pushes,
        checks, first_pulled, last_pulled, first_pushed, last_pushed, last_used)
      SELECT ${TAG_ID}, plan.id, CASE n.i WHEN 0 THEN 'latest' ELSE printf('1.%05d', n.i) END,
        ${digest(TAG_ID, 10)}, ${time(LAST, 4)} * 1000, 'x', ${mixed(TAG_ID, 500)},
        1 + ${mixed(TAG_ID, 3)}, ${mixed(TAG_ID, 900, 2)}, ${time(FIRST, 1)}, ${time(LAST, 2)},
        ${time(FIRST, 3)}, ${time(LAST, 4)}, ${time(LAST, 2)}
      ${TAGS}`,
  },
  {
    table: "tag_days",
    sql: `INSERT INTO tag_days (tag_id, day, pulls, checks, pushes)
      SELECT ${TAG_ID}, :day - plan.quiet, 1 + ${mixed(TAG_ID, 9)}, ${mixed(TAG_ID, 20)}, 1
      ${TAGS}`,
  },
  {
    table: "manifests",
    sql: `INSERT INTO manifests (id, repository_id, digest, media_type, kind, size, has_references,
        pulls, child_pulls, checks, pushes, first_seen, last_used)
      SELECT ${TAG_ID}, plan.id, ${digest(TAG_ID, 10)},
        CASE ${TAG_ID} % 8 WHEN 0 THEN 'application/vnd.oci.image.index.v1+json'
          ELSE 'application/vnd.oci.image.manifest.v1+json' END,
        CASE ${TAG_ID} % 8 WHEN 0 THEN 'index' ELSE 'image' END,
        CASE ${TAG_ID} % 8 WHEN 0 THEN NULL ELSE 1000000 + ${mixed(TAG_ID, 900_000_000)} END,
        1, ${mixed(TAG_ID, 500)}, 0, ${mixed(TAG_ID, 900, 2)}, 1, ${time(FIRST, 3)},
        ${time(LAST, 2)}
      ${TAGS}`,
  },
  ...[0, 1].map((child): Filling => ({
    table: "manifests",
    sql: `INSERT INTO manifests (repository_id, digest, media_type, kind, size, has_references,
        child_pulls, digest_pushes, first_seen, last_used)
      SELECT plan.id, ${digest(TAG_ID, 20 + child)}, 'application/vnd.oci.image.manifest.v1+json',
        'image', 1000000 + ${mixed(TAG_ID, 900_000_000, 3)}, 1, ${mixed(TAG_ID, 300)}, 1,
        ${time(FIRST, 3)}, ${time(LAST, 2)}
      ${INDEXES}`,
  })),
  ...["linux/amd64", "linux/arm64"].map((platform, child): Filling => ({
    table: "manifest_references",
    sql: `INSERT INTO manifest_references (parent_id, child, repository_id, of_index, media_type,
        size, platform)
      SELECT ${TAG_ID}, ${digest(TAG_ID, 20 + child)}, plan.id, 1,
        'application/vnd.oci.image.manifest.v1+json', 480, '${platform}'
      ${INDEXES}`,
  })),
  {
    table: "breakdowns",
    sql: `INSERT INTO breakdowns (repository_id, dimension, name, pulls, pushes, first_seen,
        last_seen)
      SELECT plan.id, 'actor', printf('user-%04d', ${mixed("plan.id", 5000, 3)} + n.i),
        ${mixed("plan.id + n.i", 900, 4)}, ${mixed("plan.id + n.i", 20, 5)}, ${time(FIRST, 1)},
        ${time(LAST, 2)}
      FROM plan JOIN n ON n.i < ${many(4, 1)} WHERE plan.id BETWEEN :from AND :to`,
  },
  ...[["client", "docker"], ["client", "containerd"], ["consumer", "ci"], ["consumer", "other"]]
    .map(([dimension, name], salt): Filling => ({
      table: "breakdowns",
      sql: `INSERT INTO breakdowns (repository_id, dimension, name, pulls, pushes, first_seen,
          last_seen)
        SELECT plan.id, '${dimension}', '${name}', ${mixed("plan.id", 900, salt)},
          ${mixed("plan.id", 20, salt)}, ${time(FIRST, 1)}, ${time(LAST, 2)} ${PLAN}`,
    })),
  {
    table: "stars",
    sql: `INSERT INTO stars (repository_id, user, at)
      SELECT plan.id, printf('user-%04d', ${mixed("plan.id", 5000, 3)} + n.i), ${time(LAST, 2)}
      FROM plan JOIN n ON n.i < plan.stars WHERE plan.id BETWEEN :from AND :to`,
  },
  {
    table: "events",
    sql: `INSERT INTO events (registry_id, id, received_at, outcome_text, meaning_text, meaning_row,
        repository_id, at, action_text, method_text, tag, digest, media_type_text, actor_text,
        address_text, user_agent_text, request_id, fingerprint)
      SELECT plan.registry_id, CAST(printf('%06d%05d%05d', plan.id % 999983, n.i,
          ${mixed("plan.id", 99_991, 6)}) AS BLOB), ${time("0", 7)}, 3, 4, 1, plan.id,
        ${time("0", 7)} * 1000, 4, 5, 'latest', ${digest("plan.first_tag", 10)}, 6, 7, 8, 9,
        CAST(printf('%016d', plan.id) AS BLOB), printf('%022d', ${mixed("plan.id", 9973)})
      FROM plan JOIN n ON n.i < CASE plan.id WHEN 1 THEN 500 ELSE 1 END
      WHERE plan.id BETWEEN :from AND :to`,
  },
  {
    table: "event_ids",
    sql: `INSERT INTO event_ids (registry_id, id, seq, day)
      SELECT registry_id, id, seq, received_at / ${MS} FROM events
      WHERE repository_id BETWEEN :from AND :to AND seq > ifnull(
        (SELECT max(seq) FROM event_ids), 0)`,
  },
];

/** What events and days say in words, by their ids. */
export const WORDS: readonly string[] = [
  "other",
  "ci",
  "counted",
  "pull",
  "GET",
  "application/vnd.oci.image.manifest.v1+json",
  "user-0001",
  "192.0.2.7",
  "containers/5.23.1 (github.com/containers/image)",
  "",
];

/** The registries, by their ids. */
export const REGISTRIES: readonly string[] = ["main", "edge", "lab"];
