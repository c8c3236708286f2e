/**
 * The store contract: each event once, and every entry accounted for.
 *
 * @module
 */

import assert from "node:assert/strict";

import type { Store } from "../../lib/store/store.ts";
import {
  digestOf,
  eventOf,
  type EventParts,
  mediaTypes,
  noon,
  noonUs,
  receivedOf,
  receivedOfBody,
} from "../support/events.ts";
import {
  app,
  type ContractCase,
  daysOf,
  findApp,
  gone,
  record,
  recordEach,
} from "./contract_support.ts";

const [a, b] = [digestOf("a"), digestOf("b")];
const second = 1_000_000;
const none = { received: 0, counted: 0, duplicate: 0, ignored: 0, quarantined: 0 };
const head: EventParts = { method: "HEAD", id: "head" };
const get: EventParts = { tag: undefined, at: noonUs + second };

/** Sequences whose meaning hangs on what the store knows; each event comes in its own batch. */
const sequences: { name: string; events: EventParts[]; want: Record<string, number> }[] = [
  {
    name: "a HEAD of a tag and the GET of its digest",
    events: [head, get],
    want: { pulls: 1, checks: 1 },
  },
  {
    name: "a known child of an index",
    events: [
      { mediaType: mediaTypes.index, references: [{ digest: b }] },
      { ...get, digest: b },
    ],
    want: { pulls: 1, childPulls: 1 },
  },
  {
    name: "a child of an index that was only checked",
    events: [
      { ...head, mediaType: mediaTypes.index, references: [{ digest: b }] },
      { ...get, digest: b },
    ],
    want: { checks: 1, childPulls: 1 },
  },
  {
    name: "the child of an index in another repository",
    events: [
      { mediaType: mediaTypes.index, references: [{ digest: b }], repository: "team/other" },
      { ...get, digest: b },
    ],
    want: { pulls: 1 },
  },
  {
    name: "a layer is no child",
    events: [{ references: [{ digest: b }] }, { ...get, digest: b }],
    want: { pulls: 2 },
  },
  {
    name: "two manifests of one request",
    events: [{ requestId: "r" }, { ...get, digest: b, requestId: "r" }],
    want: { pulls: 1, childPulls: 1 },
  },
  {
    name: "the same id of another client's request",
    events: [{ requestId: "r" }, { ...get, digest: b, requestId: "r", userAgent: "other/1" }],
    want: { pulls: 2 },
  },
  {
    name: "the same id of a request more than 60 s later",
    events: [
      { requestId: "r" },
      { ...get, digest: b, requestId: "r", at: noonUs + 60 * second + 1 },
    ],
    want: { pulls: 2 },
  },
  {
    name: "a HEAD and a GET of one request",
    events: [{ ...head, requestId: "r" }, { ...get, digest: b, requestId: "r" }],
    want: { checks: 1, pulls: 1 },
  },
  {
    name: "the child of an index without references, 60 s later",
    events: [
      { mediaType: mediaTypes.index },
      { ...get, digest: b, at: noonUs + 60 * second },
    ],
    want: { pulls: 1, childPulls: 1 },
  },
  {
    name: "the same a microsecond later",
    events: [
      { mediaType: mediaTypes.index },
      { ...get, digest: b, at: noonUs + 60 * second + 1 },
    ],
    want: { pulls: 2 },
  },
  {
    name: "an index whose references came before",
    events: [
      { mediaType: mediaTypes.index, references: [{ digest: digestOf("c") }], action: "push" },
      { mediaType: mediaTypes.index },
      { ...get, digest: b },
    ],
    want: { pushes: 1, pulls: 2 },
  },
  {
    name: "the delete of a layer, of a configuration and of a manifest that an index names",
    events: [
      {
        mediaType: mediaTypes.index,
        references: [
          { digest: digestOf("layer"), mediaType: "application/vnd.oci.image.layer.v1.tar+gzip" },
          { digest: digestOf("config"), mediaType: "application/vnd.buildkit.cacheconfig.v0" },
          { digest: digestOf("image"), mediaType: mediaTypes.image },
        ],
      },
      ...["layer", "config", "image"].map((seed) => ({ ...gone, digest: digestOf(seed) })),
    ],
    want: { pulls: 1, "deletes.manifests": 1, "deletes.blobs": 2 },
  },
  {
    name: "the delete of a blob that came before the repository's delete",
    events: [
      { kind: "blob", action: "push", tag: undefined, digest: b },
      { ...gone, digest: undefined, mediaType: undefined, kind: "unknown", at: noonUs + second },
      { action: "push", at: noonUs + 2 * second },
      { ...gone, digest: b, at: noonUs + 3 * second },
    ],
    want: { pushes: 1, "deletes.unknown": 1 },
  },
  {
    name: "the delete of a manifest, of a child, of a layer, of a blob, of nothing known",
    events: [
      { references: [{ digest: digestOf("layer") }] },
      { mediaType: mediaTypes.index, digest: b, references: [{ digest: digestOf("child") }] },
      { kind: "blob", action: "push", tag: undefined, digest: digestOf("blob") },
      ...["a", "child", "layer", "blob", "none"].map((seed) => ({
        ...gone,
        digest: digestOf(seed),
      })),
    ],
    want: { pulls: 2, "deletes.manifests": 2, "deletes.blobs": 2, "deletes.unknown": 1 },
  },
  {
    name: "unchanged pushes",
    events: [{ action: "push" }, { action: "push" }, { action: "push", digest: b, at: noonUs + 1 }],
    want: { pushes: 3, unchangedPushes: 1 },
  },
];

const numbers = [
  "pulls",
  "checks",
  "childPulls",
  "pushes",
  "unchangedPushes",
  "digestPushes",
] as const;

async function numbersOf(store: Store, repository: string): Promise<Record<string, number>> {
  const found = await findApp(store, repository);
  const named = numbers.map((name): [string, number] => [name, found[name]]);
  const deletes = Object.entries(found.deletes)
    .map(([name, value]): [string, number] => [`deletes.${name}`, value]);
  return Object.fromEntries([...named, ...deletes].filter(([, value]) => value !== 0));
}

/** How often an id is counted, and what is accounted for. */
export const recordingCases: readonly ContractCase[] = [
  {
    name: "counts an id once, in a batch, in the next, and after a restart",
    async run(_t, under) {
      const event = receivedOf(eventOf({ id: "1" }));
      const outcomes = await under.store.record([event, event]);
      assert.deepEqual(outcomes, ["counted", "duplicate"]);
      assert.deepEqual(await under.store.record([event]), ["duplicate"]);
      const store = await under.reopen();
      assert.deepEqual(await store.record([event]), ["duplicate"]);
      assert.equal((await findApp(store)).pulls, 1);
      const { byRegistry: _, ...total } = await store.accounting();
      assert.deepEqual(total, { ...none, received: 4, counted: 1, duplicate: 3 });
    },
  },
  {
    name: "takes an id for a duplicate whatever else the event says",
    async run(_t, { store }) {
      await record(store, [{ id: "1" }]);
      const other: EventParts = {
        id: "1",
        action: "push",
        repository: "team/other",
        at: noonUs + 1,
      };
      assert.deepEqual(await record(store, [other]), ["duplicate"]);
      assert.deepEqual(await store.findRepositories("team/other"), []);
    },
  },
  {
    name: "tells ids apart that only look alike",
    async run(_t, { store }) {
      const uuid = "01a20791-3648-763e-9388-8ad856ddaaa5";
      const alike = [uuid, uuid.toUpperCase(), uuid.replaceAll("-", ""), `${uuid} `, `{${uuid}}`];
      const ids = [...alike, "a", "A", "1", "01", "", "a.b", "$a", "é", "e\u0301"];
      const outcomes = await record(store, ids.map((id) => ({ id })));
      assert.deepEqual(new Set(outcomes), new Set(["counted"]));
      const again = await record(store, ids.map((id) => ({ id })));
      assert.deepEqual(new Set(again), new Set(["duplicate"]));
      assert.equal((await findApp(store)).pulls, ids.length);
    },
  },
  {
    name: "keeps registries apart",
    async run(_t, { store }) {
      for (const registry of ["main", "default", "a-b.c_d"]) {
        const event = { id: "1", actor: `of-${registry}` };
        assert.deepEqual(await record(store, [event], { registry }), ["counted"]);
      }
      const found = await store.findRepositories("team/app");
      assert.deepEqual(found.map(({ registry }) => registry), ["a-b.c_d", "default", "main"]);
      assert.deepEqual(found.map(({ pulls }) => pulls), [1, 1, 1]);
      const only = await store.findRepositories("team/app", "main");
      assert.deepEqual(only.map(({ registry }) => registry), ["main"]);
      // Hundreds of registries with a thousand names each would be half a second.
      for (const { actors, actorCount } of [...found, ...only]) {
        assert.deepEqual([actors, actorCount], [[], 1]);
      }
      const main = await store.findRepository({ registry: "main", repository: "team/app" });
      assert.deepEqual([main?.registry, main?.actors], ["main", ["of-main"]]);
    },
  },
  {
    name: "quarantines what is rejected, and recognises it the second time",
    async run(_t, under) {
      const good = JSON.stringify({
        id: "good",
        action: "pull",
        target: { repository: "team/app", digest: a, tag: "1.0", url: "/v2/team/app/manifests/x" },
      });
      const body = `{"events":[{"id":"bad","action":"pull","target":{}},${good},
        {"id":"odd","action":"frobnicate","target":{"repository":"team/app"}}]}`;
      const sent = () => [...receivedOfBody(body), ...receivedOfBody("no JSON")];
      const first = await under.store.record(sent());
      assert.deepEqual(first, ["quarantined", "counted", "quarantined", "quarantined"]);
      const store = await under.reopen();
      assert.deepEqual(new Set(await store.record(sent())), new Set(["duplicate"]));
      const { byRegistry: _, ...total } = await store.accounting();
      assert.deepEqual(total, { ...none, received: 8, counted: 1, duplicate: 4, quarantined: 3 });
    },
  },
  {
    name: "accounts for every entry of every registry, and for what never came here",
    async run(_t, under) {
      const { store } = under;
      assert.deepEqual(await store.accounting(), { ...none, byRegistry: [] });
      await record(store, [{ id: "1" }, { id: "1" }, { id: "2", action: "x" }], { registry: "b" });
      await record(store, [{ id: "3" }], { registry: "a", receivedAt: noon + 86_400_000 });
      const ignored = [
        { registry: "b", receivedAt: noon, count: 5 },
        { registry: "c", receivedAt: noon, count: 1 },
      ];
      await store.record([receivedOf(eventOf({ id: "4" }), { registry: "b" })], { ignored });
      await store.record([], { ignored });
      const want = {
        received: 17,
        counted: 3,
        duplicate: 1,
        ignored: 12,
        quarantined: 1,
        byRegistry: [
          { registry: "a", ...none, received: 1, counted: 1 },
          {
            registry: "b",
            received: 14,
            counted: 2,
            duplicate: 1,
            ignored: 10,
            quarantined: 1,
          },
          { registry: "c", ...none, received: 2, ignored: 2 },
        ],
      };
      assert.deepEqual(await store.accounting(), want);
      const reopened = await under.reopen();
      assert.deepEqual(await reopened.accounting(), want);
    },
  },
  {
    name: "records nothing where there is nothing",
    async run(_t, { store }) {
      assert.deepEqual(await store.record([]), []);
      assert.deepEqual(await store.record([], { ignored: [] }), []);
      assert.deepEqual(await store.accounting(), { ...none, byRegistry: [] });
    },
  },
  {
    name: "knows what came in earlier batches",
    async run(t, { store }) {
      for (const [number, { name, events, want }] of sequences.entries()) {
        for (
          const [how, recordAll] of Object.entries({ "one by one": recordEach, "at once": record })
        ) {
          await t.step(`${name}, ${how}`, async () => {
            const repository = `team/sequence-${number} ${how}`;
            const own = events.map((parts) => ({
              repository,
              ...parts,
              id: crypto.randomUUID(),
              ...(parts.requestId === undefined
                ? {}
                : { requestId: `${parts.requestId}-${number}` }),
            }));
            await recordAll(store, own);
            assert.deepEqual(await numbersOf(store, repository), want);
          });
        }
      }
    },
  },
  {
    name: "uses a HEAD for one pull",
    async run(_t, { store }) {
      await recordEach(store, [head, { ...get, id: "1" }, { ...get, id: "2" }]);
      const tag = await store.findTag(app, "1.0");
      assert.deepEqual([tag?.pulls, tag?.checks], [1, 1]);
      assert.equal((await findApp(store)).pulls, 2);
      const { items } = await store.listEvents(app, { limit: 9 });
      assert.deepEqual(
        items.map(({ id, countedTag, row }) => [id, countedTag, row]),
        [["2", null, 4], ["1", "1.0", 2], ["head", "1.0", 6]],
      );
    },
  },
  {
    name: "uses a HEAD for one of two pulls that come at once",
    async run(_t, under) {
      const another = await under.another();
      for (let round = 0; round < 5; round++) {
        const repository = `team/race-${round}`;
        await record(under.store, [{ ...head, repository, id: `head ${round}` }]);
        const outcomes = await Promise.all([
          record(under.store, [{ ...get, repository, id: `one ${round}` }]),
          record(another, [{ ...get, repository, id: `two ${round}` }]),
        ]);
        assert.deepEqual(outcomes, [["counted"], ["counted"]]);
        const tag = await another.findTag({ ...app, repository }, "1.0");
        assert.deepEqual([tag?.pulls, tag?.checks], [1, 1]);
        assert.equal((await findApp(another, repository)).pulls, 2);
      }
    },
  },
  {
    name: "recognises a client after a restart",
    async run(_t, under) {
      await record(under.store, [{ ...head, actor: "alice" }]);
      const store = await under.reopen();
      await record(store, [{ ...get, actor: "alice" }]);
      assert.equal((await store.findTag(app, "1.0"))?.pulls, 1);
    },
  },
  {
    name: "counts once what comes at once",
    async run(_t, under) {
      const stores = [under.store, await under.another(), under.store];
      const events = Array.from({ length: 20 }, (_, at) => receivedOf(eventOf({ id: `${at}` })));
      const batches = await Promise.all(
        stores.map((store) => store.record(events, { deadline: Date.now() + 60_000 })),
      );
      const outcomes = batches.flat();
      assert.equal(outcomes.filter((outcome) => outcome === "counted").length, 20);
      assert.equal(outcomes.filter((outcome) => outcome === "duplicate").length, 40);
      assert.equal((await findApp(under.store)).pulls, 20);
      const { counted, duplicate, received } = await under.store.accounting();
      assert.deepEqual([counted, duplicate, received], [20, 40, 60]);
    },
  },
  {
    name: "loses nothing that comes at once to the same rows",
    async run(_t, under) {
      const stores = [under.store, await under.another()];
      await Promise.all(
        stores.flatMap((store, at) =>
          Array.from({ length: 5 }, (_, round) =>
            record(store, [
              { actor: `user ${at} ${round}`, tag: `t${round}` },
              { action: "push", tag: "shared", digest: b },
            ]))
        ),
      );
      const { pulls, pushes, unchangedPushes, actorCount, actors, tagCount } = await findApp(
        under.store,
      );
      assert.deepEqual([pulls, pushes, unchangedPushes], [10, 10, 9]);
      assert.deepEqual([actorCount, actors.length, tagCount], [10, 10, 6]);
      const series = await daysOf(under.store, { ...app, metric: "pulls", from: 0, to: 99_999 });
      assert.deepEqual(series.map(({ value }) => value), [10]);
    },
  },
  {
    name: "takes a batch of any size",
    async run(_t, { store }) {
      const events = Array.from(
        { length: 700 },
        (_, at) => ({ tag: `t${at % 50}`, actor: `u${at % 7}` }),
      );
      const outcomes = await record(store, events);
      assert.deepEqual([outcomes.length, new Set(outcomes)], [700, new Set(["counted"])]);
      const { pulls, tagCount, actorCount } = await findApp(store);
      assert.deepEqual([pulls, tagCount, actorCount], [700, 50, 7]);
    },
  },
];
