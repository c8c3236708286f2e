/**
 * Two collectors share one MongoDB: whichever hears an event, it counts once, and both give the
 * same numbers.
 *
 * @module
 */

import assert from "node:assert/strict";

import { createApi } from "./support/api.ts";
import { digestOf, mediaTypes } from "./support/events.ts";
import { createPoster } from "./support/http.ts";
import { deliverTwice, pullsByRepository, pullsOf } from "./support/load.ts";
import { type FreshDatabase, freshDatabase } from "./support/mongodb.ts";
import { type Drec, startDrec } from "./support/process.ts";
import { needs } from "./support/require.ts";

Deno.test({
  name: "two collectors on one MongoDB count the same and different events once",
  ...needs("mongodb"),
  async fn() {
    await using database = await freshDatabase();
    await using one = await startCollector(database);
    await using two = await startCollector(database);
    // A client trusts the authorities of both.
    const caCert = `${await authorityOf(one)}${await authorityOf(two)}`;
    const source = pullsOf(4, { count: 200 });
    // Of two senders with the same events each has a collector of its own.
    const urls = [`${one.url}/events`, `${two.url}/events`];
    await deliverTwice(source, { senders: 8, urls, caCert });
    for (const { url } of [one, two]) {
      using api = createApi(url, { caCert });
      for (const [repository, pulls] of pullsByRepository(source.events)) {
        assert.equal((await api.get(`repositories/${repository}`)).pulls, pulls, repository);
      }
      const { counted, quarantined } = await api.get("accounting");
      assert.deepEqual({ counted, quarantined }, { counted: source.events.length, quarantined: 0 });
    }
  },
});

Deno.test({
  name: "a pull counts for its tag where one collector hears the HEAD, the other the GET",
  ...needs("mongodb"),
  async fn() {
    await using database = await freshDatabase();
    await using one = await startCollector(database);
    await using two = await startCollector(database);
    const caCert = `${await authorityOf(one)}${await authorityOf(two)}`;
    using heads = createPoster(`${one.url}/events`, { caCert });
    using gets = createPoster(`${two.url}/events`, { caCert });
    for (let round = 0; round < 5; round++) {
      const at = Date.now() + round * 100;
      assert.equal(await heads.post([dockerRequest("HEAD", at)]), 200);
      assert.equal(await gets.post([dockerRequest("GET", at + 10)]), 200);
    }
    using api = createApi(two.url, { caCert });
    const { pulls, checks } = await api.get("repositories/team/app/-/tags/1.0");
    assert.deepEqual({ pulls, checks }, { pulls: 5, checks: 5 });
  },
});

async function startCollector({ uri, database }: FreshDatabase): Promise<Drec> {
  const drec = await startDrec({
    env: { DREC_SERVER_PORT: "0", MONGODB_URI: uri, DREC_DIAL_INFO_DATABASE: database },
  });
  await drec.ready();
  return drec;
}

function authorityOf({ cwd }: Drec): Promise<string> {
  return Deno.readTextFile(`${cwd}/certs/ca.crt`);
}

/** What docker sends: a HEAD of the tag, then a GET of the digest. */
function dockerRequest(method: "HEAD" | "GET", at: number): unknown {
  return {
    id: crypto.randomUUID(),
    timestamp: new Date(at).toISOString(),
    action: "pull",
    target: {
      mediaType: mediaTypes.image,
      digest: digestOf("app"),
      repository: "team/app",
      url: `https://registry.example/v2/team/app/manifests/${digestOf("app")}`,
      ...(method === "HEAD" ? { tag: "1.0" } : {}),
    },
    request: {
      id: crypto.randomUUID(),
      addr: `192.0.2.1:${method === "HEAD" ? 50420 : 50428}`,
      method,
      useragent: "docker/28.5.2 go/go1.27.1",
    },
    actor: {},
  };
}
