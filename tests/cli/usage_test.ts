import assert from "node:assert/strict";

import { VERSION } from "../../lib/version.ts";
import { testForms } from "../support/forms.ts";
import { runDrec } from "../support/process.ts";
import { tempDir } from "../support/wait.ts";

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

/** What is said of a word that is no command. */
function neither(word: string): RegExp {
  const hint = `take one of ${commands.join(", ")}, or see `;
  return new RegExp(`^drec: "${word}" is neither a command nor a file\nTry: ${hint}`);
}

testForms("drec takes a file for the configuration of serve, whatever its name", async (
  executable,
  t,
) => {
  for (const name of ["config.yml", "settings"]) {
    await t.step(name, async () => {
      await using folder = await tempDir();
      await Deno.writeTextFile(folder.join(name), "blobs: maybe\n");
      const options = { executable, cwd: folder.path };
      const { code, stderr } = await runDrec({ ...options, args: [name] });
      assert.match(stderr, new RegExp(`^drec: ${name}:1: blobs: `));
      assert.equal(code, 2);
      const help = await runDrec({ ...options, args: [name, "--help"] });
      assert.match(help.stdout, /^Usage: drec \[serve\]/);
      assert.equal(help.code, 0);
    });
  }
});

testForms("drec says on standard error what is wrong with a call, and ends with 2", async (
  executable,
  t,
) => {
  const cases: [args: string[], stderr: RegExp][] = [
    [["frobnicate"], neither("frobnicate")],
    [["doctor"], neither("doctor")],
    [["doctor", "--help"], neither("doctor")],
    [["--log-level", "debug", "frobnicate"], neither("frobnicate")],
    [
      ["--log-level", "debug", "check"],
      /^drec: The command "check" must come first\nTry: write `drec check`, and behind it /,
    ],
    [["--log-level=debug", "token", "read"], /^drec: The command "token" must come first\nTry: /],
    [["none.yml"], /^drec: Cannot read configuration "none\.yml": no such file\nTry: /],
    [["./none"], /^drec: Cannot read configuration "\.\/none": no such file\nTry: /],
    [["serve", "none"], /^drec: Cannot read configuration "none": no such file\nTry: /],
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
