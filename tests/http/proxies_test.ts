import assert from "node:assert/strict";
import { Buffer } from "node:buffer";

import { createIdentifier, createProxyCheck } from "../../lib/http/proxies.ts";

Deno.test("createProxyCheck() tells proxies from all others", async (t) => {
  const cases: [ranges: string[], address: string, want: boolean][] = [
    [[], "127.0.0.1", false],
    [["127.0.0.1"], "127.0.0.1", true],
    [["127.0.0.1"], "::ffff:127.0.0.1", true],
    [["127.0.0.1"], "127.0.0.2", false],
    [["127.0.0.1"], "::1", false],
    [["10.0.0.0/8", "2001:db8::/32"], "10.255.0.1", true],
    [["10.0.0.0/8", "2001:db8::/32"], "2001:db8::5", true],
    [["10.0.0.0/8"], "11.0.0.1", false],
    [["0.0.0.0/0"], "", false],
    [["0.0.0.0/0"], "unknown", false],
  ];
  for (const [ranges, address, want] of cases) {
    await t.step(`${address} of ${ranges}`, () => {
      assert.equal(createProxyCheck(ranges)(address), want);
    });
  }
});

Deno.test("createIdentifier() believes the header of a proxy alone", async (t) => {
  const utf8 = Buffer.from("Jörg 🐳").toString("latin1");
  const cases: [header: string | undefined, sent: string, from: string, want?: string][] = [
    ["X-User", "alice", "10.0.0.1", "alice"],
    ["x-user", "alice", "10.0.0.1", "alice"],
    ["X-User", "a, b", "10.0.0.1", "a, b"],
    ["X-User", utf8, "10.0.0.1", "Jörg 🐳"],
    ["X-User", "J\xf6rg", "10.0.0.1", "J\xf6rg"],
    ["X-User", "", "10.0.0.1"],
    ["X-User", "alice", "192.0.2.1"],
    ["X-User", "alice", "127.0.0.1"],
    ["X-Other", "alice", "10.0.0.1"],
    [undefined, "alice", "10.0.0.1"],
  ];
  for (const [header, sent, remoteAddress, want] of cases) {
    await t.step(`${header}: ${sent} from ${remoteAddress}`, () => {
      const identify = createIdentifier(createProxyCheck(["10.0.0.0/8"]), header);
      const headers = { "X-User": sent, "X-Forwarded-For": "10.0.0.1" };
      const request = new Request("http://drec", { headers });
      assert.equal(identify(request, { remoteAddress }), want);
    });
  }
});
