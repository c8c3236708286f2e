import assert from "node:assert/strict";

import { pathOf, queryOf } from "../../lib/http/request.ts";

Deno.test("pathOf() and queryOf() cut, and resolve nothing", async (t) => {
  const cases: [url: string, path: string, query: string][] = [
    ["https://drec:8443/events", "/events", ""],
    ["https://drec/a/b?c=d&e", "/a/b", "c=d&e"],
    ["https://drec/a#b?c", "/a", ""],
    ["https://drec/a?b#c", "/a", "b"],
    ["https://drec/a?b?c", "/a", "b?c"],
    ["https://drec/a/../b/./%2e%2e//c%2Fd", "/a/../b/./%2e%2e//c%2Fd", ""],
    ["https://drec//a", "//a", ""],
    ["https://drec", "/", ""],
    ["https://drec?a", "/", "a"],
    // Broken `Host` headers, as `Deno.serve` hands them over.
    ["http:///a?b", "/a", "b"],
    ["http://[/a", "/a", ""],
    ["http://bad host!/a", "/a", ""],
  ];
  for (const [url, path, query] of cases) {
    await t.step(url, () => assert.deepEqual([pathOf(url), queryOf(url)], [path, query]));
  }
});
