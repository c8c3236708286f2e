import assert from "node:assert/strict";

import { createApi } from "../support/api.ts";
import { testForms } from "../support/forms.ts";
import { postEvents } from "../support/http.ts";
import { wireEvent } from "../support/ingest.ts";
import { runDrec, startDrec } from "../support/process.ts";
import { tempDir } from "../support/wait.ts";

/** An address of this machine alone that is not known as such: tokens are needed. */
const exposed = { DREC_SERVER_ADDRESS: "LOCALHOST", DREC_SERVER_PORT: "0" };

testForms("drec token shows what opens a DREC that others can reach", async (executable, t) => {
  await using folder = await tempDir();
  const options = { executable, cwd: folder.path, env: exposed };
  const token = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runDrec({ ...options, args: ["token", ...args] });
    assert.equal(code, 0, stderr);
    return stdout.trimEnd();
  };
  const ingest = await token("ingest");
  assert.match(ingest, /^[\w-]{43}$/);
  await using drec = await startDrec(options);
  const url = await drec.ready();
  const read = await token("read");
  const caCert = await Deno.readTextFile(folder.join("certs", "ca.crt"));
  await t.step("all of them, each once made", async () => {
    const lines = (await token()).split("\n").map((line) => line.split(/ +/));
    assert.deepEqual(lines.map(([role]) => role), ["ingest", "read", "admin"]);
    assert.deepEqual([lines[0]?.[1], lines[1]?.[1]], [ingest, read]);
    assert.equal(new Set(lines.map(([, value]) => value)).size, 3);
    for (const role of ["ingest", "read", "admin"]) {
      const { mode } = await Deno.stat(folder.join("data", `token-${role}`));
      assert.equal((mode ?? 0) & 0o777, 0o600);
    }
  });
  await t.step("events", async () => {
    const post = (sent?: string) =>
      postEvents(`${url}/events`, [wireEvent()], {
        caCert,
        ...(sent === undefined ? {} : { token: sent }),
      });
    assert.deepEqual([await post(), await post("wrong"), await post(read), await post(ingest)], [
      401,
      401,
      403,
      200,
    ]);
  });
  await t.step("the API", async () => {
    using open = createApi(url, { caCert, token: read });
    assert.equal((await open.get("accounting")).counted, 1);
    for (const wrong of [{}, { token: "wrong" }, { token: ingest }]) {
      using closed = createApi(url, { caCert, ...wrong });
      await assert.rejects(closed.get("accounting"), /: 40[13] /);
    }
  });
  await t.step("stars", async () => {
    const client = Deno.createHttpClient({ caCerts: [caCert] });
    const star = async (sent: string): Promise<number> => {
      const path = "/api/v1/repositories/team/app/-/stars/alice";
      const headers = { authorization: `Bearer ${sent}` };
      const response = await fetch(url + path, { method: "PUT", headers, client });
      await response.body?.cancel();
      return response.status;
    };
    const admin = await token("admin");
    const statuses = [await star("wrong"), await star(read), await star(admin)];
    client.close();
    assert.deepEqual(statuses, [401, 403, 200]);
  });
  await t.step("none of them is in the output, which is no terminal", () => {
    const output = drec.stdout + drec.stderr;
    assert.ok(!output.includes(ingest) && !output.includes(read));
    assert.match(drec.stdout, /Bearer <shown by drec token>/);
    assert.match(drec.stdout, /^Token for .* \(admin\): <shown by drec token>$/m);
  });
});

testForms("drec token makes one token, however many ask at once", async (executable) => {
  await using folder = await tempDir();
  const options = { executable, cwd: folder.path };
  // The tables are made before.
  assert.equal((await runDrec({ ...options, args: ["token", "ingest"] })).code, 0);
  const racing = Array.from({ length: 4 }, () => runDrec({ ...options, args: ["token", "read"] }));
  const answers = await Promise.all(racing);
  assert.deepEqual(answers.map(({ code, stderr }) => [code, stderr]), answers.map(() => [0, ""]));
  assert.equal(new Set(answers.map(({ stdout }) => stdout)).size, 1);
  const names = await Array.fromAsync(Deno.readDir(folder.join("data")), ({ name }) => name);
  assert.deepEqual(names.filter((name) => name.startsWith("token-")).sort(), [
    "token-ingest",
    "token-read",
  ]);
});

testForms("a first start names where a token of the configuration is", async (executable) => {
  const env = { ...exposed, DREC_AUTH_INGEST: "0123456789abcdef" };
  await using drec = await startDrec({ executable, env });
  await drec.ready();
  assert.match(drec.stdout, /Bearer <one of auth\.ingest>/);
  assert.match(drec.stdout, /Bearer <shown by drec token>/);
  assert.doesNotMatch(drec.stdout, /0123456789abcdef/);
});

testForms("drec token says where the tokens are if they are not made", async (executable) => {
  await using folder = await tempDir();
  const file = `auth: { ingest: [{ token: "0123456789abcdef" }], read: none }\n`;
  await Deno.writeTextFile(folder.join("config.yml"), file);
  const { stdout } = await runDrec({ executable, cwd: folder.path, args: ["token"] });
  const [ingest, read, admin] = stdout.split("\n").map((line) => line.replace(/^\w+ +/, ""));
  assert.deepEqual([ingest, read], ["(1 in the configuration)", "(open to all)"]);
  assert.match(admin ?? "", /^[\w-]{43}$/);
  for (const [role, remark] of [["ingest", "1 in the configuration"], ["read", "open to all"]]) {
    const one = await runDrec({ executable, cwd: folder.path, args: ["token", role ?? ""] });
    const stderr = `drec: no token to show for ${role}: ${remark}\n`;
    assert.deepEqual(one, { code: 0, stdout: "", stderr });
  }
  const { stdout: fresh } = await runDrec({ executable, args: ["token", "new"] });
  assert.match(fresh, /^[\w-]{43}\n$/);
});
