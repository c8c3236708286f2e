/**
 * Tables for what is unused: instances of registries, and the day on which a tag was last used.
 *
 * @module
 */

import { ORDER_COLUMNS } from "./schema_orders.ts";

/**
 * The day of a tag's last use changes once a day at most, and so does its index: an index on the
 * time would be written with every event. Triggers, for it follows from another column; an upsert
 * that named the column would touch its index each time.
 */
export const UNUSED_MIGRATION = `
-- When each instance (process) of a registry was heard first and, within an hour, last.
CREATE TABLE instances (
  registry_id INTEGER NOT NULL,
  instance TEXT NOT NULL,  -- '' where events name none
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (registry_id, instance)
) STRICT, WITHOUT ROWID;

ALTER TABLE tags ADD COLUMN used_day INTEGER NOT NULL DEFAULT -1; -- of last_used; -1: never
UPDATE tags SET used_day = last_used / 86400000 WHERE last_used IS NOT NULL;
CREATE INDEX tags_by_used_day ON tags (used_day) WHERE deleted_at IS NULL;
CREATE TRIGGER tags_used_new AFTER INSERT ON tags
  WHEN new.last_used IS NOT NULL
  BEGIN UPDATE tags SET used_day = new.last_used / 86400000 WHERE id = new.id; END;
CREATE TRIGGER tags_used AFTER UPDATE OF last_used ON tags
  WHEN ifnull(new.last_used / 86400000, -1) <> new.used_day
  BEGIN
    UPDATE tags SET used_day = ifnull(new.last_used / 86400000, -1) WHERE id = new.id;
  END;
`;

/** The days of the tags of few repositories, without a look at their rows. */
export const TAGS_OF_REPOSITORY = `
CREATE INDEX tags_of_repository ON tags (repository_id, used_day) WHERE deleted_at IS NULL;
`;

/** The day of the last use of a repository's tag that has not been used for longest. */
const OLDEST_TAG = (repositoryId: string): string =>
  `(SELECT min(used_day) FROM tags WHERE repository_id = ${repositoryId} AND deleted_at IS NULL)`;
const NOTE_OLDEST_TAG = (repositoryId: string): string =>
  `UPDATE repositories SET oldest_tag = ${OLDEST_TAG(repositoryId)}
    WHERE id = ${repositoryId} AND oldest_tag IS NOT ${OLDEST_TAG(repositoryId)}`;

/**
 * Unused tags of one registry are a range of an index, and those of all are merged, as with the
 * orders of repositories. Repositories are in that index so that tags of others are passed by
 * without a look at their rows; `id` is named to keep the order within a day.
 *
 * The names of a registry tell which repositories have the oldest tags, so that of those that begin
 * with a prefix few need be asked for theirs: their tags are far from each other. It changes when
 * the oldest tag is used again, on another day.
 */
export const TAGS_BY_REGISTRY = `
ALTER TABLE tags ADD COLUMN registry_id INTEGER; -- of its repository
INSERT OR IGNORE INTO registries (name) SELECT DISTINCT registry FROM repositories;
UPDATE tags SET registry_id = (SELECT registries.id
  FROM repositories JOIN registries ON registries.name = repositories.registry
  WHERE repositories.id = tags.repository_id);
DROP INDEX tags_by_used_day;
CREATE INDEX tags_by_used_day ON tags (registry_id, used_day, id, repository_id)
  WHERE deleted_at IS NULL;

DROP INDEX repositories_by_registry;
ALTER TABLE repositories ADD COLUMN oldest_tag INTEGER; -- least used_day of its tags that exist
UPDATE repositories SET oldest_tag = ${OLDEST_TAG("repositories.id")};
CREATE INDEX repositories_by_registry ON repositories
  (registry, repository, ${ORDER_COLUMNS.join(", ")}, tag_count, oldest_tag) WHERE listed = 1;

DROP TRIGGER tags_used_new;
CREATE TRIGGER tags_new AFTER INSERT ON tags
  BEGIN
    INSERT OR IGNORE INTO registries (name)
      SELECT registry FROM repositories WHERE id = new.repository_id;
    UPDATE tags SET used_day = ifnull(new.last_used / 86400000, -1),
      registry_id = (SELECT registries.id
        FROM repositories JOIN registries ON registries.name = repositories.registry
        WHERE repositories.id = new.repository_id)
      WHERE id = new.id;
  END;
CREATE TRIGGER tags_moved AFTER UPDATE OF used_day, deleted_at ON tags
  BEGIN ${NOTE_OLDEST_TAG("new.repository_id")}; END;
CREATE TRIGGER tags_gone AFTER DELETE ON tags WHEN old.deleted_at IS NULL
  BEGIN ${NOTE_OLDEST_TAG("old.repository_id")}; END;
`;
