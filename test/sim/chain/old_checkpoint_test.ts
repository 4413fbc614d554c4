/**
 * Case 21 over the whole chain: an agent whose state folder is put back as it was some time ago, as from a backup, with
 * files that grew, were rotated and were made since. It sends again what it had sent: no line is lost, and what the old
 * checkpoint knew of is in the index once, because its lines have the same ids. A life of a file that began after the
 * backup gets another generation, so its lines come twice, and no other line does.
 */
import assert from "node:assert/strict";
import { startLog } from "../../../core/log.ts";
import { Random } from "../../support/random.ts";
import type { SimHost } from "./agent_process.ts";
import { recordsOf } from "./chain_check.ts";
import { ChainWorld } from "./chain_world.ts";
import { POISON } from "./sim_index.ts";
import { NOISE } from "./transfer_process.ts";

startLog({ level: "error", write: () => {} });

const PATHS = ["/log/a.log", "/log/b.log"];

type Backup = Map<string, Uint8Array>;

function backUp({ files }: SimHost): Backup {
  const paths = files.paths().filter((path) => path.startsWith("/state/"));
  return new Map(paths.map((path) => [path, files.content(path).slice()]));
}

async function putBack({ files }: SimHost, backup: Backup): Promise<void> {
  for (const path of files.paths()) {
    if (path.startsWith("/state/") && !backup.has(path)) await files.remove(path);
  }
  for (const [path, content] of backup) await files.writeAtomic(path, content);
}

/** Until all is in the index and committed. */
async function settle(world: ChainWorld): Promise<void> {
  for (let i = 0; i < 100 && !world.isDone(); i++) await world.time.pass(2000);
  await world.time.pass(10_000);
  assert(world.isDone(), "everything arrives");
}

/** Documents by text, and how many records there are in Kafka. */
function arrived(world: ChainWorld) {
  const texts = new Map<string, number>();
  for (const documents of world.index.indices.values()) {
    for (const { message } of documents.values()) {
      texts.set(message, (texts.get(message) ?? 0) + 1);
    }
  }
  const records = world.kafka.brokers.partitions.reduce(
    (sum, partition) => sum + [...recordsOf(partition, 0)].length,
    0,
  );
  return { texts, records };
}

/** Plays it; returns how many records were sent again. */
async function play(seed: number): Promise<number> {
  const world = new ChainWorld(seed, { plain: true }), random = new Random(seed);
  const [host] = world.hosts, [writer] = world.writers;
  host.files.faulty = false;
  world.time.install();
  try {
    world.kafka.brokers.createTopic("t", 3);
    // The backup and its return are of one day: a line that is sent again on another one gets that day's index.
    await world.time.pass(60_000);
    for (const one of world.hosts) world.startAgent(one);
    world.startTransfer();
    for (const path of PATHS) writer.append(path);
    writer.finish();
    await settle(world);
    const backup = backUp(host);
    for (const one of world.hosts) one.jumpMs = 3_600_000;
    assert(backup.size > 0);

    // What is appended to lives that the backup knows; then they may be rotated, and lives begin that it does not know.
    for (let i = 0; i < 20; i++) {
      writer.append(PATHS[i % 2]);
      writer.finish();
      await world.time.pass(random.below(3000));
    }
    writer.finish();
    const ofKnown = writer.written.length;
    await settle(world);
    const isRotated = random.chance(0.5);
    if (isRotated) writer.rotate();
    for (let i = 0; i < 5; i++) {
      writer.append(PATHS[i % 2]);
      writer.finish();
      await world.time.pass(random.below(3000));
    }
    writer.finish();
    await settle(world);
    const before = arrived(world);

    const stopped = host.stop();
    await world.time.pass(10_000);
    await stopped;
    await putBack(host, backup);
    world.startAgent(host);
    await world.time.pass(20_000);
    await settle(world);
    const after = arrived(world);
    const numberOf = (text: string) => after.texts.get(text) ?? 0;
    const isWanted = (text: string) => !text.includes(POISON) && !text.includes(NOISE);
    const lost = writer.written.filter((text) => isWanted(text) && numberOf(text) === 0);
    assert.deepEqual(lost, [], `seed ${seed}: lost`);
    const doubled = writer.written.slice(0, ofKnown).filter((text) => numberOf(text) > 1);
    assert.deepEqual(doubled, [], `seed ${seed}: doubled`);
    const most = Math.max(...writer.written.map(numberOf));
    assert(most <= (isRotated ? 2 : 1), `seed ${seed}: ${most} times`);
    return after.records - before.records;
  } finally {
    for (const one of world.hosts) world.wait(one.kill());
    for (const transfer of world.transfers) world.wait(transfer.kill());
    await world.time.pass(20_000);
    world.time.restore();
  }
}

Deno.test("21: a checkpoint of an hour ago: what it knew of is in the index once, and nothing is lost", async () => {
  for (let seed = 100; seed < 105; seed++) {
    const again = await play(seed);
    assert(again > 20, `seed ${seed}: ${again} records were sent again`);
  }
});
