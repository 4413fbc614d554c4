import assert from "node:assert/strict";
import { WatchManager } from "etcd3/lib/watch.js";
import "./client.ts";

Deno.test("an answer for a watcher that is gone is nobody's, and ends nothing", () => {
  const manager = { watchers: [{ id: "1" }], backoff: 0, initialBackoff: { next: () => 0 } };
  const handle = (WatchManager.prototype as never as { handleResponse: () => void })
    .handleResponse as (
      this: unknown,
      response: unknown,
    ) => void;
  assert.doesNotThrow(() => handle.call(manager, { watch_id: "2" }));
});
