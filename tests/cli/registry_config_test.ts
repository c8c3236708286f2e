import assert from "node:assert/strict";

import { load } from "js-yaml";

import { testForms } from "../support/forms.ts";
import { runDrec, startDrec } from "../support/process.ts";
import { createCertificates } from "../support/tls.ts";
import { tempDir } from "../support/wait.ts";

testForms("drec registry-config prints a token that is good for the registry", async (
  executable,
  t,
) => {
  const main = `{ token: token-of-main, registry: main }`;
  const other = `{ token: token-of-other, registry: other }`;
  const free = `{ token: token-of-all }`;
  const cases: [name: string, tokens: string[], args: string[], path: string, token: string][] = [
    ["its own", [main, free, other], ["--registry", "other"], "/events/other", "token-of-other"],
    ["one for all", [main, free], ["--registry", "third"], "/events/third", "token-of-all"],
    ["one for all, unnamed", [main, free], [], "/events", "token-of-all"],
    ["only bound ones, unnamed", [main, other], [], "/events/main", "token-of-main"],
  ];
  await using folder = await tempDir();
  const runWith = async (tokens: string[], args: string[]) => {
    const file = `auth: { ingest: [${tokens.join(", ")}] }\n`;
    await Deno.writeTextFile(folder.join("config.yml"), file);
    const all = ["registry-config", ...args];
    return await runDrec({ executable, cwd: folder.path, args: all });
  };
  for (const [name, tokens, args, path, token] of cases) {
    await t.step(name, async () => {
      const { code, stdout, stderr } = await runWith(tokens, args);
      assert.equal(code, 0, stderr);
      const { url, headers } = snippetOf(stdout).notifications.endpoints[0] ?? {};
      assert.deepEqual([url, headers], [`https://127.0.0.1:8443${path}`, {
        Authorization: [`Bearer ${token}`],
      }]);
    });
  }
  await t.step("none", async () => {
    const { code, stdout, stderr } = await runWith([main, other], ["--registry", "third"]);
    assert.match(
      stderr,
      /^drec: No token of auth\.ingest is good for the registry "third"\nTry: add one with registry: third/,
    );
    assert.equal(stdout, "");
    assert.equal(code, 2);
  });
});

testForms(
  "drec registry-config trusts an authority only where that has issued the certificate",
  async (
    executable,
    t,
  ) => {
    await using own = await createCertificates();
    const says = async (cwd: string, env: Record<string, string>): Promise<string> => {
      const { code, stdout, stderr } = await runDrec({
        executable,
        cwd,
        env,
        args: ["registry-config"],
      });
      assert.equal(code, 0, stderr);
      return stdout;
    };
    const trusts = /trust certs\/ca\.crt,[^]*--cacert certs\/ca\.crt/;
    await using folder = await tempDir();
    const env = { DREC_SERVER_PORT: "0" };
    await using drec = await startDrec({ executable, cwd: folder.path, env });
    await drec.ready();
    await drec.kill();
    assert.match(await says(folder.path, {}), trusts);
    await t.step("not the one of a former start beside a pair of the operator", async () => {
      await Deno.copyFile(own.certFile, folder.join("certs", "domain.crt"));
      await Deno.copyFile(own.keyFile, folder.join("certs", "domain.key"));
      const stdout = await says(folder.path, {});
      assert.match(stdout, /2\. Let the registry trust who signed certs\/domain\.crt, and restart/);
      assert.doesNotMatch(stdout, /ca\.crt|cacert/);
      // Nor at a first start, which tells the same.
      await Deno.remove(folder.join("data"), { recursive: true });
      const exposed = { ...env, DREC_SERVER_ADDRESS: "LOCALHOST" };
      await using again = await startDrec({ executable, cwd: folder.path, env: exposed });
      await again.ready();
      assert.match(again.stdout, /trust who signed/);
      assert.doesNotMatch(again.stdout, /ca\.crt|cacert/);
    });
    await t.step("the one of the operator", async () => {
      await Deno.copyFile(own.caFile, folder.join("certs", "ca.crt"));
      assert.match(await says(folder.path, {}), trusts);
    });
  },
);

/** The part of the output that is to be pasted. */
function snippetOf(stdout: string): { notifications: { endpoints: Record<string, unknown>[] } } {
  const [, snippet = ""] = /^1\. Paste .*\n\n([^]*?)\n\n2\. /.exec(stdout) ?? [];
  return load(snippet) as ReturnType<typeof snippetOf>;
}

testForms("drec registry-config prints what to paste, as it is configured", async (
  executable,
  t,
) => {
  await using certificates = await createCertificates();
  const { certFile: DREC_SERVER_SSL_CERT, keyFile: DREC_SERVER_SSL_CERT_KEY } = certificates;
  // A pair from elsewhere, whose authority is not beside it.
  await Deno.remove(certificates.caFile);
  const own = { DREC_SERVER_SSL_CERT, DREC_SERVER_SSL_CERT_KEY };
  const ignore = { mediatypes: ["application/octet-stream"] };
  const base = { name: "drec", timeout: "5s", threshold: 5, backoff: "5s" };
  const cases: {
    name: string;
    args?: string[];
    env?: Record<string, string>;
    endpoint: Record<string, unknown>;
    says: RegExp;
  }[] = [
    {
      name: "by default",
      endpoint: { ...base, url: "https://127.0.0.1:8443/events", ignore },
      says: /trust certs\/ca\.crt[^]*curl --cacert certs\/ca\.crt https:\/\/127\.0\.0\.1:8443\/api/,
    },
    {
      name: "for a named registry",
      args: ["--registry", "main"],
      endpoint: { ...base, url: "https://127.0.0.1:8443/events/main", ignore },
      says: /curl/,
    },
    {
      name: "with another address, with layers, with tokens",
      env: {
        DREC_SERVER_EXTERNAL_URL: "https://drec.example",
        DREC_BLOBS: "count",
        DREC_AUTH_INGEST: "0123456789abcdef",
        DREC_AUTH_READ: "fedcba9876543210",
      },
      endpoint: {
        ...base,
        url: "https://drec.example/events",
        headers: { Authorization: ["Bearer 0123456789abcdef"] },
      },
      says: /curl .*-H "Authorization: Bearer fedcba9876543210" https:\/\/drec\.example\/api/,
    },
    {
      name: "without TLS",
      env: { DREC_SERVER_SSL: "off" },
      endpoint: { ...base, url: "http://127.0.0.1:8443/events", ignore },
      says: /2\. Restart the registry\.\n[^]*curl http:\/\/127/,
    },
    {
      name: "with a certificate of another authority",
      env: own,
      endpoint: { ...base, url: "https://127.0.0.1:8443/events", ignore },
      says:
        /2\. Let the registry trust who signed \S+domain\.crt, and restart it\.\n[^]*curl https:/,
    },
  ];
  for (const { name, args = [], env = {}, endpoint, says } of cases) {
    await t.step(name, async () => {
      await using folder = await tempDir();
      const options = { executable, cwd: folder.path, env, args: ["registry-config", ...args] };
      const { code, stdout, stderr } = await runDrec(options);
      assert.equal(code, 0, stderr);
      assert.deepEqual(snippetOf(stdout), {
        notifications: { events: { includereferences: true }, endpoints: [endpoint] },
      });
      assert.match(stdout, says);
    });
  }
});
