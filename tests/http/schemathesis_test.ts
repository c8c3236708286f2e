/**
 * Requests that schemathesis makes up from the description, against the program itself with hostile
 * names in its database: no 500, and no answer that is not described.
 *
 * @module
 */

import assert from "node:assert/strict";

import { run } from "../support/child.ts";
import { hostileEvents, hostileNames, isPossibleRepository } from "../support/hostile.ts";
import { postEvents } from "../support/http.ts";
import { requirePart } from "../support/parts.ts";
import { type Drec, startDrec } from "../support/process.ts";
import { needs } from "../support/require.ts";
import { tempDir } from "../support/wait.ts";

const INGEST = "token-for-ingest";
/** Includes the role `read`. */
const ADMIN = "token-for-admin";

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
  return `
headers = { Authorization = "Bearer ${ADMIN}" }

[dictionaries.hostile]
values = ${JSON.stringify(names)}

[checks]
${LEFT_OUT.map((check) => `${check}.enabled = false`).join("\n")}

[generation]
database = "none"
max-examples = 6

[generation.dictionaries.string]
dictionary = "hostile"
probability = 0.4

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
    assert.equal(await postEvents(`${drec.url}${path}`, events, { token: INGEST }), 200);
  }
}

Deno.test({
  name: "schemathesis finds nothing that is not described, and no server error",
  ...needs("schemathesis"),
  async fn() {
    await using folder = await tempDir();
    await using drec = await startDrec({
      env: {
        DREC_SERVER_PORT: "0",
        DREC_SERVER_SSL: "off",
        DREC_AUTH_INGEST: INGEST,
        DREC_AUTH_READ: "token-for-read",
        DREC_AUTH_ADMIN: ADMIN,
      },
    });
    const url = await drec.ready();
    await fill(drec);
    // NUL cannot be written in its configuration; it makes up some by itself.
    const config = folder.join("schemathesis.toml");
    await Deno.writeTextFile(config, configOf(hostileNames.filter((name) => !name.includes("\0"))));
    const { code, stdout, stderr } = await run(requirePart("schemathesis"), [
      `--config-file=${config}`,
      "run",
      `${url}/api/v1/openapi.json`,
      "--phases=examples,coverage,fuzzing",
      "--generation-deterministic",
      "--request-timeout=20",
      "--continue-on-failure",
      "--workers=1",
      "--no-color",
    ], { cwd: folder.path, timeoutMs: 180_000 });
    assert.equal(code, 0, `${stdout}${stderr}\n${drec.stderr}`.slice(-20_000));
    assert.match(stdout, /Selected: \d+\/\d+/);
    assert.doesNotMatch(drec.stderr, /Request failed|cannot take in/);
  },
});
