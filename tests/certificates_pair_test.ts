/**
 * Pairs of an operator as other programs make them: taken, or refused in words.
 */

import assert from "node:assert/strict";

import { ensureCertificates } from "../lib/certificates.ts";
import { renderError } from "../lib/errors.ts";
import { runOk } from "./support/child.ts";
import { needs } from "./support/require.ts";
import { createCertificates } from "./support/tls.ts";
import { type TempDir, tempDir } from "./support/wait.ts";

const DAY_MS = 86_400_000;

/** Serves a pair of texts, and says what is wrong with it. */
async function verdictOn(folder: TempDir, cert: string, key: string): Promise<string> {
  const files = { cert: folder.join("domain.crt"), certKey: folder.join("domain.key") };
  await Deno.writeTextFile(files.cert, cert);
  await Deno.writeTextFile(files.certKey, key);
  try {
    const { warnings } = await ensureCertificates({ ...files, names: [], hostname: "drec-host" });
    return warnings.join("\n");
  } catch (error) {
    return renderError(error);
  }
}

Deno.test("ensureCertificates() takes PEM files of all shapes", async (t) => {
  await using pair = await createCertificates({ notAfter: new Date(Date.now() + 90 * DAY_MS) });
  const bom = "\uFEFF";
  const cases: [name: string, cert: string, key: string][] = [
    ["the key in front, in one file", `${pair.key}\n${pair.cert}`, `${pair.key}\n${pair.cert}`],
    ["the key behind, in one file", `${pair.cert}\n${pair.key}`, `${pair.cert}\n${pair.key}`],
    ["a byte order mark", bom + pair.cert, bom + pair.key],
    ["lines of Windows", pair.cert.replaceAll("\n", "\r\n"), pair.key.replaceAll("\n", "\r\n")],
    ["text around", `Certificate:\n${pair.cert}\nend\n`, `Key:\n${pair.key}\nend\n`],
  ];
  for (const [name, cert, key] of cases) {
    await t.step(name, async () => {
      await using folder = await tempDir();
      assert.equal(await verdictOn(folder, cert, key), "");
    });
  }
});

Deno.test({
  name: "ensureCertificates() says what is wrong with what TLS does not take",
  ...needs("openssl"),
  fn: async (t) => {
    await using folder = await tempDir();
    const [key, cert] = [folder.join("made.key"), folder.join("made.crt")];
    const make = async (bits: number, ...args: string[]) => {
      const request = ["req", "-newkey", `rsa:${bits}`, "-nodes", "-keyout", key, "-subj", "/CN=x"];
      await runOk("openssl", [...request, ...args]);
    };
    const verdict = async () =>
      await verdictOn(folder, await Deno.readTextFile(cert), await Deno.readTextFile(key));
    await t.step("version 1", async () => {
      const csr = folder.join("made.csr");
      await make(2048, "-out", csr);
      const sign = ["x509", "-req", "-in", csr, "-signkey", key, "-out", cert, "-days", "90"];
      await runOk("openssl", sign);
      if (!/Version: 1/.test(await runOk("openssl", ["x509", "-noout", "-text", "-in", cert]))) {
        return; // Newer ones make no such certificate.
      }
      assert.match(await verdict(), /: it is of version 1 of X\.509; .* version 3\nTry: put a/);
    });
    await t.step("a short key", async () => {
      await make(1024, "-x509", "-out", cert, "-days", "90");
      assert.match(
        await verdict(),
        /: its key is of a kind or size .* 2048 bits or .*\nTry: put a/,
      );
    });
  },
});
