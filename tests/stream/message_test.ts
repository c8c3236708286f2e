import assert from "node:assert/strict";

import {
  encodeGreeting,
  encodeHeartbeat,
  encodeMessage,
  joinMessages,
  parseId,
} from "../../lib/stream/message.ts";

const position = { run: "00ff00ff00ff", number: 12 };

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

Deno.test({
  name: "the stream is written as the standard of server-sent events wants it",
  permissions: "none",
  fn() {
    const data = JSON.stringify({ repository: "a\nb\r\u2028" });
    const text = textOf(encodeMessage("repository", { data, position }));
    assert.deepEqual(text.split("\n"), [
      "id: 00ff00ff00ff-12",
      "event: repository",
      `data: ${data}`,
      "",
      "",
    ]);
    assert.equal(
      textOf(encodeGreeting(position, { retryMs: 3000 })),
      "retry: 3000\nid: 00ff00ff00ff-12\n\n",
    );
    assert.equal(textOf(encodeHeartbeat(position)), ":\nid: 00ff00ff00ff-12\n\n");
  },
});

Deno.test({
  name: "parseId() reads what was written, and nothing else",
  permissions: "none",
  fn() {
    assert.deepEqual(parseId("00ff00ff00ff-12"), position);
    for (
      const text of ["", "12", "00ff00ff00ff", "00ff00ff00ff-", "00ff00ff00ff--1", "0-1", " "]
    ) {
      assert.equal(parseId(text), undefined);
    }
  },
});

Deno.test({
  name: "joinMessages() joins, and copies no single one",
  permissions: "none",
  fn() {
    const [one, two] = [new Uint8Array([1, 2]), new Uint8Array([3])];
    assert.deepEqual(joinMessages([one, two]), new Uint8Array([1, 2, 3]));
    assert.equal(joinMessages([one]), one);
    assert.deepEqual(joinMessages([]), new Uint8Array());
  },
});
