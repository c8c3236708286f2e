import assert from "node:assert/strict";

import { createUnauthorizedLog } from "../../lib/cli/handler.ts";
import type { LogFields } from "../../lib/log.ts";

Deno.test("createUnauthorizedLog() has one line a minute for an address, whatever it posts to", () => {
  const lines: LogFields[] = [];
  let time = 0;
  const log = { error: (_message: string, fields: LogFields = {}) => void lines.push(fields) };
  const onUnauthorized = createUnauthorizedLog({ log, now: () => time });
  for (let index = 0; index < 3000; index++) {
    onUnauthorized({ remoteAddress: "192.0.2.1" }, `/events/n${index}`);
  }
  onUnauthorized({ remoteAddress: "192.0.2.2" }, "/events/main");
  time = 60_000;
  onUnauthorized({ remoteAddress: "192.0.2.1" }, "/events/later");
  assert.deepEqual(lines, [
    { "remote_address": "192.0.2.1", path: "/events/n0", suppressed: 0 },
    { "remote_address": "192.0.2.2", path: "/events/main", suppressed: 0 },
    { "remote_address": "192.0.2.1", path: "/events/later", suppressed: 2999 },
  ]);
});
