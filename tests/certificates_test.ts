import assert from "node:assert/strict";

import {
  type CertificateOptions,
  ensureCertificates,
  inspectCertificates,
} from "../lib/certificates.ts";
import { isIssuedBy, normalizeName, readCertificate } from "../lib/certificates_issuer.ts";
import { AppError } from "../lib/errors.ts";
import { run, runOk } from "./support/child.ts";
import { needs } from "./support/require.ts";
import { createCertificates } from "./support/tls.ts";
import { type TempDir, tempDir } from "./support/wait.ts";

const DAY_MS = 86_400_000;

function optionsIn(
  folder: TempDir,
  more: Partial<CertificateOptions> = {},
): CertificateOptions {
  const files = { cert: folder.join("domain.crt"), certKey: folder.join("domain.key") };
  return { ...files, names: [], hostname: "drec-host", ...more };
}

function inDays(days: number): { now: () => number } {
  return { now: () => Date.now() + days * DAY_MS };
}

async function namesIn(folder: TempDir): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder.path));
  return entries.map(({ name }) => name).sort();
}

async function failureOf(options: CertificateOptions): Promise<AppError> {
  try {
    await ensureCertificates(options);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("Expected the certificate to be refused");
}

Deno.test("ensureCertificates() makes an authority and a certificate once", async () => {
  await using folder = await tempDir();
  const options = optionsIn(folder, {
    cert: folder.join("a", "b", "domain.crt"),
    certKey: folder.join("keys", "domain.key"),
    externalUrl: "https://[2001:DB8::0:1]:8443",
    names: ["*.drec.example", "192.0.2.7", "LOCALHOST"],
  });
  const made = await ensureCertificates(options);
  assert.deepEqual([made.created, made.generated, made.warnings], [true, true, []]);
  assert.equal(made.caFile, folder.join("a", "b", "ca.crt"));

  const { names, isAuthority, notBefore, notAfter } = readCertificate(made.cert);
  assert.deepEqual(names, [
    "drec-host",
    "localhost",
    "127.0.0.1",
    "::1",
    "2001:db8::1",
    "*.drec.example",
    "192.0.2.7",
  ]);
  assert.equal(isAuthority, false);
  assert.ok(notAfter.getTime() - notBefore.getTime() <= 397 * DAY_MS);
  assert.deepEqual(made.notAfter, notAfter);

  for (const path of [folder.join("a", "b", "ca.key"), options.certKey]) {
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600, path);
  }
  const again = await ensureCertificates(options);
  assert.deepEqual(again, { ...made, created: false });
});

Deno.test("ensureCertificates() makes nothing that is left over", async () => {
  await using folder = await tempDir();
  await ensureCertificates(optionsIn(folder));
  assert.deepEqual(await namesIn(folder), ["ca.crt", "ca.key", "domain.crt", "domain.key"]);
});

Deno.test({
  name: "ensureCertificates() makes what OpenSSL accepts",
  ...needs("openssl"),
  fn: async (t) => {
    await using folder = await tempDir();
    await ensureCertificates(optionsIn(folder, { externalUrl: "https://drec.example" }));
    const [ca, cert] = [folder.join("ca.crt"), folder.join("domain.crt")];

    for (
      const check of ["-verify_hostname drec.example", "-verify_ip 127.0.0.1", "-verify_ip ::1"]
    ) {
      await t.step(check, async () => {
        const args = `verify -x509_strict -purpose sslserver ${check} -CAfile`.split(" ");
        assert.match(await runOk("openssl", [...args, ca, cert]), /: OK/);
      });
    }
    const cases: [string, string, string[]][] = [
      ["authority", ca, ["CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "prime256v1"]],
      ["certificate", cert, ["CA:FALSE", "TLS Web Server Authentication", "Digital Signature"]],
    ];
    for (const [name, path, texts] of cases) {
      await t.step(name, async () => {
        const shown = await runOk("openssl", ["x509", "-noout", "-text", "-in", path]);
        for (const text of [...texts, "ecdsa-with-SHA256", "Subject Key Identifier"]) {
          assert.ok(shown.includes(text), text);
        }
      });
    }
  },
});

Deno.test("ensureCertificates() makes what Deno's client accepts", async (t) => {
  await using folder = await tempDir();
  const { cert, key, caFile } = await ensureCertificates(optionsIn(folder));
  assert.ok(caFile !== undefined);
  using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(caFile)] });
  for (const [hostname, host] of [["127.0.0.1", "localhost"], ["127.0.0.1", "127.0.0.1"]]) {
    await t.step(`https://${host}`, async () => {
      await using server = Deno.serve(
        { hostname: hostname ?? "", port: 0, cert, key, onListen() {} },
        () => new Response("served"),
      );
      const response = await fetch(`https://${host}:${server.addr.port}`, { client });
      assert.equal(await response.text(), "served");
    });
  }
});

Deno.test({
  name: "ensureCertificates() makes what curl accepts",
  ...needs("curl"),
  fn: async () => {
    await using folder = await tempDir();
    const { cert, key } = await ensureCertificates(optionsIn(folder));
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, cert, key, onListen() {} },
      () => new Response("served"),
    );
    const { port } = server.addr;
    for (const host of ["localhost", "127.0.0.1", "drec-host"]) {
      const args = [
        "--silent",
        "--show-error",
        "--noproxy",
        "*",
        "--cacert",
        folder.join("ca.crt"),
      ];
      const resolve = ["--resolve", `${host}:${port}:127.0.0.1`];
      assert.equal(await runOk("curl", [...args, ...resolve, `https://${host}:${port}`]), "served");
    }
    const wrong = await run("curl", ["--silent", "--noproxy", "*", `https://127.0.0.1:${port}`]);
    assert.notEqual(wrong.code, 0);
  },
});

Deno.test("ensureCertificates() refuses one file without the other", async (t) => {
  for (const missing of ["domain.crt", "domain.key"]) {
    await t.step(missing, async () => {
      await using folder = await tempDir();
      await ensureCertificates(optionsIn(folder));
      await Deno.remove(folder.join(missing));
      const error = await failureOf(optionsIn(folder));
      assert.equal(error.code, "invalid");
      assert.equal(error.message, `Cannot read "${folder.join(missing)}": no such file`);
      assert.match(error.hint ?? "", /^put a certificate and its key there, or remove both/);
    });
  }
});

Deno.test("ensureCertificates() goes on where a crash stopped it", async (t) => {
  await using whole = await tempDir();
  const made = await ensureCertificates(optionsIn(whole));
  const read = (name: string) => Deno.readTextFile(whole.join(name));
  const [caKey, ca, key, cert] = await Promise.all(
    ["ca.key", "ca.crt", "domain.key", "domain.crt"].map(read),
  );
  const stops: [string, Record<string, string | undefined>][] = [
    ["while the authority's key is written", { "ca.key.new": "-----BEGIN" }],
    ["before the authority", { "ca.key": caKey, "ca.crt.new": "-----BEGIN" }],
    ["before the certificate", { "ca.key": caKey, "ca.crt": ca }],
    ["before the key", { "ca.key": caKey, "ca.crt": ca, "domain.crt.new": cert }],
    ["before the key is renamed", {
      "ca.key": caKey,
      "ca.crt": ca,
      "domain.crt.new": cert,
      "domain.key.new": key,
    }],
    ["before the certificate is renamed", {
      "ca.key": caKey,
      "ca.crt": ca,
      "domain.crt.new": cert,
      "domain.key": key,
    }],
  ];
  for (const [name, files] of stops) {
    await t.step(name, async () => {
      await using folder = await tempDir();
      for (const [file, text = ""] of Object.entries(files)) {
        await Deno.writeTextFile(folder.join(file), text);
      }
      const { generated, caFile = "", ...pair } = await ensureCertificates(optionsIn(folder));
      assert.ok(generated);
      assert.ok(await isIssuedBy(pair.cert, await Deno.readTextFile(caFile)));
      if ("ca.crt" in files) assert.equal(await Deno.readTextFile(caFile), ca);
      if ("domain.key" in files) assert.equal(pair.cert, made.cert);
      assert.deepEqual(await namesIn(folder), ["ca.crt", "ca.key", "domain.crt", "domain.key"]);
    });
  }
  await t.step("a waiting certificate of another key", async () => {
    await using folder = await tempDir();
    await using other = await createCertificates();
    await Deno.writeTextFile(folder.join("domain.crt.new"), other.cert);
    await Deno.writeTextFile(folder.join("domain.key"), key ?? "");
    const error = await failureOf(optionsIn(folder));
    assert.equal(error.message, `Cannot read "${folder.join("domain.crt")}": no such file`);
  });
});

Deno.test("ensureCertificates() uses an authority again", async (t) => {
  await using folder = await tempDir();
  const first = await ensureCertificates(optionsIn(folder));
  const ca = await Deno.readTextFile(folder.join("ca.crt"));
  const removePair = async (): Promise<void> => {
    await Deno.remove(folder.join("domain.crt"));
    await Deno.remove(folder.join("domain.key"));
  };

  await t.step("for a new pair", async () => {
    await removePair();
    const second = await ensureCertificates(optionsIn(folder));
    assert.ok(second.created);
    assert.notEqual(second.key, first.key);
    assert.equal(await Deno.readTextFile(folder.join("ca.crt")), ca);
    assert.ok(await isIssuedBy(second.cert, ca));
  });
  await t.step("whose certificate is lost: what trusted it goes on to", async () => {
    await removePair();
    await Deno.remove(folder.join("ca.crt"));
    const third = await ensureCertificates(optionsIn(folder));
    assert.ok(await isIssuedBy(third.cert, ca));
  });
  await t.step("unless it has expired", async () => {
    await removePair();
    const error = await failureOf(optionsIn(folder, inDays(3700)));
    assert.match(error.message, /: ".*ca\.crt" has expired or is none$/);
    assert.match(error.hint ?? "", /^remove ".*ca\.crt" and ".*ca\.key", start again/);
  });
  await t.step("unless its key is junk", async () => {
    const key = folder.join("ca.key");
    const good = await Deno.readTextFile(key);
    await Deno.writeTextFile(key, "junk");
    for (const hasCertificate of [true, false]) {
      if (!hasCertificate) await Deno.rename(folder.join("ca.crt"), folder.join("kept.crt"));
      const error = await failureOf(optionsIn(folder));
      assert.equal(error.code, "invalid");
      assert.equal(
        error.message,
        `Cannot use "${key}": it is no private key in PEM form, or encrypted`,
      );
      assert.match(
        error.hint ?? "",
        /^put back the key of the authority, or remove ".*ca\.crt" and ".*ca\.key", start again/,
      );
    }
    await Deno.rename(folder.join("kept.crt"), folder.join("ca.crt"));
    await Deno.writeTextFile(key, good);
  });
  await t.step("unless its key belongs to another", async () => {
    await using other = await tempDir();
    await ensureCertificates(optionsIn(other));
    await Deno.copyFile(other.join("ca.key"), folder.join("ca.key"));
    const error = await failureOf(optionsIn(folder));
    assert.equal(error.message, "Cannot make certificate: ca.key does not belong to ca.crt");
    assert.ok(!(await namesIn(folder)).includes("domain.key"));
  });
  await t.step("unless its key is missing", async () => {
    await Deno.remove(folder.join("ca.key"));
    const error = await failureOf(optionsIn(folder));
    assert.match(error.message, /^Cannot make certificate ".*": ".*ca\.key" is missing$/);
  });
});

Deno.test({
  name: "ensureCertificates() issues from an authority made elsewhere",
  ...needs("openssl"),
  fn: async (t) => {
    for (const kind of ["rsa:2048", "ec:secp384r1"]) {
      await t.step(kind, async () => {
        await using folder = await tempDir();
        const [ca, caKey] = [folder.join("ca.crt"), folder.join("ca.key")];
        const key = kind.startsWith("rsa")
          ? ["-newkey", kind]
          : ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"];
        const args = ["req", "-x509", "-nodes", ...key, "-keyout", caKey, "-out", ca];
        await runOk("openssl", [...args, "-subj", "/C=DE/O=Exämple/CN=Own CA", "-utf8"]);
        const { generated, caFile } = await ensureCertificates(optionsIn(folder));
        assert.deepEqual([generated, caFile], [true, ca]);
        const verify = ["verify", "-purpose", "sslserver", "-CAfile", ca];
        assert.match(await runOk("openssl", [...verify, folder.join("domain.crt")]), /: OK/);
      });
    }
  },
});

Deno.test("ensureCertificates() renews what it made", async (t) => {
  await using folder = await tempDir();
  const first = await ensureCertificates(optionsIn(folder));
  const ca = await Deno.readTextFile(folder.join("ca.crt"));

  await t.step("not long before its end", async () => {
    const later = await ensureCertificates(optionsIn(folder, inDays(360)));
    assert.equal(later.cert, first.cert);
  });
  await t.step("30 days before its end, with the same key", async () => {
    const later = await ensureCertificates(optionsIn(folder, inDays(370)));
    assert.notEqual(later.cert, first.cert);
    assert.equal(later.key, first.key);
    assert.equal(later.created, false);
    assert.deepEqual(later.warnings, []);
    assert.ok(later.notAfter.getTime() > Date.now() + 700 * DAY_MS);
    assert.equal(await Deno.readTextFile(folder.join("domain.crt")), later.cert);
    assert.ok(await isIssuedBy(later.cert, ca));
  });
  await t.step("after its end", async () => {
    const later = await ensureCertificates(optionsIn(folder, inDays(2000)));
    assert.ok(later.notAfter.getTime() > Date.now() + 2000 * DAY_MS);
  });
  await t.step("no longer than the authority lasts", async () => {
    const options = optionsIn(folder, inDays(3630));
    const last = await ensureCertificates(options);
    assert.deepEqual(last.notAfter, readCertificate(ca).notAfter);
    const { cert, warnings } = await ensureCertificates(options);
    assert.equal(cert, last.cert);
    assert.match(warnings.join("\n"), /^the authority of ".*" ends, too: remove it, ca.crt and/);
  });
  await t.step("not after the authority's end", async () => {
    const error = await failureOf(optionsIn(folder, inDays(3700)));
    assert.match(error.message, /it expired at /);
    assert.match(error.hint ?? "", /let the registries trust the new ca.crt$/);
  });
});

Deno.test("ensureCertificates() renews what it made while the clock was wrong", async () => {
  await using folder = await tempDir();
  await ensureCertificates(optionsIn(folder));
  const ahead = await ensureCertificates(optionsIn(folder, inDays(370)));
  const back = await ensureCertificates(optionsIn(folder));
  assert.notEqual(back.cert, ahead.cert);
  assert.ok(readCertificate(back.cert).notBefore.getTime() <= Date.now());
});

Deno.test("ensureCertificates() renews for a new name", async () => {
  await using folder = await tempDir();
  const first = await ensureCertificates(optionsIn(folder));
  const second = await ensureCertificates(optionsIn(folder, { names: ["drec.example"] }));
  assert.notEqual(second.cert, first.cert);
  assert.ok(readCertificate(second.cert).names.includes("drec.example"));
  const third = await ensureCertificates(optionsIn(folder, { names: ["drec.example"] }));
  assert.equal(third.cert, second.cert);
});

Deno.test("ensureCertificates() names what the served certificate is not good for", async (t) => {
  const asked = { names: ["drec.example", "192.0.2.7"], externalUrl: "https://EXAMPLE.org:1" };
  await t.step("its own, whose authority has no key any more", async () => {
    await using folder = await tempDir();
    await ensureCertificates(optionsIn(folder, { names: ["drec.example"] }));
    await Deno.remove(folder.join("ca.key"));
    const { warnings } = await ensureCertificates(optionsIn(folder, asked));
    assert.deepEqual(warnings, [
      `certificate "${folder.join("domain.crt")}" is not good for example.org, 192.0.2.7, asked ` +
      "for by server.ssl.names or server.external_url; registries that use such a name refuse " +
      "it: put ca.key back beside ca.crt, or have it issued for all of them",
    ]);
  });
  await t.step("one of the operator, with a wildcard", async () => {
    const names = ["*.drec.example", "Example.ORG"];
    const notAfter = new Date(Date.now() + 90 * DAY_MS);
    await using own = await createCertificates({ names, notAfter });
    const warningsWith = async (more: Partial<CertificateOptions>) => {
      const options = { names: [], hostname: "drec-host", ...more };
      return (await ensureCertificates({
        ...options,
        cert: own.certFile,
        certKey: own.keyFile,
      })).warnings;
    };
    assert.deepEqual(await warningsWith({ names: ["a.drec.example"] }), []);
    assert.deepEqual(await warningsWith({ externalUrl: "https://example.org" }), []);
    for (const name of ["drec.example", "a.b.drec.example", "localhost", "192.0.2.7"]) {
      const [warning = ""] = await warningsWith({ names: [name] });
      assert.ok(warning.includes(`is not good for ${name}, asked for by`), warning);
      assert.match(warning, / have it issued for all of them$/);
    }
  });
});

Deno.test("inspectCertificates() says what ensureCertificates() would, and changes nothing", async (t) => {
  const check = async (folder: TempDir, options: CertificateOptions) => {
    const read = async () =>
      Promise.all(
        (await namesIn(folder)).map(async (name) => [
          name,
          (await Deno.stat(folder.join(name))).isFile && await Deno.readTextFile(folder.join(name)),
        ]),
      );
    const before = await read();
    try {
      return await inspectCertificates(options);
    } catch (error) {
      if (error instanceof AppError) return error;
      throw error;
    } finally {
      assert.deepEqual(await read(), before);
    }
  };
  /** Both say the same; the one that changes files is asked last. */
  const agree = async (folder: TempDir, options: CertificateOptions) => {
    const error = await check(folder, options);
    const other = await failureOf(options);
    assert.ok(error instanceof AppError);
    assert.deepEqual([error.code, error.message, error.hint], [
      other.code,
      other.message,
      other.hint,
    ]);
  };
  await using folder = await tempDir();
  await t.step("before the first start", async () => {
    assert.deepEqual(await check(folder, optionsIn(folder)), []);
    await agree(folder, optionsIn(folder, { certKey: folder.join("domain.crt") }));
  });
  const whole = await ensureCertificates(optionsIn(folder));
  await t.step("with what DREC made, also where that is to be renewed", async () => {
    assert.deepEqual(await check(folder, optionsIn(folder)), []);
    assert.deepEqual(await check(folder, optionsIn(folder, { names: ["drec.example"] })), []);
    assert.deepEqual(await check(folder, optionsIn(folder, inDays(380))), []);
    assert.deepEqual(await check(folder, optionsIn(folder, inDays(400))), []);
  });
  await t.step("where the authority ends", () => agree(folder, optionsIn(folder, inDays(3700))));
  await t.step("without the key of the authority", async () => {
    await Deno.rename(folder.join("ca.key"), folder.join("kept.key"));
    const warnings = await check(folder, optionsIn(folder, { names: ["drec.example"] }));
    assert.match(String(warnings), /is not good for drec\.example, .* put ca\.key back/);
    await agree(folder, optionsIn(folder, inDays(400)));
    await Deno.rename(folder.join("kept.key"), folder.join("ca.key"));
  });
  await t.step("without one of the files", async () => {
    for (const name of ["domain.crt", "domain.key"]) {
      await Deno.rename(folder.join(name), folder.join("kept"));
      await agree(folder, optionsIn(folder));
      await Deno.rename(folder.join("kept"), folder.join(name));
    }
  });
  await t.step("with a pair that does not belong together", async () => {
    await using other = await createCertificates();
    await Deno.writeTextFile(folder.join("domain.key"), other.key);
    await agree(folder, optionsIn(folder));
    await Deno.writeTextFile(folder.join("domain.key"), whole.key);
  });
  await t.step("after a crash", async () => {
    await Deno.rename(folder.join("domain.crt"), folder.join("domain.crt.new"));
    assert.deepEqual(await check(folder, optionsIn(folder)), []);
    await Deno.remove(folder.join("domain.crt.new"));
    await Deno.remove(folder.join("domain.key"));
  });
  await t.step("with an authority that is of no use", async () => {
    await using other = await tempDir();
    await ensureCertificates(optionsIn(other));
    await Deno.copyFile(other.join("ca.key"), folder.join("ca.key"));
    await agree(folder, optionsIn(folder));
    await Deno.writeTextFile(folder.join("ca.key"), "junk");
    await agree(folder, optionsIn(folder));
    await Deno.remove(folder.join("ca.crt"));
    await agree(folder, optionsIn(folder));
  });
});

Deno.test("ensureCertificates() serves on with what it cannot renew", async (t) => {
  await using folder = await tempDir();
  const first = await ensureCertificates(optionsIn(folder));
  await Deno.mkdir(folder.join("domain.crt.new", "in the way"), { recursive: true });
  await t.step("while it is valid", async () => {
    const { cert, warnings } = await ensureCertificates(optionsIn(folder, inDays(370)));
    assert.equal(cert, first.cert);
    assert.match(warnings[0] ?? "", /^Cannot renew certificate ".*": .*; it serves on until /);
  });
  await t.step("and says why when it is not", async () => {
    const error = await failureOf(optionsIn(folder, inDays(400)));
    assert.equal(error.code, "unavailable");
    assert.match(error.message, /^Cannot renew certificate /);
  });
});

Deno.test("ensureCertificates() says what to do where it cannot write", async () => {
  await using folder = await tempDir();
  await Deno.mkdir(folder.join("ca.key.new", "in the way"), { recursive: true });
  const error = await failureOf(optionsIn(folder));
  assert.equal(error.code, "unavailable");
  assert.match(error.message, /^Cannot make certificate ".*domain\.crt": /);
  assert.match(
    error.hint ?? "",
    /^make the directory ".*" writable, put a certificate and its key/,
  );
});

Deno.test("ensureCertificates() refuses files of the operator that are no use", async (t) => {
  await using good = await createCertificates();
  await using other = await createCertificates();
  const dates = (from: number, to: number) => ({
    notBefore: new Date(Date.now() + from * DAY_MS),
    notAfter: new Date(Date.now() + to * DAY_MS),
  });
  await using expired = await createCertificates(dates(-2, -1));
  await using future = await createCertificates(dates(1, 2));
  const encrypted =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----";
  const cases: [string, string, string, RegExp][] = [
    ["of another key", good.cert, other.key, /: it does not belong to its key$/],
    ["expired", expired.cert, expired.key, /: it expired at \d{4}-\d\d-\d\dT/],
    ["not yet valid", future.cert, future.key, /: it is not valid before \d{4}-\d\d-\d\dT/],
    ["no certificate", "x", good.key, /: it is no certificate in PEM form$/],
    ["empty", "", "", /: it is no certificate in PEM form$/],
    ["swapped", good.key, good.cert, /: it is no certificate in PEM form$/],
    ["no key", good.cert, "x", /: its key is no private key in PEM form$/],
    ["encrypted key", good.cert, encrypted, /: its key is encrypted; decrypt it with `openssl/],
  ];
  for (const [name, cert, key, want] of cases) {
    await t.step(name, async () => {
      await using folder = await tempDir();
      await Deno.writeTextFile(folder.join("domain.crt"), cert);
      await Deno.writeTextFile(folder.join("domain.key"), key);
      const error = await failureOf(optionsIn(folder));
      assert.equal(error.code, "invalid");
      assert.match(error.message, want);
      assert.ok(error.message.startsWith(`Cannot use certificate "${folder.join("domain.crt")}"`));
      assert.ok((error.hint ?? "") !== "");
      assert.equal(await Deno.readTextFile(folder.join("domain.crt")), cert);
    });
  }
  await t.step("unreadable", async () => {
    await using folder = await tempDir();
    await Deno.mkdir(folder.join("domain.crt"));
    await Deno.writeTextFile(folder.join("domain.key"), good.key);
    const error = await failureOf(optionsIn(folder));
    assert.match(error.message, /^Cannot read ".*domain\.crt": /);
  });
  await t.step("certificate and key to be made in one file", async () => {
    await using folder = await tempDir();
    const error = await failureOf(optionsIn(folder, { certKey: folder.join("domain.crt") }));
    assert.match(error.message, /: the certificate and its key are the same file$/);
  });
});

Deno.test("ensureCertificates() never touches a pair of the operator", async () => {
  await using own = await createCertificates();
  await using folder = await tempDir();
  // An authority of an earlier start lies beside it.
  await ensureCertificates(optionsIn(folder));
  await Deno.writeTextFile(folder.join("domain.crt"), own.cert);
  await Deno.writeTextFile(folder.join("domain.key"), own.key);
  const found = await ensureCertificates(optionsIn(folder, { names: ["drec.example"] }));
  assert.deepEqual([found.cert, found.key], [own.cert, own.key]);
  assert.deepEqual([found.generated, found.caFile], [false, undefined]);
  assert.equal(found.warnings.length, 2);
  assert.match(found.warnings[0] ?? "", /^certificate ".*" is not good for drec\.example, /);
  assert.match(found.warnings[1] ?? "", /^certificate ".*" expires at /);
});

Deno.test({
  name: "ensureCertificates() takes all usual kinds of keys",
  ...needs("openssl"),
  fn: async (t) => {
    const ec = (
      curve: string,
    ) => ["genpkey", "-algorithm", "EC", "-pkeyopt", `ec_paramgen_curve:${curve}`];
    const kinds: [string, string[], string[] | undefined][] = [
      ["RSA, PKCS#8", ["genpkey", "-algorithm", "RSA"], undefined],
      ["RSA, PKCS#1", ["genpkey", "-algorithm", "RSA"], ["rsa", "-traditional"]],
      ["P-256, PKCS#8", ec("P-256"), undefined],
      ["P-256, SEC1", ec("P-256"), ["ec"]],
      ["P-384, SEC1", ec("P-384"), ["ec"]],
      ["P-256 with parameters", ["ecparam", "-name", "prime256v1", "-genkey"], undefined],
      ["Ed25519", ["genpkey", "-algorithm", "ED25519"], undefined],
    ];
    for (const [name, generate, convert] of kinds) {
      await t.step(name, async () => {
        await using folder = await tempDir();
        const [key, cert] = [folder.join("domain.key"), folder.join("domain.crt")];
        await runOk("openssl", [...generate, "-out", key]);
        if (convert !== undefined) await runOk("openssl", [...convert, "-in", key, "-out", key]);
        const request = [
          "req",
          "-x509",
          "-key",
          key,
          "-out",
          cert,
          "-subj",
          "/CN=x",
          "-days",
          "90",
        ];
        await runOk("openssl", [...request, "-addext", "subjectAltName=DNS:localhost"]);
        const { warnings, generated } = await ensureCertificates(optionsIn(folder));
        assert.equal(generated, false);
        assert.equal(warnings.length, 1);
        assert.match(warnings[0] ?? "", /is that of an authority \(CA:TRUE\)/);
      });
    }
    await t.step("names missing", async () => {
      await using folder = await tempDir();
      const [key, cert] = [folder.join("domain.key"), folder.join("domain.crt")];
      const request = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key,
        "-out",
        cert,
      ];
      await runOk("openssl", [...request, "-subj", "/CN=localhost", "-days", "90"]);
      const { warnings } = await ensureCertificates(optionsIn(folder));
      assert.match(warnings[1] ?? "", /has no subject alternative names; registries refuse it$/);
    });
  },
});

Deno.test("normalizeName() makes names comparable", () => {
  const cases: [string, string][] = [
    ["Drec.Example.", "drec.example"],
    ["192.0.2.7", "192.0.2.7"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["2001:DB8::0:1", "2001:db8::1"],
  ];
  for (const [name, want] of cases) assert.equal(normalizeName(name), want);
});
