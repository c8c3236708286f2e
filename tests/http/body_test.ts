import assert from "node:assert/strict";

import { BodyReader } from "../../lib/http/body.ts";
import { Deadlines } from "../../lib/http/deadlines.ts";

/** Has no patience at all. */
class Hasty extends Deadlines {
  override within<T>(promise: Promise<T>, _at: number, onPassed: () => Error): Promise<T> {
    return super.within(promise, Date.now(), onPassed);
  }
}

Deno.test("BodyReader breaks off a large body that does not arrive in time", async () => {
  const announced = 1024 * 1024;
  const { promise: cancelled, resolve: onCancel } = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(announced - 1)),
    cancel: () => onCancel(),
  });
  const headers = { "content-length": String(announced) };
  const request = new Request("http://localhost/", { method: "POST", headers, body });
  const reader = new BodyReader({ body: announced, inFlight: announced }, new Hasty());
  await assert.rejects(reader.lend(request, () => {}, () => Promise.resolve()), {
    code: "unavailable",
    message: "The body did not arrive in time",
  });
  // Else what has come of it would stay in memory, and be in no account.
  await cancelled;
});
