/**
 * What must hold of a simulated world once all is healed: every line is in the index or, where the index refuses it, in
 * the dead letters; none is there twice, none under another's id; first occurrences in Kafka are in the order of the
 * file; everything is committed, and nothing was ever committed before its lines were safe.
 */
import assert from "node:assert/strict";
import { RecordDecoder } from "../../../transfer/consume/decode.ts";
import { RecordCursor } from "../../../transfer/consume/record_batch.ts";
import type { LogRecord } from "../../../core/ports/document_store.ts";
import type { ChainWorld } from "./chain_world.ts";
import type { SimPartition } from "./sim_broker.ts";
import { POISON } from "./sim_index.ts";
import type { AuditFound } from "./sim_ledger.ts";
import { DEAD_TOPIC, NOISE } from "./transfer_process.ts";
import { BANNER } from "./writers.ts";

const FIRST = 5;

export function checkChain(world: ChainWorld, audit: AuditFound): void {
  const found = {
    violations: world.violations.slice(0, FIRST),
    lag: lagOf(world),
    settled: world.wereSettled,
    ...linesOf(world),
    disordered: disordered(world).slice(0, FIRST),
    audit,
  };
  assert.deepEqual(found, {
    violations: [],
    lag: 0,
    settled: true,
    lost: [],
    doubled: [],
    foreign: [],
    unlike: [],
    kept: [],
    buried: [],
    disordered: [],
    audit: { missing: [], doubled: [], unsealed: [], unknown: [] },
  });
}

function lagOf({ kafka: { brokers, group } }: ChainWorld): number {
  return brokers.partitions.reduce(
    (sum, { topic, number, highWatermark }) =>
      sum + highWatermark - (group.committed.get(`${topic} ${number}`) ?? 0),
    0,
  );
}

/** Texts that are not where they should be, by what is wrong with them. */
function linesOf(world: ChainWorld) {
  const pieces = new Map<string, Piece[]>(), unlike: string[] = [], ids = new Set<string>();
  for (const documents of world.index.indices.values()) {
    for (const [id, { message: text, ...fields }] of documents) {
      const start = fields["log.offset"], end = start + fields["log.length"];
      const generation = fields["log.file.generation"];
      if (`${generation}:${start}-${end}` !== id || ids.has(id)) unlike.push(id);
      ids.add(id);
      const all = pieces.get(generation) ?? [];
      pieces.set(generation, all);
      all.push({ start, end, text });
    }
  }
  const { counts, overlaps } = joined(pieces);
  const dead = new Set(
    (world.kafka.plain.get(DEAD_TOPIC) ?? []).map((one) => String((one as any).value)),
  );
  const written = new Set(world.writers.flatMap((writer) => writer.written));
  const isDropped = (text: string) => text.includes(NOISE);
  const poisoned = [...written].filter((text) => text.includes(POISON));
  return {
    lost: [...written]
      .filter((text) => !counts.has(text) && !dead.has(text) && !isDropped(text)).slice(0, FIRST),
    /** Lines in the index that a rule drops. */
    kept: [...counts.keys()].filter(isDropped).slice(0, FIRST),
    doubled: [...counts].filter(([, count]) => count > 1).map(([text]) => text).concat(overlaps)
      .slice(0, FIRST),
    foreign: [...counts.keys()].filter((text) => !written.has(text)).slice(0, FIRST),
    unlike: unlike.slice(0, FIRST),
    /** Lines in the dead letters that the index would have taken, and the other way round. */
    buried: [...dead].filter((text) => !text.includes(POISON))
      .concat(poisoned.filter((text) => counts.has(text))).slice(0, FIRST),
  };
}

interface Piece {
  start: number;
  end: number;
  text: string;
}

/** How often each line is there: where one came in parts, as it was flushed before its end, they are joined. */
function joined(pieces: ReadonlyMap<string, Piece[]>) {
  const counts = new Map<string, number>(), overlaps: string[] = [];
  for (const [generation, all] of pieces) {
    let line = "", last = 0;
    const count = () => {
      if (line !== "" && line !== BANNER) counts.set(line, (counts.get(line) ?? 0) + 1);
      line = "";
    };
    for (const { start, end, text } of all.sort((a, b) => a.start - b.start || a.end - b.end)) {
      if (start < last) overlaps.push(`${generation}:${start}-${end}`);
      if (start !== last) count();
      line += text;
      if (end - start > text.length) count(); // it has a line end
      last = end;
    }
    count();
  }
  return { counts, overlaps };
}

/** Lines whose first occurrence in Kafka stands behind that of a later line of the same life of a file. */
function disordered(world: ChainWorld): string[] {
  const wrong: string[] = [];
  for (const partition of world.kafka.brokers.partitions) {
    const seen = new Set<string>(), last = new Map<string, number>();
    for (const record of recordsOf(partition, 0)) {
      const { uid, offset } = record, generation = record.generation!;
      if (seen.has(uid)) continue;
      seen.add(uid);
      if (offset < (last.get(generation) ?? 0)) wrong.push(uid);
      last.set(generation, offset);
    }
  }
  return wrong;
}

/** What consumers can read of a partition, from the offset on. */
export function* recordsOf(partition: SimPartition, from: number): Generator<LogRecord> {
  const decoder = new RecordDecoder(partition.topic, partition.number);
  for (const batch of partition.readable) {
    if (batch.lastOffset < from) continue;
    const cursor = new RecordCursor(batch, 1 << 20);
    while (cursor.next()) {
      if (cursor.offset < from) continue;
      const record = decoder.decode(cursor);
      if (record !== "tombstone") yield record;
    }
  }
}

/** From now on each commit is looked at: what is behind it must be safe. */
export function watchCommits(world: ChainWorld): void {
  const { group, brokers, plain } = world.kafka;
  group.onCommit = (topic, number, offset) => {
    const from = group.committed.get(`${topic} ${number}`) ?? 0;
    if (offset <= from) return;
    const dead = new Set((plain.get(DEAD_TOPIC) ?? []).map((one) => String((one as any).value)));
    for (const record of recordsOf(brokers.partition(topic, number), from)) {
      if (Number(record.kafka!.offset) >= offset) break;
      if (world.index.ids.has(record.uid)) continue;
      const text = new TextDecoder().decode(record.value);
      if (!dead.has(text) && !text.includes(NOISE)) {
        world.violations.push(`committed and not safe: ${record.uid} ${text}`);
      }
    }
  };
}
