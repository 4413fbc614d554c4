/** SIGTERM while the broker is out of reach: the agent ends within its deadline, and a restart sends what was left. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { countNumbered, numberedLines } from "../support/numbered.ts";
import { startProgram } from "../support/process.ts";
import { servers } from "../support/servers.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { tempDir, uniqueName } from "../support/temp.ts";
import { textsOf } from "./ship_site.ts";
import { waitFor } from "../support/wait.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const TOTAL = 5000;

for (const way of ["refuses", "is silent"]) {
  Deno.test({
    name: `weir-agent ends in time on SIGTERM while the broker ${way}, and goes on after a restart`,
    sanitizeOps: false, // the proxy and the reader keep sockets for a while
    sanitizeResources: false,
    async fn() {
      const { kafka: broker } = await servers("kafka");
      await using folder = await tempDir("weir-stop-");
      const proxy = await TcpProxy.to(broker);
      const topic = uniqueName("stop"), file = folder.join("a.log");
      await Deno.writeTextFile(file, [...numberedLines("n", TOTAL)].join("\n") + "\n");
      await Deno.writeTextFile(
        folder.join("collect.json"),
        JSON.stringify([{ path: file, topic }]),
      );
      const start = async (address: string) => {
        const settings = {
          state: folder.join("state"),
          source: { file: folder.join("collect.json") },
          kafka: { brokers: [address], connectionTimeout: "1s", requestTimeout: "2s" },
          tail: { roots: [folder.path] },
          listen: "127.0.0.1:0",
          shutdown: "2s",
        };
        await Deno.writeTextFile(folder.join("agent.yaml"), stringify(settings));
        const args = ["run", "-A", "--quiet", "--no-check", `${ROOT}agent/main.ts`];
        return startProgram(Deno.execPath(), [...args, "--config", folder.join("agent.yaml")]);
      };
      try {
        if (way === "refuses") await proxy.down();
        else proxy.silent = true;
        const first = await start(proxy.address);
        await first.waitForLine(/Cannot deliver/, 60_000);
        const { code, signal } = await first.stop(20_000); // later it is killed, which the signal shows
        assert.equal(signal, null, first.tail());
        assert(code === 0 || code === 75, `code ${code}`);
        await using second = await start(broker);
        await waitFor("all lines", async () => {
          const texts = await textsOf(broker, topic).catch(() => []);
          return countNumbered(texts, "n", TOTAL).lost === 0;
        }, { detail: () => second.tail() });
      } finally {
        await proxy.close();
      }
    },
  });
}
