/**
 * The rules of which module may know of which, checked from `deno info`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

import { runOk } from "./support/child.ts";
import { repositoryRoot } from "./support/compiled.ts";
import { readRecording } from "./support/testdata.ts";
import { tempDir } from "./support/wait.ts";

/**
 * A file, a folder (with `/` at its end) or the beginning of names (with `*`). Where several fit,
 * the longest counts.
 */
type Place = string;

/** A module imports from layers above its own, and from its own place. */
const layers: Place[][] = [
  [
    "lib/errors.ts",
    "lib/version.ts",
    "lib/calendar.ts",
    "lib/code_points.ts",
    "lib/file_errors.ts",
    "lib/freshness.ts",
    "lib/names.ts",
    "lib/namespace.ts",
    "lib/patience.ts",
  ],
  ["lib/json.ts"],
  ["lib/event*"],
  ["lib/artifact.ts", "lib/client.ts", "lib/consumer.ts", "lib/privacy.ts"],
  ["lib/facts*"],
  ["lib/mapping.ts"],
  ["lib/target.ts"],
  ["lib/statistics.ts"],
  ["lib/change_set.ts"],
  ["lib/top_list.ts", "lib/store/day_sums.ts"],
  ["lib/ranking.ts"],
  ["lib/ranking_cache.ts"],
  ["lib/batch.ts"],
  ["lib/draft_accounts.ts", "lib/draft_repositories.ts"],
  ["lib/draft.ts"],
  ["lib/plan.ts", "lib/instances.ts"],
  ["lib/store/unused.ts"],
  ["lib/store/history.ts", "lib/store/inbox.ts", "lib/store/items.ts"],
  ["lib/store/store.ts"],
  ["lib/store/scan.ts"],
  ["lib/config*"],
  ["lib/notification.ts"],
  ["lib/split_on_fault.ts"],
  [
    "lib/log.ts",
    "lib/metrics.ts",
    "lib/certificates*",
    "lib/store/sqlite/",
    "lib/store/mongodb/",
  ],
  ["lib/recorder.ts"],
  ["lib/backlog.ts"],
  ["lib/store/open.ts", "lib/collector*", "lib/stream/", "lib/ranking_read.ts"],
  ["lib/rankings.ts"],
  ["lib/http/", "lib/dashboard/"],
  ["lib/http/app.ts"],
  ["lib/http/server.ts"],
  ["lib/cli/"],
  ["main.ts"],
];

/** Modules that few others know: an adapter is chosen, and the routes are mounted, in one place. */
const secluded: { place: Place; knownTo: Place[] }[] = [
  // Made one file, the program is also what the thread of SQLite is started from.
  { place: "lib/store/sqlite/", knownTo: ["lib/store/open.ts", "main.ts"] },
  { place: "lib/store/mongodb/", knownTo: ["lib/store/open.ts"] },
  { place: "lib/http/", knownTo: ["lib/cli/"] },
  { place: "lib/http/app.ts", knownTo: ["lib/cli/"] },
  { place: "lib/cli/", knownTo: ["main.ts"] },
];

/** Modules without clock, randomness, files, network, environment: the same answer every time. */
const pure: Place[] = [
  "lib/errors.ts",
  "lib/version.ts",
  "lib/calendar.ts",
  "lib/code_points.ts",
  "lib/freshness.ts",
  "lib/names.ts",
  "lib/namespace.ts",
  "lib/event*",
  "lib/json.ts",
  "lib/artifact.ts",
  "lib/client.ts",
  "lib/consumer.ts",
  "lib/privacy.ts",
  "lib/facts*",
  "lib/mapping.ts",
  "lib/target.ts",
  "lib/statistics.ts",
  "lib/change_set.ts",
  "lib/top_list.ts",
  "lib/store/day_sums.ts",
  "lib/ranking.ts",
  "lib/ranking_cache.ts",
  "lib/batch.ts",
  "lib/draft_accounts.ts",
  "lib/draft_repositories.ts",
  "lib/draft.ts",
  "lib/plan.ts",
  "lib/instances.ts",
  "lib/stream/throttle.ts",
  "lib/stream/ring.ts",
  "lib/stream/message.ts",
  "lib/stream/limits.ts",
];

/** Hashing is a function of its input like any other. */
const pureImports = /^node:crypto$/;

/** What pure modules do not say. */
const impure: { name: string; pattern: RegExp }[] = [
  { name: "Deno", pattern: /\bDeno\b/ },
  { name: "Date.now()", pattern: /\bDate\.now\b/ },
  { name: "new Date()", pattern: /\bnew Date(?:\(\s*\)|(?!\s*\())/ },
  { name: "performance", pattern: /\bperformance\b/ },
  { name: "Math.random()", pattern: /\bMath\.random\b/ },
  { name: "random bytes", pattern: /\b(?:randomUUID|randomBytes|randomInt|getRandomValues)\b/ },
  { name: "a timer", pattern: /\bset(?:Timeout|Interval|Immediate)\b/ },
  { name: "the process", pattern: /\bprocess\./ },
];

/** Packages that are known to one place only. */
const imports: { specifier: RegExp; only: Place }[] = [
  { specifier: /^node:sqlite$/, only: "lib/store/sqlite/" },
  { specifier: /^npm:\/?mongodb[@/]/, only: "lib/store/mongodb/" },
  { specifier: /^npm:\/?hono[@/]/, only: "lib/http/" },
  { specifier: /^npm:\/?badge-maker[@/]/, only: "lib/http/" },
  { specifier: /^npm:\/?js-yaml[@/]/, only: "lib/config*" },
  { specifier: /^npm:\/?zod[@/]/, only: "lib/config*" },
  { specifier: /^npm:\/?@peculiar\/x509[@/]/, only: "lib/certificates*" },
];

/** What the whole process shares is touched in one place only. */
const globals: { name: string; pattern: RegExp; only: Place }[] = [
  { name: "Deno.args", pattern: /\bDeno\.args\b/, only: "main.ts" },
  { name: "Deno.exit()", pattern: /\bDeno\.exit\b/, only: "main.ts" },
  { name: "signals", pattern: /\bDeno\.(?:add|remove)SignalListener\b/, only: "main.ts" },
];

/** Packages for tests are not in the program. */
const testPackages =
  /^npm:\/?(?:fast-check|ajv|ajv-formats|@seriousme\/openapi-schema-validator)[@/]/;

interface Module {
  /** From the root of the repository. */
  path: string;
  source: string;
  /** Paths of own modules; specifiers of all others. */
  imports: string[];
}

const modules = await readModules();

Deno.test("the graph of imports was read", () => {
  const facts = modules.find(({ path }) => path === "lib/facts_sighting.ts");
  assert.deepEqual(facts?.imports, ["lib/event.ts"]);
});

Deno.test("every module has a place in the layers", () => {
  assert.deepEqual(modules.filter(({ path }) => layerOf(path) < 0).map(({ path }) => path), []);
});

Deno.test("modules import from layers above their own, or from their own place", () => {
  assert.deepEqual(ownImports().filter(([path, imported]) => !mayImport(path, imported)), []);
});

Deno.test("adapters, routes and commands are known only where they are put together", () => {
  const wrong = ownImports().filter(([path, imported]) => !mayKnow(path, imported));
  assert.deepEqual(wrong, []);
});

Deno.test("no module imports itself, over whatever detour", () => {
  assert.deepEqual(modules.map(({ path }) => cycleFrom(path)).filter(Boolean), []);
});

Deno.test("packages are imported only where they are at home", () => {
  const wrong = modules.flatMap((module) =>
    module.imports.filter((specifier) => {
      const rule = imports.find((rule) => rule.specifier.test(specifier));
      return testPackages.test(specifier) || rule && !isAt(module.path, rule.only);
    }).map((specifier) => `${module.path} imports ${specifier}`)
  );
  assert.deepEqual(wrong, []);
});

Deno.test("packages come from npm or from the platform", () => {
  const strange = modules.flatMap(({ path, imports }) =>
    imports.filter((specifier) => !isOwn(specifier) && !/^(?:npm|node):/.test(specifier))
      .map((specifier) => `${path} imports ${specifier}`)
  );
  assert.deepEqual(strange, []);
});

Deno.test("arguments, exit and signals are main.ts's alone", () => {
  assert.deepEqual(
    modules.flatMap(({ path, source }) =>
      globals.filter(({ pattern, only }) => pattern.test(codeOf(source)) && !isAt(path, only))
        .map(({ name }) => `${path} uses ${name}`)
    ),
    [],
  );
});

Deno.test("pure modules import nothing that is not pure", () => {
  assert.deepEqual(
    pureModules().flatMap(({ path, imports }) =>
      imports.filter((imported) => !isPure(imported) && !pureImports.test(imported))
        .map((imported) => `${path} imports ${imported}`)
    ),
    [],
  );
});

Deno.test("pure modules touch neither clock nor chance nor system", () => {
  assert.deepEqual(
    pureModules().flatMap(({ path, source }) =>
      impure.filter(({ pattern }) => pattern.test(codeOf(source)))
        .map(({ name }) => `${path} uses ${name}`)
    ),
    [],
  );
});

Deno.test("pure modules run without any permission", async () => {
  const program = join(repositoryRoot, "tests/support/pure_main.ts");
  const output = await runOk(Deno.execPath(), ["run", "--quiet", "--no-prompt", program]);
  const { outcomes, pulls } = JSON.parse(output);
  const { posts, expected } = readRecording("3.1.1-podman-pull-multi");
  assert.equal(outcomes.length, posts.length);
  assert.deepEqual([pulls], Object.values(expected.repositories).map(({ pulls }) => pulls));
});

Deno.test("every module says what it is for", () => {
  const silent = modules.filter(({ source }) => !/^\/\*\*(?:(?!\*\/)[\s\S])*@module/.test(source));
  assert.deepEqual(silent.map(({ path }) => path), []);
});

Deno.test("the rules find what they forbid, and nothing else", async (t) => {
  const saysImpure = (text: string) => impure.some(({ pattern }) => pattern.test(codeOf(text)));
  const cases: [name: string, found: boolean, want: boolean][] = [
    ["an import from below", mayImport("lib/event.ts", "lib/facts.ts"), false],
    ["an import from above", mayImport("lib/facts.ts", "lib/event.ts"), true],
    ["an import of the folder's own", mayImport("lib/cli/a.ts", "lib/cli/b.ts"), true],
    ["an adapter that imports another", mayImport("lib/store/sqlite/a.ts", mongodb), false],
    ["a route that knows an adapter", mayKnow("lib/http/ingest.ts", mongodb), false],
    ["a route that imports the app", mayImport("lib/http/ingest.ts", "lib/http/app.ts"), false],
    ["a server that knows the app", mayKnow("lib/http/server.ts", "lib/http/app.ts"), false],
    ["an app that knows its routes", mayKnow("lib/http/app.ts", "lib/http/ingest.ts"), true],
    ["a clock", saysImpure("const now = new Date();"), true],
    ["another clock", saysImpure("const now = Date.now();"), true],
    ["chance", saysImpure("crypto.randomUUID()"), true],
    ["the system", saysImpure("`${Deno.build.os}`"), true],
    ["a date of a given time", saysImpure("new Date(at).toISOString()"), false],
    ["a word in a comment or a string", saysImpure('/* Deno */ say("Deno"); // Deno'), false],
  ];
  for (const [name, found, want] of cases) await t.step(name, () => assert.equal(found, want));
});

const mongodb = "lib/store/mongodb/mongo_store.ts";

/** Reads all modules of the program, also those that `main.ts` does not reach. */
async function readModules(): Promise<Module[]> {
  await using folder = await tempDir();
  const paths = ["main.ts", ...sourceFiles("lib")];
  const entry = folder.join("all.ts");
  const url = (path: string) => pathToFileURL(join(repositoryRoot, path)).href;
  await Deno.writeTextFile(entry, paths.map((path) => `import "${url(path)}";\n`).join(""));
  const config = join(repositoryRoot, "deno.json");
  const output = await runOk(Deno.execPath(), ["info", "--json", "--config", config, entry]);
  const graph: Graph = JSON.parse(output);
  return paths.map((path) => {
    const { dependencies = [] } = graph.modules.find(({ specifier }) => specifier === url(path)) ??
      {};
    const targets = dependencies.flatMap(({ code, type }) => [code, type])
      .flatMap((target) => target?.specifier === undefined ? [] : [pathOf(target.specifier)]);
    const source = Deno.readTextFileSync(join(repositoryRoot, path));
    return { path, source, imports: Array.from(new Set(targets)) };
  });
}

/** What `deno info --json` prints, as far as it is needed. */
interface Graph {
  modules: {
    specifier: string;
    dependencies?: { code?: { specifier?: string }; type?: { specifier?: string } }[];
  }[];
}

function pathOf(specifier: string): string {
  const root = pathToFileURL(repositoryRoot).href;
  return specifier.startsWith(root) ? specifier.slice(root.length) : specifier;
}

function sourceFiles(folder: string): string[] {
  return Array.from(Deno.readDirSync(join(repositoryRoot, folder))).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return sourceFiles(path);
    return path.endsWith(".ts") ? [path] : [];
  }).sort();
}

function isOwn(specifier: string): boolean {
  return specifier === "main.ts" || specifier.startsWith("lib/");
}

function isAt(path: string, place: Place): boolean {
  if (place.endsWith("*")) return path.startsWith(place.slice(0, -1));
  return place.endsWith("/") ? path.startsWith(place) : path === place;
}

function isPure(path: string): boolean {
  return pure.some((place) => isAt(path, place));
}

function pureModules(): Module[] {
  return modules.filter(({ path }) => isPure(path));
}

function placeOf(path: string): Place | undefined {
  return layers.flat().filter((place) => isAt(path, place))
    .sort((a, b) => b.length - a.length)[0];
}

function layerOf(path: string): number {
  const place = placeOf(path);
  return layers.findIndex((places) => places.some((one) => one === place));
}

function mayImport(path: string, imported: string): boolean {
  // Texts that belong to a module lie beside it.
  if (!imported.endsWith(".ts")) return dirname(imported).startsWith(dirname(path));
  return layerOf(imported) < layerOf(path) || placeOf(imported) === placeOf(path);
}

function mayKnow(path: string, imported: string): boolean {
  const rule = secluded.find(({ place }) => place === placeOf(imported));
  if (rule === undefined || placeOf(path) === rule.place) return true;
  // Within `lib/http/` the app and the server know the others.
  if (rule.place.endsWith("/") && isAt(path, rule.place)) return true;
  return rule.knownTo.some((place) => isAt(path, place));
}

/** Pairs of a module and one that it imports. */
function ownImports(): [path: string, imported: string][] {
  return modules.flatMap(({ path, imports }) =>
    imports.filter(isOwn).map((imported): [string, string] => [path, imported])
  );
}

function cycleFrom(start: string): string | undefined {
  const visit = (path: string, way: string[]): string[] | undefined => {
    const { imports = [] } = modules.find((module) => module.path === path) ?? {};
    for (const next of imports) {
      if (next === start) return [...way, next];
      if (!isOwn(next) || seen.has(next)) continue;
      seen.add(next);
      const cycle = visit(next, [...way, next]);
      if (cycle !== undefined) return cycle;
    }
    return undefined;
  };
  const seen = new Set<string>();
  return visit(start, [start])?.join(" -> ");
}

/** Leaves out comments and strings; roughly, as no text here needs more. */
function codeOf(source: string): string {
  return source.replaceAll(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g,
    " ",
  );
}
