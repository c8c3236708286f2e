import assert from "node:assert/strict";

import { parseYaml, YamlError } from "../lib/config_yaml.ts";

Deno.test("parseYaml() knows the line of every key and item", () => {
  const { lineOf } = parseYaml(
    "# comment\na: 1\nb:\n  - x: 1\n    y: [1, {q: 2}]\n\n  - x: |\n      z: 1\n    'k 1': 2\n" +
      "c: &anchor {d: 1}\ne: *anchor\r\n? f\n: g\nh: {i: 1,\n  j: 2}\n",
  );
  const cases: [(string | number)[], number][] = [
    [["a"], 2],
    [["b"], 3],
    [["b", 0], 4],
    [["b", 0, "y"], 5],
    [["b", 0, "y", 1, "q"], 5],
    [["b", 1, "x"], 7],
    [["b", 1, "k 1"], 9],
    [["c", "d"], 10],
    [["e"], 11],
    [["e", "d"], 11],
    [["f"], 12],
    [["h", "j"], 15],
    [["unknown"], 1],
  ];
  for (const [path, want] of cases) assert.equal(lineOf(path), want, path.join("."));
});

Deno.test("parseYaml() knows both places of a key that stands twice", () => {
  const { value, duplicates } = parseYaml("a: 1\nb:\n  - c: 1\n    c: 2\na: 3\n");
  assert.deepEqual(value, { a: 3, b: [{ c: 2 }] });
  assert.deepEqual(duplicates, [
    { path: ["b", 0, "c"], line: 4, firstLine: 3 },
    { path: ["a"], line: 5, firstLine: 1 },
  ]);
});

Deno.test("parseYaml() names the line and never quotes the text", () => {
  const cases: [string, number, RegExp][] = [
    ["a: 1\nb: [1", 2, /unexpected end of the stream within a flow collection$/],
    ["a: 1\nb: *secret", 2, /unidentified alias; text that begins with \*, & or ! needs quotes$/],
    ["a: !secret x", 1, /unknown scalar tag; text that begins with/],
    ["a: 1\n---\nb: 2", 1, /^expected one YAML document, not several$/],
  ];
  for (const [text, line, message] of cases) {
    assert.throws(() => parseYaml(text), (error) => {
      assert.ok(error instanceof YamlError);
      assert.equal(error.line, line);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
});
