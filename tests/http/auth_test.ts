import assert from "node:assert/strict";

import { type Access, type AuthorizerOptions, createAuthorizer } from "../../lib/http/auth.ts";
import type { TokenRole } from "../../lib/store/store.ts";

const IN: Access = { ok: true };
const UNKNOWN: Access = { ok: false, status: 401 };
const WRONG_ROLE: Access = { ok: false, status: 403 };

const configured: AuthorizerOptions = {
  roles: {
    ingest: [{ token: "in-1" }, { token: "in-2" }, { token: "in-main", registry: "main" }],
    read: [{ token: "re:ad" }, { token: "both" }],
    admin: [{ token: "boss" }, { token: "both" }],
  },
  madeTokens: () => assert.fail("all roles are configured"),
  isLoopbackBound: true,
};
const unconfigured: AuthorizerOptions = {
  roles: { ingest: undefined, read: [], admin: "none" },
  madeTokens: (role) => [`made-${role}`],
  isLoopbackBound: true,
};

interface Asked {
  authorization?: string;
  headers?: Record<string, string>;
  remoteAddress?: string;
}

function ask(options: AuthorizerOptions, role: TokenRole, asked: Asked): Access {
  const { authorization, headers = {}, remoteAddress = "127.0.0.1" } = asked;
  const all = authorization === undefined ? headers : { ...headers, authorization };
  const request = new Request("http://localhost", { headers: all });
  return createAuthorizer(options)(request, role, { remoteAddress });
}

const basic = (pair: string): string => `Basic ${btoa(pair)}`;

Deno.test("createAuthorizer() compares tokens by role", async (t) => {
  const cases: [role: TokenRole, authorization: string | undefined, want: Access][] = [
    ["ingest", "Bearer in-1", IN],
    ["ingest", "Bearer in-2", IN],
    ["ingest", "bearer   in-1 ", IN],
    ["ingest", "Bearer in-main", { ok: true, registry: "main" }],
    ["ingest", "Bearer in-3", UNKNOWN],
    ["ingest", "Bearer in-", UNKNOWN],
    ["ingest", "Bearer in-1 in-2", UNKNOWN],
    ["ingest", "Bearer", UNKNOWN],
    ["ingest", "Bearer ", UNKNOWN],
    ["ingest", "in-1", UNKNOWN],
    ["ingest", "Token in-1", UNKNOWN],
    ["ingest", "", UNKNOWN],
    ["ingest", undefined, UNKNOWN],
    ["ingest", "Bearer re:ad", WRONG_ROLE],
    ["ingest", "Bearer boss", WRONG_ROLE],
    ["read", "Bearer re:ad", IN],
    ["read", "Bearer boss", IN],
    ["read", "Bearer both", IN],
    ["read", "Bearer in-1", WRONG_ROLE],
    ["read", "Bearer in-main", WRONG_ROLE],
    ["admin", "Bearer boss", IN],
    ["admin", "Bearer both", IN],
    ["admin", "Bearer re:ad", WRONG_ROLE],
    ["admin", "Bearer in-1", WRONG_ROLE],
    ["ingest", basic("anyone:in-1"), IN],
    ["ingest", basic(":in-1"), IN],
    ["read", basic("anyone:re:ad"), IN],
    ["ingest", basic("in-1"), UNKNOWN],
    ["ingest", basic("in-1:"), UNKNOWN],
    ["ingest", basic("anyone:re:ad"), WRONG_ROLE],
    ["ingest", "Basic %%%", UNKNOWN],
  ];
  for (const [role, authorization, want] of cases) {
    await t.step(`${role}, ${authorization}`, () => {
      const asked = authorization === undefined ? {} : { authorization };
      assert.deepEqual(ask(configured, role, asked), want);
    });
  }
});

Deno.test("createAuthorizer() opens roles that are not configured, but not through a proxy", async (t) => {
  const forwarded = [
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "Via",
  ];
  const cases: [name: string, role: TokenRole, asked: Asked, want: Access][] = [
    ["IPv4 loopback", "ingest", {}, IN],
    ["an empty list is no configuration", "read", {}, IN],
    ["IPv6 loopback", "read", { remoteAddress: "::1" }, IN],
    ["IPv4 in IPv6", "read", { remoteAddress: "::ffff:127.0.0.1" }, IN],
    ["not from here", "ingest", { remoteAddress: "192.0.2.1" }, UNKNOWN],
    ["not from here, with its token", "ingest", {
      remoteAddress: "192.0.2.1",
      authorization: "Bearer made-ingest",
    }, IN],
    ["open on purpose", "admin", { remoteAddress: "192.0.2.1" }, IN],
    ...forwarded.flatMap((header): [string, TokenRole, Asked, Access][] => [
      [header, "ingest", { headers: { [header]: "" } }, UNKNOWN],
      [`${header} with the token made`, "ingest", {
        headers: { [header]: "198.51.100.1" },
        authorization: "Bearer made-ingest",
      }, IN],
      [`${header} with that of another role`, "ingest", {
        headers: { [header]: "198.51.100.1" },
        authorization: "Bearer made-read",
      }, WRONG_ROLE],
    ]),
  ];
  for (const [name, role, asked, want] of cases) {
    await t.step(name, () => assert.deepEqual(ask(unconfigured, role, asked), want));
  }
});

Deno.test("createAuthorizer() needs the token made where DREC listens for others", () => {
  const options = { ...unconfigured, isLoopbackBound: false };
  assert.deepEqual(ask(options, "ingest", {}), UNKNOWN);
  assert.deepEqual(ask(options, "ingest", { authorization: "Bearer made-ingest" }), IN);
  assert.deepEqual(ask(options, "read", { authorization: "Bearer made-ingest" }), WRONG_ROLE);
  assert.deepEqual(ask(options, "admin", {}), IN);
});

Deno.test("createAuthorizer() keeps a configured role closed on loopback", () => {
  assert.deepEqual(ask(configured, "read", {}), UNKNOWN);
});

Deno.test("createAuthorizer() takes no request of a proxy for one of this machine", async (t) => {
  const options = { ...unconfigured, isProxy: (address: string) => address === "::1" };
  for (const role of ["ingest", "read"] as const) {
    await t.step(role, () => {
      const proxied = { remoteAddress: "::1" };
      assert.deepEqual(ask(options, role, proxied), UNKNOWN);
      const authorization = `Bearer made-${role}`;
      assert.deepEqual(ask(options, role, { ...proxied, authorization }), IN);
      assert.deepEqual(ask(options, role, { remoteAddress: "127.0.0.1" }), IN);
    });
  }
  assert.deepEqual(ask(options, "admin", { remoteAddress: "::1" }), IN, "open on purpose");
});

Deno.test("createAuthorizer() opens nothing to a page whose name is that of this machine", async (t) => {
  const roles = { ...unconfigured.roles, admin: undefined };
  const options = { ...unconfigured, roles, hosts: ["Build-7", "drec.example", "2001:DB8::1"] };
  const cases: [host: string, isOwn: boolean][] = [
    ["127.0.0.1:8443", true],
    ["127.0.0.1", true],
    ["192.0.2.1:8443", true],
    ["[::1]:8443", true],
    ["[2001:db8::7]", true],
    ["localhost:8443", true],
    ["LOCALHOST", true],
    ["localhost.:8443", true],
    ["drec.localhost", true],
    ["build-7:8443", true],
    ["DREC.example", true],
    ["evil.example:8443", false],
    ["sub.drec.example", false],
    ["localhost.evil.example", false],
    ["127.0.0.1.evil.example", false],
    ["evil-localhost", false],
    ["localhost:8443:1", false],
    ["localhost/evil.example", false],
    ["", false],
  ];
  for (const [host, isOwn] of cases) {
    await t.step(host, () => {
      for (const role of ["read", "admin"] as const) {
        const want: Access = isOwn ? IN : { ok: false, status: 401, host };
        assert.deepEqual(ask(options, role, { headers: { host } }), want);
        const authorization = `Bearer made-${role}`;
        assert.deepEqual(ask(options, role, { headers: { host }, authorization }), IN);
        const wrong = { headers: { host }, authorization: "Bearer made-ingest" };
        assert.deepEqual(ask(options, role, wrong), isOwn ? IN : WRONG_ROLE);
      }
      assert.deepEqual(
        ask(options, "ingest", { headers: { host } }),
        IN,
        "a registry's may be broken",
      );
    });
  }
  await t.step("HTTP/2, which has no such header", () => {
    const authorize = createAuthorizer(options);
    const info = { remoteAddress: "127.0.0.1" };
    const of = (url: string) => authorize(new Request(url), "read", info);
    assert.deepEqual(of("https://drec.example:8443/api"), IN);
    assert.deepEqual(of("https://evil.example/api"), { ...UNKNOWN, host: "evil.example" });
  });
});
