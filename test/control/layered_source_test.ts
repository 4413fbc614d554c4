/** The source of a host's configuration over real etcd: what every source promises, and what the layers add. */
import assert from "node:assert/strict";
import { Etcd3 } from "etcd3";
import { LayeredSource } from "../../core/etcd/layered_source.ts";
import { createEtcd } from "../../core/etcd/client.ts";
import { systemClock } from "../../core/ports/clock.ts";
import type { ConfigSnapshot } from "../../core/ports/config_source.ts";
import { configSourceConformance } from "../../core/ports/config_source_conformance.ts";
import { servers, startEtcd } from "../support/servers.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { etcdSettings } from "./settings.ts";

function sourceOf(address: string, prefix: string, rereadMs = 60_000): LayeredSource {
  return new LayeredSource({
    connect: () => createEtcd(etcdSettings({ hosts: [address], timeout: "1s" })),
    keys: [
      { target: `host/${prefix}`, key: `${prefix}host` },
      { target: `group/${prefix}`, key: `${prefix}group` },
    ],
    prefix,
    id: "me",
    clock: systemClock,
    timeoutMs: 1000,
    rereadMs,
  });
}

configSourceConformance("etcd in layers", async () => {
  const { etcd } = await servers("etcd");
  const prefix = `/test/${uniqueName("layers")}/`, other = new Etcd3({ hosts: etcd });
  await other.put(`${prefix}neighbour`).value("[]"); // else its deletion would be one of everything
  return {
    source: sourceOf(etcd, prefix),
    put: async (text) => {
      await other.put(`${prefix}host`).value(text);
    },
    remove: async () => {
      await other.delete().key(`${prefix}host`);
    },
    close: async () => {
      await other.delete().prefix(prefix);
      other.close();
    },
  };
});

interface Opened {
  client: Etcd3;
  proxy: TcpProxy;
  prefix: string;
  source: LayeredSource;
  seen: ConfigSnapshot[];
  faults: Error[];
}

function test(
  name: string,
  rereadMs: number,
  work: (opened: Opened) => Promise<void>,
  own = false,
): void {
  Deno.test({
    name: `LayeredSource: ${name}`,
    sanitizeOps: false, // gRPC keeps its connection for a while after it is closed
    sanitizeResources: false,
    async fn() {
      await using server = own ? await startEtcd() : undefined;
      const etcd = server?.address ?? (await servers("etcd")).etcd;
      const proxy = await TcpProxy.to(new URL(etcd).host), client = new Etcd3({ hosts: etcd });
      const prefix = `/test/${uniqueName("layers")}/`;
      const source = sourceOf(`http://127.0.0.1:${proxy.port}`, prefix, rereadMs);
      const seen: ConfigSnapshot[] = [], faults: Error[] = [], end = new AbortController();
      await client.put(`${prefix}group`).value("web");
      await client.put(`${prefix}host`).value("own");
      const watch = source.watch((one) => seen.push(one), (one) => faults.push(one), end.signal);
      try {
        await waitFor("both layers", () => texts(seen) === "own web");
        await work({ client, proxy, prefix, source, seen, faults });
      } finally {
        end.abort();
        await watch;
        await source.close();
        await client.delete().prefix(prefix);
        client.close();
        await proxy.close();
      }
    },
  });
}

const texts = (seen: readonly ConfigSnapshot[]) =>
  seen.at(-1)?.layers?.map(({ text }) => text).join(" ");

test(
  "a deletion during an outage is seen as one afterwards",
  60_000,
  async ({ client, proxy, prefix, seen, faults }) => {
    await proxy.down();
    await waitFor("the outage", () => faults.length > 0);
    await client.delete().key(`${prefix}host`);
    await proxy.up();
    await waitFor("the deletion", () => texts(seen) === "web");
  },
);

test(
  "a key that goes with everything around it stays in force, and says so",
  1000,
  async ({ client, prefix, seen, faults }) => {
    await client.delete().prefix(prefix);
    await waitFor("the alarm", () => faults.some(({ message }) => /vanished/.test(message)));
    assert.equal(texts(seen), "own web");
    await client.put(`${prefix}group`).value("new");
    await waitFor("what was written again", () => texts(seen) === "own new");
  },
);

test(
  "a watch that hangs without a word is noticed within a look and its time-outs",
  1000,
  async ({ client, proxy, prefix, seen }) => {
    proxy.swallow();
    await client.put(`${prefix}host`).value("later");
    await waitFor("the change", () => texts(seen) === "later web");
  },
);

test(
  "compaction during an outage does not stop it",
  60_000,
  async ({ client, proxy, prefix, seen, faults }) => {
    await proxy.down();
    await waitFor("the outage", () => faults.length > 0);
    for (let i = 0; i < 5; i++) await client.put(`${prefix}host`).value(`value ${i}`);
    const { header } = await client.get(`${prefix}host`).exec();
    await client.kv.compact({ revision: header.revision, physical: true });
    await proxy.up();
    await waitFor("the last value", () => texts(seen) === "value 4 web");
    await client.put(`${prefix}group`).value("watched");
    await waitFor("a change afterwards", () => texts(seen) === "value 4 watched");
  },
  true,
);
