/**
 * The routes that `bench/reads.ts` asks: every one of `lib/http/app.ts` that reads numbers, with
 * what changes how it is answered. A route that the program does not have is left out of the
 * table, so that one may stand here before it is there.
 *
 * In a path `FROM` is the first day of a year that ends today.
 *
 * @module
 */

/** A question, and how it is called in the table. */
export interface Route {
  readonly name: string;
  /** With the query. */
  readonly path: string;
  /**
   * Ask for the page behind so many rows, as a share of all repositories (from 0 to 1), or, from 1
   * on, a number.
   */
  readonly behind?: number;
  /** It is asked so often; absent: as often as the bench is told. */
  readonly rounds?: number;
}

const LIST = "/api/v1/repositories";
/** Repository 1 of `fill.ts`, the same at every size. */
const NAME = "team-001%2Fapp-000";
const HOT = `${LIST}/${NAME}`;
const SORTS = ["name", "-pulls", "-pushes", "-stars", "-lastPulled", "-lastPushed", "-lastUsed"];

/**
 * Filters of lists, with the share of repositories that they leave of the large database. Of the
 * small one some leave less than a page: pages are as short there as here.
 */
const FILTERS: readonly { name: string; query: string; share: number }[] = [
  { name: "one registry in ten", query: "registry=edge", share: 0.1 },
  { name: "a registry with 1 in 500, 2 a page", query: "registry=lab&limit=2", share: 0.002 },
  { name: "a prefix of 1 in 10", query: "prefix=team-0", share: 0.1 },
  { name: "a prefix of 1 in 100", query: "prefix=team-00", share: 0.01 },
  { name: "a prefix of 1 in 1,000, 10 a page", query: "prefix=team-001/&limit=10", share: 0.001 },
  {
    name: "registry and prefix, 10 a page",
    query: "registry=edge&prefix=team-00&limit=10",
    share: 0.001,
  },
];

const lists: readonly Route[] = [
  ...SORTS.map((sort) => ({ name: `list, \`sort=${sort}\``, path: `${LIST}?sort=${sort}` })),
  ...SORTS.map((sort): Route => ({
    name: `list, \`sort=${sort}\`, behind 1 in 20`,
    path: `${LIST}?sort=${sort}`,
    behind: 0.05,
  })),
  { name: "list, 1,000 a page", path: `${LIST}?sort=-pulls&limit=1000` },
  ...FILTERS.flatMap(({ name, query }) =>
    SORTS.map((sort) => ({
      name: `list of ${name}, \`sort=${sort}\``,
      path: `${LIST}?${query}&sort=${sort}`,
    }))
  ),
  ...FILTERS.flatMap(({ name, query, share }) =>
    ["name", "-pulls", "-lastUsed"].map((sort): Route => ({
      name: `list of ${name}, \`sort=${sort}\`, the page in the middle`,
      path: `${LIST}?${query}&sort=${sort}`,
      behind: share / 2,
    }))
  ),
  { name: "`q`, found often", path: `${LIST}?q=app-000` },
  { name: "`q`, found often, `sort=-pulls`", path: `${LIST}?q=app-000&sort=-pulls` },
  { name: "`q`, found nowhere", path: `${LIST}?q=nowhere` },
  { name: "`q`, found nowhere, `sort=-pulls`", path: `${LIST}?q=nowhere&sort=-pulls` },
];

const repository: readonly Route[] = [
  { name: "one repository", path: HOT },
  { name: "tags", path: `${HOT}/-/tags` },
  { name: "tags, the page in the middle", path: `${HOT}/-/tags?limit=20`, behind: 60 },
  { name: "one tag", path: `${HOT}/-/tags/1.00050` },
  { name: "manifests", path: `${HOT}/-/manifests` },
  { name: "manifests, the page in the middle", path: `${HOT}/-/manifests?limit=20`, behind: 60 },
  { name: "actors", path: `${HOT}/-/actors` },
  { name: "actors, the page in the middle", path: `${HOT}/-/actors?limit=50`, behind: 250 },
  { name: "clients", path: `${HOT}/-/clients` },
  { name: "consumers", path: `${HOT}/-/consumers` },
  { name: "events", path: `${HOT}/-/events` },
  { name: "events, the page in the middle", path: `${HOT}/-/events?limit=50`, behind: 250 },
  { name: "stars", path: `${HOT}/-/stars` },
];

const series: readonly Route[] = [
  { name: "series", path: `${HOT}/-/series?metric=pulls` },
  { name: "series of a year", path: `${HOT}/-/series?from=FROM` },
  { name: "series of a year, weeks", path: `${HOT}/-/series?interval=week&from=FROM` },
  { name: "series of a year, months", path: `${HOT}/-/series?interval=month&from=FROM` },
  { name: "series of a consumer", path: `${HOT}/-/series?consumer=ci&from=FROM` },
  { name: "series of a tag", path: `${HOT}/-/series?tag=latest` },
  { name: "series of a tag, months", path: `${HOT}/-/series?tag=latest&interval=month&from=FROM` },
  { name: "series of everything", path: "/api/v1/series?metric=pulls" },
  ...["day", "week", "month"].map((interval) => ({
    name: `series of everything, a year, ${interval}s`,
    path: `/api/v1/series?interval=${interval}&from=FROM`,
  })),
  { name: "series of a registry", path: "/api/v1/series?registry=lab&from=FROM" },
  { name: "series of a prefix", path: "/api/v1/series?prefix=team-001/&from=FROM" },
  { name: "series of all without a consumer", path: "/api/v1/series?consumer=!ci&from=FROM" },
];

const RANKINGS = "/api/v1/rankings";
const rankings: readonly Route[] = [
  ...["7d", "30d", "90d", "365d", "all"].map((period) => ({
    name: `rankings, \`${period}\``,
    path: `${RANKINGS}?metric=pulls&period=${period}`,
  })),
  { name: "rankings, 1,000 places", path: `${RANKINGS}?limit=1000` },
  { name: "rankings by pushes", path: `${RANKINGS}?metric=pushes` },
  { name: "rankings of a registry, again", path: `${RANKINGS}?registry=lab` },
  { name: "rankings of a prefix, again", path: `${RANKINGS}?prefix=team-001/` },
  { name: "rankings of a consumer, again", path: `${RANKINGS}?consumer=ci` },
];

/** The first answer, for which the ranking is computed: other requests are held up by none. */
const firstRankings: readonly Route[] = [
  { name: "rankings of a prefix, first answer", path: `${RANKINGS}?prefix=team-002/`, rounds: 1 },
  {
    name: "rankings of a prefix of 1 in 10, first answer",
    path: `${RANKINGS}?prefix=team-0&metric=pushes`,
    rounds: 1,
  },
  { name: "rankings of a registry, first answer", path: `${RANKINGS}?registry=lab`, rounds: 1 },
  {
    name: "rankings without a consumer, first answer",
    path: `${RANKINGS}?consumer=!ci`,
    rounds: 1,
  },
  { name: "rankings by checks, first answer", path: `${RANKINGS}?metric=checks`, rounds: 1 },
];

const UNUSED = "/api/v1/unused";
const unused: readonly Route[] = ["repositories", "tags"].flatMap((kind): Route[] => {
  const path = `${UNUSED}?days=90&kind=${kind}`;
  return [
    { name: `unused ${kind}`, path },
    { name: `unused ${kind}, the page in the middle`, path, behind: 0.02 },
    { name: `unused ${kind}, 250 a page`, path: `${path}&limit=250` },
    { name: `unused ${kind} of one registry in ten`, path: `${path}&registry=edge` },
    {
      name: `unused ${kind} of a registry with 1 in 500, 1 a page`,
      path: `${path}&registry=lab&limit=1`,
    },
    { name: `unused ${kind} of a prefix of 1 in 10`, path: `${path}&prefix=team-0` },
    { name: `unused ${kind} of a prefix of 1 in 100`, path: `${path}&prefix=team-00` },
    {
      name: `unused ${kind} of a prefix of 1 in 100, the page in the middle`,
      path: `${path}&prefix=team-00`,
      behind: 0.002,
    },
    {
      name: `unused ${kind} of a prefix of 1 in 1,000, 5 a page`,
      path: `${path}&prefix=team-001/&limit=5`,
    },
  ];
});

const commands = ["crane", "skopeo"].map((format): Route => ({
  name: `unused tags, commands of ${format}`,
  path: `${UNUSED}?days=90&format=${format}&host=registry.example&registry=main`,
}));

/** 128 names, the most that may be asked for at once. */
const NAMES = Array.from(
  { length: 128 },
  (_, i) =>
    `team-${String(i % 10).padStart(3, "0")}%2Fapp-${String(Math.floor(i / 10)).padStart(3, "0")}`,
).join(",");

const downloads: readonly Route[] = ["point", "range"].flatMap((kind) => {
  const path = `/api/v1/downloads/${kind}`;
  return [
    { name: `downloads of one, ${kind}`, path: `${path}/last-year/${NAME}` },
    { name: `downloads of 128, ${kind}`, path: `${path}/last-month/${NAMES}` },
    { name: `downloads of all, ${kind}`, path: `${path}/last-year` },
  ];
});

const badges = ["pulls", "pushes", "stars", "lastPush", "lastPull", "tags"].map((metric) => ({
  name: `badge, \`metric=${metric}\``,
  path: `/badge/${NAME}.svg?metric=${metric}`,
}));

const totals: readonly Route[] = [
  { name: "accounting", path: "/api/v1/accounting" },
  { name: "registries", path: "/api/v1/registries" },
  { name: "summary, again", path: "/api/v1/summary" },
  { name: "summary of a registry, again", path: "/api/v1/summary?registry=lab" },
];

/** All that is asked, in turn. */
export const ROUTES: readonly Route[] = [
  { name: "summary, first answer", path: "/api/v1/summary", rounds: 1 },
  ...firstRankings,
  ...lists,
  ...repository,
  ...series,
  ...totals,
  ...rankings,
  ...unused,
  ...commands,
  ...downloads,
  ...badges,
  { name: "badge, 30 days", path: `/badge/${NAME}.json?period=30d` },
  { name: "badge of a tag", path: `/badge/${NAME}.svg?tag=latest&period=7d` },
];
