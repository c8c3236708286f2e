/**
 * What a release stands on: one version everywhere, notes cut from the changelog.
 *
 * @module
 */

import assert from "node:assert/strict";

import { VERSION } from "../lib/version.ts";
import { notesOf } from "../tools/release.ts";

Deno.test("VERSION is the version of deno.json", async () => {
  const config = JSON.parse(await Deno.readTextFile(new URL("../deno.json", import.meta.url)));
  assert.equal(VERSION, config.version);
});

Deno.test("notesOf() cuts out the part of one version", async (t) => {
  const changelog = [
    "# Changelog\n",
    "## unreleased\n\n* [FEATURE] Later\n",
    "## 1.2.0 / 2026-12-01\n\n* [FEATURE] This\n\n### Upgrading\n\nNothing to do.\n",
    "## 1.2 / 2026-11-01\n",
    "## 1.1.0 / 2026-10-01\n\n* [BUGFIX] That\n",
  ].join("\n");
  const found: [version: string, want: string][] = [
    ["1.2.0", "* [FEATURE] This\n\n### Upgrading\n\nNothing to do."],
    ["1.1.0", "* [BUGFIX] That"],
    ["unreleased", "* [FEATURE] Later"],
  ];
  for (const [version, want] of found) {
    await t.step(version, () => assert.equal(notesOf(changelog, version), want));
  }
  for (const version of ["1.2", "1.0.0", ""]) {
    await t.step(
      `"${version}", which has none`,
      () => assert.throws(() => notesOf(changelog, version), /says nothing of/),
    );
  }
});
