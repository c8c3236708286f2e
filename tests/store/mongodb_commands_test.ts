/**
 * How often a batch goes to MongoDB and back: the network decides how fast a batch is, not its size.
 */

import assert from "node:assert/strict";

import type { CommandStartedEvent } from "mongodb";

import type { Outcome, Received } from "../../lib/batch.ts";
import { InstanceWatch } from "../../lib/instances.ts";
import { connect, type Database } from "../../lib/store/mongodb/connection.ts";
import { recordBatch } from "../../lib/store/mongodb/record_batch.ts";
import {
  digestOf,
  eventOf,
  type EventParts,
  mediaTypes,
  noonUs,
  planOptionsOf,
  receivedOf,
} from "../support/events.ts";
import { needs } from "../support/require.ts";
import { gone } from "./contract_support.ts";
import { type MongoUnderTest, named, useMongo } from "./mongodb_support.ts";

const push: EventParts = { action: "push", method: "PUT" };
const [index, child, image] = [digestOf("index"), digestOf("child"), digestOf("image")];

/** Writes to every collection that a batch of events writes to. */
const everything = (of: string): EventParts[] => [
  { ...push, repository: of, actor: "alice", digest: image, references: [{ digest: child }] },
  { repository: of, tag: undefined, digest: child, at: noonUs + 1 },
];
const bad = (id: string): Received =>
  receivedOf({ rejected: { id, reason: "bad" } }, { body: `a body without sense, ${id}` });
const receive = (events: readonly EventParts[]): Received[] =>
  events.map((event) => receivedOf(eventOf(event)));

const batches: [name: string, received: () => Received[]][] = [
  ["the first of an instance of a registry", () => receive([{ ...push, instance: "1" }])],
  ["a pull", () => receive([{}])],
  [
    "the push of an image",
    () => receive([{ ...push, digest: image, references: [{ digest: digestOf("c") }] }]),
  ],
  ["a push, a pull of it by docker, and its delete", () =>
    receive([
      { ...push, mediaType: mediaTypes.index, digest: index, references: [{ digest: child }] },
      { method: "HEAD", mediaType: mediaTypes.index, digest: index, at: noonUs + 1 },
      { mediaType: mediaTypes.index, digest: index, tag: undefined, at: noonUs + 2 },
      { digest: child, tag: undefined, at: noonUs + 3 },
      { action: "delete", method: "DELETE", digest: child, tag: undefined, at: noonUs + 4 },
      { action: "delete", method: "DELETE", digest: undefined, tag: "1.0", at: noonUs + 5 },
    ])],
  [
    "500 events of everything",
    () =>
      receive(Array.from({ length: 500 }, (_, number): EventParts => ({
        ...(number % 3 === 0 ? push : {}),
        actor: `user-${number % 40}`,
        digest: digestOf(`d${number}`),
        references: [{ digest: digestOf(`layer-${number}`) }],
        repository: `team/app-${number % 20}`,
        tag: number % 5 === 0 ? undefined : `tag-${number}`,
        instance: `instance-${number % 3}`,
        at: noonUs + number,
      }))),
  ],
  ["what cannot be read", () => [bad("1")]],
  [
    "everything, a new instance, and what cannot be read",
    () => [
      ...receive([...everything("team/new"), { repository: "team/new", instance: "2" }]),
      bad("2"),
    ],
  ],
  ["the delete of a repository", () => receive([{ ...gone, at: noonUs + 6 }])],
  ["everything, the delete of a repository, and what cannot be read", () => [
    ...receive(everything("team/one")),
    ...receive([{ ...gone, repository: "team/one", at: noonUs + 7 }]),
    ...receive(everything("team/two")),
    bad("3"),
  ]],
];

for (
  const { version, hasClientBulkWrite, most } of [
    { version: "8.0", hasClientBulkWrite: true, most: 4 },
    // There each collection is written by a command of its own.
    { version: "7.0", hasClientBulkWrite: false, most: 9 },
  ]
) {
  Deno.test({
    name: `a batch of any size takes at most ${most} round trips to MongoDB ${version}`,
    ...needs("mongodb"),
    async fn(t) {
      await using mongo = await useMongo();
      await mongo.open();
      await using monitored = await monitor(mongo, hasClientBulkWrite);
      const instances = new InstanceWatch();
      for (const [name, received] of batches) {
        await t.step(name, async () => {
          const transactions = await monitored.record(received(), instances);
          for (const commands of transactions) {
            assert.ok(commands.length <= most, commands.join(", "));
          }
          // One, but for a repository's delete before 8.0.
          const hasDelete = received().some(({ entry }) =>
            "event" in entry && entry.event.action === "delete" && entry.event.tag === undefined &&
            entry.event.digest === undefined
          );
          if (hasClientBulkWrite || !hasDelete) assert.equal(transactions.length, 1);
        });
      }
      await t.step("a pull by digest at the bound of tags", async () => {
        const full = { $set: { numtagrows: 20_000 } };
        await mongo.db.collection(named("").slice(0, -1)).updateMany({}, full);
        const of = { repository: "team/two", digest: image };
        await monitored.record(receive([{ ...of, method: "HEAD", tag: "x" }]), instances);
        const pull = receive([{ ...of, tag: undefined, actor: "bob", at: noonUs + 9 }]);
        const [commands = []] = await monitored.record(pull, instances);
        assert.ok(commands.length <= most, commands.join(", "));
      });
    },
  });
}

/** A connection that tells which commands it sends. */
async function monitor(mongo: MongoUnderTest, hasClientBulkWrite: boolean): Promise<
  AsyncDisposable & {
    /** The commands of each transaction that a batch took. */
    record(received: readonly Received[], instances: InstanceWatch): Promise<string[][]>;
  }
> {
  const { uri } = mongo.connection;
  const monitored = `${uri}${uri.includes("?") ? "&" : "?"}monitorCommands=true`;
  const connected = await connect({ ...mongo.connection, uri: monitored });
  const database: Database = { ...connected, hasClientBulkWrite };
  let transactions: string[][] = [];
  database.client.on("commandStarted", ({ commandName, command }: CommandStartedEvent) => {
    if (command.startTransaction === true) transactions.push([]);
    transactions.at(-1)?.push(`${commandName} ${command[commandName]}`);
  });
  return {
    async record(received, instances) {
      transactions = [];
      const recording = {
        ...planOptionsOf(),
        collector: "test",
        instances,
        parts: new WeakMap<Received, Outcome>(),
      };
      const batch = { received, ignored: [], deadline: Date.now() + 10_000 };
      await recordBatch(database, recording, batch);
      for (const commands of transactions) assert.equal(commands.at(-1), "commitTransaction 1");
      return transactions;
    },
    [Symbol.asyncDispose]: () => database.client.close(),
  };
}
