/**
 * Gets the parts that can be got without touching the system: into a cache folder, once.
 *
 * @module
 */

import { run, runOk } from "./child.ts";
import { compiledPath, repositoryRoot } from "./compiled.ts";
import { cached, type Part, type PartName, parts, setting, versions } from "./parts.ts";

/** A part after provisioning. */
export interface Provisioned {
  readonly part: Part;
  /** Its path or address; absent if it is missing. */
  readonly found?: string;
  /** Why it could not be got. */
  readonly problem?: string;
}

/** Gets one part, or throws what stood in the way. */
type Provisioner = () => Promise<void>;

const provisioners: Partial<Record<PartName, Provisioner>> = {
  mongodb: installSecantusdb,
  secantusdb: installSecantusdb,
  "registry-2.8": unpackRegistry2,
  "registry-3": buildRegistry3,
  schemathesis: installSchemathesis,
  executable: compileExecutable,
};

/**
 * Gets what is missing, as far as that is possible.
 *
 * @param say Is told what is being got, for it may take a minute.
 * @returns Every part, found or with the reason why not.
 */
export async function provision(say: (line: string) => void): Promise<Provisioned[]> {
  const problems = new Map<PartName, string>();
  for (const part of parts) {
    const get = provisioners[part.name];
    if (get === undefined || !isDue(part)) continue;
    say(`Getting ${part.name} …`);
    try {
      await get();
    } catch (error) {
      problems.set(part.name, error instanceof Error ? error.message : String(error));
    }
  }
  return parts.map((part) => {
    const problem = problems.get(part.name);
    if (problem !== undefined) return { part, problem };
    const found = part.find();
    return found === undefined ? { part } : { part, found };
  });
}

function isDue(part: Part): boolean {
  const found = part.find();
  if (found === undefined) return true;
  const own = part.name === "executable" && setting("DREC_TEST_EXECUTABLE") === undefined;
  return own && isOutdated(found);
}

/** Whether a source of the executable changed after it was compiled. */
function isOutdated(executable: string): boolean {
  const compiled = modified(executable);
  return ["main.ts", "deno.json", "deno.lock", ...libraryFiles("lib")]
    .some((path) => modified(repositoryRoot + path) > compiled);
}

function libraryFiles(folder: string): string[] {
  return Array.from(Deno.readDirSync(repositoryRoot + folder)).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory ? libraryFiles(path) : [path];
  });
}

function modified(path: string): number {
  return Deno.statSync(path).mtime?.getTime() ?? 0;
}

function installSecantusdb(): Promise<void> {
  return installPython("secantusdb", versions.secantusdb);
}

function installSchemathesis(): Promise<void> {
  return installPython("schemathesis", versions.schemathesis);
}

async function installPython(name: string, version: string): Promise<void> {
  const folder = cached(`${name}-${version}`);
  await runOk("python3", ["-m", "venv", "--clear", folder]);
  await runOk(`${folder}/bin/pip`, ["install", "--quiet", `${name}==${version}`], slowly);
}

async function unpackRegistry2(): Promise<void> {
  const folder = cached("docker-registry");
  await Deno.mkdir(folder, { recursive: true });
  await runOk("apt-get", ["download", "docker-registry"], { cwd: folder, ...slowly });
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".deb")) await runOk("dpkg-deb", ["--extract", `${folder}/${name}`, folder]);
  }
}

async function buildRegistry3(): Promise<void> {
  const program = "github.com/distribution/distribution/v3/cmd/registry";
  const env = { GOBIN: cached(`registry-${versions.registry3}`) };
  await runOk("go", ["install", `${program}@v${versions.registry3}`], { env, ...slowly });
}

async function compileExecutable(): Promise<void> {
  // An old one must not pass for this one.
  await Deno.remove(compiledPath()).catch(() => {});
  const { code, stderr } = await run(Deno.execPath(), ["task", "compile"], {
    cwd: repositoryRoot,
    env: { NO_COLOR: "1" },
    ...slowly,
  });
  if (code !== 0) throw new Error(`deno task compile: ended with ${code}\n${stderr}`.trimEnd());
}

const slowly = { timeoutMs: 10 * 60_000 };
