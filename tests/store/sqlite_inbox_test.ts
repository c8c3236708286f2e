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
import { readPosition, writePosition } from "../../lib/store/sqlite/inbox_counted.ts";
import { notificationOf, recordsIn } from "../../lib/store/sqlite/inbox_records.ts";
import type { Kept } from "../../lib/store/inbox.ts";
import type { Store } from "../../lib/store/store.ts";
import { blobEvent, slowInbox, textOf, wireEvent } from "../support/ingest.ts";
import { openTestStore, reopenTestStore } from "../support/store.ts";
import { pause, tempDir, until } from "../support/wait.ts";

const MiB = 1024 * 1024;

/** An inbox on a database of its own, which may be opened again as after a kill. */
interface TestInbox extends AsyncDisposable {
  inbox: SqliteInbox;
  /** The file that is written first. */
  readonly path: string;
  readonly otherPath: string;
  /** Says that all notifications up to a number are counted. */
  count(last: number): void;
  /** Opens it again; what was not written is gone. */
  reopen(): Promise<void>;
}

/** What an inbox needs of a database. */
function besideOf(database: Database): InboxDatabase {
  return {
    requireLock: () => {},
    requireWritable: () => Promise.resolve(),
    count: () => Promise.resolve({ ...readPosition(database), tallies: [] }),
    async flush() {
      const { last } = readPosition(database);
      await database.flush();
      return last;
    },
  };
}

async function openInbox(): Promise<TestInbox> {
  const folder = await tempDir();
  const databasePath = folder.join("drec.db");
  const database = new Database(databasePath);
  const opened: TestInbox = {
    inbox: await SqliteInbox.open(databasePath, besideOf(database)),
    path: `${databasePath}-inbox-1`,
    otherPath: `${databasePath}-inbox-2`,
    count: (last) => database.transaction(() => writePosition(database, { last, entries: 0 })),
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

function notice(text: string, parts: Partial<Notification> = {}): Notification {
  const body = new TextEncoder().encode(text);
  return { registry: "main", receivedAt: 1_764_000_000_123, body, deadline: 0, ...parts };
}

/** Numbers and texts of bodies. */
const contentsOf = (kept: readonly Kept[]) =>
  kept.flatMap(({ records }) => recordsIn(records)).map((record) => [
    record.number,
    new TextDecoder().decode(notificationOf(record).body),
  ]);
const found = ({ inbox }: TestInbox) => contentsOf(inbox.takeFound());
const numbersOf = (kept: readonly Kept[]) => contentsOf(kept).map(([number]) => number);

Deno.test("append() numbers notifications, and what is not counted is found again", async () => {
  await using test = await openInbox();
  const two = await test.inbox.append([notice("a"), notice("b")]);
  assert.deepEqual([two.first, two.last, contentsOf([two])], [1, 2, [[1, "a"], [2, "b"]]]);
  const third = await test.inbox.append([notice("c", { oversize: 99 })]);
  assert.deepEqual(recordsIn(third.records).map(notificationOf), [
    { ...notice("c", { oversize: 99 }), deadline: Infinity },
  ]);
  assert.deepEqual(test.inbox.takeFound(), [], "nothing is of an earlier process");
  await test.reopen();
  assert.deepEqual(found(test), [[1, "a"], [2, "b"], [3, "c"]]);
  assert.deepEqual(test.inbox.takeFound(), [], "once");
  assert.equal((await test.inbox.append([notice("d")])).first, 4, "the numbers go on");
  test.count(1);
  await test.reopen();
  assert.deepEqual(found(test), [[2, "b"], [3, "c"], [4, "d"]]);
});

Deno.test("an inbox whose events are all counted is empty, and its numbers go on", async () => {
  await using test = await openInbox();
  await test.inbox.append([notice("a"), notice("b")]);
  test.count(2);
  await test.reopen();
  assert.ok(test.inbox.isEmpty());
  assert.deepEqual(found(test), []);
  assert.equal((await test.inbox.append([notice("c")])).first, 3);
  await test.reopen();
  assert.deepEqual(found(test), [[3, "c"]], "what was behind it is older");
});

Deno.test("clear() makes place; older records behind newer ones are not found", async () => {
  await using test = await openInbox();
  await test.inbox.append(["a", "b", "c"].map((text) => notice(text)));
  test.count(3);
  await test.inbox.clear({ wipe: false });
  assert.ok(test.inbox.isEmpty());
  await test.inbox.append([notice("d")]);
  await test.reopen();
  assert.deepEqual(found(test), [[4, "d"]]);
});

Deno.test("clear() leaves nothing of the bodies behind where it is to", async () => {
  await using test = await openInbox();
  await test.inbox.append([notice("secret"), notice("x".repeat(17 * MiB))]);
  await test.inbox.append([notice("another secret")]);
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
      assert.equal((await test.inbox.append([notice(body)])).first, number);
      await pause(50);
    }
    for (const path of [test.path, test.otherPath]) {
      assert.ok((await Deno.stat(path)).size < 6 * MiB, path);
    }
    await test.reopen();
    assert.deepEqual(numbersOf(test.inbox.takeFound()), [9]);
    assert.equal((await test.inbox.append([notice("a")])).first, 10);
  });
  await t.step("else it grows, to 32 MiB", async () => {
    await using test = await openInbox();
    for (let number = 1; number <= 7; number++) {
      assert.ok(test.inbox.hasRoom(body.length));
      await test.inbox.append([notice(body)]);
    }
    assert.equal(test.inbox.hasRoom(body.length), false);
    await test.reopen();
    assert.deepEqual(numbersOf(test.inbox.takeFound()), [1, 2, 3, 4, 5, 6, 7]);
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
      await test.inbox.append([notice("a")]);
      await test.inbox.append([notice("torn".repeat(20))]);
      await Deno.writeFile(test.path, tear(await Deno.readFile(test.path)));
      await test.reopen();
      assert.deepEqual(found(test), [[1, "a"]]);
      await test.inbox.append([notice("b")]);
      await test.reopen();
      assert.deepEqual(found(test), [[1, "a"], [2, "b"]]);
    });
  }
});

Deno.test("warmUp() gives the files their size and changes nothing that is in them", async () => {
  await using test = await openInbox();
  await test.inbox.append([notice("a")]);
  const warm = test.inbox.warmUp();
  await test.inbox.append([notice("x".repeat(3 * MiB))]);
  await warm;
  assert.equal((await Deno.stat(test.path)).size, 8 * MiB);
  assert.equal((await Deno.stat(test.otherPath)).size, 8 * MiB);
  await test.reopen();
  assert.deepEqual(numbersOf(test.inbox.takeFound()), [1, 2]);
});

Deno.test("nothing is appended behind a write that failed", async () => {
  await using folder = await tempDir();
  const databasePath = folder.join("drec.db");
  const database = new Database(databasePath);
  using _ = { [Symbol.dispose]: () => database.close() };
  await Deno.symlink("/dev/full", `${databasePath}-inbox-1`);
  const inbox = await SqliteInbox.open(databasePath, besideOf(database));
  await assert.rejects(inbox.append([notice("a")]), { code: "unavailable", message: /inbox/ });
  assert.equal(inbox.hasRoom(0), false, "it has to be cleared first");
  await inbox.clear({ wipe: false });
  assert.ok(inbox.hasRoom(0));
  assert.equal((await inbox.append([notice("b")])).first, 1);
  inbox.close();
  const again = await SqliteInbox.open(databasePath, besideOf(database));
  assert.equal(again.takeFound().length, 1);
  again.close();
});

Deno.test("what a locked database cannot count is taken back", async () => {
  await using folder = await tempDir();
  const databasePath = folder.join("drec.db");
  const database = new Database(databasePath);
  using _ = { [Symbol.dispose]: () => database.close() };
  let isLocked = false;
  const inbox = await SqliteInbox.open(databasePath, {
    ...besideOf(database),
    requireWritable: () =>
      isLocked ? Promise.reject(new AppError("unavailable", "locked")) : Promise.resolve(),
  });
  assert.equal((await inbox.append([notice("a")])).first, 1);
  isLocked = true;
  const refused = [notice("refused"), notice("refused, too")];
  await assert.rejects(inbox.append(refused), { code: "unavailable", message: "locked" });
  isLocked = false;
  assert.equal((await inbox.append([notice("b")])).first, 2);
  inbox.close();
  const again = await SqliteInbox.open(databasePath, besideOf(database));
  assert.deepEqual(contentsOf(again.takeFound()), [[1, "a"], [2, "b"]]);
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

const sent = (events: readonly unknown[]): Notification => {
  const now = Date.now();
  const body = new TextEncoder().encode(textOf(events));
  return { registry: "default", receivedAt: now, body, deadline: now + 5000 };
};

Deno.test("what was answered and never counted is counted at the next start", async () => {
  const opened = await openTestStore();
  const { promise: never, reject: end } = Promise.withResolvers<void>();
  never.catch(() => {});
  const killed = collectorOn(slowInbox(opened.store, () => never));
  await killed.collect(sent([wireEvent(), blobEvent(), wireEvent()]));
  await killed.collect(sent(["no event"]));
  assert.equal((await opened.store.accounting()).received, 0);
  await using again = await reopenTestStore(opened);
  const collector = collectorOn(again.store);
  await collector.settled();
  const { byRegistry: _, ...numbers } = await again.store.accounting();
  assert.deepEqual(numbers, {
    received: 4,
    counted: 2,
    ignored: 1,
    quarantined: 1,
    duplicate: 0,
  });
  assert.equal(await collector.stop(), 0);
  end(new AppError("unavailable", "killed"));
  assert.equal(await killed.stop(), 2);
});

Deno.test("of bodies about layers alone the inbox does not hear where these are ignored", async () => {
  await using opened = await openTestStore();
  const collector = collectorOn(opened.store);
  await collector.collect(sent([blobEvent(), blobEvent()]));
  await collector.collect(sent([]));
  assert.ok(opened.store.inbox?.isEmpty());
  assert.deepEqual(collector.pendingIgnored().map(({ count }) => count), [2]);
  await collector.collect(sent([blobEvent(), wireEvent()]));
  assert.ok(!opened.store.inbox?.isEmpty());
  await collector.stop();
  const { counted, ignored } = await opened.store.accounting();
  assert.deepEqual({ counted, ignored }, { counted: 1, ignored: 3 });
});

Deno.test("stop() counts what was answered and leaves no bodies behind", async () => {
  await using opened = await openTestStore();
  const collector = collectorOn(opened.store);
  await collector.collect(sent([wireEvent()]));
  await collector.stop();
  assert.equal((await opened.store.accounting()).counted, 1);
  const inbox = await Deno.readFile(`${opened.path}-inbox-1`);
  assert.ok(inbox.every((byte) => byte === 0));
});

Deno.test("what was answered is counted by itself, and its bodies do not stay", async () => {
  await using opened = await openTestStore();
  const collector = collectorOn(opened.store);
  await collector.collect(sent([wireEvent()]));
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
  const collector = collectorOn(slowInbox(opened.store, () => gate));
  const padded = () => sent([{ ...wireEvent(), padding: "x".repeat(7 * MiB) }]);
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

Deno.test("no more than some thousands wait to be counted, however fast others send", async () => {
  await using opened = await openTestStore();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const collector = collectorOn(slowInbox(opened.store, () => gate));
  let answered = 0;
  const send = async () => {
    const events = Array.from({ length: 6000 }, () => wireEvent());
    while (events.length > 0) {
      const bodies = events.splice(0, 100).map((event) => ({
        ...sent([event]),
        deadline: Infinity,
      }));
      await Promise.all(bodies.map((body) => collector.collect(body).then(() => answered++)));
    }
  };
  const sending = send();
  await until(() => answered >= 4000, "4,000 answers");
  await pause(300);
  assert.ok(answered <= 4200, `${answered} answers`);
  open();
  await sending;
  await collector.settled();
  assert.equal((await opened.store.accounting()).counted, 6000);
  await collector.stop();
});
