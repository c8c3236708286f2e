import assert from "node:assert/strict";

import { suggestKey } from "../lib/config_suggestions.ts";

Deno.test("suggestKey() finds what was meant", () => {
  const cases: [string, string | undefined][] = [
    ["server.prot", "server.port"],
    ["sever.port", "server.port"],
    ["port", "server.port"],
    ["server.cert", "server.ssl.cert"],
    ["ssl", "server.ssl"],
    ["dial_info.collection", "collection"],
    ["dialinfo", "dial_info"],
    ["retention.tagdays", "retention.tag_days"],
    ["x", undefined],
    ["weather", undefined],
  ];
  for (const [unknown, want] of cases) assert.equal(suggestKey(unknown), want, unknown);
});
