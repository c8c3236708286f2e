/**
 * Tables of the SQLite store, as numbered migrations.
 *
 * The database may be read with `sqlite3`; `docs/sqlite.md` explains the tables. Times are
 * milliseconds since 1970 unless a comment says microseconds; days are counted since 1970.
 *
 * @module
 */

import { type Metric, METRICS, TIMES } from "../../statistics.ts";
import { TAGS_BY_REGISTRY, TAGS_OF_REPOSITORY, UNUSED_MIGRATION } from "./schema_unused.ts";
import { LISTS } from "./schema_lists.ts";
import { NAMES_WITH_NUMBERS, ORDERS } from "./schema_orders.ts";
import { timeMigration } from "./schema_time.ts";

/** Name of the row that holds all tags beyond the bound; no tag has this character. */
export const OVERFLOW_TAG = "~";

/** Names of the API with their columns: the same in snake case. */
const COLUMNS: ReadonlyMap<string, string> = new Map(
  [...METRICS, ...TIMES].map((name) => [name, snakeCase(name)]),
);

/**
 * Turns a name of the API into the name of a column.
 *
 * @param name Of a metric or a time, in camel case.
 * @returns In snake case.
 */
export function columnOf(name: string): string {
  return COLUMNS.get(name) ?? snakeCase(name);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const METRIC_COLUMNS = METRICS
  .map((metric) => `${columnOf(metric)} INTEGER NOT NULL DEFAULT 0`)
  .join(",\n  ");

/** The numbers that tags have by day. */
export const TAG_METRICS: readonly Metric[] = [
  "pulls",
  "checks",
  "pushes",
  "unchangedPushes",
  "tagDeletes",
];

/** One statement list a version; a database remembers how many it has had. Never edit, append. */
export const MIGRATIONS: readonly string[] = [
  `
-- Settings and keys of this database.
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE registries (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- Texts that repeat in the event log: actions, user agents, addresses, media types, …
CREATE TABLE texts (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

-- A row that is not listed is known by its layers alone, or has been deleted.
CREATE TABLE repositories (
  id INTEGER PRIMARY KEY,
  repository TEXT NOT NULL,
  registry TEXT NOT NULL,
  listed INTEGER NOT NULL DEFAULT 0,
  pulls INTEGER NOT NULL DEFAULT 0,
  pushes INTEGER NOT NULL DEFAULT 0,
  stars INTEGER NOT NULL DEFAULT 0,
  checks INTEGER NOT NULL DEFAULT 0,
  child_pulls INTEGER NOT NULL DEFAULT 0,
  digest_pushes INTEGER NOT NULL DEFAULT 0,
  unchanged_pushes INTEGER NOT NULL DEFAULT 0,
  tag_deletes INTEGER NOT NULL DEFAULT 0,
  manifest_deletes INTEGER NOT NULL DEFAULT 0,
  blob_deletes INTEGER NOT NULL DEFAULT 0,
  unknown_deletes INTEGER NOT NULL DEFAULT 0,
  first_pulled INTEGER,
  last_pulled INTEGER,
  first_pushed INTEGER,
  last_pushed INTEGER,
  last_checked INTEGER,
  last_used INTEGER,
  actor_count INTEGER NOT NULL DEFAULT 0,
  tag_count INTEGER NOT NULL DEFAULT 0, -- tags that exist
  tag_rows INTEGER NOT NULL DEFAULT 0,  -- rows in tags, deleted ones included
  deleted_at INTEGER,                   -- microseconds; marked as deleted
  tombstone INTEGER,                    -- microseconds; events not younger do not count
  UNIQUE (repository, registry)
) STRICT;
CREATE INDEX repositories_by_pulls ON repositories (pulls DESC, repository, registry) WHERE listed = 1;
CREATE INDEX repositories_by_pushes ON repositories (pushes DESC, repository, registry) WHERE listed = 1;
CREATE INDEX repositories_by_stars ON repositories (stars DESC, repository, registry) WHERE listed = 1;
CREATE INDEX repositories_by_last_pulled ON repositories (last_pulled DESC, repository, registry) WHERE listed = 1;
CREATE INDEX repositories_by_last_pushed ON repositories (last_pushed DESC, repository, registry) WHERE listed = 1;
CREATE INDEX repositories_by_last_used ON repositories (last_used DESC, repository, registry) WHERE listed = 1;

CREATE TABLE tags (
  id INTEGER PRIMARY KEY,
  repository_id INTEGER NOT NULL,
  tag TEXT NOT NULL,   -- '~' is the row of all tags beyond the bound
  digest BLOB,
  state_at INTEGER,    -- microseconds; the event that last said where the tag points
  state_id TEXT,
  deleted_at INTEGER,  -- microseconds
  pulls INTEGER NOT NULL DEFAULT 0,
  pushes INTEGER NOT NULL DEFAULT 0,
  unchanged_pushes INTEGER NOT NULL DEFAULT 0,
  checks INTEGER NOT NULL DEFAULT 0,
  first_pulled INTEGER,
  last_pulled INTEGER,
  first_pushed INTEGER,
  last_pushed INTEGER,
  last_checked INTEGER,
  last_used INTEGER,
  UNIQUE (repository_id, tag)
) STRICT;
CREATE INDEX tags_by_digest ON tags (repository_id, digest);
CREATE INDEX tags_deleted ON tags (deleted_at) WHERE deleted_at IS NOT NULL;

-- A digest is 'sha256:' and 32 bytes, any other one the bytes of its text.
CREATE TABLE manifests (
  id INTEGER PRIMARY KEY,
  repository_id INTEGER NOT NULL,
  digest BLOB NOT NULL,
  media_type TEXT,
  kind TEXT NOT NULL DEFAULT 'unknown',
  size INTEGER,        -- bytes of config and layers
  has_references INTEGER NOT NULL DEFAULT 0,
  references_cut INTEGER NOT NULL DEFAULT 0,
  pulls INTEGER NOT NULL DEFAULT 0,
  child_pulls INTEGER NOT NULL DEFAULT 0,
  checks INTEGER NOT NULL DEFAULT 0,
  pushes INTEGER NOT NULL DEFAULT 0,
  unchanged_pushes INTEGER NOT NULL DEFAULT 0,
  digest_pushes INTEGER NOT NULL DEFAULT 0,
  first_seen INTEGER,
  last_used INTEGER,
  deleted_at INTEGER,  -- counts only where it is not before last_used
  UNIQUE (repository_id, digest)
) STRICT;
CREATE INDEX manifests_deleted ON manifests (deleted_at) WHERE deleted_at IS NOT NULL;

-- What a manifest consists of: the children of an index, the config and layers of an image.
CREATE TABLE manifest_references (
  parent_id INTEGER NOT NULL,
  child BLOB NOT NULL,
  repository_id INTEGER NOT NULL,
  of_index INTEGER NOT NULL, -- it is a manifest, not a layer
  media_type TEXT,
  size INTEGER,
  platform TEXT,
  attestation INTEGER NOT NULL DEFAULT 0,
  artifact_type TEXT,
  PRIMARY KEY (parent_id, child)
) STRICT, WITHOUT ROWID;
CREATE INDEX references_by_child ON manifest_references (repository_id, child, of_index);

CREATE TABLE days (
  repository_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  consumer_id INTEGER NOT NULL,  -- in texts
  ${METRIC_COLUMNS},
  PRIMARY KEY (repository_id, day, consumer_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE tag_days (
  tag_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  pulls INTEGER NOT NULL DEFAULT 0,
  checks INTEGER NOT NULL DEFAULT 0,
  pushes INTEGER NOT NULL DEFAULT 0,
  unchanged_pushes INTEGER NOT NULL DEFAULT 0,
  tag_deletes INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (tag_id, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_days_by_day ON tag_days (day);

-- All of a registry together: what became of the events that arrived on a day, and the numbers of
-- the events that happened on it.
CREATE TABLE registry_days (
  registry_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  counted INTEGER NOT NULL DEFAULT 0,
  duplicate INTEGER NOT NULL DEFAULT 0,
  ignored INTEGER NOT NULL DEFAULT 0,
  quarantined INTEGER NOT NULL DEFAULT 0,
  ${METRIC_COLUMNS},
  PRIMARY KEY (registry_id, day)
) STRICT, WITHOUT ROWID;

-- By actor, client family and consumer; 'anonymous' and 'overflow' have no name.
CREATE TABLE breakdowns (
  repository_id INTEGER NOT NULL,
  dimension TEXT NOT NULL,
  name TEXT NOT NULL,
  pulls INTEGER NOT NULL DEFAULT 0,
  pushes INTEGER NOT NULL DEFAULT 0,
  first_seen INTEGER,
  last_seen INTEGER,
  PRIMARY KEY (repository_id, dimension, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE stars (
  repository_id INTEGER NOT NULL,
  user TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (repository_id, user)
) STRICT, WITHOUT ROWID;

-- Ids of all events that have been heard, the horizon for duplicates. A UUID is 16 bytes.
CREATE TABLE event_ids (
  registry_id INTEGER NOT NULL,
  id ANY NOT NULL,
  seq INTEGER NOT NULL,  -- of the row in events, while that is kept
  day INTEGER NOT NULL,  -- of the arrival
  PRIMARY KEY (registry_id, id)
) STRICT, WITHOUT ROWID;

-- The event log in order of arrival. Columns that end in _text are in texts.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  registry_id INTEGER NOT NULL,
  id ANY NOT NULL,
  received_at INTEGER NOT NULL,
  outcome_text INTEGER NOT NULL,
  meaning_text INTEGER NOT NULL,
  meaning_row INTEGER NOT NULL,  -- of the decision table
  repository_id INTEGER,
  at INTEGER,                    -- microseconds, by the registry's clock
  action_text INTEGER,
  method_text INTEGER,
  tag TEXT,
  counted_tag TEXT,              -- where it is not the event's own
  digest BLOB,
  media_type_text INTEGER,
  actor_text INTEGER,
  address_text INTEGER,
  user_agent_text INTEGER,
  instance_text INTEGER,
  request_id ANY,                -- only of manifest GETs
  fingerprint TEXT,              -- only of what a later GET may belong to: the client, keyed
  unknown_index INTEGER,         -- 1: the GET of an index whose children nobody has told
  estimated INTEGER,
  claimed_by ANY                 -- of the HEAD of a tag: the pull that it belongs to
) STRICT;
CREATE INDEX events_by_repository ON events (repository_id, seq) WHERE repository_id IS NOT NULL;
CREATE INDEX events_by_client ON events (repository_id, fingerprint, at) WHERE fingerprint IS NOT NULL;
CREATE INDEX events_of_blobs ON events (repository_id, digest) WHERE meaning_row IN (7, 10, 11);

CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY,
  registry_id INTEGER NOT NULL,
  envelope TEXT NOT NULL,        -- SHA-256 of the body
  received_at INTEGER NOT NULL,
  reasons TEXT NOT NULL,         -- JSON array
  events INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  body TEXT NOT NULL,            -- at most 64 KiB of it
  UNIQUE (registry_id, envelope)
) STRICT;
`,
  UNUSED_MIGRATION,
  LISTS,
  timeMigration(METRICS.map(columnOf)),
  ORDERS,
  NAMES_WITH_NUMBERS,
  TAGS_OF_REPOSITORY,
  TAGS_BY_REGISTRY,
  `
-- The ids of later events are only in the log; see event_ids.ts.
INSERT INTO meta SELECT 'indexed_seq', ifnull(max(seq), 0) FROM events;
`,
];
