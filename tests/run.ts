/**
 * The `test` task: gets the parts that tests need, says what is missing, checks formatting, lint
 * and types, runs all tests, and ends with the line `N passed, N failed`.
 *
 * With arguments it only runs `deno test` with them: `deno task test tests/event_test.ts`,
 * `deno task test --filter=mapEvent`. `DREC_REQUIRE=all` makes a failure of whatever is missing
 * or skipped.
 *
 * @module
 */

import { run } from "./support/child.ts";
import { repositoryRoot } from "./support/compiled.ts";
import { startSharedMongo } from "./support/mongodb.ts";
import { findPart, setting } from "./support/parts.ts";
import { provision, type Provisioned } from "./support/provision.ts";
import {
  addResults,
  closingLine,
  parseJunit,
  reportedFiles,
  type Results,
} from "./support/report.ts";
import { requiresAll } from "./support/require.ts";
import { tempDir } from "./support/wait.ts";

/** What is checked beside the tests; each counts as one test. */
const gates = [
  { name: "formatting", args: ["fmt", "--check"] },
  { name: "lint", args: ["lint"] },
  { name: "types", args: ["check"] },
];

/** One call of `deno test`. */
interface Suite {
  args: string[];
  /** Test files that must be in the report, for one that cannot be loaded is not. */
  files: string[];
}

async function main(args: string[]): Promise<boolean> {
  const results: Results = { passed: 0, failed: [], skipped: [] };
  try {
    await runAll(args, results);
  } catch (error) {
    say(String(error));
    results.failed.push("the test task itself");
  }
  summarize(results);
  return results.failed.length === 0;
}

async function runAll(args: string[], results: Results): Promise<void> {
  const provisioned = await provision(say);
  showParts(provisioned);
  if (requiresAll()) results.failed.push(...missingParts(provisioned));
  const suites = args.length > 0 ? [chosenSuite(args)] : [docSuite, await wholeSuite()];
  if (args.length === 0) {
    for (const gate of gates) addResults(results, await passGate(gate));
  }
  await using cleanup = new AsyncDisposableStack();
  let env: Record<string, string> = {};
  if (setting("MONGODB_URI") === undefined && findPart("secantusdb") !== undefined) {
    const shared = await startSharedMongo();
    cleanup.use(shared.server);
    env = shared.env;
  }
  for (const suite of suites) addResults(results, await runSuite(suite, env));
}

/** Examples run without any permission, so that those of pure modules prove that they are. */
const docSuite: Suite = {
  args: ["--doc", "--no-prompt", "--permit-no-files", "lib/"],
  files: [],
};

/** Types are a gate of their own; one file at a time, as some tests measure answers. */
async function wholeSuite(): Promise<Suite> {
  return { args: ["--allow-all", "--no-check", "tests/"], files: await testFiles("tests") };
}

function chosenSuite(args: string[]): Suite {
  const paths = args.some((arg) => exists(arg)) ? [] : ["tests/"];
  return { args: ["--allow-all", ...args, ...paths], files: [] };
}

async function passGate({ name, args }: { name: string; args: string[] }): Promise<Results> {
  const { code, stdout, stderr } = await run(Deno.execPath(), args, {
    cwd: repositoryRoot,
    timeoutMs: 5 * 60_000,
  });
  say(`${name} ... ${code === 0 ? "ok" : "FAILED"}`);
  if (code === 0) return { passed: 1, failed: [], skipped: [] };
  say(`${stdout}${stderr}`.trimEnd());
  return { passed: 0, failed: [name], skipped: [] };
}

async function runSuite({ args, files }: Suite, env: Record<string, string>): Promise<Results> {
  await using folder = await tempDir();
  const report = folder.join("report.xml");
  const code = await denoTest([`--junit-path=${report}`, ...args], env);
  const xml = await readIfThere(report);
  const results = parseJunit(xml);
  if (code === 0) return results;
  // Only where no test explains the end: some files have their tests declared by another module.
  const reported = results.failed.length === 0 ? reportedFiles(xml) : new Set(files);
  const lost = files.filter((file) => !reported.has(file));
  results.failed.push(...lost.map((file) => `${file}: it could not be run`));
  if (results.failed.length === 0) results.failed.push(`deno test ended with ${code}`);
  return results;
}

async function denoTest(args: string[], env: Record<string, string>): Promise<number> {
  const options = { args: ["test", ...args], cwd: repositoryRoot, env };
  const child = new Deno.Command(Deno.execPath(), options).spawn();
  const forward = () => child.kill("SIGTERM");
  Deno.addSignalListener("SIGINT", forward);
  Deno.addSignalListener("SIGTERM", forward);
  const { code } = await child.status;
  Deno.removeSignalListener("SIGINT", forward);
  Deno.removeSignalListener("SIGTERM", forward);
  return code;
}

function showParts(provisioned: readonly Provisioned[]): void {
  say("\nParts that tests need:");
  for (const { part, found, problem } of provisioned) {
    say(`  ${part.name.padEnd(14)}${found ?? `MISSING, needed for ${part.purpose}`}`);
    if (found !== undefined) continue;
    for (const line of [...firstLines(problem), `Try: ${part.remedy}`]) {
      say(`${" ".repeat(16)}${line}`);
    }
  }
  const missing = missingParts(provisioned).length;
  if (missing === 0) say("  All are there; no test is skipped.\n");
  else say(`  ${missing} missing: ${consequence()}\n`);
}

/** Where a program says why it failed; what follows helps its own authors. */
function firstLines(text = ""): string[] {
  return text.split("\n").filter((line) => line.trim() !== "").slice(0, 12);
}

function consequence(): string {
  return requiresAll()
    ? "each counts as failed (DREC_REQUIRE=all)."
    : "TESTS THAT NEED THEM ARE SKIPPED. DREC_REQUIRE=all would make them fail.";
}

function missingParts(provisioned: readonly Provisioned[]): string[] {
  return provisioned.filter(({ found }) => found === undefined)
    .map(({ part }) => `${part.name} is missing`);
}

function summarize(results: Results): void {
  if (requiresAll()) {
    results.failed.push(...results.skipped.splice(0).map((name) => `${name} (skipped)`));
  }
  showNames("Skipped:", results.skipped);
  showNames("Failed:", results.failed);
  say(`\n${closingLine(results)}`);
}

function showNames(title: string, names: readonly string[]): void {
  if (names.length > 0) say(["", title, ...names.map((name) => `  ${name}`)].join("\n"));
}

async function testFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(repositoryRoot + folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) files.push(...await testFiles(path));
    else if (name.endsWith("_test.ts")) files.push(path);
  }
  return files;
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    // Without a report nothing passed, and every file counts as failed.
    return "";
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) {
  const passed = await main(Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args);
  Deno.exit(passed ? 0 : 1);
}
