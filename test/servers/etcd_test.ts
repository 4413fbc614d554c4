import assert from "node:assert/strict";
import { Etcd3 } from "etcd3";
import { servers, startEtcd, startEtcdCluster } from "../support/servers.ts";
import { uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

Deno.test({
  name: "etcd: a watch sees each put and delete, in order",
  // gRPC keeps its channel's timers and sockets a while after close().
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const { etcd } = await servers("etcd");
    const client = new Etcd3({ hosts: etcd }), prefix = `${uniqueName("servers")}/`;
    try {
      const seen: string[] = [];
      const watcher = await client.watch().prefix(prefix).create();
      watcher.on("put", ({ key, value }) => seen.push(`${key}=${value}`));
      watcher.on("delete", ({ key }) => seen.push(`${key} deleted`));
      const wanted: string[] = [];
      for (let i = 0; i < 20; i++) {
        await client.put(`${prefix}${i % 3}`).value(String(i));
        wanted.push(`${prefix}${i % 3}=${i}`);
      }
      await client.delete().key(`${prefix}0`);
      wanted.push(`${prefix}0 deleted`);
      await waitFor("21 events", () => seen.length >= 21, { detail: () => seen.join(", ") });
      assert.deepEqual(seen, wanted);
      assert.deepEqual(Object.keys(await client.getAll().prefix(prefix).strings()), [
        `${prefix}1`,
        `${prefix}2`,
      ]);
      await watcher.cancel();
    } finally {
      await client.delete().prefix(prefix);
      client.close();
    }
  },
});

Deno.test({
  name: "etcd: a server of a test's own keeps its port and its keys over kill -9",
  sanitizeOps: false, // as above
  sanitizeResources: false,
  async fn() {
    await using server = await startEtcd();
    const client = new Etcd3({ hosts: server.address });
    try {
      await client.put("kept").value("yes");
      await server.kill9();
      await server.start();
      const value = await waitFor("an answer", () => client.get("kept").string());
      assert.equal(value, "yes");
    } finally {
      client.close();
    }
  },
});

Deno.test({
  name: "etcd: three nodes take a key while one is dead, and it has the key when it is back",
  sanitizeOps: false, // as above
  sanitizeResources: false,
  async fn() {
    await using cluster = await startEtcdCluster();
    const [dead, second, third] = cluster.nodes;
    const client = new Etcd3({ hosts: [second.address, third.address] });
    try {
      await dead.kill9();
      // The dead one may have led: until another does, a put is refused.
      await waitFor("a put with two nodes", () => client.put("shared").value("yes"));
      await dead.start();
      const back = new Etcd3({ hosts: dead.address });
      try {
        assert.equal(await waitFor("an answer", () => back.get("shared").string()), "yes");
      } finally {
        back.close();
      }
    } finally {
      client.close();
    }
  },
});
