/**
 * Pulls as download counts in the shapes of npm's API, so that what reads those can read ours.
 *
 * @module
 */

import { dayOfTime, type DayRange, renderDay } from "../../calendar.ts";
import { AppError } from "../../errors.ts";
import { EVERYTHING } from "../../namespace.ts";
import type { DayValue, HistoryQuery } from "../../store/history.ts";
import type { Store } from "../../store/store.ts";
import { pathOf } from "../request.ts";
import { answerJson, type ApiContext, type ApiHandler, parametersOf } from "./answer.ts";
import { requireLength, valuesOf } from "./days.ts";
import { parseNames, parsePeriod } from "./downloads_query.ts";
import { foldDays } from "./series.ts";
import type { Shape } from "./shapes.ts";

/** One number for a period, or one for each of its days. */
export type DownloadsKind = "point" | "range";

/** Names that are read before others have their turn. */
const NAMES_AT_ONCE = 8;

/**
 * `GET /api/v1/downloads/point/{period}[/{name},…]` and `/range/…` `?registry=`
 *
 * @param store Where statistics live.
 * @param now Tells the time in milliseconds since 1970.
 * @param kind Which of the two.
 * @returns The handler. Errors of the request are `{error}`, as with npm.
 */
export function showDownloads(
  store: Store,
  now: () => number,
  { kind }: { kind: DownloadsKind },
): ApiHandler {
  return async function showDownloads(c): Promise<Response> {
    try {
      const registry = parametersOf(c, ["registry"]).registry();
      const range = parsePeriod(c.req.param("period") ?? "", dayOfTime(now()));
      requireLength(range);
      const asked = { kind, range, ...(registry === undefined ? {} : { registry }) };
      return answerJson(c, await countsOf(store, namesOf(c), asked));
    } catch (error) {
      return answerError(c, error);
    }
  };
}

interface Asked {
  readonly kind: DownloadsKind;
  readonly range: DayRange;
  readonly registry?: string;
}

/** The path as it was sent tells a comma between names from one in a name. */
function namesOf(c: ApiContext): string[] | undefined {
  if (c.req.param("name") === undefined) return undefined;
  // "/api/v1/downloads/point/PERIOD/NAMES"
  return parseNames(pathOf(c.req.url).split("/").slice(6).join("/"));
}

async function countsOf(
  store: Store,
  names: readonly string[] | undefined,
  asked: Asked,
): Promise<Shape> {
  if (names === undefined) return shapeOf(await valuesOfAll(store, asked), asked);
  const [first = "", ...others] = names;
  if (others.length === 0) {
    const values = await valuesOfName(store, first, asked);
    if (values === undefined) throw new AppError("not_found", `package ${first} not found`);
    return shapeOf(values, asked, first);
  }
  const shapes: [name: string, shape: Shape | null][] = [];
  for (const [index, name] of names.entries()) {
    if (index % NAMES_AT_ONCE === NAMES_AT_ONCE - 1) await new Promise((done) => setTimeout(done));
    const values = await valuesOfName(store, name, asked);
    shapes.push([name, values === undefined ? null : shapeOf(values, asked, name)]);
  }
  // A name may be `__proto__`, which is a property like any other for this.
  return Object.fromEntries(shapes);
}

async function valuesOfAll(store: Store, { kind, range, registry }: Asked): Promise<DayValue[]> {
  const of = { namespace: EVERYTHING, ...(registry === undefined ? {} : { registry }) };
  return await readValues(store, of, { kind, range });
}

/** Of all registries that have a repository of that name; `undefined` where none has. */
async function valuesOfName(
  store: Store,
  name: string,
  { kind, range, registry }: Asked,
): Promise<DayValue[] | undefined> {
  const found = await store.findRepositories(name, registry);
  if (found.length === 0) return undefined;
  const parts = await Promise.all(
    found.map(({ registry, repository }) => {
      return readValues(store, { registry, repository }, { kind, range });
    }),
  );
  return parts.flat();
}

async function readValues(
  store: Store,
  of: HistoryQuery["of"],
  { kind, range }: Asked,
): Promise<DayValue[]> {
  const history = await store.history({ of, metric: "pulls", ...range });
  // A sum may have whole months in it.
  return valuesOf(history, range, kind === "point" ? "month" : "day");
}

function shapeOf(
  values: readonly DayValue[],
  { kind, range }: Asked,
  name?: string,
): Shape {
  const [start, end] = [renderDay(range.from), renderDay(range.to)];
  const named = name === undefined ? {} : { package: name };
  if (kind === "point") {
    const downloads = values.reduce((sum, { value }) => sum + value, 0);
    return { downloads, start, end, ...named };
  }
  const downloads = foldDays(values, range, "day")
    .map(({ start: day, value }) => ({ day, downloads: value }));
  return { start, end, ...named, downloads };
}

/** What is no fault of the request is answered as everywhere. */
function answerError(c: ApiContext, error: unknown): Response {
  const isAsked = error instanceof AppError &&
    (error.code === "invalid" || error.code === "not_found");
  if (!isAsked) throw error;
  const text = error.hint === undefined ? error.message : `${error.message}: ${error.hint}`;
  const headers = { "Cache-Control": "no-store" };
  return c.json({ error: text }, error.code === "invalid" ? 400 : 404, headers);
}
