/**
 * The store contract: lists in their orders, page by page, and what is looked for in them.
 *
 * @module
 */

import assert from "node:assert/strict";

import { REPOSITORY_SORTS, type RepositorySort, type Store } from "../../lib/store/store.ts";
import type { RepositoryQuery, RepositoryStatistics } from "../../lib/store/store.ts";
import { digestOf, type EventParts, mediaTypes, noonUs } from "../support/events.ts";
import {
  app,
  compareCodePoints,
  type ContractCase,
  findApp,
  listAll,
  record,
} from "./contract_support.ts";

const after = (seconds: number): number => noonUs + seconds * 1_000_000;

/** Names that sort differently by UTF-16 unit, by locale, and by code point. */
const names = [
  "a",
  "B",
  "b",
  "b/a",
  "b-a",
  "é",
  "\u{ffff}",
  "\u{10000}",
  "Z",
  "_",
  "~",
  "0",
  "team/app",
];

/** How often and when each of {@linkcode names} is used; many are tied, some never used so. */
function usesOf(repository: string, at: number): EventParts[] {
  const pulls = Array.from({ length: at % 3 }, () => ({ repository, at: after(at % 4) }));
  const pushes = Array.from({ length: at % 2 }, () => ({
    repository,
    action: "push",
    at: after(at % 5),
  }));
  // So that each is a repository; moves neither number of those sorted by.
  const known = { repository, action: "delete", kind: "manifest" as const, mediaType: undefined };
  return [...pulls, ...pushes, { ...known, digest: undefined, tag: "gone" }];
}

async function fill(store: Store): Promise<void> {
  for (const registry of ["main", "other"]) {
    await record(store, names.flatMap(usesOf), { registry });
  }
}

function list(store: Store, query: Omit<RepositoryQuery, "limit" | "after">, limit?: number) {
  return listAll((page) => store.listRepositories({ ...query, ...page }), limit);
}

const valueOf: Record<
  Exclude<RepositorySort, "name">,
  (item: RepositoryStatistics) => number | null
> = {
  "-pulls": ({ pulls }) => pulls,
  "-pushes": ({ pushes }) => pushes,
  "-stars": ({ stars }) => stars,
  "-lastPulled": ({ lastPulled }) => lastPulled,
  "-lastPushed": ({ lastPushed }) => lastPushed,
  "-lastUsed": ({ lastUsed }) => lastUsed,
};

/** Greatest first, never last, then by repository, then by registry. */
function compare(
  sort: RepositorySort,
  one: RepositoryStatistics,
  other: RepositoryStatistics,
): number {
  if (sort !== "name") {
    const [a, b] = [valueOf[sort](one), valueOf[sort](other)];
    if (a !== b) return (b ?? -1) - (a ?? -1);
  }
  return compareCodePoints(one.repository, other.repository) ||
    compareCodePoints(one.registry, other.registry);
}

/** Names for searches, with all that means something in some query language. */
const searched = [
  "team/app",
  "Team/App",
  "team/app-100%",
  "team/app_1",
  "team/app.1",
  "team/appx1",
  "team/a*b",
  "team/a\\b",
  "team/[ab]",
  "team/a+b",
  "team/(a|b)",
  "team/^a$",
  "team/a?b",
  "x/team/app",
  "t\u{10ffff}",
  "t\u{10ffff}z",
  "tz",
  "ünï/tëam",
  "é",
  "É",
  "$inc",
  "a'b\"c`d",
];

const searches: { q?: string; prefix?: string; want: string[] }[] = [
  { q: "", want: searched },
  { prefix: "", want: searched },
  { q: "%", want: ["team/app-100%"] },
  { q: "_", want: ["team/app_1"] },
  { q: "app_1", want: ["team/app_1"] },
  { q: "app.1", want: ["team/app.1"] },
  { q: "\\", want: ["team/a\\b"] },
  { q: "*", want: ["team/a*b"] },
  { q: "[ab]", want: ["team/[ab]"] },
  { q: "a+b", want: ["team/a+b"] },
  { q: "(a|b)", want: ["team/(a|b)"] },
  { q: "^a", want: ["team/^a$"] },
  { q: "a$", want: ["team/^a$"] },
  { q: "?", want: ["team/a?b"] },
  { q: "$inc", want: ["$inc"] },
  { q: "'b\"c`", want: ["a'b\"c`d"] },
  { q: "M/APP-", want: ["team/app-100%"] },
  { q: "tËAM", want: [] },
  { q: "TëAM", want: ["ünï/tëam"] },
  { q: "é", want: ["é"] },
  { q: "team/app", want: searched.filter((name) => /team\/app/i.test(name)) },
  { q: "nothing like it", want: [] },
  { prefix: "team/app", want: searched.filter((name) => name.startsWith("team/app")) },
  { prefix: "Team", want: ["Team/App"] },
  { prefix: "team/app.", want: ["team/app.1"] },
  { prefix: "team/app_", want: ["team/app_1"] },
  { prefix: "team/app-100%", want: ["team/app-100%"] },
  { prefix: "team/a*", want: ["team/a*b"] },
  { prefix: "team/(", want: ["team/(a|b)"] },
  { prefix: "team/[", want: ["team/[ab]"] },
  { prefix: "team/a\\", want: ["team/a\\b"] },
  { prefix: "t", want: searched.filter((name) => name.startsWith("t")) },
  { prefix: "t\u{10ffff}", want: ["t\u{10ffff}", "t\u{10ffff}z"] },
  { prefix: "$", want: ["$inc"] },
  { prefix: "nothing", want: [] },
  { q: "app", prefix: "x", want: ["x/team/app"] },
];

/** Orders, pages and searches. */
export const listingCases: readonly ContractCase[] = [
  {
    name: "lists repositories in every order, each once, on pages of any length",
    async run(t, { store }) {
      await fill(store);
      const all = await list(store, { sort: "name" }, 1000);
      assert.equal(all.length, 2 * names.length);
      for (const sort of REPOSITORY_SORTS) {
        const want = all.toSorted((one, other) => compare(sort, one, other));
        for (const limit of [1, 4, 26, 1000]) {
          await t.step(`${sort}, ${limit} on a page`, async () => {
            assert.deepEqual(await list(store, { sort }, limit), want);
          });
        }
        await t.step(`${sort}, of one registry`, async () => {
          const only = want.filter(({ registry }) => registry === "other");
          assert.deepEqual(await list(store, { sort, registry: "other" }, 3), only);
          assert.deepEqual(await list(store, { sort, registry: "none" }, 3), []);
        });
        await t.step(`${sort}, of a search`, async () => {
          const only = want.filter(({ repository }) => repository.startsWith("b"));
          assert.deepEqual(await list(store, { sort, prefix: "b" }, 1), only);
          const some = want.filter(({ repository }) => /a/i.test(repository));
          assert.deepEqual(await list(store, { sort, q: "A" }, 2), some);
        });
      }
    },
  },
  {
    name: "lists each repository once while others change",
    async run(_t, { store }) {
      await record(store, ["a", "b", "c", "d"].map((repository) => ({ repository })));
      const first = await store.listRepositories({ sort: "name", limit: 2 });
      await record(store, [{ repository: "aa" }, { repository: "b" }, { repository: "cc" }]);
      const rest = await list(store, { sort: "name" });
      const second = await store.listRepositories({
        sort: "name",
        limit: 9,
        ...(first.next === null ? {} : { after: first.next }),
      });
      assert.deepEqual(first.items.map(({ repository }) => repository), ["a", "b"]);
      assert.deepEqual(second.items.map(({ repository }) => repository), ["c", "cc", "d"]);
      assert.equal(rest.length, 6);
    },
  },
  {
    name: "finds names by the very characters asked for",
    async run(t, { store }) {
      await record(store, searched.map((repository) => ({ repository })));
      for (const { want, ...search } of searches) {
        await t.step(JSON.stringify(search), async () => {
          const found = await list(store, { sort: "name", ...search }, 50);
          const seen = found.map(({ repository }) => repository);
          assert.deepEqual(seen, want.toSorted(compareCodePoints));
        });
      }
    },
  },
  {
    name: "lists tags, manifests and events on pages of any length",
    async run(t, { store }) {
      const tags = ["1.0", "1.0.1", "1_0", "A", "a", "Z", "_", "latest", "v1", "v10", "v2"];
      await record(store, tags.map((tag, at) => ({ tag, digest: digestOf(at), at: after(at) })));
      await record(store, [{ repository: "team/apx" }, { repository: "team/ap" }]);
      for (const limit of [1, 3, 11, 12]) {
        await t.step(`tags, ${limit} on a page`, async () => {
          const listed = await listAll((page) => store.listTags(app, page), limit);
          assert.deepEqual(listed.map(({ tag }) => tag), tags.toSorted(compareCodePoints));
        });
        await t.step(`manifests, ${limit} on a page`, async () => {
          const listed = await listAll((page) => store.listManifests(app, page), limit);
          const digests = tags.map((_, at) => digestOf(at));
          assert.deepEqual(listed.map(({ digest }) => digest), digests.toSorted());
        });
        await t.step(`events, ${limit} on a page`, async () => {
          const listed = await listAll((page) => store.listEvents(app, page), limit);
          assert.deepEqual(listed.map(({ tag }) => tag), tags.toReversed());
        });
      }
    },
  },
  {
    name: "lists breakdowns with ties on pages of any length",
    async run(t, { store }) {
      const actors = ["a", "B", "b", "é", "\u{ffff}", "\u{10000}", "$x", "x.y", "z"];
      const events = actors.flatMap((actor, at) =>
        Array.from({ length: 1 + at % 2 }, () => ({ actor }))
      );
      await record(store, [...events, { userAgent: "skopeo/1" }, { userAgent: "curl/8" }]);
      const want = actors
        .map((name, at) => ({ name, pulls: 1 + at % 2 }))
        .toSorted((one, other) =>
          other.pulls - one.pulls || compareCodePoints(one.name, other.name)
        );
      for (const limit of [1, 2, 5, 20]) {
        await t.step(`${limit} on a page`, async () => {
          const listed = await listAll((page) => store.listBreakdown(app, "actor", page), limit);
          const named = listed.filter(({ name }) => name !== "(anonymous)");
          assert.deepEqual(named.map(({ name, pulls }) => ({ name, pulls })), want);
          assert.equal(listed.length, want.length + 1);
          const clients = await listAll((page) => store.listBreakdown(app, "client", page), limit);
          assert.deepEqual(clients.map(({ name }) => name), ["docker", "curl", "skopeo"]);
        });
      }
    },
  },
  {
    name: "lists a user who is called like a special row before it, and both by that name",
    async run(_t, { store }) {
      await record(store, ["!", "(anonymous)", "(b)", "a"].map((actor) => ({ actor })));
      await record(store, [{}]);
      for (const limit of [1, 2, 9]) {
        const listed = await listAll((page) => store.listBreakdown(app, "actor", page), limit);
        assert.deepEqual(listed.map(({ name, anonymous }) => [name, anonymous]), [
          ["!", false],
          ["(anonymous)", false],
          ["(anonymous)", true],
          ["(b)", false],
          ["a", false],
        ]);
      }
      const { actors, actorCount } = await findApp(store);
      assert.deepEqual([actors, actorCount], [["!", "(anonymous)", "(b)", "a"], 4]);
    },
  },
  {
    name: "lists the events of a repository alone",
    async run(_t, { store }) {
      await record(store, [
        { id: "1", mediaType: mediaTypes.index },
        { id: "2", repository: "team/other" },
        { id: "3" },
      ]);
      await record(store, [{ id: "4" }], { registry: "other" });
      const { items } = await store.listEvents(app, { limit: 9 });
      assert.deepEqual(items.map(({ id }) => id), ["3", "1"]);
    },
  },
];
