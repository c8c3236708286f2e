/**
 * Tables of the numbers of namespaces by day, and of all numbers by month.
 *
 * @module
 */

import { MAX_LEVELS } from "../../namespace.ts";

/**
 * Makes the migration. The numbers that `registry_days` held are those of `""`: what the days of
 * repositories tell goes to their namespaces and consumers, and what is left (of repositories that
 * have been deleted) to the consumer `other`.
 *
 * @param metrics The columns of all metrics.
 * @returns The statements.
 */
export function timeMigration(metrics: readonly string[]): string {
  const definitions = metrics.map((name) => `${name} INTEGER NOT NULL DEFAULT 0`).join(",\n  ");
  const names = metrics.join(", ");
  const sums = metrics.map((name) => `sum(days.${name})`).join(", ");
  const known = metrics.map((name) => `sum(${name}) AS ${name}`).join(", ");
  const rest = metrics
    .map((name) => `max(0, registry_days.${name} - ifnull(known.${name}, 0))`)
    .join(", ");
  const isLeft = metrics
    .map((name) => `registry_days.${name} > ifnull(known.${name}, 0)`)
    .join(" OR ");
  const added = metrics.map((name) => `${name} = ${name} + excluded.${name}`).join(", ");
  const drops = metrics.map((name) => `ALTER TABLE registry_days DROP COLUMN ${name};`).join("\n");
  return `
-- A month is the day it begins with.
CREATE TABLE months (
  repository_id INTEGER NOT NULL,
  month INTEGER NOT NULL,
  consumer_id INTEGER NOT NULL,  -- in texts
  ${definitions},
  PRIMARY KEY (repository_id, month, consumer_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE tag_months (
  tag_id INTEGER NOT NULL,
  month INTEGER NOT NULL,
  pulls INTEGER NOT NULL DEFAULT 0,
  checks INTEGER NOT NULL DEFAULT 0,
  pushes INTEGER NOT NULL DEFAULT 0,
  unchanged_pushes INTEGER NOT NULL DEFAULT 0,
  tag_deletes INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (tag_id, month)
) STRICT, WITHOUT ROWID;

-- All repositories in a directory such as 'team/', or all there are (''). By namespace and day
-- first, so that a series over all registries is one range.
CREATE TABLE namespace_days (
  namespace_id INTEGER NOT NULL, -- in texts
  day INTEGER NOT NULL,
  registry_id INTEGER NOT NULL,
  consumer_id INTEGER NOT NULL,  -- in texts
  ${definitions},
  PRIMARY KEY (namespace_id, day, registry_id, consumer_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE namespace_months (
  namespace_id INTEGER NOT NULL,
  month INTEGER NOT NULL,
  registry_id INTEGER NOT NULL,
  consumer_id INTEGER NOT NULL,
  ${definitions},
  PRIMARY KEY (namespace_id, month, registry_id, consumer_id)
) STRICT, WITHOUT ROWID;

CREATE TEMP TABLE placed AS
WITH RECURSIVE part (repository_id, registry, rest, namespace, level) AS (
  SELECT id, registry, repository, '', 0 FROM repositories
  UNION ALL
  SELECT repository_id, registry, substr(rest, instr(rest, '/') + 1),
    namespace || substr(rest, 1, instr(rest, '/')), level + 1
  FROM part WHERE level < ${MAX_LEVELS} AND instr(rest, '/') > 0
)
SELECT repository_id, registry, namespace FROM part;
INSERT OR IGNORE INTO texts (text) VALUES (''), ('other');
INSERT OR IGNORE INTO texts (text) SELECT DISTINCT namespace FROM temp.placed;
INSERT INTO namespace_days (namespace_id, day, registry_id, consumer_id, ${names})
  SELECT texts.id, days.day, registries.id, days.consumer_id, ${sums}
  FROM temp.placed
  JOIN days ON days.repository_id = placed.repository_id
  JOIN texts ON texts.text = placed.namespace
  JOIN registries ON registries.name = placed.registry
  GROUP BY texts.id, days.day, registries.id, days.consumer_id;
DROP TABLE temp.placed;
INSERT INTO namespace_days (namespace_id, day, registry_id, consumer_id, ${names})
  SELECT (SELECT id FROM texts WHERE text = ''), registry_days.day, registry_days.registry_id,
    (SELECT id FROM texts WHERE text = 'other'), ${rest}
  FROM registry_days LEFT JOIN (
    SELECT registry_id, day, ${known} FROM namespace_days
    WHERE namespace_id = (SELECT id FROM texts WHERE text = '')
    GROUP BY registry_id, day
  ) AS known ON known.registry_id = registry_days.registry_id AND known.day = registry_days.day
  WHERE ${isLeft}
  ON CONFLICT (namespace_id, day, registry_id, consumer_id) DO UPDATE SET ${added};
${drops}
`;
}
