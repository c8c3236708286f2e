import assert from "node:assert/strict";

import {
  type EnvelopeEntry,
  isIndexType,
  isManifestType,
  parseEnvelope,
  parseTimestamp,
  type RegistryEvent,
} from "../lib/event.ts";
import type { EventParts } from "./support/events.ts";

const receivedAt = Date.UTC(2026, 10, 24);
const encoder = new TextEncoder();

function parse(body: unknown): EnvelopeEntry[] {
  return parseEnvelope(encoder.encode(JSON.stringify(body)), receivedAt);
}

function parseOne(event: unknown): RegistryEvent {
  const [entry, ...rest] = parse({ events: [event] });
  assert.equal(rest.length, 0);
  assert.ok(entry !== undefined && "event" in entry, JSON.stringify(entry));
  return entry.event;
}

/** A digest of 64 digits from the short ones that the samples are easier to read with. */
const digest = (short: string): string => `sha256:${short.padEnd(64, "0")}`;
const index = digest("07a5");
const child = digest("7ba4");
const attestation = digest("c9d3");
const blob = digest("c7ea");
const indexType = "application/vnd.oci.image.index.v1+json";
const imageType = "application/vnd.oci.image.manifest.v1+json";
const blobType = "application/octet-stream";
const source = { addr: "vm:15082", instanceID: "bde9b0c4-7d74-4228-a12c-e66c728552ba" };

Deno.test("parseEnvelope() reads the push of an index by registry 2.8", () => {
  const [entry] = parse({
    events: [{
      id: "58695a45-08bb-4d8d-8ee5-82a5cc7b8537",
      timestamp: "2026-11-23T08:36:27.801470094Z",
      action: "push",
      target: {
        mediaType: indexType,
        size: 697,
        digest: index,
        length: 697,
        repository: "team/app",
        url: `http://127.0.0.1:15082/v2/team/app/manifests/${index}`,
        tag: "1.0",
        references: [
          { mediaType: imageType, size: 417, digest: child },
          {
            mediaType: imageType,
            size: 444,
            digest: attestation,
            annotations: {
              "vnd.docker.reference.digest": child,
              "vnd.docker.reference.type": "attestation-manifest",
            },
          },
        ],
      },
      request: {
        id: "cdf8fff2-2c7f-46bb-8ea1-ddd62a85ef91",
        addr: "127.0.0.1:48434",
        host: "127.0.0.1:15082",
        method: "PUT",
        useragent: "buildkit/v0.0-dev",
      },
      actor: {},
      source,
    }],
  });
  assert.deepEqual(entry, {
    event: {
      id: "58695a45-08bb-4d8d-8ee5-82a5cc7b8537",
      at: Date.UTC(2026, 10, 23, 8, 36, 27, 801) * 1000 + 470,
      clockSkewed: false,
      action: "push",
      kind: "manifest",
      repository: "team/app",
      digest: index,
      tag: "1.0",
      mediaType: indexType,
      size: 697,
      references: [
        { digest: child, mediaType: imageType, size: 417 },
        { digest: attestation, mediaType: imageType, size: 444, attestation: true },
      ],
      method: "PUT",
      requestId: "cdf8fff2-2c7f-46bb-8ea1-ddd62a85ef91",
      address: "127.0.0.1",
      userAgent: "buildkit/v0.0-dev",
      instance: "bde9b0c4-7d74-4228-a12c-e66c728552ba",
    },
  });
});

Deno.test("parseEnvelope() reads platforms as registry 3 sends them", () => {
  const event = parseOne({
    id: "01a20791-3648-763e-9388-8ad856ddaaa5",
    timestamp: "2026-11-23T08:41:26.856409613Z",
    action: "push",
    target: {
      mediaType: indexType,
      digest: index,
      size: 697,
      repository: "team/app",
      url: `http://127.0.0.1:15311/v2/team/app/manifests/${index}`,
      tag: "1.0",
      references: [
        {
          mediaType: imageType,
          digest: child,
          size: 417,
          platform: { architecture: "arm", os: "linux", variant: "v7" },
        },
        {
          mediaType: imageType,
          digest: attestation,
          size: 444,
          annotations: { "vnd.docker.reference.type": "attestation-manifest" },
          platform: { architecture: "unknown", os: "unknown" },
        },
        { digest: blob, artifactType: "application/vnd.example+json" },
      ],
    },
    request: { method: "PUT" },
  });
  assert.deepEqual(event.references, [
    { digest: child, mediaType: imageType, size: 417, platform: "linux/arm/v7" },
    { digest: attestation, mediaType: imageType, size: 444, attestation: true },
    { digest: blob, artifactType: "application/vnd.example+json" },
  ]);
});

/** What {@linkcode kinds} compares of an event. */
type Seen = Pick<RegistryEvent, "action" | "kind" | "repository"> & Partial<RegistryEvent>;

const url = (path: string): string => `http://127.0.0.1:15082/v2/${path}`;
const kinds: { name: string; event: Record<string, unknown>; want: Seen }[] = [
  {
    name: "HEAD of a tag, the first event of a docker pull",
    event: {
      action: "pull",
      target: {
        mediaType: indexType,
        size: 1607,
        digest: index,
        length: 1607,
        repository: "team/multi",
        url: url(`team/multi/manifests/${index}`),
        tag: "1.0",
      },
      request: { addr: "127.0.0.1:50420", method: "HEAD", useragent: "docker/28.5.2 go/go1.27.1" },
    },
    want: {
      action: "pull",
      kind: "manifest",
      repository: "team/multi",
      method: "HEAD",
      tag: "1.0",
      digest: index,
      userAgent: "docker/28.5.2 go/go1.27.1",
    },
  },
  {
    name: "GET of the index by digest, the second one",
    event: {
      action: "pull",
      target: {
        mediaType: indexType,
        digest: index,
        repository: "team/multi",
        url: url(`team/multi/manifests/${index}`),
      },
      request: { addr: "127.0.0.1:50428", method: "GET" },
    },
    want: { action: "pull", kind: "manifest", repository: "team/multi", method: "GET" },
  },
  {
    name: "GET of a child with its parts, the third one",
    event: {
      action: "pull",
      target: {
        mediaType: imageType,
        digest: child,
        repository: "team/multi",
        url: url(`team/multi/manifests/${child}`),
        references: [{ digest: blob, size: 45, mediaType: "application/x" }],
      },
      request: { method: "GET" },
    },
    want: {
      action: "pull",
      kind: "manifest",
      repository: "team/multi",
      references: [{ digest: blob, size: 45, mediaType: "application/x" }],
    },
  },
  {
    name: "blob pull of a named user behind a proxy",
    event: {
      action: "pull",
      target: {
        mediaType: blobType,
        size: 45,
        digest: blob,
        length: 45,
        repository: "team/app",
        url: url(`team/app/blobs/${blob}`),
      },
      request: { addr: "203.0.113.9", method: "GET" },
      actor: { name: "alice" },
    },
    want: {
      action: "pull",
      kind: "blob",
      repository: "team/app",
      size: 45,
      address: "203.0.113.9",
      actor: "alice",
    },
  },
  {
    name: "mount",
    event: {
      action: "mount",
      target: {
        mediaType: blobType,
        size: 45,
        digest: blob,
        repository: "team/other",
        fromRepository: "team/app",
        url: url(`team/other/blobs/${blob}`),
      },
      request: { method: "POST" },
    },
    want: { action: "mount", kind: "blob", repository: "team/other", digest: blob },
  },
  {
    name: "delete by digest, 2.8: manifest or blob, nobody knows",
    event: {
      action: "delete",
      target: { digest: index, repository: "team/app" },
      request: { method: "DELETE" },
    },
    want: { action: "delete", kind: "unknown", repository: "team/app", digest: index },
  },
  {
    name: "delete by digest, 3.x",
    event: {
      action: "delete",
      target: { mediaType: "", digest: index, size: 0, repository: "team/app" },
    },
    want: { action: "delete", kind: "unknown", repository: "team/app", digest: index },
  },
  {
    name: "delete of a tag, 2.8",
    event: { action: "delete", target: { repository: "team/app", tag: "latest" } },
    want: { action: "delete", kind: "manifest", repository: "team/app", tag: "latest" },
  },
  {
    name: "delete of a tag, 3.x",
    event: {
      action: "delete",
      target: { mediaType: "", digest: "", size: 0, repository: "team/app", tag: "latest" },
    },
    want: { action: "delete", kind: "manifest", repository: "team/app", tag: "latest" },
  },
  {
    name: "delete of a repository by a fork",
    event: { action: "delete", target: { mediaType: "", digest: "", repository: "team/app" } },
    want: { action: "delete", kind: "unknown", repository: "team/app" },
  },
  {
    name: "push by registry 2.0: the tag is in the url, the size is a length",
    event: {
      action: "push",
      target: {
        mediaType: "application/vnd.docker.distribution.manifest.v1+json",
        length: 5059,
        digest: digest("1977"),
        repository: "mssola/busybox",
        url: "http://registry.test.lan/v2/mssola/busybox/manifests/latest",
      },
      request: { addr: "192.168.1.4:44883", method: "PUT", useragent: "docker/1.8.1" },
      actor: { name: "mssola" },
    },
    want: {
      action: "push",
      kind: "manifest",
      repository: "mssola/busybox",
      tag: "latest",
      size: 5059,
      actor: "mssola",
    },
  },
  {
    name: "blob of registry 2.0 with a digest of its time",
    event: {
      action: "push",
      target: {
        mediaType: "application/vnd.docker.container.image.rootfs.diff+x-gtar",
        digest: "tarsum.v2+sha256:aabb",
        repository: "a",
      },
    },
    want: { action: "push", kind: "blob", repository: "a", digest: "tarsum.v2+sha256:aabb" },
  },
  {
    name: "GitLab names the type of user, too",
    event: {
      action: "pull",
      target: { mediaType: imageType, digest: child, repository: "group/project", tag: "main" },
      actor: { name: "root", "user_type": "personal_access_token" },
    },
    want: { action: "pull", kind: "manifest", repository: "group/project", actor: "root" },
  },
  {
    name: "unknown keys, actions and media types",
    event: {
      action: "quarantine",
      target: { mediaType: "application/x", digest: "x:y", repository: "a", new: [{}] },
      more: {},
    },
    want: { action: "quarantine", kind: "unknown", repository: "a", mediaType: "application/x" },
  },
];

Deno.test("parseEnvelope() reads each kind of event", async (t) => {
  for (const { name, event, want } of kinds) {
    await t.step(name, () => {
      const seen = parseOne({ id: "1", timestamp: "2026-11-23T08:00:00Z", source, ...event });
      assert.deepEqual({ ...seen, ...want }, seen);
    });
  }
});

Deno.test("parseEnvelope() leaves out what a kind of event does not have", () => {
  const gone = parseOne({
    id: "01a20791-36d2-7e82-af6f-1196066d3720",
    timestamp: "2026-11-23T08:41:26.994952205Z",
    action: "delete",
    target: { mediaType: "", digest: "", size: 0, repository: "team/app", tag: "latest" },
    request: { id: "r", addr: "127.0.0.1:57832", method: "DELETE", useragent: "" },
    actor: {},
    source: { addr: "vm:15311", instanceID: "i" },
  });
  assert.deepEqual(gone, {
    id: "01a20791-36d2-7e82-af6f-1196066d3720",
    at: Date.UTC(2026, 10, 23, 8, 41, 26, 994) * 1000 + 952,
    clockSkewed: false,
    action: "delete",
    kind: "manifest",
    repository: "team/app",
    tag: "latest",
    method: "DELETE",
    requestId: "r",
    address: "127.0.0.1",
    instance: "i",
  });
});

Deno.test('parseEnvelope() takes "", null and absent for the same', () => {
  const base = { id: "1", timestamp: "2026-11-23T08:00:00Z", action: "delete" };
  const absent = parseOne({ ...base, target: { repository: "a" } });
  for (const nothing of ["", null]) {
    const event = parseOne({
      ...base,
      target: {
        repository: "a",
        digest: nothing,
        tag: nothing,
        mediaType: nothing,
        url: nothing,
        size: nothing,
        length: nothing,
        references: nothing,
      },
      request: { id: nothing, addr: nothing, method: nothing, useragent: nothing },
      actor: { name: nothing },
      source: { instanceID: nothing },
    });
    assert.deepEqual(event, absent);
  }
  const empty = { request: null, actor: null, source: null };
  assert.deepEqual(parseOne({ ...base, target: { repository: "a" }, ...empty }), absent);
});

const envelopes: { name: string; body: unknown; want: ("event" | "rejected")[] }[] = [
  { name: "an empty object", body: {}, want: [] },
  { name: "no events", body: { events: [] }, want: [] },
  { name: "null for no events", body: { events: null }, want: [] },
  { name: "an empty array", body: [], want: [] },
  { name: "another object", body: { foo: 1 }, want: ["rejected"] },
  { name: "events that are an object", body: { events: {} }, want: ["rejected"] },
  { name: "a text", body: "events", want: ["rejected"] },
  { name: "a number", body: 1, want: ["rejected"] },
  { name: "null", body: null, want: ["rejected"] },
  { name: "an array of numbers", body: [1, 2], want: ["rejected", "rejected"] },
  { name: "events that are texts", body: { events: ["a"] }, want: ["rejected"] },
  {
    name: "Docker Hub's webhook",
    body: { "push_data": { tag: "1" }, repository: { "repo_name": "a/b" } },
    want: ["rejected"],
  },
  {
    name: "one good, one bad",
    body: {
      events: [
        { id: "1", action: "pull", target: { repository: "a", tag: "1", digest: index } },
        { action: "frobnicate" },
      ],
    },
    want: ["event", "rejected"],
  },
  {
    name: "bad between good",
    body: {
      events: [
        { id: "1", action: "pull", target: { repository: "a", tag: "1", digest: index } },
        null,
        [],
        { id: "2", action: "pull", target: { repository: "a", tag: "1", digest: index } },
      ],
    },
    want: ["event", "rejected", "rejected", "event"],
  },
];

Deno.test("parseEnvelope() reads envelopes of any shape", async (t) => {
  for (const { name, body, want } of envelopes) {
    await t.step(name, () => {
      const entries = parse(body);
      assert.deepEqual(entries.map((entry) => "event" in entry ? "event" : "rejected"), want);
    });
  }
});

const azure = {
  id: "cb8c3971-9adc-488b-bdd8-43cbb4974ff5",
  timestamp: "2017-11-17T16:52:01.343145347Z",
  action: "push",
  target: {
    mediaType: "application/vnd.docker.distribution.manifest.v2+json",
    size: 524,
    digest: digest("80f0"),
    length: 524,
    repository: "hello-world",
    tag: "v1",
  },
  request: {
    id: "3cbb6949-7549-4fa1-86cd-a6d5451dffc7",
    host: "myregistry.azurecr.io",
    method: "PUT",
    useragent: "docker/17.09.0-ce",
  },
};

Deno.test("parseEnvelope() reads a bare event of Azure's registry", () => {
  assert.deepEqual(parse(azure), parse({ events: [azure] }));
  const [entry] = parse(azure);
  assert.ok(entry !== undefined && "event" in entry);
  assert.equal(entry.event.kind, "manifest");
  assert.equal(entry.event.tag, "v1");
  assert.equal(entry.event.at, Date.UTC(2017, 10, 17, 16, 52, 1, 343) * 1000 + 145);
});

Deno.test("parseEnvelope() reads Azure's Event Grid, as an array and as one object", () => {
  const wrapped = {
    id: "831e1650-001e-001b-66ab-eeb76e069631",
    topic: "/subscriptions/x",
    subject: "hello-world:v1",
    eventType: "Microsoft.ContainerRegistry.ImagePushed",
    data: azure,
    dataVersion: "1.0",
  };
  assert.deepEqual(parse([wrapped]), parse(azure));
  assert.deepEqual(parse(wrapped), parse(azure));
  assert.deepEqual(parse([wrapped, wrapped]).length, 2);
});

Deno.test("parseEnvelope() lends an event without an id that of its Event Grid wrapping", () => {
  for (const id of [undefined, null, ""]) {
    const [entry] = parse([{ id: "outer", data: { ...azure, id } }]);
    assert.ok(entry !== undefined && "event" in entry);
    assert.equal(entry.event.id, "outer");
  }
});

const addresses: [sent: unknown, want: string | undefined][] = [
  ["127.0.0.1:48434", "127.0.0.1"],
  ["203.0.113.9", "203.0.113.9"],
  ["[2001:db8::1]:443", "2001:db8::1"],
  ["[::1]", "::1"],
  ["2001:db8::1", "2001:db8::1"],
  ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
  ["[fe80::1%eth0]:5000", "fe80::1%eth0"],
  ["unknown", "unknown"],
  ["[]:1", undefined],
  [":1", undefined],
  ["", undefined],
  [12, undefined],
];

Deno.test("parseEnvelope() cuts the port off an address", () => {
  for (const [addr, want] of addresses) {
    const event = parseOne({ action: "pull", target: { repository: "a" }, request: { addr } });
    assert.equal(event.address, want, String(addr));
  }
});

const targets: { name: string; target: Record<string, unknown>; want: EventParts }[] = [
  {
    name: "the path decides before the media type of a pull-through cache",
    target: { url: url(`a/blobs/${blob}`), mediaType: imageType },
    want: { kind: "blob" },
  },
  {
    name: "a repository called manifests",
    target: { url: url(`team/manifests/tool/blobs/${blob}`) },
    want: { kind: "blob" },
  },
  {
    name: "a repository called blobs",
    target: { url: url(`team/blobs/tool/manifests/${index}`), mediaType: blobType },
    want: { kind: "manifest" },
  },
  {
    name: "words behind the path do not count",
    target: { url: url(`a/blobs/${blob}?from=/manifests/x#/manifests/y`) },
    want: { kind: "blob" },
  },
  { name: "a relative url", target: { url: "/v2/a/manifests/1.0" }, want: { kind: "manifest" } },
  { name: "only the media type", target: { mediaType: imageType }, want: { kind: "manifest" } },
  {
    name: "a media type with parameters",
    target: { mediaType: `${blobType}; charset=utf-8` },
    want: { kind: "blob", mediaType: `${blobType}; charset=utf-8` },
  },
  { name: "neither", target: { mediaType: "text/plain" }, want: { kind: "unknown" } },
  { name: "only a tag", target: { tag: "1.0" }, want: { kind: "manifest", tag: "1.0" } },
  {
    name: "a tag in the url of registry 2.0",
    target: { url: url("a/manifests/v1") },
    want: { tag: "v1" },
  },
  {
    name: "a digest in the url is no tag",
    target: { url: url(`a/manifests/${index}`) },
    want: { tag: undefined },
  },
  {
    name: "the tag named before that of the url",
    target: { url: url("a/manifests/v1"), tag: "v2" },
    want: { tag: "v2" },
  },
  {
    name: "a broken digest that the registry took for a tag",
    target: { url: url(`a/manifests/${index}`), tag: "sha256:notahexdigest" },
    want: { tag: undefined, kind: "manifest" },
  },
  { name: "a tag of 128 characters", target: { tag: "t".repeat(128) }, want: { kind: "manifest" } },
  { name: "a tag of 129 characters", target: { tag: "t".repeat(129) }, want: { tag: undefined } },
  { name: "a tag that begins with a dot", target: { tag: ".x" }, want: { tag: undefined } },
  { name: "a tag of two lines", target: { tag: "a\nb" }, want: { tag: undefined } },
  { name: "the size before the length", target: { size: 1, length: 2 }, want: { size: 1 } },
  { name: "the length where the size is 0", target: { size: 0, length: 2 }, want: { size: 2 } },
  { name: "a size that is a text", target: { size: "12" }, want: { size: undefined } },
  { name: "a size below nothing", target: { size: -1 }, want: { size: undefined } },
  { name: "a size of half a byte", target: { size: 0.5 }, want: { size: undefined } },
  { name: "a size of 5 GiB", target: { size: 5 * 2 ** 30 }, want: { size: 5 * 2 ** 30 } },
];

Deno.test("parseEnvelope() tells what an event is about", async (t) => {
  for (const { name, target, want } of targets) {
    await t.step(name, () => {
      const event = parseOne({
        action: "pull",
        target: { repository: "a", digest: index, ...target },
      });
      assert.deepEqual(
        Object.keys(want).map((part) => event[part as keyof RegistryEvent]),
        Object.values(want),
      );
    });
  }
});

const timestamps: [text: string, want: number | undefined][] = [
  ["2026-11-23T08:36:27Z", Date.UTC(2026, 10, 23, 8, 36, 27) * 1000],
  ["2026-11-23T08:36:27.8Z", Date.UTC(2026, 10, 23, 8, 36, 27, 800) * 1000],
  ["2026-11-23T08:36:27.801Z", Date.UTC(2026, 10, 23, 8, 36, 27, 801) * 1000],
  ["2026-11-23T08:36:27.801470Z", Date.UTC(2026, 10, 23, 8, 36, 27, 801) * 1000 + 470],
  ["2026-11-23T08:36:27.801470999Z", Date.UTC(2026, 10, 23, 8, 36, 27, 801) * 1000 + 470],
  ["2026-11-23T08:36:27.80147099999999Z", Date.UTC(2026, 10, 23, 8, 36, 27, 801) * 1000 + 470],
  ["2026-11-23T08:36:27.000001Z", Date.UTC(2026, 10, 23, 8, 36, 27) * 1000 + 1],
  ["2026-11-23t08:36:27z", Date.UTC(2026, 10, 23, 8, 36, 27) * 1000],
  ["2026-11-23 08:36:27Z", Date.UTC(2026, 10, 23, 8, 36, 27) * 1000],
  ["2026-11-23T08:36:27-08:00", Date.UTC(2026, 10, 23, 16, 36, 27) * 1000],
  ["2026-11-23T08:36:27.5+05:30", Date.UTC(2026, 10, 23, 3, 6, 27, 500) * 1000],
  ["2026-11-23T00:30:00+01:00", Date.UTC(2026, 10, 22, 23, 30) * 1000],
  ["2016-12-31T23:59:60Z", Date.UTC(2017, 0, 1) * 1000],
  ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29) * 1000],
  ["1969-12-31T23:59:59Z", -1_000_000],
  ["2026-02-29T00:00:00Z", undefined],
  ["2026-13-01T00:00:00Z", undefined],
  ["2026-00-15T00:00:00Z", undefined],
  ["2026-01-00T00:00:00Z", undefined],
  ["2026-01-32T00:00:00Z", undefined],
  ["2026-01-01T24:00:00Z", undefined],
  ["2026-01-01T00:60:00Z", undefined],
  ["2026-01-01T00:00:61Z", undefined],
  ["2026-01-01T00:00:00+24:00", undefined],
  ["2026-01-01T00:00:00+01:60", undefined],
  ["2026-01-01T00:00:00", undefined],
  ["2026-01-01T00:00:00.Z", undefined],
  ["2026-01-01", undefined],
  ["1795478187", undefined],
  [" 2026-01-01T00:00:00Z", undefined],
  ["", undefined],
];

Deno.test("parseTimestamp() reads RFC 3339 with any offset and any fraction", () => {
  for (const [text, want] of timestamps) assert.equal(parseTimestamp(text), want, text);
});

const receivedUs = receivedAt * 1000;
const dayUs = 86_400_000_000;
const clocks: [name: string, timestamp: unknown, at: number, skewed: boolean][] = [
  ["right", "2026-11-23T23:59:59Z", receivedUs - 1_000_000, false],
  ["long queued", "2026-01-01T00:00:00Z", Date.UTC(2026, 0, 1) * 1000, false],
  ["a day ahead", "2026-11-25T00:00:00Z", receivedUs + dayUs, false],
  ["more than a day ahead", "2026-11-25T00:00:00.000001Z", receivedUs, true],
  ["the first moment of 2015", "2015-01-01T00:00:00Z", Date.UTC(2015, 0, 1) * 1000, false],
  ["before 2015", "2014-12-31T23:59:59.999999Z", receivedUs, true],
  ["a registry without a clock", "1970-01-01T00:00:10Z", receivedUs, true],
  ["impossible", "2026-02-30T00:00:00Z", receivedUs, true],
  ["missing", undefined, receivedUs, true],
  ["null", null, receivedUs, true],
  ["a number", 1_795_478_187, receivedUs, true],
];

Deno.test("parseEnvelope() takes the arrival for a time that cannot be", async (t) => {
  for (const [name, timestamp, at, clockSkewed] of clocks) {
    await t.step(name, () => {
      const event = parseOne({ action: "pull", timestamp, target: { repository: "a" } });
      assert.deepEqual([event.at, event.clockSkewed], [at, clockSkewed]);
    });
  }
});

Deno.test("isIndexType() and isManifestType() know the six types, with parameters too", () => {
  const docker = "application/vnd.docker.distribution.manifest";
  const manifests = [`${docker}.v1+prettyjws`, `${docker}.v1+json`, `${docker}.v2+json`, imageType];
  const indexes = [`${docker}.list.v2+json`, indexType];
  for (const type of manifests) {
    assert.deepEqual([isIndexType(type), isManifestType(type)], [false, true]);
  }
  for (const type of indexes) {
    assert.deepEqual([isIndexType(type), isManifestType(type)], [true, true]);
  }
  assert.equal(isIndexType(`${indexType} ;charset=utf-8`), true);
  for (const type of [undefined, "", blobType, "application/vnd.oci.image.index"]) {
    assert.deepEqual([isIndexType(type), isManifestType(type)], [false, false]);
  }
});
