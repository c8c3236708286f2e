import assert from "node:assert/strict";

import {
  type ConsumerRule,
  createConsumerMatcher,
  isInRanges,
  parseCidr,
} from "../lib/consumer.ts";

function rule(name: string, parts: Partial<ConsumerRule>): ConsumerRule {
  return { name, addresses: [], actors: [], useragents: [], ...parts };
}

const consumerOf = createConsumerMatcher([
  rule("prod-eu", { addresses: ["10.8.0.0/16", "2001:db8:8::/48"] }),
  rule("ci", { actors: ["builder"], addresses: ["10.0.0.0/8"] }),
  rule("renovate", { useragents: ["Renovate/"] }),
  rule("late", { actors: ["builder"], useragents: ["skopeo/"] }),
]);

const origins: [name: string, origin: Parameters<typeof consumerOf>[0], want: string][] = [
  ["an address in a range", { address: "10.8.255.255" }, "prod-eu"],
  ["an address of IPv6", { address: "2001:DB8:8:1::5" }, "prod-eu"],
  ["the first of two rules that fit", { address: "10.8.0.1", actor: "builder" }, "prod-eu"],
  ["the wider range behind", { address: "10.9.0.1" }, "ci"],
  ["an actor, whatever the address", { address: "192.0.2.1", actor: "builder" }, "ci"],
  ["an actor's whole name", { actor: "builder2" }, "other"],
  ["an actor's spelling", { actor: "Builder" }, "other"],
  ["the beginning of a user agent", { userAgent: "Renovate/41" }, "renovate"],
  ["not its middle", { userAgent: "x Renovate/41" }, "other"],
  ["a later rule", { userAgent: "skopeo/1.22.0" }, "late"],
  ["IPv4 of a socket for both", { address: "::ffff:10.8.0.1" }, "prod-eu"],
  ["an address with a zone", { address: "2001:db8:8::1%eth0" }, "prod-eu"],
  ["no address", { address: "unknown" }, "other"],
  ["nothing", {}, "other"],
];

Deno.test("createConsumerMatcher() names the first rule that fits", async (t) => {
  for (const [name, origin, want] of origins) {
    await t.step(name, () => assert.equal(consumerOf(origin), want));
  }
});

Deno.test("createConsumerMatcher() calls everything other without rules", () => {
  assert.equal(createConsumerMatcher([])({ actor: "alice" }), "other");
});

const ranges: [range: string, inside: string[], outside: string[]][] = [
  ["192.0.2.0/24", ["192.0.2.0", "192.0.2.255"], ["192.0.1.255", "192.0.3.0", "::"]],
  ["192.0.2.77/24", ["192.0.2.0", "192.0.2.255"], ["192.0.3.0"]],
  ["192.0.2.1", ["192.0.2.1"], ["192.0.2.0", "192.0.2.2"]],
  ["192.0.2.1/32", ["192.0.2.1", "::ffff:192.0.2.1"], ["192.0.2.2"]],
  ["0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::1", "text"]],
  ["128.0.0.0/1", ["255.255.255.255"], ["127.255.255.255"]],
  ["::/0", ["::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], ["0.0.0.0", "::ffff:1.2.3.4"]],
  ["2001:db8::/32", ["2001:db8::", "2001:db8:ffff::1"], ["2001:db9::", "2001:db7:ffff::"]],
  ["::1", ["::1", "0:0:0:0:0:0:0:1"], ["::2", "0.0.0.1"]],
  ["2001:db8::1/127", ["2001:db8::", "2001:db8::1"], ["2001:db8::2"]],
];

Deno.test("parseCidr() and isInRanges() agree on what lies in a range", () => {
  for (const [range, inside, outside] of ranges) {
    const parsed = [parseCidr(range)];
    for (const address of inside) assert.ok(isInRanges(parsed, address), `${address} in ${range}`);
    for (const address of outside) {
      assert.ok(!isInRanges(parsed, address), `${address} not in ${range}`);
    }
  }
  assert.equal(isInRanges([], "192.0.2.1"), false);
});

Deno.test("parseCidr() refuses what is no range", () => {
  const broken = [
    "",
    "/",
    "10.0.0.0/33",
    "10.0.0/8",
    "10.0.0.256",
    "1.2.3.4/8/8",
    "10.0.0.0/",
    "a",
  ];
  const more = [
    "10.0.0.0/-1",
    "::/129",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "12345::",
    "1:2:3:4:5:6:7::8:9",
  ];
  for (const text of [...broken, ...more]) {
    assert.throws(() => parseCidr(text), {
      name: "RangeError",
      message: `Cannot parse address range "${text}"`,
    });
  }
  assert.throws(() => createConsumerMatcher([rule("x", { addresses: ["x"] })]), RangeError);
});
