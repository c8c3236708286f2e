import { DatabaseSync } from "node:sqlite";

import { openSqliteStore } from "../../lib/store/sqlite/open.ts";
import type { Store, StoreOptions } from "../../lib/store/store.ts";
import { eventOf } from "../support/events.ts";
import { tempDir } from "../support/wait.ts";
import { storeContract } from "./contract.ts";
import { app, record, type StoreUnderTest } from "./contract_support.ts";

async function open(options: StoreOptions): Promise<StoreUnderTest> {
  const folder = await tempDir();
  const openFile = (exclusive: boolean): Promise<Store> =>
    openSqliteStore({ path: folder.join("drec.db"), exclusive }, options);
  const store = await openFile(true);
  const opened = [store];
  const closeAll = async () => {
    for (const each of opened.splice(0)) await each.close();
  };
  return {
    store,
    // A column that must have a value gets none.
    poison: { ...eventOf({ id: "poison" }), repository: null as unknown as string },
    reopen: async () => {
      await closeAll();
      const again = await openFile(true);
      opened.push(again);
      return again;
    },
    another: async () => {
      const another = await openFile(false);
      opened.push(another);
      return another;
    },
    fillTags: async (tags) => {
      for (let from = 0; from < tags.length; from += 500) {
        const some = tags.slice(from, from + 500);
        await record(store, some.map((tag) => ({ tag, method: "HEAD" })));
      }
    },
    addStars: (by) => {
      const database = new DatabaseSync(folder.join("drec.db"), { timeout: 5000 });
      database.prepare("UPDATE repositories SET stars = stars + ? WHERE repository = ?")
        .run(by, app.repository);
      database.close();
      return Promise.resolve();
    },
    dispose: async () => {
      await closeAll();
      await folder[Symbol.asyncDispose]();
    },
  };
}

for (const test of storeContract("SqliteStore", open)) Deno.test(test);
