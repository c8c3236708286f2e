/**
 * Makes the files of a release in `dist/`: an executable for each target, `SHA256SUMS`, and
 * `NOTES.md`, cut from the changelog.
 *
 * `deno run --allow-all tools/release.ts v1.2.0`; the tag must be the version of `deno.json`, and
 * the changelog must have a part with its name.
 *
 * @module
 */

import { createHash } from "node:crypto";

import { flagsOf } from "./tasks.ts";

const root = new URL("../", import.meta.url);

/** What there is an executable for. */
const targets = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

/**
 * Cuts the part of one version out of a changelog.
 *
 * @param changelog Its text: a heading `## 1.2.0 / 2026-12-01` for each version, newest first.
 * @param version The version.
 * @returns What is below that heading, trimmed.
 * @throws {Error} If the version has no heading, or nothing below it.
 */
export function notesOf(changelog: string, version: string): string {
  const parts = changelog.split(/^## /m).slice(1);
  const part = parts.find((part) => part.split(/\s/, 1)[0] === version);
  const notes = part?.slice(part.indexOf("\n")).trim();
  if (!notes) throw new Error(`CHANGELOG.md says nothing of ${version}`);
  return notes;
}

async function main(tag: string): Promise<void> {
  const { version }: { version: string } = JSON.parse(await readText("deno.json"));
  if (tag !== `v${version}`) throw new Error(`The tag is ${tag}, but deno.json says ${version}`);
  const notes = notesOf(await readText("CHANGELOG.md"), version);
  await Deno.mkdir(new URL("dist/", root), { recursive: true });
  const sums: string[] = [];
  for (const target of targets) {
    const name = `drec-${version}-${target}${target.includes("windows") ? ".exe" : ""}`;
    await compile(target, name);
    sums.push(`${await sha256Of(name)}  ${name}\n`);
  }
  await Deno.writeTextFile(new URL("dist/SHA256SUMS", root), sums.join(""));
  await Deno.writeTextFile(new URL("dist/NOTES.md", root), `${notes}\n`);
}

async function compile(target: string, name: string): Promise<void> {
  const output = ["--target", target, "--output", `dist/${name}`];
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["compile", ...flagsOf("compile"), ...output, "main.ts"],
    cwd: root,
  }).spawn().status;
  if (!success) throw new Error(`Cannot compile for ${target}`);
}

async function sha256Of(name: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await Deno.open(new URL(`dist/${name}`, root));
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}

function readText(name: string): Promise<string> {
  return Deno.readTextFile(new URL(name, root));
}

if (import.meta.main) await main(Deno.args[0] ?? "");
