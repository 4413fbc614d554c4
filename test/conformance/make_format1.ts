/**
 * Writes the fixtures of format version 1: `deno run -A test/conformance/make_format1.ts`. They stay as they are for
 * as long as a release reads that version: a later version of a format gets fixtures of its own beside these. It
 * refuses to write where there are any.
 */
import { zstdCompressSync } from "node:zlib";
import { Sealer } from "../../agent/ledger/sealer.ts";
import { Bench } from "../../agent/tail/tail_bench.ts";
import { FolderObjects } from "../../core/archive/folder_objects.ts";
import { encodeRegistration, PROGRAMS } from "../../core/fleet/registration_schema.ts";
import { BatchMemory } from "../../core/kafka/batch_memory.ts";
import { RecordBatchBuilder, recordPrefix } from "../../core/kafka/record_batch.ts";
import { DROP_SEAL_VERSION, type DropSeal } from "../../core/ledger/drop_seal.ts";
import { EXPIRY_SEAL_VERSION, type ExpirySeal } from "../../core/ledger/expiry_seal.ts";
import { EmbeddedStore } from "../../search/store/embedded_store.ts";
import { TemplateNames } from "../../transfer/index/names.ts";
import {
  archiveAndSeal,
  DAY,
  FIXTURES,
  GENERATION,
  LOGS,
  storyChunk,
  TIME_MS,
  TOPIC,
} from "./format1.ts";

/** The agent's state folder and the files that it had read. */
async function agentState(): Promise<void> {
  const it = new Bench(), [[app], [old, oldText], [turned, turnedText]] = LOGS;
  it.files.append(app, "one\ntwo\nthree\npart");
  it.files.append(turned, oldText);
  await it.start();
  await it.settle(6000); // the last line has no line end and is sent without it
  it.files.rename(turned, old);
  it.files.append(turned, turnedText);
  await it.settle(12_000);
  await it.set.save();
  it.sink.gate = new Promise(() => {}); // what follows is noted and sent, and never acknowledged
  it.files.append(app, "four\nlast");
  await it.settle(6000);
  await it.set.save();
  const seals = new Sealer("web-1", "all").look([...it.set.shipped()], TIME_MS);
  await it.kill();
  for (const name of ["checkpoint.a", "checkpoint.b"]) {
    await Deno.writeFile(FIXTURES + name, it.files.content(`/state/${name}`));
  }
  await Deno.writeTextFile(`${FIXTURES}id`, "AbCdEfGh0123\n");
  const drop: DropSeal = {
    v: DROP_SEAL_VERSION,
    kind: "drop",
    generation: GENERATION,
    topic: TOPIC,
    rule: "quota",
    ranges: [100, 20, 5, 10],
    atMs: TIME_MS,
  };
  const expired: ExpirySeal = {
    v: EXPIRY_SEAL_VERSION,
    kind: "expired",
    generation: GENERATION,
    topic: TOPIC,
    index: `weir-${TOPIC}-2026.11.01`,
    to: 90,
    atMs: TIME_MS,
  };
  const records = [...seals, drop, expired].map((seal) => JSON.stringify(seal));
  await Deno.writeTextFile(`${FIXTURES}ledger.ndjson`, `${records.join("\n")}\n`);
}

/** What the agent sends to Kafka: one batch plain, one packed. */
async function recordBatches(): Promise<void> {
  const builder = new RecordBatchBuilder(new BatchMemory(65_536, 1)), chunk = storyChunk();
  const laterMs = TIME_MS + 3600e3; // of another day than the lines
  builder.begin(laterMs);
  builder.append(chunk, recordPrefix(chunk, laterMs), 0);
  for (const codec of ["none", "gzip", "snappy", "lz4", "zstd"] as const) {
    await Deno.writeFile(`${FIXTURES}records.${codec}`, builder.finish(codec, 1).slice());
  }
}

async function embeddedStore(): Promise<void> {
  const folder = await Deno.makeTempDir();
  // Small blocks: one of the lines is in a block, the others are in the journal.
  const store = new EmbeddedStore({ folder, blockBytes: 8 });
  store.appendChunks([storyChunk()], TIME_MS);
  await store.close();
  const bytes = await Deno.readFile(`${folder}/store.db`);
  await Deno.writeFile(`${FIXTURES}store.db.zst`, zstdCompressSync(bytes));
  await Deno.remove(folder, { recursive: true });
}

/** What programs write into etcd, by key. */
async function etcdValues(): Promise<void> {
  const values: Record<string, string> = {};
  for (const program of PROGRAMS) {
    values[`/weir/live/${program}/id`] = encodeRegistration({
      v: 1,
      program,
      id: "id",
      instance: "instance",
      host: "web-1",
      version: "0.1.0",
      started: new Date(TIME_MS).toISOString(),
      labels: { rack: "r1" },
      groups: ["all"],
      ip: "10.0.0.7",
      status: "127.0.0.1:9463",
      applied: { revision: 7, state: "APPLIED", reason: "", candidate: "", keys: { "/a": 7 } },
      health: { ok: false, reasons: ["checkpoint: no room"], problems: 1 },
      summary: { files: 3, lagBytes: 0 },
    });
  }
  const names = new TemplateNames("weir-{topic}-{day}", {}, () => TIME_MS);
  values[`/weir/index/${TOPIC}/${DAY}`] = JSON.stringify(names.targetOf(TOPIC, DAY));
  await Deno.writeTextFile(`${FIXTURES}etcd.json`, `${JSON.stringify(values, null, 2)}\n`);
}

if ([...Deno.readDirSync(FIXTURES)].length > 0) throw new Error(`${FIXTURES} is not empty`);
await agentState();
await recordBatches();
await embeddedStore();
await etcdValues();
await archiveAndSeal(new FolderObjects(`${FIXTURES}archive`), { committed: -1, to: 4, by: "one" });
Deno.exit(0); // the store's threads are of no more use
