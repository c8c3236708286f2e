import assert from "node:assert/strict";

import { createHash } from "node:crypto";
import fc from "fast-check";

import { type EnvelopeEntry, parseEnvelope, type RegistryEvent } from "../lib/event.ts";
import { digestOf } from "./support/events.ts";

const receivedAt = Date.UTC(2026, 10, 24);
const digest = digestOf("a");

function parseBytes(body: string | Uint8Array): EnvelopeEntry[] {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return parseEnvelope(bytes, receivedAt);
}

function parse(event: unknown): EnvelopeEntry | undefined {
  return parseBytes(JSON.stringify({ events: [event] }))[0];
}

function parseGood(event: unknown): RegistryEvent {
  const entry = parse(event);
  assert.ok(entry !== undefined && "event" in entry, JSON.stringify(entry));
  return entry.event;
}

function reasonOf(event: unknown): string | undefined {
  const entry = parse(event);
  return entry !== undefined && "rejected" in entry ? entry.rejected.reason : undefined;
}

const target = { repository: "team/app", digest, tag: "1.0" };
const pull = { id: "1", timestamp: "2026-11-23T08:00:00Z", action: "pull", target };

const rejected: [name: string, event: unknown, reason: RegExp][] = [
  ["no object", "pull", /must be an object/],
  ["no action", { ...pull, action: undefined }, /"action" is missing/],
  ["an empty action", { ...pull, action: "" }, /"action" is missing/],
  ["an action that is a number", { ...pull, action: 1 }, /"action" is not text/],
  ["no target", { ...pull, target: undefined }, /"target" is not an object/],
  ["a target that is an array", { ...pull, target: [] }, /"target" is not an object/],
  ["an id that is a number", { ...pull, id: 7 }, /"id" is not text/],
  ["no repository", { ...pull, target: { digest } }, /"target\.repository" is missing/],
  [
    "an empty repository",
    { ...pull, target: { ...target, repository: "" } },
    /"target\.repository" is missing/,
  ],
  [
    "a repository that is an array",
    { ...pull, target: { ...target, repository: ["a"] } },
    /"target\.repository" is not text/,
  ],
  [
    "a repository with NUL",
    { ...pull, target: { ...target, repository: "a\0b" } },
    /control characters/,
  ],
  [
    "a repository of two lines",
    { ...pull, target: { ...target, repository: "a\nb" } },
    /control characters/,
  ],
  [
    "a repository of 257 characters",
    { ...pull, target: { ...target, repository: "a".repeat(257) } },
    /more than 256 characters/,
  ],
  [
    "a repository of 257 emoji",
    { ...pull, target: { ...target, repository: "🐳".repeat(257) } },
    /more than 256 characters/,
  ],
  [
    "a digest that is an object",
    { ...pull, target: { ...target, digest: {} } },
    /"target\.digest" is not text/,
  ],
  [
    "a digest without an algorithm",
    { ...pull, target: { ...target, digest: "ab" } },
    /"algorithm:value"/,
  ],
  [
    "a digest with NUL",
    { ...pull, target: { ...target, digest: "sha256:a\0" } },
    /"algorithm:value"/,
  ],
  [
    "a digest of 257 characters",
    { ...pull, target: { ...target, digest: `sha256:${"a".repeat(250)}` } },
    /"algorithm:value"/,
  ],
  [
    "a tag that is a number",
    { ...pull, target: { ...target, tag: 1 } },
    /"target\.tag" is not text/,
  ],
  [
    "a media type that is a number",
    { ...pull, target: { ...target, mediaType: 1 } },
    /"target\.mediaType" is not text/,
  ],
  [
    "a url that is a number",
    { ...pull, target: { ...target, url: 1 } },
    /"target\.url" is not text/,
  ],
  [
    "a method that is a number",
    { ...pull, request: { method: 1 } },
    /"request\.method" is not text/,
  ],
  [
    "the delete of an impossible tag, which is not that of the repository",
    { ...pull, action: "delete", target: { repository: "team/app", tag: "no tag" } },
    /"target\.tag" of a delete/,
  ],
  [
    "the same as registry 3 writes it",
    { ...pull, action: "delete", target: { repository: "team/app", digest: "", tag: "a:b" } },
    /"target\.tag" of a delete/,
  ],
];

Deno.test("parseEnvelope() rejects what decides the meaning and cannot be read", async (t) => {
  for (const [name, event, reason] of rejected) {
    await t.step(name, () => assert.match(reasonOf(event) ?? "not rejected", reason));
  }
});

const lenient: [name: string, event: Record<string, unknown>][] = [
  ["a request that is a text", { request: "GET" }],
  ["a request that is an array", { request: [] }],
  ["an actor that is a text", { actor: "alice" }],
  ["an actor's name that is a number", { actor: { name: 7 } }],
  ["a source that is a number", { source: 7 }],
  ["an address that is an object", { request: { addr: {} } }],
  ["a user agent that is a number", { request: { useragent: 5 } }],
  ["a request id that is a number", { request: { id: 5 } }],
  ["references that are an object", { target: { ...target, references: {} } }],
  ["references that are none", { target: { ...target, references: [1, null, "x", {}] } }],
  ["references without digests", { target: { ...target, references: [{ digest: "no" }] } }],
  ["no references", { target: { ...target, references: [] } }],
  ["keys of prototypes", { ["__proto__"]: { action: "push" }, constructor: 1, toString: {} }],
];

Deno.test("parseEnvelope() leaves out what only describes and cannot be read", async (t) => {
  const plain = parseGood(pull);
  for (const [name, parts] of lenient) {
    await t.step(name, () => assert.deepEqual(parseGood({ ...pull, ...parts }), plain));
  }
});

Deno.test("parseEnvelope() is not led astray by keys of prototypes", () => {
  const body = `{"__proto__": {"events": []}, "events": [{"__proto__": {"action": "push"},
    "id": "1", "action": "pull", "target": {"__proto__": {"tag": "evil"}, "repository": "__proto__",
    "digest": "${digest}"}}]}`;
  const [entry] = parseBytes(body);
  assert.ok(entry !== undefined && "event" in entry);
  assert.deepEqual([entry.event.action, entry.event.repository], ["pull", "__proto__"]);
  assert.equal(entry.event.tag, undefined);
  assert.equal(Object.getPrototypeOf(entry.event), Object.prototype);
  assert.match(
    reasonOf(JSON.parse(`{"__proto__": {"action": "pull", "target": {}}}`)) ?? "",
    /"action" is missing/,
  );
});

const emoji = "🐳";
const texts: [name: string, sent: string, want: string][] = [
  ["256 characters", "a".repeat(256), "a".repeat(256)],
  ["257 characters", "a".repeat(257), "a".repeat(256)],
  ["256 emoji", emoji.repeat(256), emoji.repeat(256)],
  ["257 emoji", emoji.repeat(257), emoji.repeat(256)],
  ["255 letters and two emoji", "a".repeat(255) + emoji + emoji, "a".repeat(255) + emoji],
  ["a megabyte", "a".repeat(2 ** 20), "a".repeat(256)],
  ["a lone surrogate", "a\ud800b", "a\ufffdb"],
  ["NUL", "a\0b", "a\ufffdb"],
  ["two surrogates the wrong way round", "\udc33\ud83d", "\ufffd\ufffd"],
  ["a lone surrogate at the cut", `${"a".repeat(255)}\ud83d`, `${"a".repeat(255)}\ufffd`],
];

Deno.test("parseEnvelope() makes text well-formed and cuts it at 256 characters", async (t) => {
  for (const [name, sent, want] of texts) {
    await t.step(name, () => {
      const event = parseGood({
        ...pull,
        target: { ...target, mediaType: sent },
        request: { id: sent, method: sent, useragent: sent, addr: sent },
        actor: { name: sent },
        source: { instanceID: sent },
      });
      const { mediaType, method, requestId, userAgent, actor, instance, address } = event;
      const seen = [mediaType, method, requestId, userAgent, actor, instance, address];
      assert.deepEqual(seen, Array(7).fill(want));
      assert.equal(parseGood({ ...pull, action: sent }).action, want);
    });
  }
});

Deno.test("parseEnvelope() never cuts names", () => {
  for (const repository of ["a".repeat(256), emoji.repeat(256)]) {
    assert.equal(parseGood({ ...pull, target: { ...target, repository } }).repository, repository);
  }
  const long = `sha256:${"a".repeat(249)}`;
  assert.equal(parseGood({ ...pull, target: { ...target, digest: long } }).digest, long);
  assert.equal(
    parseGood({ ...pull, target: { ...target, repository: "a\ud800" } }).repository,
    "a\ufffd",
  );
});

Deno.test("parseEnvelope() keeps what stands for nothing elsewhere", () => {
  for (const repository of ["__proto__", "constructor", "$inc", "a.b", "%_", "'\"`", "~", "null"]) {
    assert.equal(parseGood({ ...pull, target: { ...target, repository } }).repository, repository);
  }
  assert.equal(parseGood({ ...pull, actor: { name: "two\nlines" } }).actor, "two\nlines");
});

function idOf(event: unknown): string | undefined {
  const entry = parse(event);
  if (entry === undefined) return undefined;
  return "event" in entry ? entry.event.id : entry.rejected.id;
}

function sha256(data: string | Uint8Array): string {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}

Deno.test("parseEnvelope() keeps ids that can be kept and hashes the others", async (t) => {
  const kept = ["1", "58695a45-08bb-4d8d-8ee5-82a5cc7b8537", "a".repeat(128), "ä ö"];
  for (const id of kept) await t.step(id, () => assert.equal(idOf({ ...pull, id }), id));
  const hashed = ["a".repeat(129), "a\0", "a\nb"];
  for (const id of hashed) {
    await t.step(JSON.stringify(id), () => assert.equal(idOf({ ...pull, id }), sha256(id)));
  }
  await t.step("a lone surrogate", () => {
    assert.match(idOf({ ...pull, id: "\ud800" }) ?? "", /^sha256:[0-9a-f]{64}$/);
  });
});

Deno.test("parseEnvelope() makes the same id of the same bytes where one is missing", () => {
  for (const id of [undefined, null, ""]) {
    const event = { ...pull, id };
    assert.match(idOf(event) ?? "", /^sha256:[0-9a-f]{64}$/);
    assert.equal(idOf(event), idOf(structuredClone(event)));
    assert.notEqual(idOf(event), idOf({ ...event, action: "push" }));
  }
  assert.equal(idOf({ ...pull, id: 7 }), idOf({ ...pull, id: 7 }));
  assert.notEqual(idOf({ ...pull, id: 7 }), idOf({ ...pull, id: 8 }));
});

Deno.test("parseEnvelope() keeps the id of a rejected event", () => {
  assert.equal(idOf({ ...pull, action: undefined }), "1");
  assert.equal(idOf({ ...pull, target: {} }), "1");
});

Deno.test("parseEnvelope() names a body that it cannot read by its bytes", () => {
  for (const body of ["", "{", '{"events":[', "events", "\0", '{"events":[{}]', "1"]) {
    const [entry, ...rest] = parseBytes(body);
    assert.equal(rest.length, 0);
    assert.ok(entry !== undefined && "rejected" in entry, body);
    assert.equal(entry.rejected.id, sha256(body));
  }
});

Deno.test("parseEnvelope() reads 10,000 references and flags the rest", () => {
  const references = Array.from({ length: 10_001 }, (_, at) => ({ digest: digestOf(at), size: 1 }));
  const exact = parseGood({
    ...pull,
    target: {
      ...target,
      mediaType: "application/vnd.oci.image.index.v1+json",
      references: references.slice(1),
    },
  });
  assert.equal(exact.references?.length, 10_000);
  assert.equal(exact.referencesCut, undefined);
  const cut = parseGood({ ...pull, target: { ...target, references: [null, ...references] } });
  assert.equal(cut.references?.length, 10_000);
  assert.equal(cut.referencesCut, true);
});

Deno.test("parseEnvelope() reads what is not UTF-8 with replacements", () => {
  const text = JSON.stringify({ events: [{ ...pull, actor: { name: "J_rgen" } }] });
  const bytes = new TextEncoder().encode(text);
  bytes[bytes.indexOf("_".charCodeAt(0), text.indexOf("J_rgen"))] = 0xfc;
  const [entry] = parseBytes(bytes);
  assert.ok(entry !== undefined && "event" in entry);
  assert.equal(entry.event.actor, "J\ufffdrgen");
});

Deno.test("parseEnvelope() reads a body that begins with a byte order mark", () => {
  const [entry] = parseBytes(`\ufeff${JSON.stringify({ events: [pull] })}`);
  assert.ok(entry !== undefined && "event" in entry);
});

Deno.test("parseEnvelope() reads numbers beyond all sizes", () => {
  const body = `{"events":[{"id":"1","action":"pull","x":1e999,"target":{"repository":"a",
    "size":99999999999999999999,"length":-1e400,"digest":"${digest}"}}]}`;
  const [entry] = parseBytes(body);
  assert.ok(entry !== undefined && "event" in entry);
  assert.equal(entry.event.size, undefined);
});

Deno.test("parseEnvelope() survives any depth of nesting", async (t) => {
  const depth = 200_000;
  const nests: [name: string, nest: string][] = [
    ["arrays", "[".repeat(depth) + "]".repeat(depth)],
    ["objects", `{"a":`.repeat(depth) + "1" + "}".repeat(depth)],
    ["objects with numbers for keys", `{"0":`.repeat(depth) + "1" + "}".repeat(depth)],
  ];
  for (const [name, nest] of nests) {
    await t.step(name, () => {
      const good = JSON.stringify(pull).slice(0, -1);
      const withoutId = good.replace('"id":"1",', "");
      const body =
        `{"events":[${nest},${good},"x":${nest}},${withoutId},"x":${nest}},{"x":${nest}}]}`;
      const entries = parseBytes(body);
      assert.deepEqual(
        entries.map((entry) => "event" in entry),
        [false, true, true, false],
      );
      assert.deepEqual(parseBytes(body), entries);
      assert.equal(parseBytes(nest).length, 1);
    });
  }
});

Deno.test("parseEnvelope() never throws, and always says the same", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    assert.deepEqual(parseBytes(bytes), parseBytes(bytes));
  }));
  const part = fc.oneof(fc.jsonValue(), fc.constant(digest), fc.constant("a"));
  const anyTarget = fc.record({
    repository: part,
    digest: part,
    tag: part,
    mediaType: part,
    url: part,
    size: part,
    references: fc.oneof(part, fc.array(fc.record({ digest: part, platform: part }))),
  }, { requiredKeys: [] });
  const anyEvent = fc.record({
    id: part,
    timestamp: part,
    action: fc.oneof(part, fc.constantFrom("pull", "push", "mount", "delete")),
    target: fc.oneof(part, anyTarget),
    request: part,
    actor: part,
    source: part,
  }, { requiredKeys: [] });
  fc.assert(fc.property(fc.array(anyEvent), (events) => {
    const entries = parseBytes(JSON.stringify({ events }));
    assert.equal(entries.length, events.length);
    assert.deepEqual(parseBytes(JSON.stringify({ events })), entries);
  }));
});

Deno.test("parseEnvelope rejects a body of more than 100,000 events as a whole", () => {
  const bodyOf = (count: number): string => `{"events":[${Array(count).fill("{}").join()}]}`;
  assert.equal(parseBytes(bodyOf(100_000)).length, 100_000);
  const [entry, ...others] = parseBytes(bodyOf(100_001));
  assert.ok(entry !== undefined && "rejected" in entry);
  assert.match(entry.rejected.reason, /more than 100000 events: 100001/);
  assert.equal(others.length, 0);
});

Deno.test("parseEnvelope rejects millions of levels without parsing them", () => {
  const [entry] = parseBytes("[".repeat(4_000_000) + "]".repeat(4_000_000));
  assert.ok(entry !== undefined && "rejected" in entry);
  assert.match(entry.rejected.reason, /not JSON: more than 1000000 levels/);
});
