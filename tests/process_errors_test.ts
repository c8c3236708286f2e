/**
 * The real program cannot start: its exit code, and what it tells the operator to do.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import { smallDisk } from "./support/disk.ts";
import { testForms } from "./support/forms.ts";
import { runDrec, startDrec } from "./support/process.ts";
import { createCertificates } from "./support/tls.ts";
import { tempDir } from "./support/wait.ts";

testForms("drec ends with 1 and a remedy where the machine does not let it start", async (
  executable,
  t,
) => {
  await using folder = await tempDir();
  await Deno.writeTextFile(folder.join("file"), "this is no database, but long enough for one");
  using foreign = new DatabaseSync(folder.join("foreign.db"));
  foreign.exec("CREATE TABLE repositories (name TEXT)");
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using other = await startDrec({
    executable,
    cwd: folder.path,
    env: { DREC_SERVER_PORT: "0", DREC_SQLITE_PATH: "other/drec.db" },
  });
  await other.ready();
  const cases: [name: string, env: Record<string, string>, says: RegExp][] = [
    [
      "the port is in use",
      { DREC_SERVER_PORT: String(taken.addr.port) },
      /^drec: Cannot listen on 127\.0\.0\.1:\d+: .*\nTry: .*`server\.port`/,
    ],
    [
      "the address is that of another machine",
      { DREC_SERVER_ADDRESS: "192.0.2.1" },
      /^drec: Cannot listen on 192\.0\.2\.1:0: .*\nTry: .*`server\.address`/,
    ],
    [
      "another DREC serves the database",
      { DREC_SQLITE_PATH: "other/drec.db" },
      /^drec: Cannot open store "other\/drec\.db": another DREC serves it\nTry: end it/,
    ],
    [
      "the database is something else",
      { DREC_SQLITE_PATH: "file" },
      /^drec: Cannot open store "file": .*\nTry: name a database of DREC/,
    ],
    [
      "the database is that of another program",
      { DREC_SQLITE_PATH: "foreign.db" },
      /^drec: Cannot open store "foreign\.db": it has the tables of another program\nTry: name/,
    ],
    [
      "the database is a folder",
      { DREC_SQLITE_PATH: "other" },
      /^drec: Cannot open store "other": unable to open .*\nTry: .*`sqlite\.path`/,
    ],
    [
      "the folder of the database is a file",
      { DREC_SQLITE_PATH: "file/drec.db" },
      /^drec: Cannot make folder "file": .*\nTry: .*`sqlite\.path`/,
    ],
    [
      "no program may have its files there",
      { DREC_SQLITE_PATH: "/proc/drec/drec.db" },
      // Newer Denos keep programs away from there; to older ones there is no such folder.
      /^drec: Cannot make folder "\/proc\/drec": .*\nTry: (?:choose another path|.*`sqlite\.path`)/,
    ],
    [
      "the address is a name that nobody knows",
      { DREC_SERVER_ADDRESS: "drec.invalid" },
      /^drec: Cannot listen on drec\.invalid:0: .*\nTry: name an address .*`server\.address`/,
    ],
    [
      "no MongoDB answers",
      { MONGODB_URI: "mongodb://127.0.0.1:1/?replicaSet=none", DREC_DIAL_INFO_TIMEOUT: "300ms" },
      /^drec: Cannot connect to MongoDB at "127\.0\.0\.1:1": .*\nTry: start MongoDB/,
    ],
  ];
  for (const [name, env, says] of cases) {
    await t.step(name, async () => {
      const all = { DREC_SERVER_PORT: "0", ...env };
      const { code, stderr } = await runDrec({ executable, cwd: folder.path, env: all });
      assert.match(stderr.replaceAll(/^\{.*\n/gm, ""), says);
      assert.equal(code, 1);
    });
  }
  await t.step("the other DREC goes on", () => assert.equal(other.ended, false));
});

testForms("drec says that the file system of its database is read-only", async (executable, t) => {
  await using disk = await smallDisk();
  // Elsewhere than as root on Linux nothing is proved.
  if (disk === undefined) return;
  await Deno.mkdir(disk.join("old"));
  const database = (path: string): string[] => ["--sqlite-path", disk.join(path)];
  const made = await runDrec({ executable, args: ["token", "read", ...database("old/drec.db")] });
  assert.equal(made.code, 0, made.stderr);
  await disk.makeReadOnly();
  for (const command of [["token"], ["serve", "--server-port", "0"]]) {
    for (const path of ["old/drec.db", "old/new.db", "new/drec.db"]) {
      await t.step(`${command[0]} ${path}`, async () => {
        const { code, stderr } = await runDrec({
          executable,
          args: [...command, ...database(path)],
        });
        assert.match(stderr, /^drec: Cannot .*: the file system is read-only\nTry: mount .*\n$/);
        assert.equal(code, 1);
      });
    }
  }
});

testForms("drec ends with 2 and a remedy where its certificate is of no use", async (
  executable,
  t,
) => {
  await using pair = await createCertificates();
  await using another = await createCertificates();
  const dayMs = 86_400_000;
  await using expired = await createCertificates({
    notBefore: new Date(Date.now() - 2 * dayMs),
    notAfter: new Date(Date.now() - dayMs),
  });
  await using folder = await tempDir();
  await Deno.writeTextFile(folder.join("text"), "no certificate");
  await Deno.writeTextFile(folder.join("ca.key"), "junk");
  const cases: [name: string, cert: string, key: string, says: RegExp][] = [
    [
      "to be made by a key of junk",
      "domain.crt",
      "domain.key",
      /"ca\.key": .*\nTry: put back .*, or remove "ca\.crt" and "ca\.key"/,
    ],
    ["no key", pair.certFile, "none.key", /none\.key/],
    ["no certificate", "none.crt", pair.keyFile, /none\.crt/],
    ["a folder", folder.path, pair.keyFile, /Cannot read/],
    ["of another key", pair.certFile, another.keyFile, /domain\.(crt|key)/],
    ["no PEM", "text", pair.keyFile, /"text"/],
    ["expired", expired.certFile, expired.keyFile, /expired/],
  ];
  for (const [name, cert, key, says] of cases) {
    await t.step(name, async () => {
      const env = {
        DREC_SERVER_PORT: "0",
        DREC_SERVER_SSL_CERT: cert,
        DREC_SERVER_SSL_CERT_KEY: key,
      };
      const { code, stderr } = await runDrec({ executable, cwd: folder.path, env });
      assert.match(stderr, says);
      assert.match(stderr, /^drec: .*\nTry: /m);
      assert.equal(code, 2);
    });
  }
});
