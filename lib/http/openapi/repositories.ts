/**
 * Repositories and what they consist of, in the description.
 *
 * @module
 */

import { REPOSITORY_SORTS } from "../../store/store.ts";
import { json, ofRepository, reading } from "./operation.ts";
import { inPath, query, shared } from "./parameters.ts";
import { choice, page, ref, text } from "./schema.ts";
import type { Operation, Paths } from "./types.ts";

const TAG = "Repositories";
const ONE = "/api/v1/repositories/{name}";

/** What a repository has lists of. */
const LISTS = [
  {
    path: "tags",
    id: "listTags",
    schema: "Tag",
    summary: "List the tags of a repository",
    description:
      "In order of the tag; the row `(overflow)`, which has all beyond 20,000, comes last." +
      " Deleted tags are listed for `retention.deleted`.",
  },
  {
    path: "manifests",
    id: "listManifests",
    schema: "Manifest",
    summary: "List the manifests of a repository",
    description: "In order of the digest.",
  },
  {
    path: "actors",
    id: "listActors",
    schema: "User",
    summary: "List the users of a repository",
    description: "Users of the registry; most pulls first, ties by name.",
  },
  {
    path: "clients",
    id: "listClients",
    schema: "User",
    summary: "List the clients of a repository",
    description: "Families of user agents such as `docker`, `containerd`, `podman`, `skopeo`," +
      " `buildkit`, `crane`, else `other`; most pulls first, ties by name.",
  },
  {
    path: "consumers",
    id: "listConsumers",
    schema: "User",
    summary: "List the consumers of a repository",
    description:
      "The rules of `consumers` in `config.yml`, else `other`; most pulls first, ties by name.",
  },
  {
    path: "events",
    id: "listEvents",
    schema: "Event",
    summary: "List the latest events of a repository",
    description: "Latest arrival first, for `retention.events`.",
  },
] as const;

/** Paths of this chapter. */
export const REPOSITORIES: Paths = {
  "/api/v1/repositories": {
    get: reading({
      id: "listRepositories",
      tag: TAG,
      summary: "List repositories",
      parameters: [
        query(
          "q",
          text(
            "Text anywhere in the name. A-Z and a-z are the same. With more than 256 characters or" +
              " with control characters it is in no name, and the list is empty; so it is with" +
              " `prefix`.",
            "app",
          ),
          "app",
        ),
        query(
          "sort",
          {
            ...choice(
              "The order: by name, or the most or latest first. What never was comes last.",
              REPOSITORY_SORTS,
            ),
            default: "name",
          },
          "-pulls",
        ),
        ...shared("prefix", "registry", "limit", "cursor"),
      ],
      answer: json("A page of repositories.", page(ref("RepositoryItem"))),
    }),
  },
  [ONE]: {
    get: ofRepository({
      id: "showRepository",
      tag: TAG,
      summary: "Show a repository",
      parameters: shared("name", "registry"),
      answer: json("The repository.", "Repository"),
    }),
  },
  ...Object.fromEntries(LISTS.map((list) => [`${ONE}/-/${list.path}`, { get: listing(list) }])),
  [`${ONE}/-/tags/{tag}`]: {
    get: ofRepository({
      id: "showTag",
      tag: TAG,
      summary: "Show a tag",
      parameters: [
        ...shared("name"),
        inPath("tag", text("The tag.", "1.0", { minLength: 1 }), "1.0"),
        ...shared("registry"),
      ],
      answer: json("The tag.", "Tag"),
    }),
  },
};

function listing({ id, schema, summary, description }: typeof LISTS[number]): Operation {
  return ofRepository({
    id,
    tag: TAG,
    summary,
    description,
    parameters: shared("name", "registry", "limit", "cursor"),
    answer: json("A page of the list.", page(ref(schema))),
  });
}
