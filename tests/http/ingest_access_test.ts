/**
 * Who may send events: tokens, and what they are bound to.
 *
 * @module
 */

import assert from "node:assert/strict";

import { requestOf, startIngest, textOf, wireEvent } from "../support/ingest.ts";

const tokens = [
  { token: "for-all" },
  { token: "rotated" },
  { token: "for-main", registry: "main" },
];

const basic = (text: string): string => `Basic ${btoa(text)}`;

Deno.test("POST needs a token, for its registry if it is bound to one", async (t) => {
  await using ingest = await startIngest({ tokens });
  const cases: [authorization: string | undefined, path: string, status: number][] = [
    [undefined, "/events", 401],
    [undefined, "/events/main", 401],
    ["Bearer wrong", "/events", 401],
    ["Bearer for-al", "/events", 401],
    ["Bearer for-all2", "/events", 401],
    ["Bearer", "/events", 401],
    ["for-all", "/events", 401],
    ["Digest for-all", "/events", 401],
    [basic("for-all:"), "/events", 401],
    ["Basic %%%", "/events", 401],
    ["Bearer for-all", "/events", 200],
    ["bearer rotated", "/events/any/", 200],
    [basic("registry:for-all"), "/events/main", 200],
    [basic(":rotated"), "/events", 200],
    ["Bearer for-main", "/events", 200],
    ["Bearer for-main", "/events/", 200],
    ["Bearer for-main", "/events/main", 200],
    ["Bearer for-main", "/events/main/", 200],
    ["Bearer for-main", "/events/other", 401],
    ["Bearer for-main", "/events/default", 401],
  ];
  for (const [authorization, path, status] of cases) {
    await t.step(`${authorization} on ${path}`, async () => {
      const headers = authorization === undefined ? [] : [`Authorization: ${authorization}`];
      const answer = await ingest.post([wireEvent()], { path, headers });
      assert.equal(answer.status, status);
      const challenge = status === 401 ? 'Bearer realm="drec"' : undefined;
      assert.equal(answer.headers["www-authenticate"], challenge);
    });
  }
  const counted = cases.filter(([, , status]) => status === 200).length;
  assert.equal((await ingest.accounting()).received, counted);
  assert.equal(ingest.refusals(), cases.length - counted);
});

Deno.test("POST is refused where a page of another site sends it", async (t) => {
  for (const parts of [{}, { tokens }]) {
    await using ingest = await startIngest(parts);
    const token = "tokens" in parts ? ["Authorization: Bearer for-all"] : [];
    const cases: [site: string | undefined, status: number][] = [
      ["cross-site", 403],
      ["same-site", 403],
      ["whatever", 403],
      ["same-origin", 200],
      ["none", 200],
      [undefined, 200],
    ];
    for (const [site, status] of cases) {
      await t.step(`${site}, ${token.length > 0 ? "with" : "without"} tokens`, async () => {
        const headers = site === undefined ? token : [...token, `Sec-Fetch-Site: ${site}`];
        const answer = await ingest.post([wireEvent()], { headers });
        assert.equal(answer.status, status);
        if (status === 403) assert.match(answer.body, /^A page of another site cannot send events/);
      });
    }
    assert.equal((await ingest.accounting()).received, 3);
  }
});

Deno.test("POST is taken with whatever Host, also where the role is open on loopback", async (t) => {
  await using ingest = await startIngest({ isLoopbackBound: true });
  for (const host of ["evil.example", "a/b", "", null]) {
    await t.step(String(host), async () => {
      assert.equal((await ingest.post([wireEvent()], { host })).status, 200);
    });
  }
});

Deno.test("POST with a bound token counts for its registry on the bare route", async () => {
  await using ingest = await startIngest({ tokens });
  const headers = ["Authorization: Bearer for-main"];
  await ingest.post([wireEvent()], { headers });
  await ingest.post([wireEvent()], { path: "/events/main", headers });
  await ingest.settled();
  const [found, ...others] = await ingest.store.findRepositories("team/app");
  assert.deepEqual([found?.registry, found?.pulls], ["main", 2]);
  assert.deepEqual(others, []);
});

Deno.test("what is wrong with a request is said before its body is read", async (t) => {
  await using ingest = await startIngest({ tokens });
  const length = "Content-Length: 1000";
  const cases: [name: string, request: Uint8Array, status: number][] = [
    ["no token", requestOf({ headers: [length] }), 401],
    ["a wrong token", requestOf({ headers: [length, "Authorization: Bearer no"] }), 401],
    ["a wrong method", requestOf({ method: "PUT", headers: [length] }), 405],
    ["a wrong path", requestOf({ path: "/events/NO", headers: [length] }), 404],
  ];
  for (const [name, request, status] of cases) {
    await t.step(name, async () => {
      using socket = await ingest.connect();
      await socket.send(request);
      assert.equal((await socket.answer(1000)).status, status);
    });
  }
});

Deno.test("a refused event is counted when the token has been mended", async () => {
  await using ingest = await startIngest({ tokens });
  const body = textOf([wireEvent()]);
  for (let times = 0; times < 3; times++) {
    assert.equal((await ingest.post(body)).status, 401);
  }
  const headers = ["Authorization: Bearer for-all"];
  assert.equal((await ingest.post(body, { headers })).status, 200);
  const { received, counted } = await ingest.accounting();
  assert.deepEqual({ received, counted }, { received: 1, counted: 1 });
});
