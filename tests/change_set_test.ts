import assert from "node:assert/strict";

import fc from "fast-check";

import { ChangeSet } from "../lib/change_set.ts";
import type { Meaning } from "../lib/mapping.ts";
import { changesOf, type Circumstances } from "../lib/statistics.ts";
import { merged, sortedByKey } from "./support/changes.ts";
import { digestOf, noonUs } from "./support/events.ts";

type Counted = readonly [Meaning, Circumstances];

const [a, b] = [digestOf("a"), digestOf("b")];
const pull: Meaning = { type: "pull", row: 1, digest: a, tag: "1.0" };
const circumstances: Circumstances = {
  registry: "default",
  repository: "team/app",
  at: noonUs,
  tag: "1.0",
  actor: { dimension: "actor", name: "alice" },
  client: "docker",
  consumer: "other",
};

/** What a set makes of events, and what their changes come to one by one. */
function assertSame(events: readonly Counted[]): void {
  const set = new ChangeSet();
  for (const [meaning, of] of events) set.add(meaning, of);
  const alone = events.flatMap(([meaning, of]) => changesOf(meaning, of));
  assert.deepEqual(sortedByKey(set.changes()), merged(alone));
}

Deno.test("ChangeSet adds up as if each event came alone", async (t) => {
  const others: Record<string, Counted> = {
    "the same, later": [pull, { ...circumstances, at: noonUs + 5_000_000 }],
    "another day": [pull, { ...circumstances, at: noonUs + 86_400_000_000 }],
    "another registry": [pull, { ...circumstances, registry: "main" }],
    "another repository": [pull, { ...circumstances, repository: "team/other" }],
    "another tag": [{ ...pull, tag: "2.0" }, { ...circumstances, tag: "2.0" }],
    "the row of all other tags": [pull, { ...circumstances, tag: "" }],
    "another digest": [{ ...pull, digest: b }, circumstances],
    "another actor": [pull, { ...circumstances, actor: { dimension: "actor", name: "bob" } }],
    "the row of all other actors": [
      pull,
      { ...circumstances, actor: { dimension: "overflow", name: "alice" } },
    ],
    "another client": [pull, { ...circumstances, client: "podman" }],
    "another consumer": [pull, { ...circumstances, consumer: "ci" }],
    "another meaning": [{ type: "check", row: 6, digest: a, tag: "1.0" }, circumstances],
  };
  for (const [name, other] of Object.entries(others)) {
    await t.step(name, () => {
      const event: Counted = [pull, circumstances];
      assertSame([event, other, event, other]);
    });
  }
});

Deno.test("ChangeSet adds up as if each event came alone, whatever they are", () => {
  const anyMeaning = fc.constantFrom<Meaning>(
    pull,
    { ...pull, digest: b },
    { type: "check", row: 6, digest: a, tag: "1.0" },
    { type: "push", row: 8, digest: a, tag: "1.0", unchanged: false },
    { type: "push", row: 8, digest: a, tag: "1.0", unchanged: true },
    { type: "tagDelete", row: 12, tag: "1.0" },
    { type: "blobPull", row: 7, digest: a },
  );
  const anyCircumstances: fc.Arbitrary<Circumstances> = fc.record({
    registry: fc.constantFrom("default", "main"),
    repository: fc.constantFrom("team/app", "team"),
    at: fc.integer({ min: noonUs - 1e11, max: noonUs + 1e11 }),
    tag: fc.constantFrom("1.0", ""),
    actor: fc.constantFrom(
      { dimension: "actor", name: "alice" } as const,
      { dimension: "overflow", name: "alice" } as const,
    ),
    client: fc.constantFrom("docker", "podman"),
    consumer: fc.constantFrom("ci", "other"),
    size: fc.constantFrom(1, 2),
  });
  const anyEvents = fc.array(fc.tuple(anyMeaning, anyCircumstances), { maxLength: 60 });
  fc.assert(fc.property(anyEvents, assertSame));
});

Deno.test("ChangeSet tells a new push from one of the same", () => {
  const push = (unchanged: boolean): Counted => [
    { type: "push", row: 8, digest: a, tag: "1.0", unchanged },
    circumstances,
  ];
  assertSame([push(false), push(true), push(true), push(false)]);
});

Deno.test("ChangeSet tells layers by their size", () => {
  const { tag: _, ...untagged } = circumstances;
  const layer = (size: number): Counted => [{ type: "blobPull", row: 7, digest: a }, {
    ...untagged,
    size,
  }];
  assertSame([layer(10), layer(20), layer(20), layer(10)]);
});

Deno.test("ChangeSet adds up more kinds of events than it remembers", () => {
  const tags = Array.from({ length: 100 }, (_, n): Counted => {
    const tag = `1.${n}`;
    return [{ ...pull, tag }, { ...circumstances, tag, at: noonUs + n * 1_000_000 }];
  });
  assertSame([...tags, ...tags.toReversed(), ...tags]);
});

Deno.test("ChangeSet.drop() forgets a repository, and counts on", () => {
  const set = new ChangeSet();
  set.add(pull, circumstances);
  set.add(pull, { ...circumstances, repository: "team/other" });
  set.drop("default\nteam/app\n");
  set.add(pull, circumstances);
  const pulls = set.changes().flatMap(({ target, counts }) =>
    target.kind === "repository" ? [[target.repository, counts.pulls]] : []
  );
  assert.deepEqual(pulls, [["team/other", 1], ["team/app", 1]]);
});
