import assert from "node:assert/strict";
import { NSApplicator } from "etcd3/lib/util.js";
import { WatchBuilder, type Watcher } from "etcd3";
import { beginWatch } from "./begin_watch.ts";

const header = { revision: "7" };

/** A builder whose stream says what `say` makes the watcher emit, as etcd3's own manager would on one packet. */
function builderOf(say: (watcher: Watcher) => void): WatchBuilder {
  const manager = { attach: (watcher: Watcher) => void queueMicrotask(() => say(watcher)) };
  return new WatchBuilder(manager as never, new NSApplicator(new Uint8Array(0) as never));
}

Deno.test("what etcd sends in one packet with its confirmation is heard", async () => {
  const heard: string[] = [];
  const builder = builderOf((watcher) => {
    watcher.emit("connected", { header });
    const kv = { key: new TextEncoder().encode("a") };
    watcher.emit("data", { header, events: [{ type: "Delete", kv }] });
  });
  await beginWatch(builder.key("a"), (watcher) => {
    watcher.on("data", ({ events }) => events.forEach(({ type }) => heard.push(type)));
  });
  assert.deepEqual(heard, ["Delete"]);
});

Deno.test("a watch that etcd refuses rejects with etcd's reason", async () => {
  const builder = builderOf((watcher) => watcher.emit("error", new Error("compacted")));
  await assert.rejects(beginWatch(builder.key("a"), () => {}), /compacted/);
});
