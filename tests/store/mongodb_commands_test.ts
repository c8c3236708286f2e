/**
 * How often a batch goes to MongoDB and back: the network decides how fast a batch is, not its size.
 */

import assert from "node:assert/strict";

import type { CommandStartedEvent } from "mongodb";

import { InstanceWatch } from "../../lib/instances.ts";
import { connect } from "../../lib/store/mongodb/connection.ts";
import { recordBatch } from "../../lib/store/mongodb/record.ts";
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
import { useMongo } from "./mongodb_support.ts";

/** The target before 8.0, where each collection is written by a command of its own. */
const MOST_COMMANDS = 9;

const push: EventParts = { action: "push", method: "PUT" };
const [index, child, image] = [digestOf("index"), digestOf("child"), digestOf("image")];

const batches: [name: string, events: EventParts[]][] = [
  ["a pull", [{}]],
  ["the push of an image", [{ ...push, digest: image, references: [{ digest: digestOf("c") }] }]],
  ["a push, a pull of it by docker, and its delete", [
    { ...push, mediaType: mediaTypes.index, digest: index, references: [{ digest: child }] },
    { method: "HEAD", mediaType: mediaTypes.index, digest: index, at: noonUs + 1 },
    { mediaType: mediaTypes.index, digest: index, tag: undefined, at: noonUs + 2 },
    { digest: child, tag: undefined, at: noonUs + 3 },
    { action: "delete", method: "DELETE", digest: child, tag: undefined, at: noonUs + 4 },
    { action: "delete", method: "DELETE", digest: undefined, tag: "1.0", at: noonUs + 5 },
  ]],
  [
    "500 events of everything",
    Array.from({ length: 500 }, (_, number): EventParts => ({
      ...(number % 3 === 0 ? push : {}),
      actor: `user-${number % 40}`,
      digest: digestOf(`d${number}`),
      references: [{ digest: digestOf(`layer-${number}`) }],
      repository: `team/app-${number % 20}`,
      tag: number % 5 === 0 ? undefined : `tag-${number}`,
      at: noonUs + number,
    })),
  ],
];

Deno.test({
  name: "a batch of any size takes at most 9 round trips to MongoDB before 8.0",
  ...needs("mongodb"),
  async fn(t) {
    await using mongo = await useMongo();
    await mongo.open();
    const { uri } = mongo.connection;
    const monitored = `${uri}${uri.includes("?") ? "&" : "?"}monitorCommands=true`;
    const database = {
      ...await connect({ ...mongo.connection, uri: monitored }),
      hasClientBulkWrite: false,
    };
    const instances = new InstanceWatch();
    const names: string[] = [];
    database.client.on("commandStarted", ({ commandName, command }: CommandStartedEvent) => {
      names.push(`${commandName} ${command[commandName]}`);
    });
    const record = async (events: readonly EventParts[]): Promise<void> => {
      names.length = 0;
      await recordBatch(database, { ...planOptionsOf(), collector: "test", instances }, {
        received: events.map((event) => receivedOf(eventOf(event))),
        ignored: [],
        deadline: Date.now() + 10_000,
      });
      assert.equal(names.at(-1), "commitTransaction 1");
    };
    try {
      // Once for each start of a registry: its instance is noted.
      await t.step("but one more for an instance that is new", async () => {
        await record([{}]);
        assert.ok(names.length <= MOST_COMMANDS + 1, names.join(", "));
      });
      for (const [name, events] of batches) {
        await t.step(name, async () => {
          await record(events);
          assert.ok(names.length <= MOST_COMMANDS, names.join(", "));
        });
      }
      // What no registry sends itself: it clears what each collection has, and leaves a tombstone.
      await t.step("except for the delete of a repository", () => record([gone]));
    } finally {
      await database.client.close();
    }
  },
});
