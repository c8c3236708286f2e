/**
 * What has not been used for long. Advice: DREC deletes nothing.
 *
 * @module
 */

import { DAY_MS } from "../../calendar.ts";
import { AppError } from "../../errors.ts";
import type { Page, Store } from "../../store/store.ts";
import { UNUSED_KINDS, type UnusedItem, type UnusedQuery } from "../../store/unused.ts";
import type { ListName } from "../cursor.ts";
import { renderCursor } from "../cursor.ts";
import type { Parameters } from "../parameters.ts";
import { ProblemError } from "../problem.ts";
import { answerJson, answerText, type ApiHandler, parametersOf } from "./answer.ts";
import { COMMAND_TOOLS, type CommandTool, parseHost, renderCommands } from "./unused_commands.ts";
import { type Observed, unusedShape } from "./unused_shapes.ts";

/** Days of not being used unless told. */
export const DEFAULT_DAYS = 90;
/** At most so many. */
export const MAX_DAYS = 3650;
/** What the list can be written as. */
export const FORMATS = ["json", ...COMMAND_TOOLS] as const;
const PARAMETERS = [
  ...["days", "kind", "registry", "prefix", "format", "host"],
  ...["limit", "cursor"],
];

interface Asked {
  readonly days: number;
  readonly list: ListName;
  readonly query: UnusedQuery;
}

/**
 * `GET /api/v1/unused?days=&kind=repositories|tags&registry=&prefix=&format=json|crane|skopeo`
 * `&host=&limit=&cursor=`
 *
 * @param store Where statistics live.
 * @param now Tells the time in milliseconds since 1970.
 * @returns The handler.
 */
export function listUnused(store: Store, now: () => number): ApiHandler {
  return async function listUnused(c): Promise<Response> {
    const parameters = parametersOf(c, PARAMETERS);
    const format = parameters.choice("format", FORMATS, "json");
    const host = hostOf(parameters, format);
    const asked = askedOf(parameters, { kind: host === undefined ? "repositories" : "tags", now });
    const since = await store.watchedSince();
    if (host !== undefined) requireOneRegistry(parameters, since);
    const { items, next } = observe(await store.listUnused(asked.query), asked, since);
    const cursor = renderCursor(asked.list, next);
    if (host === undefined || format === "json") {
      return answerJson(c, { items: items.map(unusedShape), next: cursor });
    }
    const { days } = asked;
    return answerText(c, renderCommands(items, { tool: format, host, days, now: now(), cursor }));
  };
}

function askedOf(
  parameters: Parameters,
  { kind: fallback, now }: { kind: UnusedQuery["kind"]; now: () => number },
): Asked {
  const days = parameters.integer("days", { least: 1, most: MAX_DAYS, fallback: DEFAULT_DAYS });
  const kind = parameters.choice("kind", UNUSED_KINDS, fallback);
  if (kind !== "tags" && fallback === "tags") {
    throw new AppError("invalid", "Commands are for tags: no client deletes a repository", {
      hint: 'leave out "kind", or use kind=tags',
    });
  }
  const registry = parameters.registry();
  const prefix = parameters.text("prefix");
  const list = ["unused", kind, String(days), registry, prefix];
  const query = {
    kind,
    before: now() - days * DAY_MS,
    ...(registry === undefined ? {} : { registry }),
    ...(prefix === undefined ? {} : { prefix }),
    ...parameters.page(list),
  };
  return { days, list, query };
}

/** A host is needed for commands, and for nothing else. */
function hostOf(parameters: Parameters, format: "json" | CommandTool): string | undefined {
  const host = parameters.text("host");
  if (format === "json") {
    if (host === undefined) return undefined;
    throw new AppError("invalid", 'Parameter "host" is for commands only', {
      hint: `add format=crane or format=skopeo`,
    });
  }
  if (host === undefined) {
    throw new AppError("invalid", `Parameter "host" is missing`, {
      hint: "add the host of the registry as clients name it, such as registry.example:5000",
    });
  }
  return parseHost(host);
}

/** Commands for one host must not name what another registry has. */
function requireOneRegistry(parameters: Parameters, since: ReadonlyMap<string, number>): void {
  if (parameters.registry() !== undefined || since.size < 2) return;
  const registries = [...since.keys()].sort();
  throw new ProblemError("invalid", "Several registries have sent events", {
    hint: `choose the one at "host" with ?registry=, one of ${registries.join(", ")}`,
    members: { registries },
  });
}

function observe(
  { items, next }: Page<UnusedItem>,
  { query }: Asked,
  since: ReadonlyMap<string, number>,
): Page<UnusedItem & Observed> {
  return {
    items: items.map((item) => {
      const observedSince = since.get(item.registry) ?? null;
      const certain = observedSince !== null && observedSince <= query.before;
      return { ...item, observedSince, certain };
    }),
    next,
  };
}
