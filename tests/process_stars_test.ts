/**
 * The real program behind a proxy that signs users in, with a page on another origin.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";

import { testForms } from "./support/forms.ts";
import { rawRequest } from "./support/http.ts";
import { wireEvent } from "./support/ingest.ts";
import { startDrec } from "./support/process.ts";

testForms("drec stars for the users whom its proxy names, and shares with listed origins", async (
  executable,
  t,
) => {
  await using drec = await startDrec({
    executable,
    env: {
      DREC_SERVER_PORT: "0",
      DREC_SERVER_SSL: "off",
      DREC_SERVER_TRUSTED_PROXIES: "127.0.0.1",
      DREC_SERVER_CORS: "https://app.example",
      DREC_STARS_USER_HEADER: "X-Forwarded-User",
      DREC_AUTH_INGEST: "none",
      DREC_AUTH_READ: "none",
    },
  });
  const port = Number(new URL(await drec.ready()).port);
  const body = JSON.stringify({ events: [wireEvent()] });
  const ask = (method: string, path: string, headers: readonly string[] = [], sent = "") => {
    const lines = [`${method} ${path} HTTP/1.1`, "Host: drec.example", ...headers];
    const bytes = [...lines, `Content-Length: ${sent.length}`, "Connection: close", "", sent];
    return rawRequest(port, Buffer.from(bytes.join("\r\n")));
  };
  assert.equal((await ask("POST", "/events", [], body)).status, 200);
  const stars = "/api/v1/repositories/team/app/-/stars";
  const star = async (method: string, user: string, headers: readonly string[] = []) => {
    const { status, body } = await ask(method, `${stars}/${user}`, headers);
    // Some versions of the runtime send an answer in chunks, with their sizes around it.
    return [status, JSON.parse(/\{.*\}/s.exec(body)?.[0] ?? "").stars];
  };
  await t.step("as themselves", async () => {
    const name = "J\u00f6rg";
    const path = encodeURIComponent(name);
    const header = [`X-Forwarded-User: ${name}`];
    assert.deepEqual(await star("PUT", path, header), [200, 1]);
    assert.deepEqual(await star("PUT", "bob", header), [403, undefined]);
    const { items } = JSON.parse(/\{.*\}/s.exec((await ask("GET", stars)).body)?.[0] ?? "");
    assert.equal(items[0].user, name);
    assert.deepEqual(await star("DELETE", path, header), [200, 0]);
  });
  await t.step("and nobody else without a token", async () => {
    assert.deepEqual(await star("PUT", "bob"), [401, undefined]);
    const token = (await Deno.readTextFile(`${drec.cwd}/data/token-admin`)).trim();
    assert.deepEqual(await star("PUT", "bob", [`Authorization: Bearer ${token}`]), [200, 1]);
  });
  await t.step("not for a page that is not listed", async () => {
    const from = (origin: string) => [
      "X-Forwarded-User: bob",
      "Sec-Fetch-Site: cross-site",
      `Origin: ${origin}`,
    ];
    assert.deepEqual(await star("DELETE", "bob", from("https://evil.example")), [403, undefined]);
    assert.deepEqual(await star("DELETE", "bob", from("https://app.example")), [200, 0]);
  });
});
