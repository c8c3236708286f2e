/**
 * The commands of the documentation, typed as they stand there: every `curl` of `README.md` and
 * `docs/api.md` that asks a DREC at its default address.
 *
 * @module
 */

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";

import { Child, run } from "./support/child.ts";
import { repositoryRoot } from "./support/compiled.ts";
import { postEvents } from "./support/http.ts";
import { type FreshDatabase, freshDatabase } from "./support/mongodb.ts";
import { type Drec, readyLine, startDrec } from "./support/process.ts";
import { needs } from "./support/require.ts";
import { readRecording } from "./support/testdata.ts";
import { freePort, tempDir, until } from "./support/wait.ts";

const ADDRESS = "https://127.0.0.1:8443";
/** What is in them is what the documents ask about: `team/app` with its tag `1.0`. */
const RECORDINGS = ["3.1.1-podman-push-pull", "3.1.1-ctr-pull-multi"];

const DOCUMENTS = ["README.md", "docs/api.md"];

/** A document's commands, and the shell functions that they use. */
interface Commands {
  readonly functions: string;
  readonly lines: readonly string[];
}

/** Reads the blocks of shell in a document. */
function commandsOf(markdown: string): Commands {
  const blocks = Array.from(
    markdown.matchAll(/^[ \t]*```(?:sh|bash|console)\n([^]*?)^[ \t]*```$/gm),
    ([, block = ""]) => block,
  );
  const functions = blocks.filter((block) => /^\w+\(\) \{/.test(block)).join("\n");
  const names = Array.from(functions.matchAll(/^(\w+)\(\) \{/gm), ([, name]) => name);
  const asks = new RegExp(`^(?:${["curl", ...names].join("|")}) `);
  const lines = blocks.filter((block) => !functions.includes(block))
    .flatMap((block) => block.replaceAll("\\\n", " ").split("\n"))
    .map((line) => line.trim())
    .filter((line) => asks.test(line))
    .filter((line) => !line.startsWith("curl ") || line.includes(ADDRESS));
  return { functions, lines };
}

/** Fills a program with what a registry has sent. */
async function fill(drec: Drec): Promise<void> {
  const caCert = await Deno.readTextFile(`${drec.cwd}/certs/ca.crt`);
  for (const name of RECORDINGS) {
    for (const { body } of readRecording(name).posts) {
      assert.equal(await postEvents(`${drec.url}/events`, body, { caCert }), 200);
    }
  }
}

/** What a line printed: an answer, and below it its status. */
interface Printed {
  readonly status: string;
  readonly body: string;
}

/**
 * Types a line in the folder of a program. Streams do not end by themselves, so that five seconds
 * must do for an answer.
 */
async function type(drec: Drec, { functions }: Commands, line: string): Promise<Printed> {
  const curl = `curl() { command curl -sS --max-time 5 --write-out '\\n%{http_code}' "$@"; }`;
  const script = [curl, functions, line].join("\n").replaceAll(ADDRESS, drec.url);
  const { stdout, stderr } = await run("sh", ["-c", script], { cwd: drec.cwd });
  const lines = stdout.trimEnd().split("\n");
  return { status: lines.pop() ?? stderr, body: lines.join("\n") };
}

async function readCommands(document: string): Promise<Commands> {
  const commands = commandsOf(await Deno.readTextFile(`${repositoryRoot}${document}`));
  assert.ok(commands.lines.length > 10, `${document} has ${commands.lines.length}`);
  return commands;
}

/** Starts a program that has been sent the recordings. */
async function startFilled(env: Record<string, string> = {}): Promise<Drec> {
  const drec = await startDrec({ env: { DREC_SERVER_PORT: "0", ...env } });
  await drec.ready();
  await fill(drec);
  return drec;
}

/** The environment of a program that uses a database. */
const settingsOf = ({ uri, database }: FreshDatabase): Record<string, string> => ({
  DREC_DIAL_INFO_URI: uri,
  DREC_DIAL_INFO_DATABASE: database,
});

async function typeAll(t: Deno.TestContext, drec: Drec): Promise<void> {
  for (const document of DOCUMENTS) {
    const commands = await readCommands(document);
    for (const line of commands.lines) {
      await t.step(`${document}: ${line}`, async () => {
        assert.equal((await type(drec, commands, line)).status, "200");
      });
    }
  }
}

Deno.test({
  name: "every curl of README.md and docs/api.md answers 200",
  ...needs("curl"),
  fn: async (t) => {
    await using drec = await startFilled();
    await typeAll(t, drec);
  },
});

Deno.test({
  name: "every curl of README.md and docs/api.md answers 200 with MongoDB",
  ...needs("curl", "mongodb"),
  fn: async (t) => {
    await using database = await freshDatabase();
    await using drec = await startFilled(settingsOf(database));
    await typeAll(t, drec);
  },
});

/** When something was done is not the same in two programs, and a cursor is a store's own. */
const VOLATILE = ["computedAt", "receivedAt", "observedSince", "lastEventAt", "next"];

function stableOf({ status, body }: Printed): unknown {
  assert.equal(status, "200", body);
  return JSON.parse(body, (key, value) => VOLATILE.includes(key) ? undefined : value);
}

/** Two answers, if they are the same. */
async function agreed(ask: () => Promise<unknown[]>): Promise<unknown[] | undefined> {
  const answers = await ask();
  return isDeepStrictEqual(answers[0], answers[1]) ? answers : undefined;
}

Deno.test({
  name: "both stores answer the questions of README.md, and the same",
  ...needs("curl", "mongodb"),
  fn: async (t) => {
    await using database = await freshDatabase();
    await using embedded = await startFilled();
    await using shared = await startFilled(settingsOf(database));
    const commands = await readCommands("README.md");
    for (const line of commands.lines) {
      await t.step(line, async () => {
        const ask = () =>
          Promise.all([embedded, shared].map(async (drec) => {
            return stableOf(await type(drec, commands, line));
          }));
        // What is computed now and then is so at another moment in each of the programs.
        const isComputed = /rankings|summary/.test(line);
        const [answer, other] = isComputed
          ? await until(() => agreed(ask), "agreement")
          : await ask();
        assert.deepEqual(other, answer);
        // What is asked about the last days depends on when the test runs.
        const isDated = /rankings|unused|interval/.test(line);
        if (!isDated) assert.match(JSON.stringify(answer), /":[1-9]|"name":/, "it is no empty one");
      });
    }
  },
});

Deno.test("the program starts with the permissions that README.md narrows it to", async () => {
  const readme = await Deno.readTextFile(`${repositoryRoot}README.md`);
  const line = /^deno (run [^`]*? main\.ts)$/m.exec(readme.replaceAll("\\\n", ""))?.[1];
  const port = freePort();
  const args = (line ?? assert.fail()).replaceAll("'", "").replace("8443", `${port}`).split(/\s+/);
  await using folder = await tempDir();
  const files = ["main.ts", "lib", "deno.json", "deno.lock", "config.yml"];
  const { code } = await run("cp", [
    "-r",
    ...files.map((file) => `${repositoryRoot}${file}`),
    folder.path,
  ]);
  assert.equal(code, 0);
  const env = { DREC_SERVER_PORT: `${port}` };
  await using drec = new Child(Deno.execPath(), { args, cwd: folder.path, env });
  await drec.waitFor(readyLine);
});

Deno.test("what README.md and docs/api.md show as JSON is JSON", async () => {
  for (const document of DOCUMENTS) {
    const markdown = await Deno.readTextFile(`${repositoryRoot}${document}`);
    const blocks = Array.from(
      markdown.matchAll(/^( *)```json\n([^]*?)^\1```$/gm),
      ([, , text]) => text,
    );
    assert.equal(blocks.length, markdown.match(/```json$/gm)?.length ?? 0, document);
    for (const block of blocks) assert.doesNotThrow(() => JSON.parse(block ?? ""), block);
  }
});

Deno.test("commandsOf() finds what is typed, and nothing else", () => {
  const document = [
    "```sh\napi() {\n  curl -s https://127.0.0.1:8443$1\n}\n```",
    "```sh\napi /one\n# a remark\ncurl -X POST \\\n  https://127.0.0.1:8443/two\n```",
    "```json\ncurl https://127.0.0.1:8443/three\n```",
    "```sh\ncurl http://127.0.0.1:5001/debug/vars\ndrec token\n```",
  ].join("\n\n");
  const { functions, lines } = commandsOf(document);
  assert.match(functions, /^api\(\) \{/);
  assert.deepEqual(lines, ["api /one", "curl -X POST    https://127.0.0.1:8443/two"]);
});
