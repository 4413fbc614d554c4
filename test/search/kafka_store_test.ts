/**
 * A site of one node without Elasticsearch: `weir transfer` from a real Kafka into the embedded store, with the page's API
 * over it. kill -9 in a loop: each line is in the store once, and offsets are committed behind it.
 */
import assert from "node:assert/strict";
import type { Program } from "../support/process.ts";
import { tempDir } from "../support/temp.ts";
import { numberedLines, Site, until } from "../transfer/site.ts";
import { addressOf, ways, weir } from "./weir_process.ts";

const COUNT = 15_000;
const KILLS = 2;

const way = ways().at(-1)!;
Deno.test({
  name: `weir transfer ${way}: kill -9 in a loop, ${COUNT} lines are in the store exactly once`,
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  fn: () => killLoop(way),
});

async function killLoop(way: string): Promise<void> {
  const site = await Site.open();
  const folder = await tempDir("weir-transfer-store-");
  let program: Program | undefined;
  try {
    const topic = await site.topic("numbered", 4);
    const config = folder.join("transfer.yaml");
    await Deno.writeTextFile(
      config,
      await site.settingsText({
        target: "store",
        store: { folder: folder.join("store") },
        bulk: { linger: "20ms", documentsMax: 200 },
        consumer: { instanceId: "the-one", sessionTimeout: "60s" },
      }),
    );
    const { lines, uids } = numberedLines(topic, COUNT, 20);
    const share = COUNT / (KILLS + 1);
    let found = 0;
    for (let round = 0; round <= KILLS; round++) {
      await site.send(lines.slice(round * share, (round + 1) * share), 5000);
      program = weir(way, ["transfer", "--config", config, "--listen", "127.0.0.1:0"]);
      const url = await addressOf(program);
      const wanted = round === KILLS ? COUNT : round * share + share / 4;
      found = await until(`${wanted} lines`, async () => {
        const answer = await (await fetch(`${url}api/count`)).json();
        return answer.count >= wanted && answer.count;
      });
      if (round === KILLS) break;
      await program.kill9();
    }
    assert.equal(found, COUNT);
    await until("committed", async () => {
      const offsets = await site.committed(topic);
      return offsets.reduce((sum, offset) => sum + Math.max(0, offset), 0) === COUNT;
    });
    const url = await addressOf(program!);
    const text = await (await fetch(`${url}api/export?order=oldest`)).text();
    const ids = text.trimEnd().split("\n").map((line) => JSON.parse(line)._id);
    assert.deepEqual(ids.sort(), uids.sort());
    const ready = await fetch(`${url}readyz`);
    assert.equal(await ready.text(), "ready\n");
    assert.equal((await program!.stop()).code, 0);
  } finally {
    await program?.kill9();
    await folder.remove();
    await site.close();
  }
}
