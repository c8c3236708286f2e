import assert from "node:assert/strict";

import { disguise, fingerprintOf, redactBody } from "../lib/privacy.ts";
import { eventOf } from "./support/events.ts";

const client = { address: "192.0.2.1", userAgent: "docker/28.5.2", actor: "alice" };

Deno.test("fingerprintOf() is the same for the requests of one client", () => {
  const print = fingerprintOf(eventOf(client), "key");
  assert.match(print, /^[\w-]{11}$/);
  const other = eventOf({ ...client, tag: undefined, repository: "b", method: "HEAD" });
  assert.equal(fingerprintOf(other, "key"), print);
});

Deno.test("fingerprintOf() tells clients, and keys, apart", () => {
  const prints = [
    fingerprintOf(eventOf(client), "key"),
    fingerprintOf(eventOf(client), "another key"),
    fingerprintOf(eventOf({ ...client, address: "192.0.2.2" }), "key"),
    fingerprintOf(eventOf({ ...client, userAgent: "docker/28.5.3" }), "key"),
    fingerprintOf(eventOf({ ...client, actor: "bob" }), "key"),
    fingerprintOf(eventOf({ ...client, actor: undefined }), "key"),
    fingerprintOf(eventOf({ address: undefined, userAgent: undefined, actor: undefined }), "key"),
    // What could be mistaken for one another if names were simply joined.
    fingerprintOf(eventOf({ address: "a", userAgent: "b,c", actor: "d" }), "key"),
    fingerprintOf(eventOf({ address: "a", userAgent: "b", actor: "c,d" }), "key"),
  ];
  assert.equal(new Set(prints).size, prints.length);
});

Deno.test("disguise() keeps, hashes or drops", () => {
  assert.equal(disguise("alice", "keep", "key"), "alice");
  assert.match(disguise("alice", "hash", "key") ?? "", /^#[0-9a-f]{16}$/);
  assert.equal(disguise("alice", "hash", "key"), disguise("alice", "hash", "key"));
  assert.notEqual(disguise("alice", "hash", "key"), disguise("bob", "hash", "key"));
  assert.notEqual(disguise("alice", "hash", "key"), disguise("alice", "hash", "another key"));
  assert.equal(disguise("alice", "drop", "key"), undefined);
  for (const mode of ["keep", "hash", "drop"] as const) {
    assert.equal(disguise(undefined, mode, "key"), undefined);
  }
});

const body = JSON.stringify({
  events: [{
    action: "pull",
    target: { repository: "team/app", tag: "1.0" },
    request: { addr: "192.0.2.1:5000", useragent: "docker/28.5.2" },
    actor: { name: "alice" },
  }],
});

Deno.test("redactBody() hides what `privacy` hides", async (t) => {
  await t.step("nothing", () => {
    assert.equal(redactBody(body, { actors: "keep", addresses: "keep" }, "key"), body);
  });
  await t.step("actors dropped, addresses hashed", () => {
    const text = redactBody(body, { actors: "drop", addresses: "hash" }, "key");
    const event = JSON.parse(text).events[0];
    assert.deepEqual(event.actor, {});
    assert.match(event.request.addr, /^#[0-9a-f]{16}$/);
    assert.equal(event.request.useragent, "docker/28.5.2");
    assert.deepEqual(event.target, { repository: "team/app", tag: "1.0" });
  });
  await t.step("actors hashed, as they are stored", () => {
    const text = redactBody(body, { actors: "hash", addresses: "keep" }, "key");
    const event = JSON.parse(text).events[0];
    assert.equal(event.actor.name, disguise("alice", "hash", "key"));
    assert.equal(event.request.addr, "192.0.2.1:5000");
  });
});

Deno.test("redactBody() leaves what cannot be read as it is", () => {
  const privacy = { actors: "drop", addresses: "drop" } as const;
  for (const text of ["", "no JSON", body.slice(0, -1)]) {
    assert.equal(redactBody(text, privacy, "key"), text);
  }
  assert.equal(redactBody('{"name":1,"addr":null}', privacy, "key"), '{"name":1,"addr":null}');
});
