import assert from "node:assert/strict";

import { createAuthorizer } from "../../../lib/http/auth.ts";
import { createIdentifier, createProxyCheck } from "../../../lib/http/proxies.ts";
import { NOW, openTestApp, type TestApp } from "../../support/app.ts";
import { recordEvents } from "../../support/store.ts";

const REPOSITORY = "/api/v1/repositories/team/app";
const STARS = `${REPOSITORY}/-/stars`;

const closed = createAuthorizer({
  roles: { ingest: [{ token: "i" }], read: [{ token: "r" }], admin: [{ token: "a" }] },
  madeTokens: () => [],
  isLoopbackBound: false,
});
const isProxy = createProxyCheck(["10.0.0.0/8"]);
const identify = createIdentifier(isProxy, "X-Forwarded-User");

async function change(app: TestApp, method: string, target: string): Promise<unknown> {
  const { status, text, json } = await app.ask(target, { method });
  assert.equal(status, 200, text);
  return json;
}

Deno.test("PUT and DELETE /-/stars/{user} change the star of a user once", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{}]);
  const steps: [method: string, user: string, stars: number][] = [
    ["DELETE", "alice", 0],
    ["PUT", "alice", 1],
    ["PUT", "alice", 1],
    ["PUT", "bob", 2],
    ["DELETE", "alice", 1],
    ["DELETE", "alice", 1],
  ];
  for (const [method, user, stars] of steps) {
    const starred = method === "PUT";
    assert.deepEqual(await change(app, method, `${STARS}/${user}`), { stars, starred });
    const { stars: shown } = await app.get(REPOSITORY) as { stars: number };
    assert.equal(shown, stars);
  }
  const { text } = await app.ask(STARS);
  const at = new Date(NOW).toISOString();
  assert.equal(text, JSON.stringify({ items: [{ user: "bob", at }], next: null, stars: 1 }));
});

Deno.test("PUT /-/stars/{user} takes names of users as they are", async (t) => {
  await using app = await openTestApp();
  const names = ["team/app", "a/-/stars", ".."];
  await recordEvents(app.store, names.map((repository) => ({ repository })));
  const cases: [sent: string, user: string][] = [
    ["alice", "alice"],
    ["a%2Fb", "a/b"],
    ["a.b@example.com", "a.b@example.com"],
    ["%F0%9F%90%B3", "🐳"],
    ["..%2F..", "../.."],
    ["%2e%2e", ".."],
    ["%24inc", "$inc"],
    ["a+b", "a+b"],
    ["a%20b", "a b"],
    ["%25zz", "%zz"],
    ["-", "-"],
  ];
  for (const repository of names) {
    for (const [sent, user] of cases) {
      await t.step(`${user} on ${repository}`, async () => {
        const stars = `/api/v1/repositories/${encodeURIComponent(repository)}/-/stars`;
        assert.deepEqual(await change(app, "PUT", `${stars}/${sent}`), { stars: 1, starred: true });
        const { items } = await app.get(stars) as { items: { user: string }[] };
        assert.deepEqual(items.map((item) => item.user), [user]);
        await change(app, "DELETE", `${stars}/${sent}`);
      });
    }
  }
});

Deno.test("PUT and DELETE /-/stars/{user} refuse what is impossible", async (t) => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{}, { repository: "both" }, {
    repository: "both",
    registry: "b",
  }]);
  const long = "%F0%9F%90%B3".repeat(256);
  const both = "/api/v1/repositories/both/-/stars";
  const none = "/api/v1/repositories/none/-/stars";
  const cases: [target: string, status: number, detail: RegExp][] = [
    [`${STARS}/`, 400, /^The path names no possible user: use 1 to 256 characters, none of them/],
    [`${STARS}/${long}a`, 400, /no possible user/],
    [`${STARS}/a%00b`, 400, /no possible user/],
    [`${STARS}/a%0Ab`, 400, /no possible user/],
    [`${STARS}/%ff`, 400, /^Cannot decode the path: use percent-encoded UTF-8$/],
    [`${STARS}/%ED%A0%80`, 400, /^Cannot decode the path/],
    [`${STARS}/a%zz`, 400, /^Cannot decode the path/],
    [`${STARS}/a%`, 400, /^Cannot decode the path/],
    ["/api/v1/repositories/%ff/-/stars/alice", 400, /^Cannot decode the path/],
    [`${STARS}/%7F`, 400, /no possible user/],
    [`${STARS}/%C2%85`, 400, /no possible user/],
    [`${STARS}/alice?user=bob`, 400, /^Unknown parameter "user": use registry$/],
    [`${STARS}/alice?registry=A`, 400, /^Parameter "registry" cannot be "A"/],
    [`${none}/alice`, 404, /^No repository "none"$/],
    [`${STARS}/alice?registry=b`, 404, /^No repository "team\/app" in registry "b"$/],
    [`${both}/alice`, 409, /^Several registries have a repository "both": choose with/],
  ];
  for (const [target, status, detail] of cases) {
    for (const method of ["PUT", "DELETE"]) {
      await t.step(`${method} ${target.slice(0, 80)}`, async () => {
        const answer = await app.ask(target, { method });
        assert.equal(answer.status, status, answer.text);
        assert.match((answer.json as { detail: string }).detail, detail);
      });
    }
  }
  await t.step("but %25ff is the user %ff", async () => {
    await change(app, "PUT", `${STARS}/%25ff`);
    const { items } = await app.get(STARS) as { items: { user: string }[] };
    assert.deepEqual(items.map(({ user }) => user), ["%ff"]);
    await change(app, "DELETE", `${STARS}/%25ff`);
  });
  await t.step("but the longest name, and the registry that was chosen", async () => {
    await change(app, "PUT", `${STARS}/${long}`);
    const chosen = await change(app, "PUT", `${both}/alice?registry=b`);
    assert.deepEqual(chosen, { stars: 1, starred: true });
    const { stars } = await app.get("/api/v1/repositories/both?registry=default") as {
      stars: number;
    };
    assert.equal(stars, 0);
  });
  await t.step("methods that a star does not have", async () => {
    for (const method of ["GET", "POST", "PATCH"]) {
      for (const target of [`${STARS}/alice`, `${STARS}/`]) {
        const { status, headers } = await app.ask(target, { method });
        assert.deepEqual([status, headers.get("allow")], [405, "PUT, DELETE"]);
      }
    }
    for (const method of ["PUT", "DELETE"]) {
      const { status, headers } = await app.ask(STARS, { method });
      assert.deepEqual([status, headers.get("allow")], [405, "GET, HEAD"]);
    }
  });
});

Deno.test("PUT /-/stars/{user} answers 404 if the repository has just gone", async () => {
  await using opened = await openTestApp();
  await recordEvents(opened.store, [{}]);
  // Between the question which repository it is and the change, another removes it.
  const store = new Proxy(opened.store, {
    get: (target, name) => {
      if (name === "setStar") return () => Promise.resolve(undefined);
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await using app = await openTestApp({ store });
  assert.equal((await app.ask(`${STARS}/alice`, { method: "PUT" })).status, 404);
});

Deno.test("PUT and DELETE /-/stars/{user} are for admins, and for the user a proxy names", async (t) => {
  await using app = await openTestApp({ authorize: closed, identify });
  await recordEvents(app.store, [{}]);
  const proxy = "10.0.0.7";
  const other = "192.0.2.1";
  const alice = { "X-Forwarded-User": "alice" };
  const token = (value: string) => ({ authorization: `Bearer ${value}` });
  const cases: [name: string, from: string, headers: Record<string, string>, status: number][] = [
    ["nobody", other, {}, 401],
    ["an unknown token", other, token("x"), 401],
    ["a registry", other, token("i"), 403],
    ["a reader", other, token("r"), 403],
    ["an admin", other, token("a"), 200],
    ["an admin through the proxy", proxy, token("a"), 200],
    ["an admin whom the proxy calls otherwise", proxy, {
      ...token("a"),
      "X-Forwarded-User": "bob",
    }, 200],
    ["alice, by the proxy", proxy, alice, 200],
    ["alice, by the proxy over IPv6", `::ffff:${proxy}`, alice, 200],
    ["alice with a reader's token", proxy, { ...alice, ...token("r") }, 200],
    ["alice with an unknown token", proxy, { ...alice, ...token("x") }, 200],
    ["bob, by the proxy", proxy, { "X-Forwarded-User": "bob" }, 403],
    ["Alice, by the proxy", proxy, { "X-Forwarded-User": "Alice" }, 403],
    ["two at once", proxy, { "X-Forwarded-User": "bob, alice" }, 403],
    ["nobody, by the proxy", proxy, { "X-Forwarded-User": "" }, 401],
    ["the proxy itself", proxy, {}, 401],
    ["another header of the proxy", proxy, { "X-User": "alice" }, 401],
    ["who says to be alice", other, alice, 401],
    ["who says to be alice and the proxy", other, { ...alice, "X-Forwarded-For": proxy }, 401],
    ["who says to be alice, on this machine", "127.0.0.1", alice, 401],
  ];
  for (const [name, from, headers, status] of cases) {
    for (const method of ["PUT", "DELETE"]) {
      await t.step(`${name}: ${method}`, async () => {
        const answer = await app.ask(`${STARS}/alice`, { method, headers }, from);
        assert.equal(answer.status, status, answer.text);
        const code = ({ 401: "unauthorized", 403: "forbidden" } as const)[status];
        assert.equal((answer.json as { code?: string }).code, code);
      });
    }
  }
  await t.step("a user sees no list for it", async () => {
    assert.equal((await app.ask(STARS, { headers: alice }, proxy)).status, 401);
    assert.equal((await app.ask(STARS, { headers: token("r") })).status, 200);
  });
  await t.step("before it is known whether there is such a repository", async () => {
    const init = { method: "PUT", headers: alice };
    const none = "/api/v1/repositories/none/-/stars";
    assert.equal((await app.ask(`${none}/bob`, init, proxy)).status, 403);
    assert.equal((await app.ask(`${none}/alice`, init, proxy)).status, 404);
    assert.equal((await app.ask(`${STARS}/`, init, proxy)).status, 403);
  });
});

Deno.test("a proxy on this machine opens nothing to those whom it does not name", async () => {
  const isProxy = createProxyCheck(["127.0.0.1"]);
  const authorize = createAuthorizer({
    roles: { ingest: undefined, read: undefined, admin: undefined },
    madeTokens: (role) => [`made-${role}`],
    isLoopbackBound: true,
    isProxy,
  });
  const identify = createIdentifier(isProxy, "X-Forwarded-User");
  await using app = await openTestApp({ authorize, identify });
  await recordEvents(app.store, [{}]);
  const put = (user: string, headers: Record<string, string>) =>
    app.ask(`${STARS}/${user}`, { method: "PUT", headers }, "127.0.0.1");
  assert.equal((await put("alice", {})).status, 401);
  assert.equal((await put("alice", { "X-Forwarded-User": "alice" })).status, 200);
  assert.equal((await put("bob", { "X-Forwarded-User": "alice" })).status, 403);
  assert.equal((await put("bob", { authorization: "Bearer made-admin" })).status, 200);
});

Deno.test("GET /-/stars is paged, each star once", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{}, { repository: "team/other" }]);
  const users = ["alice", "bob", "carol", "dave", "eve"];
  for (const user of users.toReversed()) await change(app, "PUT", `${STARS}/${user}`);
  const found: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page = await app.get(`${STARS}?limit=2&cursor=${cursor}`) as {
      items: { user: string }[];
      next: string | null;
      stars: number;
    };
    assert.ok(page.items.length <= 2);
    assert.equal(page.stars, 5);
    found.push(...page.items.map(({ user }) => user));
    cursor = page.next;
  }
  assert.deepEqual(found, users);
  const { next } = await app.get(`${STARS}?limit=2`) as { next: string };
  const other = "/api/v1/repositories/team/other/-/stars";
  assert.equal((await app.ask(`${other}?cursor=${next}`)).status, 400);
  assert.equal((await app.ask(`${STARS}?user=alice`)).status, 400);
  assert.equal((await app.ask("/api/v1/repositories/none/-/stars")).status, 404);
});

Deno.test("GET /api/v1/repositories sorts by the stars just given", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, ["a", "b", "c"].map((repository) => ({ repository })));
  await change(app, "PUT", "/api/v1/repositories/b/-/stars/alice");
  await change(app, "PUT", "/api/v1/repositories/c/-/stars/alice");
  await change(app, "PUT", "/api/v1/repositories/c/-/stars/bob");
  const { items } = await app.get("/api/v1/repositories?sort=-stars") as {
    items: { repository: string; stars: number }[];
  };
  assert.deepEqual(items.map(({ repository, stars }) => [repository, stars]), [
    ["c", 2],
    ["b", 1],
    ["a", 0],
  ]);
});
