/** An agent outlives connections to etcd that are cut at any moment, also while they begin. */
import assert from "node:assert/strict";
import { Etcd3 } from "etcd3";
import { stringify } from "yaml";
import { startProgram } from "../support/process.ts";
import { Random } from "../support/random.ts";
import { startEtcd } from "../support/servers.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const DIST = Deno.env.get("WEIR_TEST_DIST") ?? `${ROOT}dist`;
const CUTS = 20, MS_MAX = 60;

Deno.test({
  name: `weir-agent: ${CUTS} connections to etcd cut, at any moment`,
  sanitizeOps: false, // the proxy keeps sockets for a while
  sanitizeResources: false,
  async fn() {
    const seed = Number(Deno.env.get("WEIR_SEED") ?? Date.now() % 1_000_000);
    console.log(`play it again: WEIR_SEED=${seed} npm test -- faults`);
    const random = new Random(seed);
    await using folder = await tempDir("weir-cuts-");
    await using etcd = await startEtcd();
    const way = await TcpProxy.to(new URL(etcd.address).host);
    const config = folder.join("agent.yaml");
    await Deno.writeTextFile(
      config,
      stringify({
        state: folder.join("state"),
        ip: "10.1.1.1",
        etcd: { hosts: [way.url], timeout: "1s", reread: "1s" },
        kafka: { brokers: ["127.0.0.1:1"] },
        tail: { roots: [folder.path] },
        listen: "127.0.0.1:0",
      }),
    );
    const agent = startProgram(`${DIST}/weir-agent`, ["--config", config]);
    try {
      for (let cut = 0; cut < CUTS; cut++) {
        const before = way.connections;
        await waitFor("a new connection", () => way.connections > before || agent.ended, {
          timeoutMs: 60_000,
          everyMs: 1,
        });
        await new Promise((resolve) => setTimeout(resolve, random.below(MS_MAX)));
        way.cut();
        assert(!agent.ended, `cut ${cut} of ${CUTS}${agent.tail()}`);
      }
      const client = new Etcd3({ hosts: etcd.address });
      const entries = JSON.stringify([{ path: folder.join("*.log"), topic: "cuts" }]);
      const { header } = await client.put("/logagent/10.1.1.1/collect_config").value(entries);
      client.close();
      const applied = new RegExp(`Configuration applied","revision":${header.revision},`);
      await agent.waitForLine(applied, 60_000);
    } finally {
      await agent.stop();
      await way.close();
    }
  },
});
