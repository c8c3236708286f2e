/**
 * Reads with a small and a large database side by side: `deno run -A bench/reads.ts [ROUNDS]`.
 *
 * Two programs serve the two databases and are asked the same in turn; the medians are compared.
 * `DREC` in the environment names the executable to measure, without it the source is; `BENCH` a
 * folder where the databases are kept for the next run (`small.db` and `large.db`), without it
 * they are made anew, which takes some minutes, and removed.
 *
 * @module
 */

import { fill, SIZES } from "./fill.ts";
import { type Route, ROUTES } from "./routes.ts";

type SizeName = keyof typeof SIZES;

/** A program at work on one of the databases. */
interface Server {
  readonly size: SizeName;
  readonly child: Deno.ChildProcess;
  readonly url: string;
  /** Cursors of the page in the middle, by path. */
  readonly cursors: Map<string, string>;
}

interface Measured {
  readonly route: Route;
  readonly small: number;
  readonly large: number;
  readonly bytes: number;
}

const rounds = Number(Deno.args[0] ?? 40);
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
  const args = ["run", "-A", "--no-prompt", `--config=${root}deno.json`, `${root}main.ts`];
  const child = new Deno.Command(executable ?? Deno.execPath(), {
    args: executable === undefined ? args : [],
    env,
    cwd: folder,
    stdout: "piped",
    stderr: "null",
  }).spawn();
  return { size, child, url: await addressOf(child.stdout), cursors: new Map() };
}

/** Reads the ready line, and from then on lets the rest go. */
async function addressOf(stdout: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const reader = stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (true) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The program ended:\n${text}`);
    text += value;
    const address = /listening on (http\S+)/.exec(text)?.[1];
    if (address === undefined) continue;
    drain(reader);
    return address;
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

async function ask({ url }: Server, path: string): Promise<Answer> {
  const before = performance.now();
  const response = await fetch(url + path, { headers: { "Accept-Encoding": "identity" } });
  const text = await response.text();
  return { status: response.status, ms: performance.now() - before, text };
}

/** The path that a route has on a server: with the first day of a year, or a cursor. */
async function pathOf(server: Server, { path, isDeep }: Route): Promise<string> {
  const from = new Date(Date.now() - 364 * 86_400_000).toISOString().slice(0, 10);
  if (isDeep !== true) return path.replace("FROM", from);
  let cursor = server.cursors.get(path);
  if (cursor === undefined) {
    cursor = await cursorInTheMiddle(server, path);
    server.cursors.set(path, cursor);
  }
  return `${path}&cursor=${encodeURIComponent(cursor)}`;
}

async function cursorInTheMiddle(server: Server, path: string): Promise<string> {
  const { repositories } = SIZES[server.size];
  const limit = Math.min(1_000, repositories / 20);
  let cursor = "";
  for (let row = 0; row < repositories / 2; row += limit) {
    const page = `${path}&limit=${limit}&cursor=${encodeURIComponent(cursor)}`;
    cursor = JSON.parse((await ask(server, page)).text).next;
  }
  return cursor;
}

async function measure(route: Route, servers: readonly [Server, Server]): Promise<Measured> {
  const [small, large] = servers;
  const paths = new Map<Server, string>();
  for (const server of servers) paths.set(server, await pathOf(server, route));
  const times = new Map<Server, number[]>(servers.map((server) => [server, []]));
  let bytes = 0;
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) {
      const answer = await ask(server, paths.get(server) ?? "");
      if (answer.status !== 200) return { route, small: NaN, large: NaN, bytes: answer.status };
      bytes = answer.text.length;
      times.get(server)?.push(answer.ms);
    }
  }
  const of = (server: Server): number => median(times.get(server) ?? []);
  return { route, small: of(small), large: of(large), bytes };
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;
}

function report(measured: readonly Measured[]): void {
  print("| read | small ms | large ms | ratio | bytes |\n| --- | --- | --- | --- | --- |");
  for (const { route, small, large, bytes } of measured) {
    if (Number.isNaN(small)) continue;
    const ratio = (large / small).toFixed(2);
    print(`| ${route.name} | ${small.toFixed(2)} | ${large.toFixed(2)} | ${ratio} | ${bytes} |`);
  }
  const missing = measured.filter(({ small }) => Number.isNaN(small));
  for (const { route, bytes } of missing) print(`\nnot 200 but ${bytes}: ${route.path}`);
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
  const measured: Measured[] = [];
  const [small, large] = servers;
  if (small === undefined || large === undefined) throw new Error("Two databases are compared");
  for (const route of ROUTES) measured.push(await measure(route, [small, large]));
  report(measured);
  for (const server of servers) print(`\n${await memoryOf(server)}`);
} finally {
  for (const { child } of servers) {
    child.kill("SIGTERM");
    await child.status;
  }
  if (kept === undefined) await Deno.remove(folder, { recursive: true });
}
