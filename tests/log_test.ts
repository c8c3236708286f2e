import assert from "node:assert/strict";

import { AppError } from "../lib/errors.ts";
import { configureLog, createLogThrottle, type LogFields, logger } from "../lib/log.ts";
import { run } from "./support/child.ts";
import { repositoryRoot } from "./support/compiled.ts";
import { tempDir } from "./support/wait.ts";

type Format = Parameters<typeof configureLog>[0]["format"];

/** What the log writes for one fact. */
function linesOf(
  fields: LogFields | undefined,
  { format = "json", message = "Listening" }: { format?: Format; message?: string } = {},
): string[] {
  const lines: string[] = [];
  configureLog({ level: "debug", format }, {
    isTerminal: false,
    write: (line) => lines.push(line),
  });
  logger("http").info(message, fields);
  return lines;
}

function fieldsOf(fields: LogFields): Record<string, unknown> {
  const { time: _time, level: _level, logger: _logger, message: _message, ...rest } = JSON.parse(
    linesOf(fields)[0] ?? "",
  );
  return rest;
}

Deno.test("configureLog() writes one JSON object a line", () => {
  const [line = "", ...others] = linesOf({ port: 8443, address: "::1" });
  assert.equal(others.length, 0);
  const { time, ...rest } = JSON.parse(line);
  assert.deepEqual(rest, {
    level: "info",
    logger: "drec.http",
    message: "Listening",
    port: 8443,
    address: "::1",
  });
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(Object.keys(JSON.parse(line)).slice(0, 4), [
    "time",
    "level",
    "logger",
    "message",
  ]);
});

Deno.test("configureLog() writes text for people", () => {
  const [line = ""] = linesOf({ port: 8443, name: "a b", empty: "" }, { format: "text" });
  assert.match(
    line,
    /^\d{4}-\d\d-\d\dT[\d:.]+Z INFO {4}drec\.http Listening port=8443 name="a b" empty=""$/,
  );
});

Deno.test("configureLog() chooses by the terminal where the format is auto", () => {
  for (const [isTerminal, want] of [[true, /^\d{4}-/], [false, /^\{/]] as const) {
    const lines: string[] = [];
    const write = (line: string) => lines.push(line);
    configureLog({ level: "info", format: "auto" }, { isTerminal, write });
    logger("store").info("Opened");
    assert.match(lines.join(), want);
  }
});

Deno.test("configureLog() leaves out what is below the level", () => {
  const cases = { debug: 4, info: 3, warning: 2, error: 1 } as const;
  for (const level of ["debug", "info", "warning", "error"] as const) {
    const lines: string[] = [];
    configureLog({ level, format: "json" }, { write: (line) => lines.push(line) });
    const log = logger("http");
    log.debug("d");
    log.info("i");
    log.warning("w");
    log.error("e");
    assert.equal(lines.length, cases[level], level);
  }
});

Deno.test("configureLog() takes messages as they are", () => {
  const [line = ""] = linesOf({ name: 1 }, { message: "100 % of {name} %s" });
  assert.equal(JSON.parse(line).message, "100 % of {name} %s");
});

Deno.test("configureLog() writes every kind of value", () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  assert.deepEqual(
    fieldsOf({
      text: "x",
      count: 2n ** 60n,
      at: new Date(0),
      never: new Date(NaN),
      nothing: null,
      absent: undefined,
      list: [1, "a"],
      nested: { count: 1n },
      circle,
      time: "field of its own",
    }),
    {
      text: "x",
      count: "1152921504606846976",
      at: "1970-01-01T00:00:00.000Z",
      never: null,
      nothing: null,
      list: [1, "a"],
      nested: { count: "1" },
      circle: "(not shown)",
      time_: "field of its own",
    },
  );
});

Deno.test("configureLog() shows where an unforeseen error comes from", () => {
  const foreseen = fieldsOf({ error: new AppError("unavailable", "Cannot open store") });
  assert.deepEqual(foreseen, { error: "Cannot open store" });
  const { error, error_stack: stack } = fieldsOf({ error: new TypeError("x is not a function") });
  assert.equal(error, "x is not a function");
  assert.match(String(stack), /^TypeError: x is not a function\n +at /);
  const full = Object.assign(new Error("No space left"), { code: "ENOSPC" });
  assert.deepEqual(fieldsOf({ error: full }), { error: "No space left" });
});

Deno.test("configureLog() never writes a secret", () => {
  const secret = "Tr0ub4dor";
  const fields: LogFields[] = [
    { token: secret },
    { ingest_token: secret },
    { Authorization: `Bearer ${secret}` },
    { headers: { authorization: `Bearer ${secret}` } },
    { password: secret },
    { list: [{ secret }] },
    { header: `Bearer ${secret}` },
    { header: `basic  ${secret}` },
    { uri: `mongodb://user:${secret}@mongo-host/` },
    { error: new Error(`Cannot reach mongodb+srv://user:${secret}@host`) },
    { error: new AppError("unavailable", `Cannot reach https://:${secret}@host`) },
    { cookie: secret },
  ];
  for (const format of ["json", "text"] as const) {
    for (const field of fields) {
      const line = linesOf(field, { format }).join("\n");
      assert.ok(!line.includes(secret), line);
      assert.ok(line.includes("(redacted)"), line);
    }
    const line = linesOf(undefined, { format, message: `Bearer ${secret}` }).join("\n");
    assert.ok(!line.includes(secret), line);
  }
  assert.deepEqual(fieldsOf({ token_file: "/run/secrets/main" }), {
    token_file: "/run/secrets/main",
  });
});

Deno.test("configureLog() lets no value command the terminal or begin a line", () => {
  const value = "a\nb\r\u001b[31m\u009b1m\u2028\u202e";
  for (const format of ["json", "text"] as const) {
    const [line = ""] = linesOf({ value }, { format });
    for (const control of ["\n", "\r", "\u001b"]) assert.ok(!line.includes(control), line);
  }
  const [text = ""] = linesOf({ value }, { format: "text" });
  assert.ok(text.endsWith(String.raw`value="a\nb\r\u001b[31m\u009b1m\u2028\u202e"`), text);
});

Deno.test("configureLog() writes to standard error at once, with no permission", async () => {
  const code = `
    import { configureLog, logger } from "${new URL("../lib/log.ts", import.meta.url)}";
    const log = logger("cli");
    log.error("silent before the log is set up");
    configureLog({ level: "debug", format: "auto" });
    for (const level of ["debug", "info", "warning", "error"]) log[level]("Fact", { level });
    Deno.exit(3);`;
  await using folder = await tempDir();
  await Deno.writeTextFile(folder.join("log.ts"), code);
  const args = ["run", "--quiet", "--no-prompt", "--config", `${repositoryRoot}deno.json`];
  const program = [...args, folder.join("log.ts")];
  const { code: exitCode, stdout, stderr } = await run(Deno.execPath(), program);
  assert.equal(exitCode, 3);
  assert.equal(stdout, "");
  const levels = stderr.trim().split("\n").map((line) => JSON.parse(line).level);
  assert.deepEqual(levels, ["debug", "info", "warning", "error"]);
});

Deno.test("createLogThrottle() lets a fact through once in a while", () => {
  let time = 0;
  const mayLog = createLogThrottle(10_000, { now: () => time });
  assert.deepEqual(mayLog("a"), { suppressed: 0 });
  assert.equal(mayLog("a"), undefined);
  assert.deepEqual(mayLog("b"), { suppressed: 0 });
  time = 9_999;
  assert.equal(mayLog("a"), undefined);
  time = 10_000;
  assert.deepEqual(mayLog("a"), { suppressed: 2 });
  assert.equal(mayLog("a"), undefined);
});

Deno.test("createLogThrottle() remembers a bounded number of keys", () => {
  const mayLog = createLogThrottle(10_000, { now: () => 0, maxKeys: 2 });
  for (const key of ["a", "b", "c"]) assert.deepEqual(mayLog(key), { suppressed: 0 });
  assert.equal(mayLog("c"), undefined);
  assert.equal(mayLog("b"), undefined);
  assert.deepEqual(mayLog("a"), { suppressed: 0 }, "forgotten, so logged again");
});

Deno.test("docs/operations.md explains every message, and each begins in lower case", async () => {
  const text = await Deno.readTextFile(`${repositoryRoot}docs/operations.md`);
  const explained = Array.from(
    text.matchAll(/^\| `([^`…]+)(?:…?)` +\|/gm),
    ([, message]) => message,
  );
  const call = /\blog(?:ger)?(?:\("\w+"\))?\s*\.(?:debug|info|warning|error)\(\s*"([^"]+)"/g;
  const messages = new Set<string>();
  for (const path of sourceFiles("lib")) {
    const source = await Deno.readTextFile(repositoryRoot + path);
    for (const [, message = ""] of source.matchAll(call)) messages.add(message);
  }
  assert.ok(messages.size > 15, `${messages.size} messages`);
  const isExplained = (message: string) => explained.some((one = "\0") => message.startsWith(one));
  assert.deepEqual([...messages].filter((message) => !isExplained(message)), []);
  assert.deepEqual([...messages].filter((message) => /^\p{Lu}/u.test(message)), []);
});

function sourceFiles(folder: string): string[] {
  return Array.from(Deno.readDirSync(repositoryRoot + folder)).flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? sourceFiles(path) : path.endsWith(".ts") ? [path] : [];
  });
}
