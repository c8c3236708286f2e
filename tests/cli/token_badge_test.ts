import assert from "node:assert/strict";

import { testForms } from "../support/forms.ts";
import { postEvents } from "../support/http.ts";
import { wireEvent } from "../support/ingest.ts";
import { runDrec, startDrec } from "../support/process.ts";
import { tempDir } from "../support/wait.ts";

testForms("drec token badge prints an address that opens one badge", async (executable, t) => {
  await using folder = await tempDir();
  const env = {
    DREC_SERVER_SSL: "off",
    DREC_SERVER_ADDRESS: "127.0.0.1",
    DREC_SERVER_PORT: "0",
    DREC_AUTH_INGEST: "none",
    DREC_AUTH_READ: "0123456789abcdef",
  };
  const options = { executable, cwd: folder.path, env };
  const badge = async (...args: string[]): Promise<URL> => {
    const { code, stdout, stderr } = await runDrec({
      ...options,
      args: ["token", "badge", ...args],
    });
    assert.equal(code, 0, stderr);
    return new URL(stdout.trimEnd());
  };
  // Before DREC has ever run.
  const app = await badge("team/app");
  await using drec = await startDrec(options);
  const url = await drec.ready();
  const { repository } = wireEvent().target as { repository: string };
  assert.equal(await postEvents(`${url}/events/main`, [wireEvent()]), 200);
  const ask = async ({ pathname, search }: URL): Promise<[number, string]> => {
    const response = await fetch(`${url}${pathname}${search}`);
    return [response.status, await response.text()];
  };
  await t.step("of a repository that is not known yet", async () => {
    const [status, text] = await ask(app);
    assert.equal(status, 200);
    assert.match(text, repository === "team/app" ? /pulls: \d/ : /pulls: unknown/);
  });
  await t.step("of a registry", async () => {
    const of = await badge(repository, "--registry", "main");
    assert.equal(of.searchParams.get("registry"), "main");
    const [status, text] = await ask(of);
    assert.equal(status, 200);
    assert.match(text, /^<svg .*aria-label="pulls: \d"/);
    of.searchParams.set("registry", "other");
    assert.equal((await ask(of))[0], 401);
  });
  await t.step("the same each time", async () => {
    assert.equal((await badge("team/app")).href, app.href);
  });
});
