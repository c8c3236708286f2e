/**
 * A program of the pure modules alone: it plans one recorded day of a client and prints the
 * outcomes and pulls. `architecture_test.ts` runs it without any permission.
 *
 * @module
 */

import recording from "../testdata/3.1.1-podman-pull-multi.ndjson" with { type: "text" };

import { createConsumerMatcher } from "../../lib/consumer.ts";
import { parseEnvelope } from "../../lib/event.ts";
import { createAnswers } from "../../lib/facts.ts";
import type { PlanOptions, Received } from "../../lib/batch.ts";
import { candidatesOf, planBatch } from "../../lib/plan.ts";

const options: PlanOptions = {
  consumerOf: createConsumerMatcher([]),
  privacy: { actors: "hash", addresses: "drop" },
  onRepositoryDelete: "remove",
  key: "key",
};

const received = recording.trimEnd().split("\n").flatMap((line): Received[] => {
  const { receivedAt, body }: { receivedAt: string; body: string } = JSON.parse(line);
  const at = Date.parse(receivedAt);
  const envelope = { key: () => body, excerpt: () => body, bytes: body.length };
  return parseEnvelope(new TextEncoder().encode(body), at)
    .map((entry) => ({ registry: "default", receivedAt: at, entry, envelope }));
});

const candidates = candidatesOf(received, options);
const context = { duplicates: new Set<string>(), known: createAnswers(), options };
const { outcomes, changes } = planBatch(candidates, context);
const repository = changes.find(({ target }) => target.kind === "repository");

const result = JSON.stringify({ outcomes, pulls: repository?.counts.pulls });
Deno.stdout.writeSync(new TextEncoder().encode(result));
