/**
 * What crosses between the thread of the embedded store and the one that serves, on real threads.
 *
 * @module
 */

import assert from "node:assert/strict";

import { AppError } from "../../lib/errors.ts";
import { receivedOf } from "../../lib/notification.ts";
import { LockProbe } from "../../lib/store/sqlite/lock_probe.ts";
import { portable, receivedFrom } from "../../lib/store/sqlite/portable_received.ts";
import { errorFrom, portableError } from "../../lib/store/sqlite/thread_messages.ts";
import { openSqliteStore } from "../../lib/store/sqlite/open.ts";
import { EventFault } from "../../lib/store/store.ts";
import { wireEvent } from "../support/ingest.ts";
import { openTestStore, recordEvents, storeOptionsOf } from "../support/store.ts";
import { tempDir } from "../support/wait.ts";
import { watch } from "./contract_watching.ts";

Deno.test("an error that has crossed is of its class, with what a person must know", () => {
  const cause = new TypeError("why");
  const cross = (error: unknown) => errorFrom(structuredClone(portableError(error)));
  const app = cross(new AppError("conflict", "Cannot open it", { hint: "end the other", cause }));
  assert.ok(app instanceof AppError);
  assert.deepEqual([app.code, app.message, app.hint, app.cause], [
    "conflict",
    "Cannot open it",
    "end the other",
    "TypeError: why",
  ]);
  const fault = cross(new EventFault("no such text", { cause }));
  assert.ok(fault instanceof EventFault);
  assert.equal(fault.message, "no such text");
  const defect = cross(cause);
  assert.ok(!(defect instanceof AppError || defect instanceof EventFault));
  assert.deepEqual([defect.message, defect.stack], [cause.message, cause.stack]);
  assert.equal(cross("a text").message, "a text");
});

Deno.test("an entry that has crossed is the same", () => {
  const events = [wireEvent(), 7];
  const body = new TextEncoder().encode(JSON.stringify({ events }));
  const received = receivedOf({ registry: "main", receivedAt: 1, body, deadline: 0 });
  const crossed = structuredClone(received.map(portable)).map(receivedFrom);
  assert.deepEqual(crossed.map(portable), received.map(portable));
});

Deno.test("who waits for a thread that is closed hears of it", async () => {
  const opened = await openTestStore();
  const [waiting] = await Promise.allSettled([
    recordEvents(opened.store, [{}]),
    opened.store.close(),
  ]);
  if (waiting.status === "rejected") assert.match(waiting.reason.message, /closed/);
  else assert.deepEqual(waiting.value, ["counted"]);
  await assert.rejects(opened.store.ping(), { code: "unavailable", message: /closed/ });
  await opened[Symbol.asyncDispose]();
});

Deno.test("who watches when nobody has done so for a while is told, each once", async () => {
  await using opened = await openTestStore();
  const [first, second] = await Promise.all([watch(opened.store), watch(opened.store)]);
  await recordEvents(opened.store, [{}]);
  for (const told of [first, second]) await told.expect("default team/app");
  await first[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
  await recordEvents(opened.store, [{}]);
  await using third = await watch(opened.store);
  await recordEvents(opened.store, [{ repository: "team/tool" }]);
  await third.expect("default team/tool");
  assert.deepEqual([first.names, second.names, third.names], [[], [], []]);
});

Deno.test("who watches in vain keeps nobody else from watching", async () => {
  await using opened = await openTestStore();
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function () {
    Worker.prototype.postMessage = postMessage;
    throw new Error("no memory");
  };
  await assert.rejects(watch(opened.store), /no memory/);
  await using told = await watch(opened.store);
  await recordEvents(opened.store, [{}]);
  await told.expect("default team/app");
});

Deno.test("to look for a lock disturbs nobody who asks whether the store answers", async () => {
  await using opened = await openTestStore();
  const probe = new LockProbe(opened.path);
  using _ = { [Symbol.dispose]: () => probe.close() };
  for (let round = 0; round < 100; round++) {
    const ping = opened.store.ping();
    for (let look = 0; look < 50; look++) probe.isFree();
    await ping;
  }
});

Deno.test("a store that cannot be opened leaves no thread behind", async () => {
  await using folder = await tempDir();
  const location = { path: folder.join("drec.db"), exclusive: true };
  const store = await openSqliteStore(location, storeOptionsOf());
  await assert.rejects(openSqliteStore(location, storeOptionsOf()), { code: "conflict" });
  await store.close();
  await Deno.writeTextFile(location.path, "no database");
  await assert.rejects(openSqliteStore(location, storeOptionsOf()), {
    code: "unavailable",
    hint: /name a database of DREC/,
  });
});
