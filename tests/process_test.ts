/**
 * The real program: its first start, its second, and how it ends.
 *
 * @module
 */

import assert from "node:assert/strict";

import { load } from "js-yaml";
import { MongoClient } from "mongodb";

import { createApi } from "./support/api.ts";
import { runOk } from "./support/child.ts";
import { testForms } from "./support/forms.ts";
import { postEvents } from "./support/http.ts";
import { blobEvent, wireEvent } from "./support/ingest.ts";
import { startMongo } from "./support/mongodb.ts";
import { readyLine, startDrec } from "./support/process.ts";
import { tempDir } from "./support/wait.ts";

/** Files and folders by name, with their permissions. */
async function listFiles(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const { mode } = await Deno.stat(`${folder}/${name}`);
    if (!isDirectory) found[name] = ((mode ?? 0) & 0o777).toString(8);
  }
  return found;
}

testForms("the first start in an empty folder makes what is missing, and says what to do", async (
  executable,
  t,
) => {
  await using drec = await startDrec({ executable, env: { DREC_SERVER_PORT: "0" } });
  const url = await drec.ready();
  await t.step(
    "certificates, and a folder for data; keys and tokens for the owner alone",
    async () => {
      assert.deepEqual(await listFiles(`${drec.cwd}/certs`), {
        "ca.crt": "644",
        "ca.key": "600",
        "domain.crt": "644",
        "domain.key": "600",
      });
      const data = await listFiles(`${drec.cwd}/data`);
      assert.ok("drec.db" in data);
      const tokens = Object.entries(data).filter(([name]) => name.startsWith("token-"));
      assert.ok(tokens.every(([, mode]) => mode === "600"));
    },
  );
  await t.step("what to paste is YAML with the address that is listened on", () => {
    const [, text = ""] = /^1\. .*\n\n([^]*?)\n\n2\. /.exec(drec.stdout) ?? [];
    const snippet = load(text) as { notifications: { endpoints: { url: string }[] } };
    assert.deepEqual(snippet.notifications.endpoints.map(({ url }) => url), [`${url}/events`]);
  });
  await t.step("no token is needed here, so none is shown", async () => {
    for (const role of ["ingest", "read", "admin"]) {
      const path = `${drec.cwd}/data/token-${role}`;
      const token = await Deno.readTextFile(path).catch(() => undefined);
      assert.ok(token === undefined || !drec.stdout.includes(token.trim()));
    }
  });
  await t.step("the ready line comes last", () => {
    assert.match(drec.stdout.trimEnd().split("\n").at(-1) ?? "", readyLine);
  });
});

testForms("the printed curl line shows the numbers", async (executable) => {
  await using drec = await startDrec({ executable, env: { DREC_SERVER_PORT: "0" } });
  const url = await drec.ready();
  const caCert = await Deno.readTextFile(`${drec.cwd}/certs/ca.crt`);
  assert.equal(await postEvents(`${url}/events`, [wireEvent()], { caCert }), 200);
  const [line = ""] = /^ +curl .*$/m.exec(drec.stdout) ?? [];
  const shown = await runOk("sh", ["-c", `${line} --silent --show-error`], { cwd: drec.cwd });
  const { items: [item, ...others] } = JSON.parse(shown);
  assert.deepEqual([item.registry, item.repository, item.pulls], ["default", "team/app", 1]);
  assert.deepEqual(others, []);
}, ["curl"]);

testForms("the second start prints the ready line alone, and goes on counting", async (
  executable,
) => {
  await using folder = await tempDir();
  const options = { executable, cwd: folder.path, env: { DREC_SERVER_PORT: "0" } };
  const event = wireEvent();
  const bodies = [[event], [event], [blobEvent()], "no envelope"];
  let before: unknown;
  {
    await using drec = await startDrec(options);
    const url = await drec.ready();
    const caCert = await Deno.readTextFile(folder.join("certs", "ca.crt"));
    for (const body of bodies) {
      assert.equal(await postEvents(`${url}/events`, body, { caCert }), 200);
    }
    using api = createApi(url, { caCert });
    before = await api.get("accounting");
    drec.signal("SIGTERM");
    assert.equal((await drec.status).code, 0);
  }
  assert.deepEqual(before, {
    received: 4,
    counted: 1,
    duplicate: 1,
    ignored: 1,
    quarantined: 1,
    byRegistry: [
      { registry: "default", received: 4, counted: 1, duplicate: 1, ignored: 1, quarantined: 1 },
    ],
  });
  await using drec = await startDrec(options);
  const url = await drec.ready();
  assert.equal(drec.stdout.replace(readyLine, ""), "\n");
  // The certificate is the same one.
  const caCert = await Deno.readTextFile(folder.join("certs", "ca.crt"));
  using api = createApi(url, { caCert });
  assert.deepEqual(await api.get("accounting"), before);
  assert.equal(await postEvents(`${url}/events`, [event], { caCert }), 200);
  assert.equal((await api.get("accounting")).duplicate, 2);
});

testForms("server.ssl: off is plain HTTP, without certificates", async (executable) => {
  const env = { DREC_SERVER_PORT: "0", DREC_SERVER_SSL: "off" };
  await using drec = await startDrec({ executable, env });
  const url = await drec.ready();
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.match(drec.stdout, /^ +curl http:/m);
  assert.equal(await postEvents(`${url}/events`, [wireEvent()]), 200);
  await assert.rejects(Deno.stat(`${drec.cwd}/certs`), Deno.errors.NotFound);
});

testForms("the configuration of 2015 works with its MongoDB", async (executable) => {
  await using mongo = await startMongo();
  await using folder = await tempDir();
  const file = `
server:
  address: "127.0.0.1"
  port: 0
  route: "/events"
  ssl:
    cert: certs/domain.crt
    cert_key: certs/domain.key
dial_info:
  addrs: ["127.0.0.1:${mongo.port}"]
  timeout: "30s"
  database: "docker-registry-db"
  user: ""
  password_file: ""
collection: "registry-stats"
`;
  await Deno.writeTextFile(folder.join("config.yml"), file);
  await using drec = await startDrec({ executable, cwd: folder.path, args: ["config.yml"] });
  const url = await drec.ready();
  const caCert = await Deno.readTextFile(folder.join("certs", "ca.crt"));
  assert.equal(await postEvents(`${url}/events`, [wireEvent()], { caCert }), 200);
  const client = new MongoClient(mongo.uri);
  const statistics = client.db("docker-registry-db").collection("registry-stats");
  const document = await statistics.findOne({ repositoryname: "team/app" });
  await client.close();
  assert.deepEqual([document?.numpulls, document?.registry], [1, "default"]);
}, ["secantusdb"]);
