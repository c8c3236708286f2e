/**
 * The inbox of the embedded store, on a real file: what was taken in is found again, whatever came
 * after it; what was counted is not.
 *
 * @module
 */

import assert from "node:assert/strict";

import type { Notification } from "../../lib/batch.ts";
import { createCollector } from "../../lib/collector.ts";
import { AppError } from "../../lib/errors.ts";
import { createMetrics } from "../../lib/metrics.ts";
import { Database } from "../../lib/store/sqlite/database.ts";
import { type InboxDatabase, SqliteInbox } from "../../lib/store/sqlite/inbox.ts";
import { countedEvents, setCountedEvents } from "../../lib/store/sqlite/inbox_counted.ts";
import { EventFault, type Store } from "../../lib/store/store.ts";
import { blobEvent, slowStore, textOf, wireEvent } from "../support/ingest.ts";
import { openTestStore, reopenTestStore } from "../support/store.ts";
import { pause, tempDir, until } from "../support/wait.ts";

const MiB = 1024 * 1024;

/** An inbox on a database of its own, which may be opened again as after a kill. */
interface TestInbox extends AsyncDisposable {
  inbox: SqliteInbox;
  /** The file that is written first. */
  readonly path: string;
  readonly otherPath: string;
  /** Says that all events up to a number are counted. */
  count(last: number): void;
  /** Opens it again; what was not written is gone. */
  reopen(): Promise<void>;
}

/** What an inbox needs of a database. */
function besideOf(database: Database): InboxDatabase {
  return {
    requireWritable: () => Promise.resolve(),
    counted: () => Promise.resolve(countedEvents(database)),
    async flush() {
      const counted = countedEvents(database);
      await database.flush();
      return counted;
    },
  };
}

async function openInbox(): Promise<TestInbox> {
  const folder = await tempDir();
  const databasePath = folder.join("drec.db");
  const database = new Database(databasePath, true);
  const opened: TestInbox = {
    inbox: await SqliteInbox.open(databasePath, besideOf(database)),
    path: `${databasePath}-inbox-1`,
    otherPath: `${databasePath}-inbox-2`,
    count: (last) => database.transaction(() => setCountedEvents(database, last)),
    async reopen() {
      opened.inbox.close();
      opened.inbox = await SqliteInbox.open(databasePath, besideOf(database));
    },
    async [Symbol.asyncDispose]() {
      opened.inbox.close();
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
  return opened;
}

function entryOf(text: string, events = 1, parts: Partial<Notification> = {}) {
  const body = new TextEncoder().encode(text);
  return {
    notification: { registry: "main", receivedAt: 1_764_000_000_123, body, deadline: 0, ...parts },
    events,
  };
}

/** The texts of bodies, with the numbers of their first events. */
const found = ({ inbox }: TestInbox) =>
  inbox.takeFound().map(({ notification, first }) => [
    new TextDecoder().decode(notification.body),
    first,
  ]);

Deno.test("append() numbers events, and what is not counted is found again", async () => {
  await using test = await openInbox();
  assert.equal(await test.inbox.append([entryOf("a"), entryOf("b", 3)]), 1);
  assert.equal(await test.inbox.append([entryOf("c", 2, { oversize: 99 })]), 5);
  assert.deepEqual(test.inbox.takeFound(), [], "nothing is of an earlier process");
  await test.reopen();
  const [first, , third] = test.inbox.takeFound();
  assert.deepEqual(first, {
    notification: { ...entryOf("a").notification, deadline: Infinity },
    first: 1,
    counted: 0,
  });
  assert.deepEqual([third?.first, third?.notification.oversize], [5, 99]);
  assert.deepEqual(test.inbox.takeFound(), [], "once");
  assert.equal(await test.inbox.append([entryOf("d")]), 7, "the numbers go on");
  await test.reopen();
  assert.deepEqual(found(test), [["a", 1], ["b", 2], ["c", 5], ["d", 7]]);
});

Deno.test("an inbox whose events are all counted is empty, and its numbers go on", async () => {
  await using test = await openInbox();
  await test.inbox.append([entryOf("a", 2), entryOf("b")]);
  test.count(3);
  await test.reopen();
  assert.ok(test.inbox.isEmpty());
  assert.deepEqual(found(test), []);
  assert.equal(await test.inbox.append([entryOf("c")]), 4);
  await test.reopen();
  assert.deepEqual(found(test), [["c", 4]], "what was behind it is older");
});

Deno.test("clear() makes place; older records behind newer ones are not found", async () => {
  await using test = await openInbox();
  await test.inbox.append(["a", "b", "c"].map((text) => entryOf(text)));
  test.count(3);
  await test.inbox.clear({ wipe: false });
  assert.ok(test.inbox.isEmpty());
  await test.inbox.append([entryOf("d")]);
  await test.reopen();
  assert.deepEqual(found(test), [["d", 4]]);
});

Deno.test("clear() leaves nothing of the bodies behind where it is to", async () => {
  await using test = await openInbox();
  await test.inbox.append([entryOf("secret"), entryOf("x".repeat(17 * MiB))]);
  await test.inbox.append([entryOf("another secret")]);
  test.count(3);
  await test.inbox.clear({ wipe: true });
  for (const path of [test.path, test.otherPath]) {
    const bytes = await Deno.readFile(path);
    assert.ok(bytes.length > 0 && bytes.length <= 8 * MiB, path);
    assert.ok(bytes.every((byte) => byte === 0), path);
  }
});

Deno.test("when a file is full, the other is filled", async (t) => {
  const body = "x".repeat(5 * MiB);
  await t.step("if what is in it has been counted", async () => {
    await using test = await openInbox();
    for (let number = 1; number <= 9; number++) {
      test.count(number - 1);
      assert.ok(test.inbox.hasRoom(body.length));
      assert.equal(await test.inbox.append([entryOf(body)]), number);
      await pause(50);
    }
    for (const path of [test.path, test.otherPath]) {
      assert.ok((await Deno.stat(path)).size < 6 * MiB, path);
    }
    await test.reopen();
    const uncounted = test.inbox.takeFound().filter(({ counted }) => counted === 0);
    assert.deepEqual(uncounted.map(({ first }) => first), [9]);
    assert.equal(await test.inbox.append([entryOf("a")]), 10);
  });
  await t.step("else it grows, to 32 MiB", async () => {
    await using test = await openInbox();
    for (let number = 1; number <= 7; number++) {
      assert.ok(test.inbox.hasRoom(body.length));
      await test.inbox.append([entryOf(body)]);
    }
    assert.equal(test.inbox.hasRoom(body.length), false);
    await test.reopen();
    assert.deepEqual(test.inbox.takeFound().map(({ first }) => first), [1, 2, 3, 4, 5, 6, 7]);
    test.count(7);
    await test.inbox.clear({ wipe: false });
    assert.ok(test.inbox.hasRoom(80 * MiB), "for any body while it is empty");
  });
});

Deno.test("a record that was torn ends what is found", async (t) => {
  const tears: [name: string, tear: (bytes: Uint8Array) => Uint8Array][] = [
    ["cut off", (bytes) => bytes.subarray(0, bytes.length - 3)],
    ["its end never written", (bytes) => bytes.fill(0, bytes.length - 3)],
    ["its beginning never written", (bytes) => bytes.fill(0, bytes.length - 60, bytes.length - 9)],
    ["another bit", (bytes) => bytes.fill(1, bytes.length - 1)],
  ];
  for (const [name, tear] of tears) {
    await t.step(name, async () => {
      await using test = await openInbox();
      await test.inbox.append([entryOf("a")]);
      await test.inbox.append([entryOf("torn".repeat(20))]);
      await Deno.writeFile(test.path, tear(await Deno.readFile(test.path)));
      await test.reopen();
      assert.deepEqual(found(test), [["a", 1]]);
      await test.inbox.append([entryOf("b")]);
      await test.reopen();
      assert.deepEqual(found(test), [["a", 1], ["b", 2]]);
    });
  }
});

Deno.test("warmUp() gives the files their size and changes nothing that is in them", async () => {
  await using test = await openInbox();
  await test.inbox.append([entryOf("a")]);
  const warm = test.inbox.warmUp();
  await test.inbox.append([entryOf("x".repeat(3 * MiB))]);
  await warm;
  assert.equal((await Deno.stat(test.path)).size, 8 * MiB);
  assert.equal((await Deno.stat(test.otherPath)).size, 8 * MiB);
  await test.reopen();
  assert.deepEqual(found(test).map(([, first]) => first), [1, 2]);
});

Deno.test("nothing is appended behind a write that failed", async () => {
  await using folder = await tempDir();
  const databasePath = folder.join("drec.db");
  const database = new Database(databasePath, true);
  using _ = { [Symbol.dispose]: () => database.close() };
  await Deno.symlink("/dev/full", `${databasePath}-inbox-1`);
  const inbox = await SqliteInbox.open(databasePath, besideOf(database));
  await assert.rejects(inbox.append([entryOf("a")]), { code: "unavailable", message: /inbox/ });
  assert.equal(inbox.hasRoom(0), false, "it has to be cleared first");
  await inbox.clear({ wipe: false });
  assert.ok(inbox.hasRoom(0));
  assert.equal(await inbox.append([entryOf("b")]), 1);
  inbox.close();
  const again = await SqliteInbox.open(databasePath, besideOf(database));
  assert.equal(again.takeFound().length, 1);
  again.close();
});

Deno.test("what a locked database cannot count is taken back", async () => {
  await using folder = await tempDir();
  const databasePath = folder.join("drec.db");
  const database = new Database(databasePath, true);
  using _ = { [Symbol.dispose]: () => database.close() };
  let isLocked = false;
  const inbox = await SqliteInbox.open(databasePath, {
    ...besideOf(database),
    requireWritable: () =>
      isLocked ? Promise.reject(new AppError("unavailable", "locked")) : Promise.resolve(),
  });
  assert.equal(await inbox.append([entryOf("a")]), 1);
  isLocked = true;
  const refused = [entryOf("refused"), entryOf("refused, too", 3)];
  await assert.rejects(inbox.append(refused), { code: "unavailable", message: "locked" });
  isLocked = false;
  assert.equal(await inbox.append([entryOf("b")]), 2);
  inbox.close();
  const again = await SqliteInbox.open(databasePath, besideOf(database));
  const texts = again.takeFound().map(({ notification }) =>
    new TextDecoder().decode(notification.body)
  );
  assert.deepEqual(texts, ["a", "b"]);
  again.close();
});

Deno.test("an inbox is for the user of DREC alone", async () => {
  await using test = await openInbox();
  for (const path of [test.path, test.otherPath]) {
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  }
});

/** A collector whose store has an inbox. */
function collectorOn(store: Store, blobs: "ignore" | "count" = "ignore") {
  return createCollector({
    store,
    metrics: createMetrics({ version: "0.0.0-test" }),
    blobs,
    queueLimit: 10_000,
    onStoreChange: () => {},
  });
}

const notificationOf = (events: readonly unknown[]): Notification => {
  const now = Date.now();
  const body = new TextEncoder().encode(textOf(events));
  return { registry: "default", receivedAt: now, body, deadline: now + 5000 };
};

Deno.test("what was answered and never counted is counted at the next start", async () => {
  const opened = await openTestStore();
  const { promise: never, reject: end } = Promise.withResolvers<void>();
  never.catch(() => {});
  const killed = collectorOn(slowStore(opened.store, () => never, { hasInbox: true }));
  await killed.collect(notificationOf([wireEvent(), blobEvent(), wireEvent()]));
  await killed.collect(notificationOf(["no event"]));
  assert.equal((await opened.store.accounting()).received, 0);
  await using again = await reopenTestStore(opened);
  const collector = collectorOn(again.store);
  await collector.settled();
  const { received, counted, quarantined, duplicate } = await again.store.accounting();
  assert.deepEqual([received, counted, quarantined, duplicate], [3, 2, 1, 0]);
  await collector.stop();
  end(new AppError("unavailable", "killed"));
  await killed.stop();
});

Deno.test("what was counted in part before an error is counted on, and nothing twice", async () => {
  await using opened = await openTestStore();
  let failures = 0;
  const store = slowStore(opened.store, (received) => {
    const isPoisoned = received.some(({ entry }) => "event" in entry && entry.event.id === "bad");
    if (isPoisoned) throw new EventFault("no such text");
    // The first half of a batch with a bad event is counted, then the disk is away for a moment.
    if (received.length === 2 && failures++ === 0) throw new AppError("unavailable", "gone");
    return Promise.resolve();
  }, { hasInbox: true });
  const collector = collectorOn(store);
  const ids = ["a", "b", "c", "d", "e", "bad", "f", "g"];
  await collector.collect(notificationOf(ids.map((id) => wireEvent({ id }))));
  await until(async () => {
    await collector.settled();
    return (await opened.store.accounting()).received === ids.length;
  }, "the rest");
  const { counted, quarantined, duplicate } = await opened.store.accounting();
  assert.deepEqual([counted, quarantined, duplicate], [7, 1, 0]);
  assert.ok(failures > 1);
  await collector.stop();
});

Deno.test("stop() counts what was answered and leaves no bodies behind", async () => {
  await using opened = await openTestStore();
  const collector = collectorOn(opened.store);
  await collector.collect(notificationOf([wireEvent()]));
  await collector.stop();
  assert.equal((await opened.store.accounting()).counted, 1);
  const inbox = await Deno.readFile(`${opened.path}-inbox-1`);
  assert.ok(inbox.every((byte) => byte === 0));
});

Deno.test("what was answered is counted by itself, and its bodies do not stay", async () => {
  await using opened = await openTestStore();
  const collector = collectorOn(opened.store);
  await collector.collect(notificationOf([wireEvent()]));
  const isCounted = async () => (await opened.store.accounting()).counted === 1;
  await until(isCounted, "the counting", { timeoutMs: 2000 });
  const isWiped = async () =>
    (await Deno.readFile(`${opened.path}-inbox-1`)).every((byte) => byte === 0);
  assert.equal(await isWiped(), false);
  await until(isWiped, "the wiping", { timeoutMs: 12_000, everyMs: 200 });
  await collector.stop();
});

Deno.test("answers do not wait for the counting, until the inbox has grown to 32 MiB", async () => {
  await using opened = await openTestStore();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const collector = collectorOn(slowStore(opened.store, () => gate, { hasInbox: true }));
  const padded = () => notificationOf([{ ...wireEvent(), padding: "x".repeat(7 * MiB) }]);
  const bodies = Array.from({ length: 5 }, padded);
  // The first begins to be counted, and never ends; the inbox takes four more.
  await collector.collect(bodies[0] ?? assert.fail());
  await pause(150);
  for (const body of bodies.slice(1)) await collector.collect(body);
  let isTaken = false;
  const last = collector.collect({ ...padded(), deadline: Infinity }).then(() => isTaken = true);
  await pause(150);
  assert.equal(isTaken, false);
  open();
  await last;
  await collector.settled();
  assert.equal((await opened.store.accounting()).counted, 6);
  await collector.stop();
});
