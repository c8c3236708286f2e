/**
 * The parts that other tests stand on, tried for themselves: a failure here explains others.
 *
 * @module
 */

import assert from "node:assert/strict";
import { MongoClient } from "mongodb";

import { Child, run, runOk } from "./support/child.ts";
import { createPodman, skopeo } from "./support/clients.ts";
import { createPoster, openSocket, postEvents, rawRequest } from "./support/http.ts";
import { writeSampleImages } from "./support/images.ts";
import { freshDatabase, startMongo } from "./support/mongodb.ts";
import { type RegistryVersion, startRegistry } from "./support/registry.ts";
import { closingLine, parseJunit, reportedFiles } from "./support/report.ts";
import { needs } from "./support/require.ts";
import { flagsOf } from "../tools/tasks.ts";
import { readRecording, readRecordings } from "./support/testdata.ts";
import { createCertificates, type TestCertificates } from "./support/tls.ts";
import { freePort, tempDir, until } from "./support/wait.ts";

Deno.test("until() gives up and says what it waited for", async () => {
  const waiting = until(() => false, "Godot", { timeoutMs: 30, everyMs: 5 });
  await assert.rejects(waiting, /Waited 30 ms in vain for Godot/);
});

Deno.test("tempDir() removes the folder with all that is in it", async () => {
  let path = "";
  {
    await using folder = await tempDir();
    path = folder.path;
    await Deno.writeTextFile(folder.join("file"), "text");
  }
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
});

Deno.test("Child waits for a text, takes a signal and tells how it ended", async () => {
  const script =
    'process.on("SIGTERM", () => process.exit(7)); console.log("up"); setTimeout(() => {}, 1e6)';
  await using child = new Child(Deno.execPath(), { args: ["eval", script] });
  assert.equal((await child.waitFor(/^(up)$/m))[1], "up");
  child.signal("SIGTERM");
  assert.equal((await child.status).code, 7);
  await assert.rejects(child.waitFor(/down/), /ended with 7/);
});

Deno.test("run() kills a program that takes too long", async () => {
  const { code } = await run(Deno.execPath(), ["eval", "setTimeout(() => {}, 1e6)"], {
    timeoutMs: 300,
  });
  assert.equal(code, 137);
});

Deno.test("runOk() shows what a failing program wrote", async () => {
  const failing = runOk(Deno.execPath(), ["eval", 'console.error("oh no"); process.exit(3)']);
  await assert.rejects(failing, /ended with 3\noh no/);
});

Deno.test("parseJunit() counts tests and steps of a real report", async () => {
  await using folder = await tempDir();
  await Deno.writeTextFile(
    folder.join("sample_test.ts"),
    `Deno.test("a & <b>", async (t) => {
       await t.step("one", () => {});
       await t.step({ name: "two", ignore: true, fn() {} });
     });
     Deno.test("fails", () => { throw new Error("<skipped/>"); });`,
  );
  const args = ["test", "--no-config", "--no-lock", "--junit-path=report.xml"];
  await run(Deno.execPath(), args, { cwd: folder.path });
  const xml = await Deno.readTextFile(folder.join("report.xml"));
  assert.deepEqual(parseJunit(xml), {
    passed: 2,
    failed: ["sample_test.ts: fails"],
    skipped: ["sample_test.ts: a & <b> > two"],
  });
  assert.deepEqual(reportedFiles(xml), new Set(["sample_test.ts"]));
  assert.equal(closingLine(parseJunit(xml)), "2 passed, 1 failed");
});

Deno.test("flagsOf() reads the same flags from start and compile", () => {
  const flags = flagsOf("start");
  assert.ok(flags.includes("--no-prompt"));
  assert.ok(!flags.some((flag) => /^--allow-(all|run|ffi)/.test(flag)), String(flags));
  assert.deepEqual(flagsOf("compile"), flags);
});

Deno.test("readRecordings() finds every recording with its POSTs and counts", () => {
  const recordings = readRecordings();
  assert.equal(recordings.length, 100);
  assert.equal(recordings.reduce((sum, { posts }) => sum + posts.length, 0), 1520);
  const { expected, uniqueEvents } = readRecording("2.8.2-curl-delivery-retries");
  assert.equal(uniqueEvents, 7);
  assert.deepEqual(expected.tags, { "team/app:1.0": { pulls: 2, pushes: 1 } });
});

Deno.test("rawRequest() and postEvents() reach a server over TLS and without", async (t) => {
  await using certificates = await createCertificates();
  for (const tls of [true, false]) {
    await t.step(tls ? "TLS" : "plain", async () => {
      await using receiver = startReceiver(tls ? certificates : undefined);
      const { port, url, trust } = receiver;
      const request = "POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
      const answer = await rawRequest(port, request, trust);
      assert.deepEqual([answer.status, answer.body], [200, "thanks €"]);
      assert.equal(answer.headers["content-length"], "10");
      assert.equal(await postEvents(url, [{ id: "1" }], trust), 200);
      assert.deepEqual(receiver.bodies, ["{}", '{"events":[{"id":"1"}]}']);
    });
  }
});

Deno.test("openSocket() reads several answers, and status 0 from a server that hangs up", async () => {
  await using receiver = startReceiver();
  using socket = await openSocket(receiver.port);
  for (const _ of [1, 2]) {
    await socket.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.equal((await socket.answer()).status, 200);
  }
  await assert.rejects(socket.answer(50), /No answer within 50 ms/);
  assert.equal((await rawRequest(receiver.port, "nonsense\r\n\r\n")).status, 400);
});

Deno.test("createPoster() delivers until it hears a success", async () => {
  const statuses = [500, 503, 200];
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(null, { status: statuses.shift() ?? 200 }),
  );
  using poster = createPoster(`http://127.0.0.1:${server.addr.port}/events`);
  assert.equal(await poster.deliver([]), 3);
});

Deno.test({
  name: "createCertificates() makes a chain that OpenSSL accepts",
  ...needs("openssl"),
  async fn() {
    await using certificates = await createCertificates();
    const { caFile, certFile } = certificates;
    const args = ["verify", "-CAfile", caFile, "-verify_ip", "127.0.0.1", certFile];
    assert.match(await runOk("openssl", args), /OK/);
  },
});

Deno.test({
  name: "freshDatabase() gives a database with transactions and change streams",
  ...needs("mongodb"),
  async fn() {
    await using fresh = await freshDatabase();
    await using client = new MongoClient(fresh.uri);
    const numbers = client.db(fresh.database).collection<{ _id: string; n: number }>("numbers");
    await numbers.insertOne({ _id: "a", n: 1 });
    await using changes = numbers.watch();
    await changes.tryNext();
    await client.withSession((session) =>
      session.withTransaction(() =>
        numbers.updateOne({ _id: "a" }, { $inc: { n: 1 } }, { session })
      )
    );
    assert.equal((await changes.next()).operationType, "update");
    assert.equal((await numbers.findOne({ _id: "a" }))?.n, 2);
  },
});

Deno.test({
  name: "startMongo() keeps what was committed through a kill",
  ...needs("secantusdb"),
  async fn() {
    await using folder = await tempDir();
    const options = { syncOnCommit: true, storagePath: folder.join("data"), port: freePort() };
    {
      await using server = await startMongo(options);
      await using client = new MongoClient(server.uri);
      const kept = client.db("test").collection("kept");
      await kept.insertOne({ n: 1 }, { writeConcern: { w: "majority", j: true } });
      await server.kill();
    }
    await using server = await startMongo(options);
    await using client = new MongoClient(server.uri);
    assert.equal((await client.db("test").collection("kept").findOne())?.["n"], 1);
  },
});

Deno.test({
  name: "startMongo() can be standalone, and can be told to fail",
  ...needs("secantusdb"),
  async fn() {
    await using server = await startMongo({ standalone: true, testCommands: true });
    await using client = new MongoClient(server.uri, { retryWrites: false });
    const hello = await client.db("admin").command({ hello: 1 });
    assert.equal(hello["setName"], undefined);
    const failPoint = {
      configureFailPoint: "failCommand",
      mode: { times: 1 },
      data: { failCommands: ["insert"], errorCode: 91 },
    };
    await client.db("admin").command(failPoint);
    await assert.rejects(
      client.db("test").collection("c").insertOne({}),
      { code: 91 },
    );
  },
});

const versions: RegistryVersion[] = ["2.8", "3"];

for (const version of versions) {
  Deno.test({
    name: `startRegistry() notifies over TLS: registry ${version}, skopeo`,
    ...needs(`registry-${version}`, "skopeo"),
    async fn() {
      await using certificates = await createCertificates();
      await using receiver = startReceiver(certificates);
      const { url, port } = receiver;
      await using registry = await startRegistry({
        version,
        notifications: {
          url,
          headers: { Authorization: ["Bearer secret"] },
          caFile: certificates.caFile,
        },
      });
      await using folder = await tempDir();
      const { layout, multi, attested } = await writeSampleImages(folder.join("layout"));
      const image = `docker://${registry.host}/team/app`;
      await skopeo("copy", ["--all", `oci:${layout}:multi`, `${image}:multi`]);
      await skopeo("copy", ["--all", `oci:${layout}:attested`, `${image}:attested`]);
      const inspected = JSON.parse(await skopeo("inspect", ["--raw", `${image}:multi`]));
      assert.equal(inspected.manifests.length, 2);

      const { Pending, Events, Successes, Failures } = await registry.waitDelivered();
      assert.deepEqual({ Pending, Failures }, { Pending: 0, Failures: 0 });
      assert.equal(Events, Successes);
      assert.equal(receiver.bodies.length, Successes, `at port ${port}`);
      assert.equal(receiver.authorizations.size, 1);
      const tagged = receiver.bodies.flatMap((body) => JSON.parse(body).events)
        .filter(({ action, target }) => action === "push" && target.tag !== undefined)
        .map(({ target }) => [target.tag, target.digest, target.references.length]);
      assert.deepEqual(tagged, [["multi", multi.digest, 2], ["attested", attested.digest, 4]]);
    },
  });

  Deno.test({
    name: `startRegistry() knows its users: registry ${version}, podman`,
    ...needs(`registry-${version}`, "podman", "htpasswd"),
    async fn() {
      await using receiver = startReceiver();
      await using registry = await startRegistry({
        version,
        includeReferences: false,
        htpasswd: { alice: "wonderland", bob: "builder" },
        notifications: { url: receiver.url },
      });
      await using folder = await tempDir();
      const { layout } = await writeSampleImages(folder.join("layout"));
      await using podman = await createPodman();
      const id = await podman("pull", "--quiet", `oci:${layout}:app1`);
      const image = `${registry.host}/team/app:1.0`;
      const flags = ["--quiet", "--tls-verify=false"];
      await podman("push", ...flags, "--creds=alice:wonderland", id, `docker://${image}`);
      await podman("rmi", "--all", "--force");
      await assert.rejects(podman("pull", ...flags, image), /unauthorized|authentication/);
      await podman("pull", ...flags, "--creds=bob:builder", image);

      await registry.waitDelivered();
      const seen = receiver.bodies.flatMap((body) => JSON.parse(body).events)
        .filter(({ target }) => target.tag !== undefined)
        .map(({ action, actor, target }) => [action, actor.name, target.references]);
      assert.deepEqual(seen, [["push", "alice", undefined], ["pull", "bob", undefined]]);
    },
  });
}

interface Receiver extends AsyncDisposable {
  port: number;
  url: string;
  trust: { caCert?: string };
  bodies: string[];
  authorizations: Set<string>;
}

/** A server that keeps what it gets and thanks for it. */
function startReceiver(certificates?: TestCertificates): Receiver {
  const bodies: string[] = [];
  const authorizations = new Set<string>();
  const { cert, key, caCert } = certificates ?? {};
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
    ...(cert !== undefined && key !== undefined ? { cert, key } : {}),
  }, async (request) => {
    authorizations.add(request.headers.get("Authorization") ?? "none");
    bodies.push(await request.text());
    return new Response("thanks €");
  });
  const { port } = server.addr;
  return {
    port,
    url: `${caCert === undefined ? "http" : "https"}://127.0.0.1:${port}/events`,
    trust: caCert === undefined ? {} : { caCert },
    bodies,
    authorizations,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
