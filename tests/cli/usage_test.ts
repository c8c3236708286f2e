import assert from "node:assert/strict";

import { VERSION } from "../../lib/version.ts";
import { testForms } from "../support/forms.ts";
import { runDrec } from "../support/process.ts";

const commands = ["serve", "check", "registry-config", "token", "healthcheck"];

testForms("drec explains itself on standard output, and ends with 0", async (executable, t) => {
  const cases: [args: string[], stdout: RegExp][] = [
    [["--version"], new RegExp(`^drec ${VERSION}\n$`)],
    [["-V"], new RegExp(`^drec ${VERSION}\n$`)],
    [
      ["--help"],
      new RegExp(`^DREC .*${commands.join("  [^]*\\n  ")}  [^]*Exit codes: 0 .* 1 .* 2 `, "s"),
    ],
    [["help"], /Usage: drec \[COMMAND\]/],
    ...commands.map((name): [string[], RegExp] => {
      return [[name, "--help"], new RegExp(`^Usage: drec \\[?${name}\\b`)];
    }),
  ];
  for (const [args, expected] of cases) {
    await t.step(`${args.join(" ")} shows ${expected}`, async () => {
      const { code, stdout, stderr } = await runDrec({ executable, args });
      assert.equal(code, 0);
      assert.match(stdout, expected);
      assert.equal(stderr, "");
    });
  }
});

testForms("drec says on standard error what is wrong with a call, and ends with 2", async (
  executable,
  t,
) => {
  const cases: [args: string[], stderr: RegExp][] = [
    [["frobnicate"], /^drec: Cannot read configuration "frobnicate": no such file\nTry: /],
    [["--frobnicate"], /^drec: Unknown option '--frobnicate'\nTry: /],
    [["check", "--frobnicate"], /^drec: Unknown option '--frobnicate'\nTry: /],
    [["check", "none.yml"], /^drec: Cannot read configuration "none\.yml": no such file\nTry: /],
    [["check", "a.yml", "b.yml"], /^drec: Unexpected argument "b\.yml"\nTry: see `drec --help`\n$/],
    [["healthcheck", "a.yml", "b.yml"], /^drec: Unexpected argument "b\.yml"\nTry: /],
    [["--server-port"], /^drec: Option '--server-port <value>' argument missing\nTry: /],
    [["--server-port", "x"], /^drec: --server-port: expected a whole number/],
    [
      ["token", "write"],
      /^drec: Unknown role "write", expected ingest, read, admin, new or badge\nTry: /,
    ],
    [["token", "badge"], /^drec: The name of a repository is missing\nTry: /],
    [["token", "badge", "a", "--registry", "A"], /^drec: Cannot use "A" as a registry's name/],
    [["registry-config", "--registry", "Main"], /^drec: Cannot use "Main" as a registry's name/],
  ];
  for (const [args, expected] of cases) {
    await t.step(args.join(" "), async () => {
      const { code, stdout, stderr } = await runDrec({ executable, args });
      assert.match(stderr, expected);
      assert.equal(stdout, "");
      assert.equal(code, 2);
    });
  }
});
