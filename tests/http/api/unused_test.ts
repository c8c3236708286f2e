import assert from "node:assert/strict";

import { parseHost, quote } from "../../../lib/http/api/unused_commands.ts";
import { NOW, openTestApp, type TestApp } from "../../support/app.ts";
import { run } from "../../support/child.ts";
import { digestOf } from "../../support/events.ts";
import { recordEvents, type TestEvent } from "../../support/store.ts";
import { tempDir } from "../../support/wait.ts";

const DAY_MS = 86_400_000;
const daysAgo = (days: number): string => new Date(NOW - days * DAY_MS).toISOString();
const COMMANDS = "/api/v1/unused?host=registry.example:5000";

interface Listed {
  items: Record<string, unknown>[];
  next: string | null;
}

/** Registry `default` has been watched for 400 days. */
async function fill(app: TestApp, events: readonly TestEvent[] = []): Promise<void> {
  await recordEvents(app.store, [
    { repository: "first", tag: "x", digest: "first", timestamp: daysAgo(400) },
    { repository: "first", tag: "x", digest: "first", timestamp: daysAgo(1) },
    { tag: "old", digest: "old", action: "push", timestamp: daysAgo(200) },
    { tag: "older", digest: "older", action: "push", timestamp: daysAgo(300) },
    ...events,
  ]);
}

const unused = async (app: TestApp, query = ""): Promise<Listed> =>
  await app.get(`/api/v1/unused${query}`) as Listed;

Deno.test("GET /unused lists repositories, field by field", async () => {
  await using app = await openTestApp();
  await fill(app);
  assert.deepEqual(await unused(app), {
    items: [{
      registry: "default",
      repository: "team/app",
      size: null,
      lastUsed: daysAgo(200),
      lastConsumer: "other",
      observedSince: daysAgo(400),
      certain: true,
    }],
    next: null,
  });
  assert.deepEqual((await unused(app, "?days=201")).items, []);
  assert.equal((await unused(app, "?days=199&prefix=team/&registry=default")).items.length, 1);
  assert.deepEqual((await unused(app, "?registry=other")).items, []);
});

Deno.test("GET /unused lists tags, page by page", async () => {
  await using app = await openTestApp();
  await fill(app);
  const first = await unused(app, "?kind=tags&limit=1");
  assert.deepEqual(first.items, [{
    registry: "default",
    repository: "team/app",
    tag: "older",
    digest: digestOf("older"),
    size: null,
    lastUsed: daysAgo(300),
    lastConsumer: "other",
    observedSince: daysAgo(400),
    certain: true,
    protectedBy: [],
  }]);
  const second = await unused(app, `?kind=tags&limit=1&cursor=${first.next}`);
  assert.deepEqual(second.items.map(({ tag }) => tag), ["old"]);
  assert.equal(second.next, null);
  const other = await app.ask(`/api/v1/unused?kind=tags&days=9&cursor=${first.next}`);
  assert.equal(other.status, 400);
});

Deno.test("GET /unused is uncertain where DREC has not watched for as long", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{ tag: "a", timestamp: daysAgo(100) }]);
  const certainOf = async (days: number) =>
    (await unused(app, `?days=${days}`)).items.map(({ certain }) => certain);
  assert.deepEqual(await certainOf(100), []);
  assert.deepEqual(await certainOf(99), [true]);
  await recordEvents(app.store, [{
    repository: "b",
    tag: "b",
    timestamp: daysAgo(30),
    instance: "restarted",
  }]);
  const [item] = (await unused(app, "?days=90")).items;
  assert.deepEqual([item?.certain, item?.observedSince], [false, daysAgo(30)]);
  assert.deepEqual(await certainOf(29), [true, true]);
});

Deno.test("GET /unused refuses what it does not understand", async (t) => {
  await using app = await openTestApp();
  await fill(app);
  const cases: [query: string, detail: RegExp][] = [
    ["days=0", /^Parameter "days" cannot be "0": use a number from 1 to 3650$/],
    ["days=3651", /from 1 to 3650/],
    ["days=-1", /from 1 to 3650/],
    ["days=1e2", /from 1 to 3650/],
    ["days=90.5", /from 1 to 3650/],
    ["kind=images", /use one of repositories, tags$/],
    ["format=sh", /use one of json, crane, skopeo$/],
    ["format=crane", /^Parameter "host" is missing: add the host/],
    ["host=registry.example", /^Parameter "host" is for commands only/],
    ["format=crane&host=x&kind=repositories", /^Commands are for tags/],
    ["format=skopeo&host=$(x)", /^Parameter "host" cannot be/],
    ["registry=../x", /^Parameter "registry" cannot be/],
    ["before=1", /^Unknown parameter "before"/],
  ];
  for (const [query, detail] of cases) {
    await t.step(query, async () => {
      const { status, json } = await app.ask(`/api/v1/unused?${query}`);
      assert.equal(status, 400);
      assert.match((json as { detail: string }).detail, detail);
    });
  }
});

Deno.test("GET /unused as commands deletes nothing unless edited", async () => {
  await using app = await openTestApp();
  await fill(app, [{ tag: "same", digest: "old", action: "push", timestamp: daysAgo(199) }]);
  const { status, headers, text } = await app.ask(`${COMMANDS}&format=crane`);
  assert.equal(status, 200);
  assert.equal(headers.get("content-type"), "text/plain; charset=utf-8");
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  assert.deepEqual(text.split("\n"), [
    "# Tags that have not been used for 90 days, as of 2026-11-20: commands for crane.",
    "# Nothing has been deleted. Review this list, and remove the # from what is to go.",
    "# A command deletes a manifest with all tags that point to it.",
    "# Left out: 0 uncertain, 0 shared with something in use, 0 without a digest or with a name " +
    "that no registry accepts.",
    "",
    `# crane delete 'registry.example:5000/team/app@${digestOf("older")}'  # older 2026-01-24`,
    `# crane delete 'registry.example:5000/team/app@${digestOf("old")}'  ` +
    "# old 2026-05-05, same 2026-05-05",
    "",
  ]);
  const skopeo = await app.ask(`${COMMANDS}&format=skopeo&limit=1`);
  assert.match(skopeo.text, /^# skopeo delete 'docker:\/\/registry.example:5000\/team\/app@sha/m);
  assert.match(skopeo.text, /^# There are more: add cursor=[\w-]+$/m);
});

Deno.test("GET /unused as commands leaves out the uncertain, and asks which registry", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [
    { tag: "a", timestamp: daysAgo(100) },
    { repository: "b", tag: "b", timestamp: daysAgo(30), instance: "restarted" },
  ]);
  const { text } = await app.ask(`${COMMANDS}&format=crane`);
  assert.match(text, /^# Left out: 1 uncertain, /m);
  assert.doesNotMatch(text, /crane delete/);
  await recordEvents(app.store, [{ registry: "main", tag: "a" }]);
  const { status, json } = await app.ask(`${COMMANDS}&format=crane`);
  assert.equal(status, 400);
  assert.deepEqual((json as { registries: string[] }).registries, ["default", "main"]);
  assert.equal((await app.ask(`${COMMANDS}&format=crane&registry=main`)).status, 200);
});

Deno.test("GET /unused as commands names nothing that means something else to a client", async () => {
  await using app = await openTestApp();
  const names = ["u/app:latest", "u/app@sha256", "u//app", "/u/app", "u/app/", "U/app", "u/-app"];
  const digest = digestOf("image");
  const items = [...names, "u/app", `${"x".repeat(253)}/y`, `${"x".repeat(254)}/y`];
  await fill(
    app,
    items.map((repository) => ({ repository, tag: "v1", timestamp: daysAgo(150) })),
  );
  for (const tool of ["crane", "skopeo"]) {
    const { text } = await app.ask(`${COMMANDS}&format=${tool}&limit=1000`);
    assert.match(text, /, 8 without a digest or with a name that no registry accepts\.$/m);
    assert.ok(text.includes(`registry.example:5000/u/app@${digest}'`));
    assert.ok(text.includes(`registry.example:5000/${"x".repeat(253)}/y@${digest}'`));
    assert.doesNotMatch(text, /latest|sha256@|U\/|\/-app|app\/@/);
  }
});

Deno.test("GET /unused as commands runs nothing that a name says", async (t) => {
  await using app = await openTestApp();
  await using folder = await tempDir();
  const names = [
    "$(touch hacked)",
    "`touch hacked`",
    "'; touch hacked; '",
    '"; touch hacked; "',
    "a\\",
    "-rf",
    "#",
    "!!",
    "&& touch hacked",
    "a b\u2028touch hacked",
    "\u202e",
    "=cmd()",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "__proto__",
    "$inc",
    "\u{1f433}".repeat(256),
  ];
  const shown = ["if", "exit", "a--b/c__d.e"];
  await fill(
    app,
    [...names, ...shown].map((repository) => ({
      repository,
      tag: "v1",
      timestamp: daysAgo(150),
    })),
  );
  for (const tool of ["crane", "skopeo"]) {
    const { text } = await app.ask(`${COMMANDS}&format=${tool}&limit=1000`);
    assert.match(text, /, 17 without a digest or with a name that no registry accepts/);
    for (const shell of ["sh", "bash"]) {
      await t.step(`${tool}, ${shell}, as it is`, async () => {
        assert.match(text, /^(?:#.*|)(?:\n(?:#.*|))*$/);
        assert.deepEqual(await execute(folder, { shell, text, tool }), []);
      });
      await t.step(`${tool}, ${shell}, with all of it activated`, async () => {
        const active = text.replace(/^# (?=crane|skopeo)/gm, "");
        const called = await execute(folder, { shell, text: active, tool });
        const targets = shown.map((name) =>
          `${tool === "skopeo" ? "docker://" : ""}registry.example:5000/${name}@` +
          digestOf("image")
        );
        for (const target of targets) assert.ok(called.includes(`delete\0${target}`), target);
        assert.equal(called.length, targets.length + 2);
      });
      await t.step(`${tool}, ${shell}, quote()`, async () => {
        const script = names.map((name) => `${tool} delete ${quote(name)}`).join("\n");
        const called = await execute(folder, { shell, text: script, tool });
        assert.deepEqual(called, names.map((name) => `delete\0${name}`));
      });
    }
  }
});

/** Runs a script with a stand-in for the client that notes how it is called. */
async function execute(
  folder: { path: string; join(...parts: string[]): string },
  { shell, text, tool }: { shell: string; text: string; tool: string },
): Promise<string[]> {
  const calls = folder.join("calls");
  await Deno.writeTextFile(calls, "");
  const note = `${tool}() { printf '%s\\0%s\\n' "$@" >>calls; }\n`;
  await Deno.writeTextFile(folder.join("script"), note + text);
  await run(shell, ["script"], { cwd: folder.path });
  const made = await Array.fromAsync(Deno.readDir(folder.path), ({ name }) => name);
  assert.deepEqual(made.sort(), ["calls", "script"]);
  return (await Deno.readTextFile(calls)).split("\n").filter((line) => line !== "");
}

Deno.test("parseHost() takes names and addresses, with or without a port", () => {
  const good = ["r", "registry.example", "Registry.Example:5000", "192.0.2.1:443", "[::1]:5000"];
  for (const host of [...good, "[2001:db8::1]"]) assert.equal(parseHost(host), host);
  const bad = ["r/x", "r x", "-r", "r.", "r:", "r:0", "r:65536", "r:x", "::1", "$(x)", "a'b"];
  for (const host of [...bad, "https://r", "u@r", "a\nb", "é", `${"a.".repeat(128)}a`]) {
    assert.throws(() => parseHost(host), /Parameter "host" cannot be/, host);
  }
});
