/**
 * Counts the recorded notifications by several rules and writes the table of `docs/compare.md`:
 * `deno run --allow-read --allow-write=docs/compare.md tools/compare.ts`.
 *
 * @module
 */

import type { RegistryEvent } from "../lib/event.ts";
import { receivedOfBody } from "../tests/support/events.ts";
import { MemoryStore } from "../tests/support/memory_facts.ts";
import { readRecordings, type Recording } from "../tests/support/testdata.ts";

/** Where the table is, from the root of the repository. */
export const COMPARE_DOC = new URL("../docs/compare.md", import.meta.url);

const BEGIN = "<!-- table: made by tools/compare.ts -->";
const END = "<!-- end of table -->";

/** A way to count pulls, by repository. */
interface Rule {
  /** Head of its column. */
  readonly name: string;
  count(recording: Recording): Map<string, number>;
}

const INDEXES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

const isManifestGet = ({ action, kind, method }: RegistryEvent): boolean =>
  action === "pull" && kind === "manifest" && method === "GET";

/** Harbor leaves out its own client's user agent, which is in no recording. */
const RULES: readonly Rule[] = [
  byEvent("every pull event", ({ action }) => action === "pull"),
  byEvent("GET with a tag", (event) => isManifestGet(event) && event.tag !== undefined),
  byEvent("Harbor", isManifestGet),
  byEvent(
    "Docker Hub",
    (event) => isManifestGet(event) && !INDEXES.includes(event.mediaType ?? ""),
  ),
  { name: "DREC", count: countByDrec },
];

/** A rule that looks at one event alone. */
function byEvent(name: string, counts: (event: RegistryEvent) => boolean): Rule {
  return {
    name,
    count(recording) {
      const pulls = new Map<string, number>();
      for (const event of differentEvents(recording)) {
        if (!counts(event)) continue;
        pulls.set(event.repository, (pulls.get(event.repository) ?? 0) + 1);
      }
      return pulls;
    },
  };
}

/** The rules are compared, not what a collector does about repeated deliveries. */
function differentEvents({ posts }: Recording): RegistryEvent[] {
  const events = posts.flatMap(({ body }) => receivedOfBody(body)).flatMap(({ entry }) =>
    "event" in entry ? [entry.event] : []
  );
  return [...new Map(events.map((event) => [event.id, event])).values()];
}

/** The program's own plan of a batch, one event after the other as registries send them. */
function countByDrec({ posts, expected }: Recording): Map<string, number> {
  const store = new MemoryStore();
  for (const { body, receivedAt } of posts) {
    store.record(receivedOfBody(body, { registry: "main", receivedAt: Date.parse(receivedAt) }));
  }
  return new Map(
    Object.keys(expected.repositories).map((name) => [
      name,
      store.counts("main", name, "r").pulls ?? 0,
    ]),
  );
}

/** One recording, counted: the sums of its repositories. */
interface Line {
  readonly client: string;
  readonly scenario: string;
  readonly registry: string;
  readonly expected: number;
  readonly counted: readonly number[];
  /** By rule: whether every repository has the number that it must have. */
  readonly right: readonly boolean[];
}

function lineOf(recording: Recording): Line {
  const want = Object.entries(recording.expected.repositories)
    .map(([name, { pulls }]) => [name, pulls] as const);
  const counts = RULES.map((rule) => rule.count(recording));
  const [, client = "", ...scenario] = recording.name.split("-");
  return {
    client,
    scenario: scenario.join(" "),
    registry: recording.registry,
    expected: want.reduce((sum, [, pulls]) => sum + pulls, 0),
    counted: counts.map((pulls) => sumOf([...pulls.values()])),
    right: counts.map((pulls) => want.every(([name, number]) => (pulls.get(name) ?? 0) === number)),
  };
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** Lines with the same numbers at several registries become one. */
function merge(lines: readonly Line[]): Line[] {
  const merged = new Map<string, Line>();
  for (const line of lines) {
    const key = [line.client, line.scenario, line.expected, ...line.counted].join("\n");
    const before = merged.get(key);
    const registry = before === undefined ? line.registry : `${before.registry}, ${line.registry}`;
    merged.set(key, { ...line, registry });
  }
  return [...merged.values()].sort((a, b) =>
    a.client.localeCompare(b.client) || a.scenario.localeCompare(b.scenario)
  );
}

/**
 * Makes the table.
 *
 * @returns Markdown.
 */
export function renderTable(): string {
  const lines = readRecordings().map(lineOf);
  const rules = RULES.map(({ name }) => name);
  const heads = ["client", "scenario", "registry", ...rules, "expected"];
  const bold = (cells: readonly (string | number)[]): string[] =>
    cells.map((cell) => `**${cell}**`);
  const rows = merge(lines).map(({ client, scenario, registry, counted, expected, right }) => [
    client,
    scenario,
    registry,
    ...counted.map((number, rule) => right[rule] ? String(number) : `_${number}_`),
    String(expected),
  ]);
  const sums = RULES.map((_, rule) => sumOf(lines.map(({ counted }) => counted[rule] ?? 0)));
  const rights = RULES.map((_, rule) => lines.filter(({ right }) => right[rule]).length);
  const empty = ["", ""];
  rows.push([...bold(["all pulls"]), ...empty, ...bold([...sums, sumOf(lines.map(expectedOf))])]);
  rows.push([...bold(["recordings right"]), ...empty, ...bold([...rights, lines.length])]);
  return renderMarkdown([heads, ...rows]);
}

function expectedOf({ expected }: Line): number {
  return expected;
}

/** As `deno fmt` would lay it out, so that formatting changes nothing. */
function renderMarkdown(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]?.length ?? 0))
  );
  const render = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [heads = [], ...others] = rows;
  const line = widths.map((width) => "-".repeat(width));
  return [heads, line, ...others].map(render).join("\n");
}

/**
 * Puts the table into the document.
 *
 * @param document The text of `docs/compare.md`.
 * @returns The text with the table as it is now.
 * @throws {Error} If the markers are missing.
 */
export function withTable(document: string): string {
  const from = document.indexOf(BEGIN);
  const to = document.indexOf(END);
  if (from < 0 || to < from) throw new Error(`No "${BEGIN}" … "${END}" in docs/compare.md`);
  const before = document.slice(0, from + BEGIN.length);
  return `${before}\n\n${renderTable()}\n\n${document.slice(to)}`;
}

if (import.meta.main) {
  await Deno.writeTextFile(COMPARE_DOC, withTable(await Deno.readTextFile(COMPARE_DOC)));
}
