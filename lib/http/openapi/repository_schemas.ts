/**
 * What is known of a repository, its tags, manifests and users, in the description.
 *
 * @module
 */

import { count, list, nullable, object, text, time } from "./schema.ts";
import type { Schema } from "./types.ts";

const DIGEST = "sha256:645f8529e14c84ab2d9a492737bb19e63dd1a822aaeaaa56f84a82a975b5113b";
const PULLS = count(
  "Pulls of an image, one for each time that somebody fetched it, whatever the number of requests.",
  26,
);
const CHECKS = count("Requests for news (HEAD of a manifest). They are never pulls.", 4);
const CHILD_PULLS = count("Platform images fetched as part of an index. They are no pulls.", 12);
const PUSHES = count("Tags set by a push; the same image again counts, too.", 3);
const UNCHANGED = count("Those of `pushes` that changed nothing.", 1);
const DIGEST_PUSHES = count("Manifests pushed by digest: platform images, attestations.", 2);

const REGISTRY = text("The registry that reported it.", "default");
const REPOSITORY = text("The name of the repository, as the registry reports it.", "team/app");
const DELETED = nullable(
  time("When it was deleted; `null`: it exists.", "2026-11-24T02:00:00.000Z"),
);

/** First and last times; `null`: never. */
const USAGE: Readonly<Record<string, Schema>> = {
  firstPulled: nullable(time("The first pull; `null`: never.")),
  lastPulled: nullable(time("The last pull; `null`: never.")),
  firstPushed: nullable(time("The first push; `null`: never.", "2026-11-24T01:09:15.514Z")),
  lastPushed: nullable(time("The last push; `null`: never.", "2026-11-24T01:09:15.514Z")),
  lastChecked: nullable(time("The last check; `null`: never.")),
  lastUsed: nullable(
    time("The last pull, child pull, check or push, also of what it points to; `null`: never."),
  ),
};

const OVERFLOW: Schema = {
  type: "boolean",
  description: "Only on the row `(overflow)`, where all that are beyond the bound add up.",
  const: true,
};

const ANONYMOUS: Schema = {
  type: "boolean",
  description: "Only on the row `(anonymous)` of requests without a user: one may be called so.",
  const: true,
};

/** In the order of the list, which has all of them but `actors`. */
const ITEM: Readonly<Record<string, Schema>> = {
  registry: REGISTRY,
  repository: REPOSITORY,
  pulls: PULLS,
  pushes: PUSHES,
  stars: count("Stars of users.", 3),
  checks: CHECKS,
  childPulls: CHILD_PULLS,
  digestPushes: DIGEST_PUSHES,
  unchangedPushes: UNCHANGED,
  ...USAGE,
  deletes: object({
    tags: count("Tags deleted."),
    manifests: count("Manifests deleted."),
    blobs: count("Layers and configurations deleted."),
    unknown: count("Deletes of a digest of which nobody knows what it was."),
  }, { description: "What was deleted, by kind." }),
};
const SIZES: Readonly<Record<string, Schema>> = {
  actorCount: count("Users that are known by name.", 1),
  tagCount: count("Tags that exist now, as far as events have told.", 5),
  deleted: nullable(
    time("When it was deleted, with `on_repository_delete: keep`; `null`: it exists."),
  ),
};

const TAG = object({
  tag: text("The tag, or `(overflow)`.", "1.0"),
  digest: nullable(text("What it points to; `null`: unknown.", DIGEST)),
  pulls: PULLS,
  pushes: PUSHES,
  unchangedPushes: UNCHANGED,
  checks: CHECKS,
  ...USAGE,
  deleted: DELETED,
  overflow: OVERFLOW,
}, { optional: ["overflow"], description: "A tag." });

const MANIFEST = object({
  digest: text("The digest.", DIGEST),
  mediaType: nullable(
    text("Its media type; `null`: unknown.", "application/vnd.oci.image.manifest.v1+json"),
  ),
  kind: {
    type: "string",
    description: "What it is. `unknown` where the registry does not tell (`includereferences`).",
    enum: [
      "image",
      "index",
      "attestation",
      "signature",
      "sbom",
      "referrers",
      "chart",
      "cache",
      "plugin",
      "artifact",
      "unknown",
    ],
  },
  size: nullable(
    count("Bytes of configuration and layers; of an index of its images. `null`: unknown.", 4832),
  ),
  platforms: list(
    text("Operating system, architecture and perhaps variant.", "linux/arm64/v8"),
    "Sorted; empty where unknown.",
  ),
  pulls: PULLS,
  childPulls: CHILD_PULLS,
  checks: CHECKS,
  pushes: PUSHES,
  digestPushes: DIGEST_PUSHES,
  firstSeen: nullable(time("When an event named it first.")),
  lastUsed: nullable(time("The last pull, child pull, check or push; `null`: never.")),
  deleted: DELETED,
}, { description: "A manifest: an image, an index, or what is kept like one." });

const USER = object({
  name: text(
    "The user, family of clients or consumer; `(anonymous)` for users without a name, `(overflow)`" +
      " for all beyond 1,000, `other` for what is none of those known.",
    "podman",
  ),
  pulls: PULLS,
  pushes: PUSHES,
  firstSeen: nullable(
    time("First pull, push, check or delete; layers do not count.", "2026-11-24T01:09:15.514Z"),
  ),
  lastSeen: nullable(time("Last pull, push, check or delete; layers do not count.")),
  anonymous: ANONYMOUS,
  overflow: OVERFLOW,
}, { optional: ["anonymous", "overflow"], description: "Who used a repository, or with what." });

const EVENT = object({
  id: text("The id that the registry gave it.", "227f290f-51ff-49e1-adc7-a1fff4e36053"),
  timestamp: time("When it happened, by the registry's clock."),
  receivedAt: time("When it arrived.", "2026-11-24T01:09:15.671Z"),
  action: text("What happened: `pull`, `push`, `mount`, `delete`.", "pull"),
  method: nullable(text("Method of the request to the registry.", "GET")),
  tag: nullable(text("The tag that the request named.", "1.0")),
  digest: nullable(text("What it was about.", DIGEST)),
  mediaType: nullable(text("Its media type.", "application/vnd.oci.image.manifest.v1+json")),
  actor: nullable(text("The user of the registry; `null`: anonymous.", "alice")),
  address: nullable(text("The client's IP address, as `privacy` shows it.", "192.0.2.1")),
  client: nullable(text("Family of the client.", "podman")),
  userAgent: nullable(text("As the client calls itself.", "containers/5.23.1")),
  outcome: {
    type: "string",
    description: "What became of it.",
    enum: ["counted", "duplicate", "ignored", "quarantined"],
  },
  countedAs: text("What it means, such as `pull`, `childPull`, `check`, `push`.", "pull"),
  row: { type: "integer", description: "Row of the decision table that decided.", examples: [1] },
  countedTag: nullable(
    text("The tag that it counted for, which a request by digest does not name.", "1.0"),
  ),
  estimated: { type: "boolean", description: "Whether that is a guess.", examples: [false] },
}, { description: "An event, and what it was counted as." });

/** By name. */
export const REPOSITORY_SCHEMAS: Readonly<Record<string, Schema>> = {
  RepositoryItem: object({ ...ITEM, ...SIZES }, { description: "A repository in a list." }),
  Repository: object({
    ...ITEM,
    actors: list(text("A user.", "alice"), "Users by name, at most 1,000, in order."),
    ...SIZES,
  }, { description: "A repository." }),
  Tag: TAG,
  Manifest: MANIFEST,
  User: USER,
  Event: EVENT,
};
