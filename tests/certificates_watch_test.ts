import assert from "node:assert/strict";

import {
  type CertificateOptions,
  type Certificates,
  ensureCertificates,
} from "../lib/certificates.ts";
import { type CertificateWatcher, watchCertificates } from "../lib/certificates_watch.ts";
import { createCertificates } from "./support/tls.ts";
import { type TempDir, tempDir, until } from "./support/wait.ts";

const DAY_MS = 86_400_000;

/** A watch over a generated pair, and what it tells. */
interface Watched extends Disposable {
  readonly first: Certificates;
  readonly watcher: CertificateWatcher;
  readonly changes: Certificates[];
  readonly errors: string[];
  /** Moves the clock. */
  sleep(days: number): void;
}

async function watch(folder: TempDir, intervalMs = 3_600_000): Promise<Watched> {
  let offset = 0;
  const options: CertificateOptions = {
    cert: folder.join("domain.crt"),
    certKey: folder.join("domain.key"),
    names: [],
    hostname: "drec-host",
    now: () => Date.now() + offset,
  };
  const changes: Certificates[] = [];
  const errors: string[] = [];
  const first = await ensureCertificates(options);
  const watcher = watchCertificates(first, {
    ...options,
    intervalMs,
    onChange: (certificates) => changes.push(certificates),
    onError: (error) => errors.push(String(error)),
  });
  return {
    first,
    watcher,
    changes,
    errors,
    sleep: (days) => offset += days * DAY_MS,
    [Symbol.dispose]: watcher.stop,
  };
}

Deno.test("watchCertificates() says nothing while nothing changes", async () => {
  await using folder = await tempDir();
  using watched = await watch(folder);
  await watched.watcher.check();
  await watched.watcher.check();
  assert.deepEqual([watched.changes, watched.errors], [[], []]);
});

Deno.test("watchCertificates() looks by itself", async () => {
  await using folder = await tempDir();
  await using own = await createCertificates();
  using watched = await watch(folder, 10);
  await Deno.copyFile(own.certFile, folder.join("domain.crt"));
  await Deno.copyFile(own.keyFile, folder.join("domain.key"));
  const change = await until(() => watched.changes[0], "a change");
  assert.equal(change.cert, own.cert);
  watched.watcher.stop();
  await watched.watcher.check();
});

Deno.test("watchCertificates() waits for both files", async (t) => {
  await using folder = await tempDir();
  await using own = await createCertificates();
  await using other = await createCertificates();
  using watched = await watch(folder);
  const { watcher, changes, errors } = watched;

  await t.step("one file is new", async () => {
    await Deno.copyFile(own.certFile, folder.join("domain.crt"));
    await watcher.check();
    assert.deepEqual([changes, errors], [[], []]);
  });
  await t.step("both are new", async () => {
    await Deno.copyFile(own.keyFile, folder.join("domain.key"));
    await watcher.check();
    await watcher.check();
    assert.deepEqual(changes.map(({ cert, key }) => [cert, key]), [[own.cert, own.key]]);
    assert.deepEqual(errors, []);
  });
  await t.step("files that stay of no use are told once", async () => {
    await Deno.copyFile(other.certFile, folder.join("domain.crt"));
    for (let turn = 0; turn < 4; turn++) await watcher.check();
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? "", /it does not belong to its key$/);
  });
  await t.step("a missing file is told once, and no pair is made", async () => {
    await Deno.remove(folder.join("domain.crt"));
    await Deno.remove(folder.join("domain.key"));
    for (let turn = 0; turn < 4; turn++) await watcher.check();
    assert.equal(errors.length, 2);
    assert.match(errors[1] ?? "", /no such file$/);
    await assert.rejects(Deno.stat(folder.join("domain.key")), Deno.errors.NotFound);
  });
  await t.step("files of use are taken up again", async () => {
    await Deno.copyFile(other.certFile, folder.join("domain.crt"));
    await Deno.copyFile(other.keyFile, folder.join("domain.key"));
    await watcher.check();
    assert.equal(changes[1]?.cert, other.cert);
    assert.equal(errors.length, 2);
  });
});

Deno.test("watchCertificates() renews a generated certificate in time", async () => {
  await using folder = await tempDir();
  using watched = await watch(folder);
  watched.sleep(360);
  await watched.watcher.check();
  assert.equal(watched.changes.length, 0);
  watched.sleep(10);
  await watched.watcher.check();
  assert.equal(watched.changes.length, 1);
  assert.equal(watched.changes[0]?.key, watched.first.key);
  assert.equal(await Deno.readTextFile(folder.join("domain.crt")), watched.changes[0]?.cert);
  await watched.watcher.check();
  assert.equal(watched.changes.length, 1);
  assert.deepEqual(watched.errors, []);
});

Deno.test("watchCertificates() tells once a day that it cannot renew", async () => {
  await using folder = await tempDir();
  using watched = await watch(folder);
  await Deno.mkdir(folder.join("domain.crt.new", "in the way"), { recursive: true });
  watched.sleep(370);
  for (let turn = 0; turn < 3; turn++) await watched.watcher.check();
  assert.equal(watched.errors.length, 1);
  assert.match(watched.errors[0] ?? "", /Cannot renew certificate/);
  watched.sleep(1);
  await watched.watcher.check();
  assert.equal(watched.errors.length, 2);
});
