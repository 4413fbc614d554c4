/**
 * kill -9 of a transfer in a loop over 48,000 numbered lines: each is in the index exactly once.
 * As the executable where it has been built, else from source.
 */
import assert from "node:assert/strict";
import { spawnTransfer, transferCommand } from "./programs.ts";
import { numberedLines, Site, until } from "./site.ts";

const COUNT = 48_000;
const PARTITIONS = 4;
const KILLS = 3;
const way = transferCommand();

Deno.test({
  name: `transfer ${way.name}: kill -9 in a loop, ${COUNT} lines are there exactly once`,
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  fn: killLoop,
});

async function killLoop(): Promise<void> {
  const site = await Site.open();
  const config = await Deno.makeTempFile({ suffix: ".yaml" });
  let child: Deno.ChildProcess | undefined;
  const kill = async () => {
    const dying = child;
    child = undefined;
    dying?.kill("SIGKILL");
    return await dying?.status;
  };
  try {
    const topic = await site.topic("numbered", PARTITIONS);
    // Slow enough that there is always something in flight to be cut off.
    await Deno.writeTextFile(
      config,
      await site.settingsText({
        bulk: { linger: "20ms", documentsMax: 200, workers: 2 },
        channel: { linesMax: 5000 },
        consumer: { instanceId: "the-one", sessionTimeout: "60s" },
      }),
    );
    const start = () => {
      child = spawnTransfer(config);
    };
    const { lines, uids } = numberedLines(topic, COUNT, 20);
    // Each round has lines of its own to cut into, so that no round depends on how fast the last was.
    const share = COUNT / (KILLS + 1);
    for (let round = 0; round < KILLS; round++) {
      await site.send(lines.slice(round * share, (round + 1) * share), 5000);
      const wanted = await site.count() + share / 4;
      start();
      await until(`${wanted} documents`, async () => await site.count() >= wanted, 60_000, 200);
      assert.equal((await kill())?.signal, "SIGKILL");
    }
    await site.send(lines.slice(KILLS * share), 5000);
    start();
    const isAll = async () => await site.committedRecords(topic) === COUNT;
    await until("committed", isAll, 120_000);
    const last = child!;
    child = undefined;
    last.kill("SIGTERM");
    assert.equal((await last.status).code, 0);
    assert.deepEqual(difference(await site.ids(), uids), { missing: 0, beside: 0, count: COUNT });
  } finally {
    await kill();
    await Deno.remove(config);
    await site.close();
  }
}

/**
 * How the ids that were found differ from those that should be; ids that come twice count as
 * beside.
 */
function difference(found: string[], wanted: string[]) {
  const left = new Set(wanted);
  let beside = 0;
  for (const id of found) if (!left.delete(id)) beside++;
  return { missing: left.size, beside, count: found.length };
}
