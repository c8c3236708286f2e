import assert from "node:assert/strict";

import { testForms } from "../support/forms.ts";
import { runDrec } from "../support/process.ts";
import { createCertificates } from "../support/tls.ts";
import { tempDir } from "../support/wait.ts";

/** The file of the original, as it was. */
const original = `
server:
  address: "0.0.0.0"
  port: 8443
  route: "/events"
  ssl:
    cert: certs/domain.crt
    cert_key: certs/domain.key
dial_info:
  addrs: ["mongo-host"]
  timeout: "30s"
  database: "docker-registry-db"
  user: ""
  password_file: ""
collection: "registry-stats"
`;

testForms("drec check accepts a configuration, and starts nothing", async (executable, t) => {
  const cases: {
    name: string;
    file?: string;
    env?: Record<string, string>;
    args?: string[];
    says: RegExp;
  }[] = [
    { name: "none", says: /^The defaults: valid\n.*https:\/\/127\.0\.0\.1:8443\/events.*SQLite/ },
    {
      name: "the original's",
      file: original,
      says:
        /valid\n.*https:\/\/0\.0\.0\.0:8443\/events.*MongoDB, docker-registry-db\.registry-stats/,
    },
    {
      name: "a flag wins over the environment, which wins over the file",
      file: "server: { port: 1, address: 127.0.0.3 }\nsqlite: { path: file.db }\n",
      env: { DREC_SERVER_PORT: "2", DREC_SQLITE_PATH: "env.db" },
      args: ["--server-port", "3"],
      says: /https:\/\/127\.0\.0\.3:3\/events, counts in SQLite in env\.db/,
    },
    { name: "ssl: off", file: "server: { ssl: off }\n", says: /listens on http:\/\/127/ },
  ];
  for (const { name, file, env = {}, args = [], says } of cases) {
    await t.step(name, async () => {
      await using folder = await tempDir();
      if (file !== undefined) await Deno.writeTextFile(folder.join("config.yml"), file);
      const cwd = folder.path;
      const done = await runDrec({ executable, cwd, env, args: ["check", ...args] });
      assert.equal(done.code, 0, done.stderr);
      assert.match(done.stdout, says);
      const made = await Array.fromAsync(Deno.readDir(cwd), (entry) => entry.name);
      assert.deepEqual(made.filter((name) => name !== "config.yml"), []);
    });
  }
});

testForms("drec names file, line, key and remedy of all that is wrong, and ends with 2", async (
  executable,
  t,
) => {
  const cases: [name: string, file: string, env: Record<string, string>, says: RegExp][] = [
    [
      "an unknown key",
      "server:\n  prot: 1\n",
      {},
      /drec\.yml:2: server\.prot: unknown key; did you mean "server\.port"/,
    ],
    [
      "a wrong type",
      "\n\nserver: { port: many }\n",
      {},
      /drec\.yml:3: server\.port: expected a whole number/,
    ],
    ["a wrong value", "blobs: maybe\n", {}, /drec\.yml:1: blobs: expected .*ignore.*count/],
    ["no YAML", "server: [\n", {}, /drec\.yml:\d+: /],
    [
      "two at once",
      "blobs: 1\ncolection: a\n",
      {},
      /drec\.yml:1: blobs:[^]*drec\.yml:2: colection: .*"collection"/,
    ],
    ["a variable", "", { DREC_SERVER_PORT: "x" }, /DREC_SERVER_PORT: expected a whole number/],
    ["an unknown variable", "", { DREC_SERVR_PORT: "1" }, /DREC_SERVR_PORT: .*DREC_SERVER_PORT/],
    ["a secret's file", "", { MONGODB_URI_FILE: "none.txt" }, /MONGODB_URI_FILE: .*none\.txt/],
  ];
  await using folder = await tempDir();
  for (const [index, [name, file, env, says]] of cases.entries()) {
    // All commands read it alike.
    const command = ["check", "serve", "token"][index % 3] ?? "check";
    await t.step(`${name}, ${command}`, async () => {
      await Deno.writeTextFile(folder.join("drec.yml"), file);
      const args = [command, "drec.yml"];
      const done = await runDrec({ executable, cwd: folder.path, env, args });
      assert.match(done.stderr, says);
      assert.equal(done.stdout, "");
      assert.equal(done.code, 2);
    });
  }
});

testForms("drec check refuses the certificate that serve would refuse", async (executable, t) => {
  const dayMs = 86_400_000;
  await using pair = await createCertificates();
  await using another = await createCertificates();
  await using expired = await createCertificates({
    notBefore: new Date(Date.now() - 2 * dayMs),
    notAfter: new Date(Date.now() - dayMs),
  });
  const cases: [name: string, cert: string, key: string, says: RegExp][] = [
    ["no key", pair.certFile, "none.key", /^drec: Cannot read "none\.key": no such file\nTry: put/],
    ["no certificate", "none.crt", pair.keyFile, /^drec: Cannot read "none\.crt": no such file\n/],
    ["a folder", ".", pair.keyFile, /^drec: Cannot read "\.": it is a directory\nTry: /],
    ["of another key", pair.certFile, another.keyFile, /: it does not belong to its key\nTry: put/],
    ["expired", expired.certFile, expired.keyFile, /: it expired at \d{4}-[^\n]*\nTry: replace/],
  ];
  await using folder = await tempDir();
  const check = (cert: string, key: string, ...more: string[]) => {
    const args = ["check", "--server-ssl-cert", cert, "--server-ssl-cert-key", key, ...more];
    return runDrec({ executable, cwd: folder.path, args });
  };
  for (const [name, cert, key, says] of cases) {
    await t.step(name, async () => {
      const { code, stdout, stderr } = await check(cert, key);
      assert.match(stderr, says);
      assert.equal(stdout, "");
      assert.equal(code, 2);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(folder.path)), []);
    });
  }
  await t.step("a name that is missing is a warning", async () => {
    const names = ["--server-ssl-names", "localhost,drec.example"];
    const { code, stdout } = await check(pair.certFile, pair.keyFile, ...names);
    assert.match(stdout, /^warning: certificate ".*" is not good for drec\.example, asked for by/);
    assert.match(stdout, /^The defaults: valid$/m);
    assert.equal(code, 0);
  });
});
