import assert from "node:assert/strict";
import { WatchManager } from "etcd3/lib/watch.js";
import { loadSettings } from "../config/load.ts";
import { group } from "../config/fields.ts";
import { etcdInTurn } from "./client.ts";
import { etcdFields } from "./settings.ts";

Deno.test("an answer for a watcher that is gone is nobody's, and ends nothing", () => {
  const manager = { watchers: [{ id: "1" }], backoff: 0, initialBackoff: { next: () => 0 } };
  const handle = (WatchManager.prototype as never as { handleResponse: () => void })
    .handleResponse as (
      this: unknown,
      response: unknown,
    ) => void;
  assert.doesNotThrow(() => handle.call(manager, { watch_id: "2" }));
});

Deno.test("etcdInTurn: each client has one host, the next one in turn", () => {
  const made: string[] = [];
  const hosts = ["http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"];
  const settings = loadSettings(group(etcdFields, { description: "" }), JSON.stringify({ hosts }), {
    name: "test",
  });
  const connect = etcdInTurn(settings);
  for (let i = 0; i < 6; i++) {
    const client = connect();
    const { pool } = client as unknown as { pool: { hosts: { host: string }[] } };
    made.push(pool.hosts.map(({ host }) => host).join());
    client.close();
  }
  assert.deepEqual(made.slice(0, 3).sort(), hosts.map((url) => url.slice(7)));
  assert.deepEqual(made.slice(0, 3), made.slice(3));
});
