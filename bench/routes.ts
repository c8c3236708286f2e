/**
 * The routes that `bench/reads.ts` asks. A route that the program does not have is left out of the
 * table, so that one may stand here before it is there.
 *
 * @module
 */

/** A question, and how it is called in the table. */
export interface Route {
  readonly name: string;
  /** With the query. */
  readonly path: string;
  /** Ask for the page in the middle of all repositories instead of the first. */
  readonly isDeep?: true;
  /** Names are searched for a text anywhere: every name is looked at, by design. */
  readonly isSearch?: true;
}

const LIST = "/api/v1/repositories";
/** Repository 1 of `fill.ts`, the same at every size. */
const HOT = `${LIST}/team-001%2Fapp-000`;
const SORTS = ["name", "-pulls", "-pushes", "-stars", "-lastPulled", "-lastPushed", "-lastUsed"];

/** All that is asked, in turn. */
export const ROUTES: readonly Route[] = [
  ...SORTS.map((sort) => ({ name: `list, \`sort=${sort}\``, path: `${LIST}?sort=${sort}` })),
  ...SORTS.map((sort): Route => ({
    name: `list, \`sort=${sort}\`, the page in the middle`,
    path: `${LIST}?sort=${sort}`,
    isDeep: true,
  })),
  { name: "list, 1,000 a page", path: `${LIST}?sort=-pulls&limit=1000` },
  { name: "list of one registry in ten", path: `${LIST}?registry=edge` },
  { name: "the same, `sort=-pulls`", path: `${LIST}?registry=edge&sort=-pulls` },
  { name: "list of a registry with 1 in 500", path: `${LIST}?registry=lab` },
  { name: "the same, `sort=-pulls`", path: `${LIST}?registry=lab&sort=-pulls` },
  { name: "list by `prefix`", path: `${LIST}?prefix=team-00` },
  { name: "the same, `sort=-pulls`", path: `${LIST}?prefix=team-00&sort=-pulls` },
  { name: "the same, `sort=-lastUsed`", path: `${LIST}?prefix=team-00&sort=-lastUsed` },
  { name: "`q`, found often", path: `${LIST}?q=app-000`, isSearch: true },
  { name: "`q`, found nowhere", path: `${LIST}?q=nowhere`, isSearch: true },
  { name: "one repository", path: HOT },
  { name: "tags", path: `${HOT}/-/tags` },
  { name: "one tag", path: `${HOT}/-/tags/1.00050` },
  { name: "manifests", path: `${HOT}/-/manifests` },
  { name: "actors", path: `${HOT}/-/actors` },
  { name: "clients", path: `${HOT}/-/clients` },
  { name: "consumers", path: `${HOT}/-/consumers` },
  { name: "events", path: `${HOT}/-/events` },
  { name: "stars", path: `${HOT}/-/stars` },
  { name: "series, days", path: `${HOT}/-/series?metric=pulls` },
  { name: "series, weeks of a year", path: `${HOT}/-/series?interval=week&from=FROM` },
  { name: "series, months of a year", path: `${HOT}/-/series?interval=month&from=FROM` },
  { name: "series of a tag", path: `${HOT}/-/series?tag=latest` },
  { name: "accounting", path: "/api/v1/accounting" },
  { name: "registries", path: "/api/v1/registries" },
  { name: "series of everything", path: "/api/v1/series?metric=pulls" },
  { name: "series of everything, a year", path: "/api/v1/series?interval=month&from=FROM" },
  { name: "summary", path: "/api/v1/summary" },
  { name: "rankings, 30 days", path: "/api/v1/rankings?metric=pulls&period=30d" },
  { name: "rankings, all", path: "/api/v1/rankings?metric=pulls&period=all" },
  { name: "unused repositories", path: "/api/v1/unused?days=90&kind=repositories" },
  { name: "unused tags", path: "/api/v1/unused?days=90&kind=tags" },
  {
    name: "downloads of one, point",
    path: "/api/v1/downloads/point/last-month/team-001%2Fapp-000",
  },
  {
    name: "downloads of one, range",
    path: "/api/v1/downloads/range/last-year/team-001%2Fapp-000",
  },
  { name: "downloads of all, point", path: "/api/v1/downloads/point/last-month" },
  { name: "badge", path: "/badge/team-001%2Fapp-000.svg" },
  { name: "badge, 30 days", path: "/badge/team-001%2Fapp-000.json?period=30d" },
];
