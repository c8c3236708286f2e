import assert from "node:assert/strict";
import fc from "fast-check";

import {
  isLoopbackAddress,
  parseCertificateName,
  parseDuration,
  parseHost,
  parseHostAndPort,
  parseOrigin,
  parseRoute,
  parseSize,
  renderDuration,
  renderSize,
} from "../lib/config_formats.ts";

const DAY_MS = 86_400_000;

Deno.test("parseDuration() needs a unit", () => {
  const cases: [string, number | undefined][] = [
    ["500ms", 500],
    ["30s", 30_000],
    ["10m", 600_000],
    ["2h", 7_200_000],
    ["90d", 90 * DAY_MS],
    ["1w", 7 * DAY_MS],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["90", undefined],
    ["0s", undefined],
    ["", undefined],
    ["d", undefined],
    ["-1d", undefined],
    ["1 d", undefined],
    ["1D", undefined],
    ["1y", undefined],
  ];
  for (const [text, want] of cases) assert.equal(parseDuration(text), want, text);
});

Deno.test("parseSize() takes plain bytes and units", () => {
  const cases: [string, number | undefined][] = [
    ["65536", 65_536],
    ["64KiB", 65_536],
    ["64 KiB", 65_536],
    ["32mib", 33_554_432],
    ["1GiB", 1_073_741_824],
    ["10MB", 10_000_000],
    ["1.5KiB", 1536],
    ["5B", 5],
    ["32M", undefined],
    ["", undefined],
    ["-1", undefined],
    ["1e3", undefined],
  ];
  for (const [text, want] of cases) assert.equal(parseSize(text), want, text);
});

Deno.test("renderDuration() and renderSize() are read back", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (value) => {
    assert.equal(parseDuration(renderDuration(value)), value);
    assert.equal(parseSize(renderSize(value)), value);
  }));
  assert.equal(renderDuration(90 * DAY_MS), "90d");
  assert.equal(renderDuration(1500), "1500ms");
  assert.equal(renderSize(33_554_432), "32MiB");
  assert.equal(renderSize(1000), "1000B");
});

Deno.test("parseRoute() refuses what is not a plain path of its own", () => {
  const cases: [string, string | undefined][] = [
    ["/events", "/events"],
    ["/events/", "/events"],
    ["/a/b-c_d.e~f", "/a/b-c_d.e~f"],
    ["/apis", "/apis"],
    ["/", undefined],
    ["", undefined],
    ["events", undefined],
    ["/a//b", undefined],
    ["//", undefined],
    ["/a/../b", undefined],
    ["/./a", undefined],
    ["/a?b", undefined],
    ["/:a", undefined],
    ["/*", undefined],
    ["/ä", undefined],
    ["/api", undefined],
    ["/api/v1", undefined],
    ["/metrics", undefined],
    ["/-/healthy", undefined],
    ["/badge", undefined],
    ["/docs", undefined],
    ["/repositories", undefined],
  ];
  for (const [text, want] of cases) assert.equal(parseRoute(text), want, text);
});

Deno.test("isLoopbackAddress() knows this machine's own addresses", () => {
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "localhost"]) {
    assert.ok(isLoopbackAddress(address), address);
  }
  for (const address of ["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example", "127.0.0.256"]) {
    assert.ok(!isLoopbackAddress(address), address);
  }
});

Deno.test("parseHost() takes addresses and names without a port", () => {
  const cases: [string, string | undefined][] = [
    ["0.0.0.0", "0.0.0.0"],
    ["::", "::"],
    ["[::1]", "::1"],
    ["localhost", "localhost"],
    ["my_host-1.example", "my_host-1.example"],
    ["127.0.0.1:80", undefined],
    ["[localhost]", undefined],
    ["https://localhost", undefined],
    ["a b", undefined],
    ["-a", undefined],
    ["", undefined],
    ["10.0.0.0/8", undefined],
    ["::/0", undefined],
    ["10.0.0.256", undefined],
    ["8443", undefined],
  ];
  for (const [text, want] of cases) assert.equal(parseHost(text), want, text);
});

Deno.test("parseHostAndPort() takes the addresses of servers", () => {
  const good = ["mongo-host", "mongo-host:27017", "10.0.0.1:1", "[::1]", "[::1]:65535"];
  for (const text of good) assert.equal(parseHostAndPort(text), text);
  const bad = ["", ":1", "a:0", "a:65536", "a:b", "::1", "a:1:2", "mongodb://a", "a/b"];
  for (const text of bad) assert.equal(parseHostAndPort(text), undefined, text);
});

Deno.test("parseCertificateName() takes wildcards, too", () => {
  for (const text of ["*.drec.example", "drec.example", "192.0.2.7"]) {
    assert.equal(parseCertificateName(text), text);
  }
  for (const text of ["*", "*.", "a.*.example", "*.192.0.2.7", "*.*.example"]) {
    assert.equal(parseCertificateName(text), undefined, text);
  }
});

Deno.test("parseOrigin() takes scheme, host and port alone", () => {
  const cases: [string, string | undefined][] = [
    ["https://Drec.example:8443", "https://drec.example:8443"],
    ["http://[::1]:80/", "http://[::1]"],
    ["https://drec.example/path", undefined],
    ["https://drec.example?q", undefined],
    ["https://drec.example#x", undefined],
    ["https://user@drec.example", undefined],
    ["https://drec.example:99999", undefined],
    ["ftp://drec.example", undefined],
    ["drec.example", undefined],
    ["//drec.example", undefined],
    ["https://", undefined],
  ];
  for (const [text, want] of cases) assert.equal(parseOrigin(text), want, text);
});
