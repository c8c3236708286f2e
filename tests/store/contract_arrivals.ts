/**
 * The store contract: when the last event arrived.
 *
 * @module
 */

import assert from "node:assert/strict";

import { LATEST_EVENTS } from "../../lib/store/history.ts";
import { noon } from "../support/events.ts";
import { type ContractCase, record, storeOptionsOf } from "./contract_support.ts";

const DAY_MS = 86_400_000;

/** When the last event arrived. */
export const arrivalCases: readonly ContractCase[] = [
  {
    name: "knows when the last event arrived, of all and of a registry",
    async run(_t, { store }) {
      assert.equal(await store.lastArrival(), null);
      assert.equal(await store.lastArrival("default"), null);
      await record(store, [{ at: noon * 1000 + 5 }], { receivedAt: noon + 1000 });
      await record(store, [{}], { registry: "other", receivedAt: noon + 2000 });
      assert.equal(await store.lastArrival(), noon + 2000);
      assert.equal(await store.lastArrival("default"), noon + 1000);
      assert.equal(await store.lastArrival("other"), noon + 2000);
      assert.equal(await store.lastArrival("nobody"), null);
      await record(store, [{ action: "burn" }], { receivedAt: noon + 3000 });
      assert.equal(await store.lastArrival("default"), noon + 3000, "what is not counted, too");
      await record(store, [{}], { receivedAt: noon });
      assert.equal(await store.lastArrival(), noon + 3000, "a clock was set back");
      assert.equal(await store.lastArrival("default"), noon + 3000);
    },
  },
  {
    name: "does not take a repetition for an arrival",
    async run(_t, { store }) {
      await record(store, [{ id: "same" }], { receivedAt: noon });
      await record(store, [{ id: "same" }], { receivedAt: noon + 5000 });
      assert.equal(await store.lastArrival(), noon);
    },
  },
  {
    name: "looks for the last arrival of a registry among the latest events",
    async run(_t, { store }) {
      await record(store, [{}], { registry: "quiet", receivedAt: noon });
      const others = (count: number) => Array.from({ length: count }, () => ({}));
      await record(store, others(LATEST_EVENTS - 1), { receivedAt: noon + 1 });
      assert.equal(await store.lastArrival("quiet"), noon);
      await record(store, others(1), { receivedAt: noon + 2 });
      assert.equal(await store.lastArrival("quiet"), null);
      assert.equal(await store.lastArrival(), noon + 2);
    },
  },
  {
    name: "knows no arrival that the log has dropped",
    options: { retention: { ...storeOptionsOf().retention, events: DAY_MS } },
    async run(_t, { store }) {
      await record(store, [{}], { receivedAt: noon });
      while (await store.expire(noon + 2 * DAY_MS));
      assert.equal(await store.lastArrival(), null);
      assert.equal(await store.lastArrival("default"), null);
    },
  },
];
