/** Names of indices that are fixed in a real etcd. */
import assert from "node:assert/strict";
import { createEtcd } from "../../core/etcd/client.ts";
import { EtcdDecisions } from "../../transfer/index/etcd_decisions.ts";
import { FixedNames } from "../../transfer/index/fixed_names.ts";
import { TemplateNames } from "../../transfer/index/names.ts";
import { etcdSettings } from "../control/settings.ts";
import { etcdUrl } from "./servers.ts";
import { Site, until } from "./site.ts";

const options = {
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
};

async function client() {
  return createEtcd(etcdSettings({ hosts: [await etcdUrl()] }));
}

Deno.test({
  ...options,
  name: "EtcdDecisions: of many that decide at once, all get the first one's answer",
  async fn() {
    const etcd = await client();
    const prefix = `/${crypto.randomUUID()}/`;
    try {
      const names = Array.from({ length: 20 }, (_, i) =>
        new FixedNames(
          new TemplateNames(`n${i}-{topic}-{day}`),
          new EtcdDecisions(() => etcd, prefix),
        ));
      const found = await Promise.all(names.map((one) => one.targetOf("t", "2026-11-21")));
      assert.equal(new Set(found.map((one) => one.index)).size, 1);
      assert.match(found[0].index, /^n\d+-t-2026\.11\.21$/);
      const kept = await etcd.get(`${prefix}t/2026-11-21`).json();
      assert.deepEqual(kept, found[0]);
    } finally {
      await etcd.delete().prefix(prefix);
      etcd.close();
    }
  },
});

Deno.test({
  ...options,
  name:
    "transfer: a changed index name holds from the next day, a replay goes where it went before",
  async fn() {
    const site = await Site.open();
    const etcd = await client();
    const decisions = `/${site.prefix}/`;
    try {
      const topic = await site.topic("fixed");
      const line = (offset: number, day: string) => ({
        topic,
        value: "0123456789",
        generation: "AbCdEfGh01234-_9",
        offset,
        headers: { "weir.day": day },
      });
      const changes = (name: string) => ({
        etcd: { hosts: [etcdHost] },
        index: { name: `${site.prefix}-${name}-{topic}-{day}`, decisions },
      });
      const etcdHost = await etcdUrl();
      await site.send([line(0, "2026-11-20")]);
      const first = await site.transfer(changes("old"));
      await until("first", async () => (await site.committed(topic))[0] === 1);
      await first.stop();
      await site.send([line(0, "2026-11-20"), line(11, "2026-11-20"), line(22, "2026-11-21")]);
      await site.transfer(changes("new"));
      await until("second", async () => (await site.committed(topic))[0] === 4);
      const found = (await site.documents()).map((one) => `${one._index} ${one._id}`).sort();
      const uid = (start: number) => `AbCdEfGh01234-_9:${start}-${start + 11}`;
      assert.deepEqual(found, [
        `${site.prefix}-new-${topic}-2026.11.21 ${uid(22)}`,
        `${site.prefix}-old-${topic}-2026.11.20 ${uid(0)}`,
        `${site.prefix}-old-${topic}-2026.11.20 ${uid(11)}`,
      ]);
    } finally {
      await site.close();
      await etcd.delete().prefix(decisions);
      etcd.close();
    }
  },
});
