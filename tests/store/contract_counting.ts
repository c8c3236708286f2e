/**
 * The store contract: every number and every time, of everything that has some.
 *
 * @module
 */

import assert from "node:assert/strict";

import { MAX_ACTORS, MAX_TAGS } from "../../lib/batch.ts";
import { METRICS } from "../../lib/statistics.ts";
import type { Store } from "../../lib/store/store.ts";
import { digestOf, type EventParts, mediaTypes, noon, noonUs } from "../support/events.ts";
import {
  app,
  type ContractCase,
  daysOf,
  findApp,
  gone,
  listAll,
  record,
  recordEach,
} from "./contract_support.ts";

const [a, b] = [digestOf("a"), digestOf("b")];
const second = 1_000_000;
const today = Math.floor(noon / 86_400_000);

/** So many seconds after noon, in the microseconds of events. */
const after = (seconds: number): number => noonUs + seconds * second;
/** The same as stores answer it: in milliseconds. */
const ms = (seconds: number): number => noon + seconds * 1000;

const blob: EventParts = { kind: "blob", tag: undefined, mediaType: mediaTypes.blob };

/** Events that move every number. */
const everything: EventParts[] = [
  { action: "push", method: "PUT", actor: "bob", at: after(0) },
  { action: "push", method: "PUT", actor: "bob", at: after(1) },
  { action: "push", method: "PUT", tag: undefined, digest: b, at: after(2) },
  { actor: "alice", at: after(3) },
  { method: "HEAD", at: after(4) },
  { tag: undefined, at: after(5) },
  {
    mediaType: mediaTypes.index,
    digest: digestOf("index"),
    tag: "multi",
    references: [{ digest: digestOf("child") }],
    at: after(6),
  },
  { tag: undefined, digest: digestOf("child"), at: after(7) },
  { ...blob, digest: digestOf("blob"), size: 100, at: after(8) },
  { ...blob, digest: digestOf("blob"), size: 100, method: "HEAD", at: after(8) },
  { ...blob, digest: digestOf("blob"), action: "push", at: after(8) },
  { ...blob, digest: digestOf("blob"), action: "mount", at: after(8) },
  { ...gone, tag: "1.0", kind: "manifest", at: after(9) },
  { ...gone, digest: b, at: after(10) },
  { ...gone, digest: digestOf("blob"), at: after(11) },
  { ...gone, digest: digestOf("never"), at: after(12) },
];

const counted = {
  pulls: 3,
  checks: 1,
  childPulls: 1,
  pushes: 2,
  unchangedPushes: 1,
  digestPushes: 1,
  tagDeletes: 1,
  manifestDeletes: 1,
  blobDeletes: 1,
  unknownDeletes: 1,
  blobPulls: 1,
  blobChecks: 1,
  blobPushes: 1,
  mounts: 1,
  blobBytes: 100,
};

async function checkEverything(store: Store): Promise<void> {
  assert.deepEqual(await findApp(store), {
    ...app,
    pulls: 3,
    pushes: 2,
    stars: 0,
    checks: 1,
    childPulls: 1,
    digestPushes: 1,
    unchangedPushes: 1,
    firstPulled: ms(3),
    lastPulled: ms(6),
    firstPushed: ms(0),
    lastPushed: ms(1),
    lastChecked: ms(4),
    lastUsed: ms(7),
    deletes: { tags: 1, manifests: 1, blobs: 1, unknown: 1 },
    actors: ["alice", "bob"],
    actorCount: 2,
    tagCount: 1,
    deleted: null,
  });
  const tags = await listAll((page) => store.listTags(app, page), 1);
  assert.deepEqual(tags, [
    {
      tag: "1.0",
      overflow: false,
      digest: a,
      pulls: 2,
      pushes: 2,
      unchangedPushes: 1,
      checks: 1,
      firstPulled: ms(3),
      lastPulled: ms(5),
      firstPushed: ms(0),
      lastPushed: ms(1),
      lastChecked: ms(4),
      lastUsed: ms(5),
      deleted: ms(9),
    },
    {
      tag: "multi",
      overflow: false,
      digest: digestOf("index"),
      pulls: 1,
      pushes: 0,
      unchangedPushes: 0,
      checks: 0,
      firstPulled: ms(6),
      lastPulled: ms(6),
      firstPushed: null,
      lastPushed: null,
      lastChecked: null,
      lastUsed: ms(6),
      deleted: null,
    },
  ]);
  for (const metric of METRICS) {
    const series = await daysOf(store, { ...app, metric, from: today, to: today });
    assert.deepEqual(series, [{ day: today, value: counted[metric] }], metric);
  }
}

/** A manifest's numbers where it has none. */
const noNumbers = { pulls: 0, childPulls: 0, checks: 0, pushes: 0, digestPushes: 0 };

/** Two platform images with their parts, an attestation, and their index. */
const multi: EventParts[] = [
  ...["amd", "arm"].map((seed, at) => ({
    action: "push",
    tag: undefined,
    digest: digestOf(seed),
    at: after(at),
    references: [
      { digest: digestOf(`${seed} config`), size: 10, mediaType: mediaTypes.config },
      { digest: digestOf("layer"), size: 1000 + at, mediaType: mediaTypes.layer },
    ],
  })),
  {
    action: "push",
    tag: undefined,
    digest: digestOf("att"),
    at: after(2),
    references: [
      { digest: digestOf("att config"), size: 5, mediaType: mediaTypes.config },
      { digest: digestOf("att layer"), size: 7, mediaType: "application/vnd.in-toto+json" },
    ],
  },
  {
    action: "push",
    tag: "multi",
    digest: digestOf("index"),
    mediaType: mediaTypes.index,
    at: after(3),
    references: [
      {
        digest: digestOf("arm"),
        size: 400,
        mediaType: mediaTypes.image,
        platform: "linux/arm64/v8",
      },
      { digest: digestOf("amd"), size: 400, mediaType: mediaTypes.image, platform: "linux/amd64" },
      { digest: digestOf("att"), size: 400, mediaType: mediaTypes.image, attestation: true },
    ],
  },
];

const ciRule = { name: "ci", addresses: ["198.51.100.0/24"], actors: [], useragents: [] };

/** What is counted where. */
export const countingCases: readonly ContractCase[] = [
  {
    name: "counts every number, all at once",
    async run(_t, under) {
      await record(under.store, everything);
      await checkEverything(under.store);
      await checkEverything(await under.reopen());
    },
  },
  {
    name: "counts every number, one after another",
    async run(_t, { store }) {
      await recordEach(store, everything);
      await checkEverything(store);
    },
  },
  {
    name: "counts every number, twice sent and the other way round",
    async run(_t, { store }) {
      const namesTag = (parts: EventParts): boolean => !("tag" in parts) || parts.tag !== undefined;
      const independent = everything
        .filter((parts) => namesTag(parts) && parts.action !== "delete" && parts.method !== "HEAD")
        .map((parts, at) => ({ ...parts, id: `${at}` }));
      await recordEach(store, independent.toReversed());
      await record(store, independent);
      const { pulls, pushes, firstPulled, lastPulled, firstPushed, lastPushed } = await findApp(
        store,
      );
      assert.deepEqual([pulls, pushes], [2, 2]);
      assert.deepEqual([firstPulled, lastPulled], [ms(3), ms(6)]);
      assert.deepEqual([firstPushed, lastPushed], [ms(0), ms(1)]);
    },
  },
  {
    name: "cuts microseconds to milliseconds",
    async run(_t, { store }) {
      await record(store, [{ at: noonUs + 1999 }]);
      assert.equal((await findApp(store)).firstPulled, noon + 1);
      assert.equal((await store.findTag(app, "1.0"))?.lastUsed, noon + 1);
    },
  },
  {
    name: "points a tag to what the newest event says",
    async run(t, { store }) {
      const events: EventParts[] = [
        { action: "push", id: "1", digest: a, at: after(0) },
        { action: "push", id: "2", digest: b, at: after(1) },
        { id: "3", digest: a, at: after(2) },
        { method: "HEAD", id: "4", digest: b, at: after(3) },
      ];
      for (const order of [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]]) {
        await t.step(order.join(" "), async () => {
          const repository = `team/order-${order.join("")}`;
          const own = order.map((at) => ({ ...events[at], id: `${order}${at}`, repository }));
          await recordEach(store, own);
          const tag = await store.findTag({ ...app, repository }, "1.0");
          assert.deepEqual([tag?.digest, tag?.pulls, tag?.pushes, tag?.checks], [b, 1, 2, 1]);
          assert.equal((await findApp(store, repository)).tagCount, 1);
        });
      }
      await t.step("the greater id of one moment", async () => {
        const repository = "team/moment";
        await recordEach(store, [{ repository, id: "y", digest: b }, { repository, id: "x" }]);
        assert.equal((await store.findTag({ ...app, repository }, "1.0"))?.digest, b);
      });
    },
  },
  {
    name: "moves the last use of a tag by that of its manifest",
    async run(_t, { store }) {
      await recordEach(store, [
        { action: "push", at: after(0) },
        { tag: undefined, at: after(100) },
        { tag: undefined, digest: b, at: after(200) },
      ]);
      const tag = await store.findTag(app, "1.0");
      assert.deepEqual([tag?.pulls, tag?.lastPulled, tag?.lastUsed], [0, null, ms(100)]);
      const [listed] = await listAll((page) => store.listTags(app, page));
      assert.deepEqual(listed, tag);
    },
  },
  {
    name: "knows nothing of what was never seen",
    async run(_t, { store }) {
      await record(store, [{}]);
      const unknown = { registry: "default", repository: "team/unknown" };
      assert.deepEqual(await store.findRepositories("team/unknown"), []);
      assert.deepEqual(await store.findRepositories("team/app", "other"), []);
      assert.equal(await store.findRepository(unknown), undefined);
      assert.equal(await store.findRepository({ ...app, registry: "other" }), undefined);
      assert.equal(await store.findTag(app, "2.0"), undefined);
      assert.equal(await store.findTag(unknown, "1.0"), undefined);
      const empty = { items: [], next: null };
      assert.deepEqual(await store.listTags(unknown, { limit: 5 }), empty);
      assert.deepEqual(await store.listManifests(unknown, { limit: 5 }), empty);
      assert.deepEqual(await store.listEvents(unknown, { limit: 5 }), empty);
      assert.deepEqual(await store.listBreakdown(unknown, "client", { limit: 5 }), empty);
      assert.deepEqual(
        await daysOf(store, { ...unknown, metric: "pulls", from: 0, to: today }),
        [],
      );
      const elsewhere = { ...app, registry: "other" };
      assert.deepEqual(await store.listTags(elsewhere, { limit: 5 }), empty);
    },
  },
  {
    name: "shows no repository that is known by its layers alone",
    async run(_t, { store }) {
      await record(store, [{ ...blob, size: 5 }, { ...blob, action: "push" }]);
      assert.deepEqual(await store.findRepositories("team/app"), []);
      assert.deepEqual((await store.listRepositories({ sort: "name", limit: 5 })).items, []);
      await record(store, [{}]);
      assert.equal((await findApp(store)).pulls, 1);
      const series = await daysOf(store, { ...app, metric: "blobBytes", from: today, to: today });
      assert.deepEqual(series, [{ day: today, value: 5 }]);
    },
  },
  {
    name: "adds up more than 32 bits",
    async run(_t, { store }) {
      const size = 5 * 2 ** 30;
      await record(store, [{}, { ...blob, size }]);
      await recordEach(store, [{ ...blob, size }, { ...blob, size: 2 ** 40 }]);
      const series = await daysOf(store, { ...app, metric: "blobBytes", from: today, to: today });
      assert.deepEqual(series, [{ day: today, value: 2 * size + 2 ** 40 }]);
      const references = [{ digest: b, size: 2 ** 33 }, { digest: digestOf("c"), size: 2 ** 33 }];
      await record(store, [{ references, at: after(1) }]);
      const [manifest] = await listAll((page) => store.listManifests(app, page));
      assert.equal(manifest?.size, 2 ** 34);
    },
  },
  {
    name: "tells what manifests are",
    async run(_t, { store }) {
      await recordEach(store, multi);
      await record(store, [
        { tag: undefined, digest: digestOf("amd"), at: after(4) },
        { tag: undefined, digest: "sha512:aa", mediaType: undefined, at: after(5) },
      ]);
      const manifests = await listAll((page) => store.listManifests(app, page));
      const digests = manifests.map(({ digest }) => digest);
      assert.deepEqual(digests, [...digests].sort());
      const byDigest = new Map(manifests.map((manifest) => [manifest.digest, manifest]));
      const rest = { ...noNumbers, deleted: null };
      const image = { mediaType: mediaTypes.image, kind: "image", ...rest, digestPushes: 1 };
      assert.deepEqual(
        byDigest,
        new Map([
          [digestOf("amd"), {
            ...image,
            digest: digestOf("amd"),
            size: 1010,
            platforms: ["linux/amd64"],
            childPulls: 1,
            firstSeen: ms(0),
            lastUsed: ms(4),
          }],
          [digestOf("arm"), {
            ...image,
            digest: digestOf("arm"),
            size: 1011,
            platforms: ["linux/arm64/v8"],
            firstSeen: ms(1),
            lastUsed: ms(1),
          }],
          [digestOf("att"), {
            ...image,
            digest: digestOf("att"),
            kind: "attestation",
            size: 12,
            platforms: [],
            firstSeen: ms(2),
            lastUsed: ms(2),
          }],
          [digestOf("index"), {
            ...rest,
            digest: digestOf("index"),
            mediaType: mediaTypes.index,
            kind: "index",
            size: 2021,
            platforms: ["linux/amd64", "linux/arm64/v8"],
            pushes: 1,
            firstSeen: ms(3),
            lastUsed: ms(3),
          }],
          ["sha512:aa", {
            ...rest,
            digest: "sha512:aa",
            mediaType: null,
            kind: "unknown",
            size: null,
            platforms: [],
            pulls: 1,
            firstSeen: ms(5),
            lastUsed: ms(5),
          }],
        ]),
      );
    },
  },
  {
    name: "does not know the size of an index while that of a platform image is unknown",
    async run(_t, { store }) {
      const [amd, , , index] = multi;
      await recordEach(store, [amd ?? {}, index ?? {}]);
      const find = async () =>
        (await listAll((page) => store.listManifests(app, page)))
          .find(({ kind }) => kind === "index");
      assert.equal((await find())?.size, null);
      await recordEach(store, multi.slice(1, 2));
      assert.equal((await find())?.size, 2021);
    },
  },
  {
    name: "keeps what it has learnt of a manifest",
    async run(_t, { store }) {
      const references = [{ digest: b, size: 3, mediaType: mediaTypes.config }, {
        digest: digestOf("l"),
        size: 4,
        mediaType: mediaTypes.layer,
      }];
      const seen = async () => {
        const [manifest] = await listAll((page) => store.listManifests(app, page));
        return [manifest?.kind, manifest?.size, manifest?.mediaType];
      };
      await record(store, [{}]);
      assert.deepEqual(await seen(), ["unknown", null, mediaTypes.image]);
      await record(store, [{ references }]);
      assert.deepEqual(await seen(), ["image", 7, mediaTypes.image]);
      await record(store, [{ mediaType: undefined }, { references: undefined }]);
      assert.deepEqual(await seen(), ["image", 7, mediaTypes.image]);
      await record(store, [{ tag: `sha256-${"0".repeat(64)}.sig` }]);
      assert.deepEqual(await seen(), ["signature", 7, mediaTypes.image]);
    },
  },
  {
    name: "breaks down by actor, client family and consumer",
    options: { consumers: [ciRule] },
    async run(_t, { store }) {
      await recordEach(store, [
        { actor: "bob", at: after(0) },
        { actor: "bob", at: after(1), userAgent: "skopeo/1.22.0" },
        { actor: "alice", at: after(2), action: "push" },
        { actor: "alice", at: after(3), address: "198.51.100.7" },
        { actor: "carol", at: after(4) },
        { at: after(5), method: "HEAD" },
        { ...blob, actor: "dave", userAgent: "curl/8", at: after(6) },
      ]);
      const rest = { anonymous: false, overflow: false, pushes: 0 };
      const list = (dimension: "actor" | "client" | "consumer") =>
        listAll((page) => store.listBreakdown(app, dimension, page), 1);
      assert.deepEqual(await list("actor"), [
        { ...rest, name: "bob", pulls: 2, firstSeen: ms(0), lastSeen: ms(1) },
        { ...rest, name: "alice", pulls: 1, pushes: 1, firstSeen: ms(2), lastSeen: ms(3) },
        { ...rest, name: "carol", pulls: 1, firstSeen: ms(4), lastSeen: ms(4) },
        {
          ...rest,
          anonymous: true,
          name: "(anonymous)",
          pulls: 0,
          firstSeen: ms(5),
          lastSeen: ms(5),
        },
      ]);
      assert.deepEqual(await list("client"), [
        { ...rest, name: "docker", pulls: 3, pushes: 1, firstSeen: ms(0), lastSeen: ms(5) },
        { ...rest, name: "skopeo", pulls: 1, firstSeen: ms(1), lastSeen: ms(1) },
      ]);
      assert.deepEqual(await list("consumer"), [
        { ...rest, name: "other", pulls: 3, pushes: 1, firstSeen: ms(0), lastSeen: ms(5) },
        { ...rest, name: "ci", pulls: 1, firstSeen: ms(3), lastSeen: ms(3) },
      ]);
      const { actors, actorCount } = await findApp(store);
      assert.deepEqual([actors, actorCount], [["alice", "bob", "carol"], 3]);
      const [listed] = (await store.listRepositories({ sort: "name", limit: 1 })).items;
      assert.deepEqual([listed?.actors, listed?.actorCount], [[], 3]);
    },
  },
  {
    name: "adds up what exceeds the bound of actors",
    async run(_t, { store }) {
      const events = Array.from({ length: MAX_ACTORS + 3 }, (_, at) => ({
        actor: `user ${String(at).padStart(4, "0")}`,
      }));
      await record(store, events.slice(0, 600));
      await record(store, events.slice(600));
      await record(store, [{ actor: "user 0000" }, { actor: "one more", action: "push" }]);
      const { actors, actorCount, pulls } = await findApp(store);
      assert.deepEqual([actorCount, actors.length, pulls], [
        MAX_ACTORS,
        MAX_ACTORS,
        MAX_ACTORS + 4,
      ]);
      assert.deepEqual(actors, events.slice(0, MAX_ACTORS).map(({ actor }) => actor));
      const rows = await listAll((page) => store.listBreakdown(app, "actor", page), 400);
      assert.equal(rows.length, MAX_ACTORS + 1);
      const overflow = rows.filter((row) => row.overflow);
      assert.deepEqual(
        overflow.map(({ name, pulls, pushes }) => [name, pulls, pushes]),
        [["(overflow)", 3, 1]],
      );
      assert.equal(rows.find(({ name }) => name === "user 0000")?.pulls, 2);
    },
  },
  {
    name: "adds up what exceeds the bound of tags",
    async run(_t, under) {
      const { store } = under;
      const names = Array.from({ length: MAX_TAGS }, (_, at) => `t${String(at).padStart(5, "0")}`);
      await under.fillTags(names.slice(0, -1));
      const c = digestOf("c");
      // The batch with the GET that belongs to an earlier HEAD reaches the bound.
      await record(store, [{ tag: "t00005", method: "HEAD", digest: b, at: after(-2) }]);
      await record(store, [
        { tag: names.at(-1) ?? "", method: "HEAD" },
        { tag: undefined, digest: b, at: after(-1) },
      ]);
      await recordEach(store, [
        { tag: "beyond", action: "push", digest: b },
        { tag: "beyond", digest: b },
        { tag: "t00007" },
        // A HEAD and its GET, of a tag within the bound and of one beyond it.
        { tag: "t00009", method: "HEAD", digest: b, at: after(1) },
        { tag: undefined, digest: b, at: after(2) },
        { tag: "t-more", method: "HEAD", digest: c, at: after(3) },
        { tag: undefined, digest: c, at: after(4) },
      ]);
      const find = async (tag: string) => {
        const { pulls, checks, overflow } = await store.findTag(app, tag) ?? {};
        return [pulls, checks, overflow];
      };
      assert.deepEqual(await find("t00005"), [1, 2, false]);
      assert.deepEqual(await find("t00007"), [1, 1, false]);
      assert.deepEqual(await find("t00009"), [1, 2, false]);
      assert.equal(await store.findTag(app, "beyond"), undefined);
      const rows = await listAll((page) => store.listTags(app, page), 9000);
      assert.equal(rows.length, MAX_TAGS + 1);
      assert.deepEqual(
        rows.slice(-2).map(({ tag, pulls, pushes, checks, digest }) => [
          tag,
          pulls,
          pushes,
          checks,
          digest,
        ]),
        [[names.at(-1), 0, 0, 1, digestOf("a")], ["(overflow)", 2, 1, 1, null]],
      );
      assert.deepEqual([(await findApp(store)).tagCount, (await findApp(store)).pulls], [
        MAX_TAGS,
        5,
      ]);
    },
  },
  {
    name: "counts by day, and by day and tag",
    options: { consumers: [ciRule] },
    async run(_t, { store }) {
      const on = (days: number): number => noonUs + days * 86_400 * second;
      await recordEach(store, [
        { at: on(0) },
        { at: on(0), address: "198.51.100.7" },
        { at: on(0), tag: "2.0" },
        { at: on(2) },
        { at: on(2), action: "push", tag: "2.0" },
        { at: on(5) },
        // The last microsecond of a day, and the first of the next.
        { at: (today + 11) * 86_400 * second - 1, tag: "edge" },
        { at: (today + 11) * 86_400 * second, tag: "edge" },
      ]);
      const series = (from: number, to: number, tag?: string) =>
        daysOf(store, {
          ...app,
          metric: "pulls",
          from: today + from,
          to: today + to,
          ...(tag === undefined ? {} : { tag }),
        });
      const day = (offset: number, value: number) => ({ day: today + offset, value });
      assert.deepEqual(await series(0, 5), [day(0, 3), day(2, 1), day(5, 1)]);
      assert.deepEqual(await series(1, 4), [day(2, 1)]);
      assert.deepEqual(await series(3, 4), []);
      assert.deepEqual(await series(5, 0), []);
      assert.deepEqual(await series(0, 5, "1.0"), [day(0, 2), day(2, 1), day(5, 1)]);
      assert.deepEqual(await series(0, 5, "2.0"), [day(0, 1)]);
      assert.deepEqual(await series(0, 5, "3.0"), []);
      assert.deepEqual(await series(10, 11, "edge"), [day(10, 1), day(11, 1)]);
      const pushes = { ...app, metric: "pushes", from: today, to: today + 9, tag: "2.0" } as const;
      assert.deepEqual(await daysOf(store, pushes), [day(2, 1)]);
      // Layers have no tag.
      assert.deepEqual(await daysOf(store, { ...pushes, metric: "blobPulls" }), []);
    },
  },
  {
    name: "lists events with what they were counted as",
    async run(_t, { store }) {
      const arrivals: [EventParts, number][] = [
        [{ id: "head", method: "HEAD", actor: "alice", at: after(0) }, 1000],
        [{ id: "get", tag: undefined, actor: "alice", at: after(1) }, 2000],
        [{ id: "index", mediaType: mediaTypes.index, digest: b, tag: "multi", at: after(2) }, 3000],
        [{ id: "child", tag: undefined, digest: digestOf("c"), at: after(3) }, 4000],
        [{ id: "blob", ...blob, at: after(4), size: 3 }, 5000],
        [{ id: "odd", action: "frobnicate", at: after(5) }, 6000],
        [{ ...gone, id: "gone", tag: "1.0", kind: "manifest", userAgent: undefined }, 7000],
      ];
      for (const [parts, late] of arrivals) {
        await record(store, [parts], { receivedAt: noon + late });
      }
      const events = await listAll((page) => store.listEvents(app, page), 2);
      assert.deepEqual(
        events.map(({ id, countedAs, row, countedTag }) => [id, countedAs, row, countedTag]),
        [
          ["gone", "tagDelete", 12, "1.0"],
          ["odd", "rejected", 18, "1.0"],
          ["blob", "blobPull", 7, null],
          ["child", "childPull", 5, null],
          ["index", "pull", 1, "multi"],
          ["get", "pull", 2, "1.0"],
          ["head", "check", 6, "1.0"],
        ],
      );
      assert.deepEqual(events[5], {
        id: "get",
        timestamp: ms(1),
        receivedAt: noon + 2000,
        action: "pull",
        method: "GET",
        tag: null,
        digest: a,
        mediaType: mediaTypes.image,
        actor: "alice",
        address: "192.0.2.1",
        client: "docker",
        userAgent: "docker/28.5.2",
        outcome: "counted",
        countedAs: "pull",
        row: 2,
        countedTag: "1.0",
        estimated: false,
      });
      assert.deepEqual(events.map(({ estimated }) => estimated).indexOf(true), 3);
      assert.equal(events[1]?.outcome, "quarantined");
      const { digest, mediaType, actor, userAgent, client } = events[0] ?? assert.fail();
      assert.deepEqual([digest, mediaType, actor, userAgent, client], [
        null,
        null,
        null,
        null,
        "other",
      ]);
    },
  },
  {
    name: "stores names and addresses as `privacy` says",
    options: { privacy: { actors: "hash", addresses: "drop" } },
    async run(_t, { store }) {
      await recordEach(store, [
        { actor: "alice", method: "HEAD" },
        { actor: "alice", tag: undefined, at: after(1) },
        { actor: "bob" },
      ]);
      const { actors, actorCount, pulls } = await findApp(store);
      assert.deepEqual([actorCount, pulls], [2, 2]);
      for (const actor of actors) assert.match(actor, /^#[0-9a-f]{16}$/);
      assert.equal((await store.findTag(app, "1.0"))?.pulls, 2);
      const { items } = await store.listEvents(app, { limit: 5 });
      assert.deepEqual(new Set(items.map(({ address }) => address)), new Set([null]));
      assert.ok(items.every(({ actor }) => actors.includes(actor ?? "")));
    },
  },
];
