/**
 * Ingest, side by side with a bare server in one run: `deno run -A bench/ingest.ts [SECONDS]`.
 *
 * Each line of the table is measured on both servers in turn, three times, and the medians are
 * compared: a machine that is busy with something else slows both down. `DREC` in the environment
 * names the executable to measure; without it, the source is.
 *
 * @module
 */

import { flagsOf } from "../tools/tasks.ts";
import type { LoadResult } from "./load.ts";

interface Line {
  readonly name: string;
  readonly mode: "keep-alive" | "per-event";
  readonly senders: number;
}

const LINES: readonly Line[] = [
  { name: "TLS, a new connection per event, 32 registries", mode: "per-event", senders: 32 },
  { name: "TLS, a new connection per event, one registry", mode: "per-event", senders: 1 },
  { name: "HTTP kept alive, one sender", mode: "keep-alive", senders: 1 },
  { name: "HTTP kept alive, 32 senders", mode: "keep-alive", senders: 32 },
  { name: "HTTP kept alive, 128 senders", mode: "keep-alive", senders: 128 },
];
const ROUNDS = 3;

const seconds = Number(Deno.args[0] ?? 3);
const root = new URL("../", import.meta.url).pathname;
// Not in the folder for temporary files, which may be memory: the disk is what is measured.
const folder = await Deno.makeTempDir({ dir: root, prefix: ".bench-" });

/** Starts a program in the background; the caller ends it. */
function start(command: string, args: string[], env: Record<string, string> = {}) {
  return new Deno.Command(command, { args, env, cwd: folder, stdout: "null", stderr: "null" })
    .spawn();
}

function startDrec(port: number, path: string, env: Record<string, string>) {
  const executable = Deno.env.get("DREC");
  const all = { DREC_SERVER_PORT: String(port), DREC_SQLITE_PATH: path, ...env };
  if (executable !== undefined) return start(executable, [], all);
  const flags = flagsOf("start").filter((flag) => flag.startsWith("--v8-flags="));
  const args = ["run", "-A", ...flags, `--config=${root}deno.json`, `${root}main.ts`];
  return start(Deno.execPath(), args, all);
}

/** The load is made by a process of its own. */
async function measure(url: string, { mode, senders }: Line): Promise<LoadResult> {
  const args = ["run", "-A", "--no-config", `${root}bench/load.ts`];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args, url, mode, String(senders), String(seconds)],
    cwd: folder,
    env: { CA: `${folder}/certs/ca.crt` },
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (text === "") throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(text);
}

function median(results: readonly LoadResult[]): LoadResult {
  const sorted = results.toSorted((a, b) => a.rate - b.rate);
  return sorted[Math.floor(sorted.length / 2)] ??
    { events: 0, rate: 0, p50: 0, p99: 0, failures: 0 };
}

const secure = startDrec(18501, "data/tls.db", {});
await new Promise((resolve) => setTimeout(resolve, 4000));
const plain = startDrec(18502, "plain/drec.db", { DREC_SERVER_SSL: "off" });
const bare = ["run", "-A", "--no-config", `${root}bench/bare_server.ts`];
const bareSecure = start(Deno.execPath(), [
  ...bare,
  "18503",
  "certs/domain.crt",
  "certs/domain.key",
]);
const barePlain = start(Deno.execPath(), [...bare, "18504"]);
await new Promise((resolve) => setTimeout(resolve, 4000));

const print = (line: string): number =>
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
print("| ingest | DREC /s | p50 ms | p99 ms | bare server /s | ratio |\n|---|---|---|---|---|---|");
for (const line of LINES) {
  const isSecure = line.mode === "per-event";
  const scheme = isSecure ? "https" : "http";
  const ours: LoadResult[] = [];
  const theirs: LoadResult[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(await measure(`${scheme}://127.0.0.1:${isSecure ? 18503 : 18504}/events`, line));
    ours.push(await measure(`${scheme}://127.0.0.1:${isSecure ? 18501 : 18502}/events`, line));
  }
  const [a, b] = [median(ours), median(theirs)];
  const failures = ours.reduce((sum, result) => sum + result.failures, 0);
  const name = failures === 0 ? line.name : `${line.name} (${failures} not 200)`;
  print(
    `| ${name} | ${a.rate} | ${a.p50} | ${a.p99} | ${b.rate} | ${(a.rate / b.rate).toFixed(2)} |`,
  );
}
for (const child of [secure, plain, bareSecure, barePlain]) {
  child.kill("SIGTERM");
  await child.status;
}
await Deno.remove(folder, { recursive: true });
