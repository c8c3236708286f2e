import assert from "node:assert/strict";

import { curlOf } from "../../lib/http/docs_curl.ts";
import { renderDocs } from "../../lib/http/docs_page.ts";
import { describeApi, operationsOf } from "../../lib/http/openapi/document.ts";
import { openTestApp } from "../support/app.ts";
import { run } from "../support/child.ts";
import { wireEvent } from "../support/ingest.ts";
import { postEvents } from "../support/http.ts";
import { parametersOf } from "../support/openapi.ts";
import { startDrec } from "../support/process.ts";
import { needs } from "../support/require.ts";

const document = describeApi({ route: "/events" });
const VOID = new Set(["meta", "link", "br"]);

/** Reads the elements of a page that closes all that it opens. */
function elementsOf(page: string): { name: string; attributes: Map<string, string> }[] {
  const open: string[] = [];
  const elements: { name: string; attributes: Map<string, string> }[] = [];
  const rest = page.replace("<!doctype html>", "").replaceAll(
    /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+="[^"<>]*")*)>/g,
    (_, end: string, name: string, text: string) => {
      if (end !== "") assert.equal(open.pop(), name);
      else {
        if (!VOID.has(name)) open.push(name);
        const attributes = text.matchAll(/([a-z-]+)="([^"]*)"/g);
        const pairs = Array.from(attributes, ([, key = "", value = ""]) => [key, value] as const);
        elements.push({ name, attributes: new Map(pairs) });
      }
      return "";
    },
  );
  assert.deepEqual(open, []);
  assert.doesNotMatch(rest, /[<>]/);
  return elements;
}

Deno.test("GET /docs is a page that loads its style sheet and nothing else", async () => {
  await using app = await openTestApp();
  const { status, headers, text } = await app.ask("/docs");
  assert.equal(status, 200);
  assert.equal(headers.get("content-type"), "text/html; charset=utf-8");
  const policy = headers.get("content-security-policy") ?? "";
  assert.match(policy, /^default-src 'none'; style-src 'self'; /);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  const elements = elementsOf(text);
  const names = new Set(elements.map(({ name }) => name));
  for (const name of ["script", "img", "iframe", "object", "form", "style", "base"]) {
    assert.ok(!names.has(name), name);
  }
  const loaded = elements.filter(({ name }) => name === "link");
  assert.deepEqual(loaded.map(({ attributes }) => attributes.get("href")), ["docs/style.css"]);
  for (const { attributes } of elements) {
    assert.ok(!attributes.has("style") && !attributes.has("src"));
    assert.ok([...attributes.keys()].every((name) => !name.startsWith("on")));
    assert.doesNotMatch(attributes.get("href") ?? "", /^(?:\w+:|\/\/)/);
  }
  const style = await app.ask("/docs/style.css");
  assert.equal(style.headers.get("content-type"), "text/css; charset=utf-8");
  assert.doesNotMatch(style.text, /url\(|@import/);
});

Deno.test("GET /docs has a place for each operation and schema, and its links lead somewhere", () => {
  const elements = elementsOf(renderDocs(document, "https://drec.example"));
  const ids = elements.flatMap(({ attributes }) => attributes.get("id") ?? []);
  assert.equal(new Set(ids).size, ids.length);
  const links = elements.flatMap(({ attributes }) => attributes.get("href") ?? []);
  const inner = links.filter((link) => link.startsWith("#")).map((link) => link.slice(1));
  assert.deepEqual(inner.filter((id) => !ids.includes(id)), []);
  for (const { operation } of operationsOf(document)) {
    assert.ok(ids.includes(operation.operationId));
  }
  for (const name of Object.keys(document.components.schemas)) {
    assert.ok(ids.includes(`schema-${name}`));
  }
});

Deno.test("GET /docs can be read by those who neither see nor point", () => {
  const elements = elementsOf(renderDocs(document, "https://drec.example"));
  const count = (name: string) => elements.filter((element) => element.name === name).length;
  assert.deepEqual([count("main"), count("h1"), count("nav"), count("title")], [1, 1, 1, 1]);
  const find = (name: string) => elements.filter((element) => element.name === name);
  assert.equal(find("html")[0]?.attributes.get("lang"), "en");
  assert.equal(find("a")[0]?.attributes.get("href"), "#content");
  assert.ok(find("th").every(({ attributes }) => attributes.has("scope")));
  // What scrolls must be in reach of the keyboard.
  assert.ok(find("pre").every(({ attributes }) => attributes.get("tabindex") === "0"));
  const levels = elements.map(({ name }) => /^h(\d)$/.exec(name)?.[1]).filter(Boolean).map(Number);
  assert.ok(levels.every((level, index) => level <= (levels[index - 1] ?? 0) + 1));
});

Deno.test("renderDocs() escapes everything", () => {
  const evil = `<script>alert("1")</script>'&`;
  const [{ path, operation } = assert.fail()] = operationsOf(document);
  const page = renderDocs({
    ...document,
    info: { ...document.info, title: evil, summary: evil, description: `${evil}\n\n\`${evil}\`` },
    tags: [{ name: evil, description: evil }],
    paths: {
      [`${path}${evil}`]: { get: { ...operation, tags: [evil], summary: evil, description: evil } },
    },
    components: {
      ...document.components,
      schemas: { ...document.components.schemas, Evil: { type: "string", description: evil } },
    },
  }, `https://${evil}`);
  elementsOf(page);
  assert.doesNotMatch(page, /<script/);
  assert.match(page, /&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt;&#39;&amp;/);
});

Deno.test("GET /docs has examples with the address by which DREC is reached", async () => {
  for (
    const [url, isTls] of [["https://drec.example/", true], ["http://[::1]:80", false]] as const
  ) {
    await using app = await openTestApp({ externalUrl: () => url });
    const { text } = await app.ask("/docs");
    assert.ok(text.includes(`DREC=${url.replace(/\/$/, "")}\nTOKEN=`));
    assert.equal(text.includes("--cacert"), isTls);
    assert.doesNotMatch(text, /127\.0\.0\.1:8443/);
  }
});

Deno.test({
  name: "every curl of /docs answers 200",
  ...needs("curl"),
  fn: async (t) => {
    await using drec = await startDrec({ env: { DREC_SERVER_PORT: "0", DREC_SERVER_SSL: "off" } });
    const url = await drec.ready();
    assert.equal(await postEvents(`${url}/events`, [wireEvent()]), 200);
    const page = await (await fetch(`${url}/docs`)).text();
    assert.ok(page.includes(`DREC=${url}\n`));
    for (const placed of operationsOf(document)) {
      const line = curlOf(placed, parametersOf(document, placed.operation));
      await t.step(line, async () => {
        const curl =
          `curl() { command curl -sS -o /dev/null --max-time 3 -w '%{http_code}' "$@"; }`;
        const env = { DREC: url, TOKEN: "none" };
        const { stdout, stderr } = await run("sh", ["-c", `${curl}\n${line}`], { env });
        assert.equal(stdout, "200", stderr);
      });
    }
  },
});
