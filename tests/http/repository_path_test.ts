import assert from "node:assert/strict";

import { routingPath } from "../../lib/http/repository_path.ts";

/** `new Request()` resolves `..`; `Deno.serve` hands it over. */
function routed(target: string): string {
  const request = new Request("http://drec.example");
  return routingPath(
    Object.defineProperty(request, "url", { value: `http://drec.example${target}` }),
  );
}

Deno.test("routingPath() makes the name one segment", async (t) => {
  const cases: [sent: string, want: string][] = [
    ["app", "app"],
    ["team/app", "team%2Fapp"],
    ["team%2Fapp", "team%2Fapp"],
    ["team%2fapp", "team%2fapp"],
    ["a/b/c/-/tags", "a%2Fb%2Fc/-/tags"],
    ["team/app/-/tags/latest", "team%2Fapp/-/tags/latest"],
    ["team/app/-/series?metric=pulls", "team%2Fapp/-/series"],
    ["team/app/-/tags?q=/-/tags#/-/tags", "team%2Fapp/-/tags"],
    ["team/app/-/stars", "team%2Fapp/-/stars"],
    ["team/app/-/stars/a%2Fb", "team%2Fapp/-/stars/a%2Fb"],
    ["team/app/-/stars/", "team%2Fapp/-/stars/"],
    ["team/app/-/stars/a/b", "team%2Fapp%2F-%2Fstars%2Fa%2Fb"],
    // The last known word counts.
    ["a/-/tags/-/manifests", "a%2F-%2Ftags/-/manifests"],
    ["a/-/tags/-/tags/-/tags", "a%2F-%2Ftags%2F-%2Ftags/-/tags"],
    ["a/-/tags/b/-/actors", "a%2F-%2Ftags%2Fb/-/actors"],
    ["a%2F-%2Ftags", "a%2F-%2Ftags"],
    // What is not known belongs to the name.
    ["a/-/b", "a%2F-%2Fb"],
    ["a/-/tags/", "a%2F-%2Ftags%2F"],
    ["a/-/tags/b/c", "a%2F-%2Ftags%2Fb%2Fc"],
    ["a/-/manifests/b", "a%2F-%2Fmanifests%2Fb"],
    ["a/%2D/tags", "a%2F%2D%2Ftags"],
    ["-/tags", "-%2Ftags"],
    ["/-/tags", "%2F-%2Ftags"],
    ["a/", "a%2F"],
    // Nothing is resolved.
    ["../..", "..%2F.."],
    ["a/../b/-/events", "a%2F..%2Fb/-/events"],
    ["%2e%2e", "%2e%2e"],
    ["<script>/😀 x/-/tags", "<script>%2F😀 x/-/tags"],
    ["%zz/%ff", "%zz%2F%ff"],
  ];
  for (const [sent, want] of cases) {
    await t.step(sent, () => {
      assert.equal(routed(`/api/v1/repositories/${sent}`), `/api/v1/repositories/${want}`);
    });
  }
});

Deno.test("routingPath() makes the name of a badge one segment", () => {
  assert.equal(routed("/badge/team/app.svg?label=a/b"), "/badge/team%2Fapp.svg");
  assert.equal(routed("/badge/a.svg/-/tags/../b.json"), "/badge/a.svg%2F-%2Ftags%2F..%2Fb.json");
  assert.equal(routed("/badge"), "/badge");
});

Deno.test("routingPath() makes the names of download counts one segment", () => {
  const base = "/api/v1/downloads";
  const cases: [sent: string, want: string][] = [
    ["/point/last-day", "/point/last-day"],
    ["/point/last-day/team/app", "/point/last-day/team%2Fapp"],
    [
      "/range/2026-11-01:2026-11-02/a/b,c%2Cd/e?registry=main",
      "/range/2026-11-01:2026-11-02/a%2Fb,c%2Cd%2Fe",
    ],
    ["/point/last-day/a/../b", "/point/last-day/a%2F..%2Fb"],
    ["/other/last-day/team/app", "/other/last-day/team/app"],
  ];
  for (const [sent, want] of cases) assert.equal(routed(base + sent), base + want);
});

Deno.test("routingPath() leaves all other paths alone", () => {
  for (const path of ["/", "/metrics", "/-/ready", "/api/v1/repositories", "/a/../b//c%2F"]) {
    assert.equal(routed(path), path);
  }
});
