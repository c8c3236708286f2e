/**
 * Requests that schemathesis makes up from the description, against the program itself with hostile
 * names in its database: no 500, and no answer that is not described.
 *
 * @module
 */

import assert from "node:assert/strict";

import { run } from "../support/child.ts";
import { hostileEvents, hostileNames, isPossibleRepository } from "../support/hostile.ts";
import { createPoster } from "../support/http.ts";
import { freshDatabase } from "../support/mongodb.ts";
import { requirePart } from "../support/parts.ts";
import { type Drec, startDrec } from "../support/process.ts";
import { needs } from "../support/require.ts";
import { tempDir } from "../support/wait.ts";

const INGEST = "token-for-ingest";
/** Includes the role `read`. */
const ADMIN = "token-for-admin";

/** Parameters that any text is possible for. */
const NAMES = [
  ...["path.name", "path.tag", "path.user"],
  ...["query.q", "query.prefix", "query.tag", "query.label", "query.cursor", "query.consumer"],
];

/**
 * What is not held against answers, as it is not so here: some possible values exclude others, and
 * nothing is made by one operation for the next.
 */
const LEFT_OUT = [
  "positive_data_acceptance",
  "missing_required_header",
  "use_after_free",
  "ensure_resource_availability",
  "object_level_authorization",
];

/** In the language of its configuration, which is TOML; strings are written like those of JSON. */
function configOf(names: readonly string[]): string {
  // Not headers: its client cannot send all of them there.
  const bindings = NAMES.map((name) => `"${name}" = {dictionary = "hostile", probability = 0.6}`);
  return `
headers = { Authorization = "Bearer ${ADMIN}" }

[dictionaries.hostile]
values = ${JSON.stringify(names)}

[checks]
${LEFT_OUT.map((check) => `${check}.enabled = false`).join("\n")}

[generation]
database = "none"

[parameters]
${bindings.join("\n")}

# It never ends; stream_test.ts reads it.
[[operations]]
include-operation-id = "streamRepositories"
enabled = false

# What is not understood is accepted and quarantined, and 503 asks for the same again.
[[operations]]
include-tag = "Events"
headers = { Authorization = "Bearer ${INGEST}" }
checks.negative_data_rejection.enabled = false
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]
`;
}

/** A registry that reports all that it can, and a user who likes it. */
async function fill(drec: Drec): Promise<void> {
  const names = hostileNames.filter(isPossibleRepository);
  const events = [
    ...names.flatMap((name) => hostileEvents(name)),
    ...hostileNames.flatMap((name) => hostileEvents(name, "team/app")),
  ];
  for (const path of ["/events", "/events/main"]) {
    using poster = createPoster(`${drec.url}${path}`, { token: INGEST });
    await poster.deliver(events);
  }
}

/** Asks a program for whatever may be asked, and for what may not. */
async function examine(
  drec: Drec,
  { phases, maxExamples }: { phases: string; maxExamples: number },
): Promise<void> {
  await using folder = await tempDir();
  const url = await drec.ready();
  await fill(drec);
  const config = folder.join("schemathesis.toml");
  // NUL cannot be written in its configuration; it makes up some by itself.
  const names = hostileNames.filter((name) => !name.includes("\0"));
  await Deno.writeTextFile(config, configOf(names));
  const { code, stdout, stderr } = await run(requirePart("schemathesis"), [
    `--config-file=${config}`,
    "run",
    `${url}/api/v1/openapi.json`,
    `--phases=${phases}`,
    `--max-examples=${maxExamples}`,
    "--generation-deterministic",
    "--request-timeout=20",
    "--continue-on-failure",
    "--workers=1",
    "--no-color",
  ], { cwd: folder.path, timeoutMs: 240_000 });
  // Its own account of what it found comes first, and is what helps.
  const report = [stdout, stderr, drec.stderr].map((text) => text.slice(0, 20_000)).join("\n");
  assert.equal(code, 0, report);
  const [, tested] = /Tested: (\d+)/.exec(stdout) ?? [];
  assert.ok(Number(tested) >= 30, stdout);
  assert.doesNotMatch(drec.stderr, /request failed|cannot take in/);
}

const ENVIRONMENT = {
  DREC_SERVER_PORT: "0",
  DREC_SERVER_SSL: "off",
  // Not each event that it makes up and that is quarantined.
  DREC_LOG_LEVEL: "error",
  DREC_AUTH_INGEST: INGEST,
  DREC_AUTH_READ: "token-for-read",
  DREC_AUTH_ADMIN: ADMIN,
};

Deno.test({
  name: "schemathesis finds only what is described, and no server error: SQLite",
  ...needs("schemathesis"),
  async fn() {
    await using drec = await startDrec({ env: ENVIRONMENT });
    await examine(drec, { phases: "examples,coverage,fuzzing", maxExamples: 10 });
  },
});

Deno.test({
  name: "schemathesis finds only what is described, and no server error: MongoDB",
  ...needs("schemathesis", "mongodb"),
  async fn() {
    await using fresh = await freshDatabase();
    const env = {
      ...ENVIRONMENT,
      MONGODB_URI: fresh.uri,
      DREC_DIAL_INFO_DATABASE: fresh.database,
    };
    await using drec = await startDrec({ env });
    // What is refused is so before a store is asked: only what gets there is of interest.
    await examine(drec, { phases: "examples,fuzzing", maxExamples: 4 });
  },
});
