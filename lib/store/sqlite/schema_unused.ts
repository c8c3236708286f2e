/**
 * Tables for what is unused: instances of registries, and the day on which a tag was last used.
 *
 * @module
 */

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
