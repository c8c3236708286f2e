/**
 * Reads with a small and a large database side by side: `deno run -A bench/reads.ts [ROUNDS]
 * [ONLY]`, the second one a part of the name or the path of the routes to ask.
 *
 * Two programs serve the two databases and are asked the same in turn; the medians are compared.
 * `DREC` in the environment names the executable to measure, without it the source is; `BENCH` a
 * folder where the databases are kept for the next run (`small.db` and `large.db`), without it
 * they are made anew, which takes some minutes, and removed.
 *
 * @module
 */

import { flagsOf } from "../tools/tasks.ts";
import { fill, SIZES } from "./fill.ts";
import { type Route, ROUTES } from "./routes.ts";

type SizeName = keyof typeof SIZES;

/** A program at work on one of the databases. */
interface Server {
  readonly size: SizeName;
  readonly child: Deno.ChildProcess;
  readonly url: string;
  /** Tells the longest pause of the event loop; the executable has none. */
  readonly pauses: string | undefined;
}

interface Measured {
  readonly route: Route;
  readonly small: number;
  readonly large: number;
  /** Of the large one's event loop, in milliseconds: the median of the rounds, and the longest. */
  readonly pauses: readonly [median: number, longest: number];
  readonly bytes: number;
}

const rounds = Number(Deno.args[0] ?? 40);
const only = Deno.args[1] ?? "";
const root = new URL("../", import.meta.url).pathname;

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function start(size: SizeName, path: string, folder: string): Promise<Server> {
  const env = {
    DREC_SERVER_PORT: "0",
    DREC_SERVER_SSL: "off",
    DREC_SQLITE_PATH: path,
  };
  const executable = Deno.env.get("DREC");
  const args = [
    ...["run", "-A", "--no-prompt", `--config=${root}deno.json`],
    ...flagsOf("start").filter((flag) => flag.startsWith("--v8-flags=")),
    ...[`--preload=${root}bench/pauses.ts`, `${root}main.ts`],
  ];
  const child = new Deno.Command(executable ?? Deno.execPath(), {
    args: executable === undefined ? args : [],
    env,
    cwd: folder,
    stdout: "piped",
    stderr: "null",
  }).spawn();
  return { size, child, ...await addressesOf(child.stdout) };
}

/** Reads up to the ready line, and from then on lets the rest go. */
async function addressesOf(
  stdout: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<Pick<Server, "url" | "pauses">> {
  const reader = stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (true) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The program ended:\n${text}`);
    text += value;
    const url = /listening on (http\S+)/.exec(text)?.[1];
    if (url === undefined) continue;
    drain(reader);
    return { url, pauses: /pauses at (\S+)/.exec(text)?.[1] };
  }
}

async function drain(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done);
}

interface Answer {
  readonly status: number;
  readonly ms: number;
  readonly text: string;
}

/** Asks until there is an answer: a ranking may not be there yet. */
async function ask({ url }: Server, path: string): Promise<Answer> {
  const before = performance.now();
  while (true) {
    const response = await fetch(url + path, { headers: { "Accept-Encoding": "identity" } });
    const text = await response.text();
    if (response.status !== 503) {
      return { status: response.status, ms: performance.now() - before, text };
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The longest pause since the last time, in milliseconds. */
async function pauseOf({ pauses }: Server): Promise<number> {
  return pauses === undefined ? NaN : Number(await (await fetch(pauses)).text());
}

/** The path that a route has on a server: with the first day of a year, or a cursor. */
async function pathOf(server: Server, { path, behind }: Route): Promise<string> {
  const from = new Date(Date.now() - 364 * 86_400_000).toISOString().slice(0, 10);
  const dated = path.replace("FROM", from);
  if (behind === undefined) return dated;
  const { repositories } = SIZES[server.size];
  const rows = behind < 1 ? Math.max(1, Math.round(behind * repositories)) : behind;
  return withParameter(
    dated,
    `cursor=${encodeURIComponent(await cursorBehind(server, dated, rows))}`,
  );
}

function withParameter(path: string, parameter: string): string {
  return `${path}${path.includes("?") ? "&" : "?"}${parameter}`;
}

async function cursorBehind(server: Server, path: string, rows: number): Promise<string> {
  const limit = Math.min(1_000, rows);
  let cursor = "";
  for (let row = 0; row < rows; row += limit) {
    const plain = path.replace(/limit=\d+&?/, "");
    const page = withParameter(plain, `limit=${limit}&cursor=${encodeURIComponent(cursor)}`);
    const { next } = JSON.parse((await ask(server, page)).text);
    // The list is shorter than that: its last page but one is the one to ask for.
    if (typeof next !== "string") break;
    cursor = next;
  }
  return cursor;
}

async function measure(route: Route, servers: readonly [Server, Server]): Promise<Measured> {
  const [small, large] = servers;
  const paths = new Map<Server, string>();
  for (const server of servers) paths.set(server, await pathOf(server, route));
  const times = new Map<Server, number[]>(servers.map((server) => [server, []]));
  const pauses: number[] = [];
  let bytes = 0;
  for (let round = 0; round < (route.rounds ?? rounds); round++) {
    for (const server of servers) {
      if (server === large) await pauseOf(server);
      const answer = await ask(server, paths.get(server) ?? "");
      if (server === large) pauses.push(await pauseOf(server));
      bytes = answer.status === 200 ? answer.text.length : -answer.status;
      if (bytes < 0) return { route, small: NaN, large: NaN, pauses: [NaN, NaN], bytes };
      times.get(server)?.push(answer.ms);
    }
  }
  const of = (server: Server): number => median(times.get(server) ?? []);
  const ofPauses = [median(pauses), Math.max(...pauses)] as const;
  return { route, small: of(small), large: of(large), pauses: ofPauses, bytes };
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;
}

const HEAD = `| read | small ms | large ms | ratio | pause ms | longest ms | bytes |
| --- | --- | --- | --- | --- | --- | --- |`;

function report({ route, small, large, pauses, bytes }: Measured): void {
  if (Number.isNaN(small)) return print(`not 200 but ${-bytes}: ${route.path}`);
  const ratio = (large / small).toFixed(2);
  const cells = [small.toFixed(2), large.toFixed(2), ratio, ...pauses.map((ms) => ms.toFixed(1))];
  print(`| ${[route.name, ...cells, bytes].join(" | ")} |`);
}

/** Resident memory, now and at its highest, as Linux tells it. */
async function memoryOf({ child, size }: Server): Promise<string> {
  const status = await Deno.readTextFile(`/proc/${child.pid}/status`);
  const mib = (name: string): string =>
    (Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024).toFixed(0);
  return `${size}: ${mib("VmRSS")} MiB resident, ${mib("VmHWM")} MiB at most`;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

const kept = Deno.env.get("BENCH");
const folder = kept ?? await Deno.makeTempDir({ dir: root, prefix: ".bench-" });
const servers: Server[] = [];
try {
  for (const size of ["small", "large"] as const) {
    const path = `${folder}/${size}.db`;
    if (!await exists(path)) fill(path, SIZES[size], (line) => print(`${size}: ${line}`));
    servers.push(await start(size, path, folder));
  }
  const [small, large] = servers;
  if (small === undefined || large === undefined) throw new Error("Two databases are compared");
  const wanted = ROUTES.filter(({ name, path }) => `${name} ${path}`.includes(only));
  print(HEAD);
  for (const route of wanted) report(await measure(route, [small, large]));
  for (const server of servers) print(`\n${await memoryOf(server)}`);
} finally {
  for (const { child } of servers) {
    child.kill("SIGTERM");
    await child.status;
  }
  if (kept === undefined) await Deno.remove(folder, { recursive: true });
}
