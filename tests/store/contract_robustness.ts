/**
 * The store contract: hostile names, faults, tokens, and the end.
 *
 * @module
 */

import assert from "node:assert/strict";

import { AppError } from "../../lib/errors.ts";
import { EventFault, type Store } from "../../lib/store/store.ts";
import { digestOf, eventOf, type EventParts, noonUs, receivedOf } from "../support/events.ts";
import {
  compareCodePoints,
  type ContractCase,
  daysOf,
  findApp,
  listAll,
  record,
} from "./contract_support.ts";

const emoji = "🐳".repeat(256);

/** Names of repositories that mean something to a database, a language or a program. */
const repositories = [
  "__proto__",
  "constructor",
  "toString",
  "$inc",
  "$where",
  "a.b",
  "a.$b.0",
  "%_",
  "*",
  "~",
  "null",
  "0",
  "'; DROP TABLE repositories; --",
  "\"'`\\",
  "(overflow)",
  "team/-/tags",
  " ",
  "..",
  emoji,
];

const actors = [
  ...repositories,
  "two\nlines",
  "\u0001",
  "tab\tand\rreturn",
  "(anonymous)",
  "#0123456789abcdef",
  "j.doe",
  "\ufffd",
];

/** A tag and a digest as far as their grammars go. */
const tags = ["__proto__", "constructor", "_", "0", "null", "v1.2-rc_3", "t".repeat(128)];
const digests = [
  "constructor:a",
  "__proto__:toString",
  "x:-_=",
  "sha512:ab",
  `sha256:${"F".repeat(64)}`,
];

const consumer = { name: "$ci.__proto__", addresses: [], actors: [], useragents: [""] };

async function assertUnavailable(what: string, action: () => Promise<unknown>): Promise<void> {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof AppError, `${what}: ${String(error)}`);
    assert.equal(error.code, "unavailable", what);
    return true;
  });
}

/** What must not break a store, and how it fails. */
export const robustnessCases: readonly ContractCase[] = [
  {
    name: "keeps names of repositories as they are",
    async run(_t, under) {
      await record(under.store, repositories.map((repository) => ({ repository })));
      const store = await under.reopen();
      await record(store, repositories.map((repository) => ({ repository, actor: repository })));
      const listed = await listAll((page) => store.listRepositories({ sort: "name", ...page }), 5);
      assert.deepEqual(
        listed.map(({ repository }) => repository),
        repositories.toSorted(compareCodePoints),
      );
      for (const repository of repositories) {
        const { pulls, actors, tagCount } = await findApp(store, repository);
        assert.deepEqual([pulls, actors, tagCount], [2, [repository], 1], repository);
        const { items } = await store.listEvents({ registry: "default", repository }, { limit: 9 });
        assert.equal(items.length, 2);
      }
    },
  },
  {
    name: "keeps names of actors, tags, digests, clients and consumers as they are",
    options: { consumers: [consumer] },
    async run(_t, { store }) {
      const events: EventParts[] = [
        ...actors.map((actor) => ({ actor, userAgent: actor, requestId: actor, address: actor })),
        ...tags.map((tag) => ({ tag, mediaType: "$x.y" })),
        ...digests.map((digest) => ({ tag: undefined, digest, instance: "$a" })),
      ];
      const own = events.map((parts) => ({ ...parts, repository: "team/hostile" }));
      for (let from = 0; from < own.length; from += 9) {
        await record(store, own.slice(from, from + 9));
      }
      const of = { registry: "default", repository: "team/hostile" };
      const found = await findApp(store, "team/hostile");
      assert.deepEqual(found.actors, actors.toSorted(compareCodePoints));
      const rows = await listAll((page) => store.listBreakdown(of, "actor", page), 10);
      // One of them is called like the row of those without a name.
      const anonymous = rows.filter(({ name }) => name === "(anonymous)");
      assert.deepEqual(anonymous.map((row) => [row.anonymous, row.pulls]), [
        [true, tags.length + digests.length],
        [false, 1],
      ]);
      assert.equal(rows.length, actors.length + 1);
      const listedTags = await listAll((page) => store.listTags(of, page), 3);
      assert.deepEqual(
        listedTags.map(({ tag }) => tag),
        [...tags, "1.0"].toSorted(compareCodePoints),
      );
      for (const tag of tags) assert.equal((await store.findTag(of, tag))?.pulls, 1);
      assert.equal(await store.findTag(of, "(overflow)"), undefined);
      const manifests = await listAll((page) => store.listManifests(of, page), 3);
      assert.deepEqual(
        new Set(manifests.map(({ digest }) => digest)),
        new Set([...digests, digestOf("a")]),
      );
      const [consumed] = (await store.listBreakdown(of, "consumer", { limit: 1 })).items;
      assert.deepEqual([consumed?.name, consumed?.pulls], [consumer.name, events.length]);
      const logged = await listAll((page) => store.listEvents(of, page), 10);
      const seen = logged.flatMap(({ actor, userAgent, address }) =>
        actor === null ? [] : [[actor, userAgent, address]]
      );
      assert.deepEqual(seen, actors.map((actor) => [actor, actor, actor]).toReversed());
    },
  },
  {
    name: "blames an event that it cannot store, and records nothing of its batch",
    async run(_t, under) {
      const { store, poison } = under;
      const good = [{ id: "1" }, { id: "2" }].map((parts) => receivedOf(eventOf(parts)));
      const [first, second] = good;
      assert.ok(first !== undefined && second !== undefined);
      await assert.rejects(() => store.record([first, receivedOf(poison), second]), EventFault);
      await assert.rejects(() => store.record([receivedOf(poison)]), EventFault);
      assert.equal((await store.accounting()).received, 0);
      assert.deepEqual(await store.findRepositories("team/app"), []);
      assert.deepEqual(await store.record(good), ["counted", "counted"]);
      // What a caller does with it.
      const rejected = { rejected: { id: poison.id, reason: "cannot be stored" } };
      assert.deepEqual(await store.record([receivedOf(rejected)]), ["quarantined"]);
      assert.deepEqual(await store.record([receivedOf(rejected)]), ["duplicate"]);
    },
  },
  {
    name: "says that it is unavailable once it is closed",
    async run(_t, { store }) {
      await record(store, [{}]);
      await store.close();
      await store.close();
      const of = { registry: "default", repository: "team/app" };
      const page = { limit: 5 };
      await assertUnavailable("record", () => record(store, [{}]));
      await assertUnavailable("ping", () => store.ping());
      await assertUnavailable("findRepository", () => store.findRepository(of));
      await assertUnavailable("findRepositories", () => store.findRepositories("team/app"));
      await assertUnavailable(
        "listRepositories",
        () => store.listRepositories({ sort: "name", ...page }),
      );
      await assertUnavailable("listTags", () => store.listTags(of, page));
      await assertUnavailable("findTag", () => store.findTag(of, "1.0"));
      await assertUnavailable("listManifests", () => store.listManifests(of, page));
      await assertUnavailable("listBreakdown", () => store.listBreakdown(of, "actor", page));
      await assertUnavailable("listEvents", () => store.listEvents(of, page));
      await assertUnavailable("accounting", () => store.accounting());
      await assertUnavailable(
        "history",
        () => store.history({ of, metric: "pulls", from: 0, to: 1 }),
      );
    },
  },
  {
    name: "answers a ping, also after warming up",
    async run(_t, under) {
      await under.store.ping();
      await under.store.warmUp();
      await under.store.ping();
      assert.deepEqual(await record(under.store, [{}]), ["counted"]);
      const store = await under.reopen();
      assert.equal((await findApp(store)).pulls, 1);
    },
  },
  {
    name: "agrees on one made token for each role",
    async run(_t, under) {
      const stores: Store[] = [under.store, await under.another()];
      let made = 0;
      const candidate = () => `the-token-${++made}`;
      const racing = stores.flatMap((store) =>
        Array.from({ length: 4 }, () => store.madeToken("ingest", candidate()))
      );
      const answers = await Promise.all(racing);
      assert.equal(new Set(answers.map(({ token }) => token)).size, 1);
      assert.equal(answers.filter(({ isNew }) => isNew).length, 1);
      const [{ token } = assert.fail()] = answers;
      assert.match(token, /^the-token-\d+$/);
      const read = await under.store.madeToken("read", "another-token");
      assert.deepEqual(read, { token: "another-token", isNew: true });
      const store = await under.reopen();
      assert.deepEqual(await store.madeToken("ingest", candidate()), { token, isNew: false });
      assert.deepEqual(await store.madeToken("read", candidate()), {
        token: "another-token",
        isNew: false,
      });
    },
  },
  {
    name: "takes times of any age",
    async run(_t, { store }) {
      const times = [Date.UTC(2015, 0, 1), Date.UTC(2038, 0, 20), Date.UTC(2100, 0, 1)];
      await record(store, times.map((at) => ({ at: at * 1000 })));
      const { firstPulled, lastPulled } = await findApp(store);
      assert.deepEqual([firstPulled, lastPulled], [times[0], times[2]]);
      const series = await daysOf(store, {
        registry: "default",
        repository: "team/app",
        metric: "pulls",
        from: 0,
        to: 100_000,
      });
      assert.equal(series.length, 3);
      const tag = await store.findTag({ registry: "default", repository: "team/app" }, "1.0");
      assert.equal(tag?.lastUsed, times[2]);
      await record(store, [{ action: "push", at: noonUs }]);
      assert.equal((await findApp(store)).lastUsed, times[2]);
    },
  },
];
