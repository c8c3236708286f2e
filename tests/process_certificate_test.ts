/**
 * The certificate of the real program is replaced in the middle of a load.
 *
 * @module
 */

import assert from "node:assert/strict";

import { createApi } from "./support/api.ts";
import { testForms } from "./support/forms.ts";
import { createPoster, openSocket } from "./support/http.ts";
import { requestOf, wireEvent } from "./support/ingest.ts";
import { startDrec } from "./support/process.ts";
import { createCertificates } from "./support/tls.ts";
import { tempDir, until } from "./support/wait.ts";

const SENDERS = 4;

/** Whether a connection that trusts a CA alone is answered. */
async function isTrusted(port: number, caCert: string): Promise<boolean> {
  try {
    using socket = await openSocket(port, { caCert });
    await socket.send(requestOf({ method: "GET", path: "/-/healthy" }));
    return (await socket.answer(2000)).status === 200;
  } catch {
    return false;
  }
}

testForms("a certificate that is replaced is served, and nothing acknowledged is lost", async (
  executable,
) => {
  await using drec = await startDrec({ executable, env: { DREC_SERVER_PORT: "0" } });
  const url = await drec.ready();
  const port = Number(new URL(url).port);
  const before = await Deno.readTextFile(`${drec.cwd}/certs/ca.crt`);
  await using after = await createCertificates();
  const caCert = `${before}${after.caCert}`;
  let isDone = false;
  let delivered = 0;
  const senders = Array.from({ length: SENDERS }, async () => {
    while (!isDone) {
      // A connection of its own for every few events, as registries have it.
      using poster = createPoster(`${url}/events`, { caCert });
      for (let count = 0; count < 5; count++, delivered++) await poster.deliver([wireEvent()]);
    }
  });
  await Deno.copyFile(after.certFile, `${drec.cwd}/certs/domain.crt`);
  await Deno.copyFile(after.keyFile, `${drec.cwd}/certs/domain.key`);
  await until(() => isTrusted(port, after.caCert), "the new certificate", {
    timeoutMs: 30_000,
    everyMs: 250,
  });
  assert.equal(await isTrusted(port, before), false);
  isDone = true;
  await Promise.all(senders);
  using api = createApi(url, { caCert });
  const { counted, received, duplicate } = await api.get("accounting");
  assert.equal(counted, delivered);
  assert.equal(received, Number(counted) + Number(duplicate));
  assert.match(drec.stderr, /took up a new certificate/);
});

testForms("a name that the certificate has not is told at the start", async (executable) => {
  await using own = await createCertificates();
  const env = {
    DREC_SERVER_PORT: "0",
    DREC_SERVER_SSL_CERT: own.certFile,
    DREC_SERVER_SSL_CERT_KEY: own.keyFile,
    DREC_SERVER_SSL_NAMES: "localhost,drec.example",
  };
  await using drec = await startDrec({ executable, env });
  await drec.ready();
  assert.match(drec.stderr, /is not good for drec\.example, asked for by server\.ssl\.names or /);
});

testForms(
  "a certificate that is gone is made anew by the authority beside it",
  async (executable) => {
    const env = { DREC_SERVER_PORT: "0" };
    await using first = await startDrec({ executable, env });
    await first.ready();
    const certs = `${first.cwd}/certs`;
    const authority = await Deno.readTextFile(`${certs}/ca.crt`);
    await using folder = await tempDir();
    const start = async (...missing: string[]): Promise<string> => {
      await Deno.mkdir(folder.join("certs"), { recursive: true });
      for (const name of ["ca.crt", "ca.key", "domain.crt", "domain.key"]) {
        const path = folder.join("certs", name);
        if (missing.includes(name)) await Deno.remove(path).catch(() => {});
        else await Deno.copyFile(`${certs}/${name}`, path);
      }
      await using drec = await startDrec({ executable, env, cwd: folder.path });
      const port = Number(new URL(await drec.ready()).port);
      assert.ok(await isTrusted(port, authority));
      return await Deno.readTextFile(folder.join("certs", "ca.crt"));
    };
    assert.equal(await start("domain.crt", "domain.key"), authority);
    // A new certificate of the same key: what trusts the former one trusts it, too.
    assert.notEqual(await start("ca.crt", "domain.crt", "domain.key"), authority);
  },
);
