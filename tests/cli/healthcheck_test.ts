import assert from "node:assert/strict";

import { testForms } from "../support/forms.ts";
import { runDrec, startDrec } from "../support/process.ts";
import { createCertificates } from "../support/tls.ts";
import { freePort, tempDir } from "../support/wait.ts";

testForms("drec healthcheck ends with 0 where DREC is alive, else with 1", async (
  executable,
  t,
) => {
  await using certificates = await createCertificates({ names: ["drec.example"] });
  const cases: [name: string, env: Record<string, string>][] = [
    ["with its own certificate", {}],
    ["with a certificate for another name", {
      DREC_SERVER_SSL_CERT: certificates.certFile,
      DREC_SERVER_SSL_CERT_KEY: certificates.keyFile,
    }],
    ["without TLS", { DREC_SERVER_SSL: "off" }],
  ];
  for (const [name, ssl] of cases) {
    await t.step(name, async () => {
      await using folder = await tempDir();
      const env = { DREC_SERVER_PORT: String(freePort()), ...ssl };
      const options = { executable, cwd: folder.path, env };
      const check = () => runDrec({ ...options, args: ["healthcheck"] });
      await using drec = await startDrec(options);
      await drec.ready();
      assert.deepEqual(await check(), { code: 0, stdout: "alive\n", stderr: "" });
      await drec.kill();
      const after = await check();
      assert.equal(after.code, 1);
      assert.match(after.stderr, /^drec: DREC does not answer on port \d+: .*\nTry: start it/);
    });
  }
});

testForms("drec healthcheck says that another protocol is spoken", async (executable, t) => {
  const off = ["--server-ssl", "off"];
  const cases: [name: string, served: string[], asked: string[], says: RegExp][] = [
    ["TLS", [], off, /: what listens there gives no answer of HTTP; it may speak TLS\n/],
    ["plain HTTP", off, [], /: what listens there does not speak TLS\n/],
  ];
  for (const [name, served, asked, says] of cases) {
    await t.step(name, async () => {
      await using folder = await tempDir();
      const env = { DREC_SERVER_PORT: String(freePort()) };
      const options = { executable, cwd: folder.path, env };
      await using drec = await startDrec({ ...options, args: served });
      await drec.ready();
      const { code, stderr } = await runDrec({ ...options, args: ["healthcheck", ...asked] });
      assert.match(stderr, says);
      assert.match(stderr, /^drec: DREC does not answer on port \d+: .*\nTry: give `server\.ssl`/);
      assert.equal(code, 1);
    });
  }
});
