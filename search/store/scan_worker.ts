/**
 * The second thread of a scan: reads blocks through a connection of its own, which only reads, and
 * sums up. Both threads take the next block from a shared counter, so that neither waits for the
 * other.
 */
import { DatabaseSync } from "node:sqlite";
import { type BlockInfo, Blocks } from "./blocks.ts";
import { ScanBlock } from "./scan.ts";
import { Sources } from "./sources.ts";
import { addBlock, Tally, type TallyRequest, type TallyResult } from "./tally.ts";

/** Numbers of a block that are sent, in this order. */
export const BLOCK_NUMBERS = [
  "id",
  "firstMs",
  "lastMs",
  "lines",
  "textBytes",
  "columnBytes",
  "joined",
] as const;

/** A scan to take part in. */
export interface ScanJob {
  job: number;
  /** Path of the database. */
  path: string;
  request: TallyRequest;
  /** BLOCK_NUMBERS of each block. */
  blocks: Float64Array;
  /** [next block, stop]. */
  shared: Int32Array;
}

export interface ScanAnswer {
  job: number;
  result?: TallyResult;
  error?: string;
}

export function packBlocks(infos: readonly BlockInfo[]): Float64Array {
  const numbers = new Float64Array(infos.length * BLOCK_NUMBERS.length);
  infos.forEach((info, i) => {
    BLOCK_NUMBERS.forEach((name, k) => numbers[i * BLOCK_NUMBERS.length + k] = Number(info[name]));
  });
  return numbers;
}

function unpackBlock(numbers: Float64Array, index: number): BlockInfo {
  const at = (k: number) => numbers[index * BLOCK_NUMBERS.length + k];
  return {
    id: at(0),
    firstMs: at(1),
    lastMs: at(2),
    lines: at(3),
    textBytes: at(4),
    columnBytes: at(5),
    joined: at(6) === 1,
    firstSeq: 0,
    rawBytes: 0,
    storedBytes: 0,
    ingestedMs: 0,
    sources: undefined,
    levels: new Uint32Array(8),
  };
}

let opened: { path: string; database: DatabaseSync; blocks: Blocks; sources: Sources } | undefined;

function open(path: string) {
  if (opened?.path !== path) {
    opened?.database.close();
    const database = new DatabaseSync(path, { readOnly: true });
    database.exec("PRAGMA cache_size=-2048; PRAGMA busy_timeout=2000");
    const blocks = new Blocks(database, 1, false);
    opened = { path, database, blocks, sources: new Sources(database) };
  }
  return opened;
}

function run({ path, request, blocks: numbers, shared }: ScanJob): TallyResult {
  const { blocks, sources } = open(path);
  const tally = new Tally(request, blocks);
  const count = numbers.length / BLOCK_NUMBERS.length;
  for (;;) {
    const index = Atomics.add(shared, 0, 1);
    if (index >= count || Atomics.load(shared, 1) !== 0) return tally.result;
    const block = new ScanBlock(blocks, sources, unpackBlock(numbers, index));
    addBlock(tally, block);
  }
}

interface WorkerSide {
  onmessage: (event: MessageEvent<ScanJob>) => void;
  postMessage(answer: ScanAnswer): void;
}

/** Answers jobs until the thread is ended. */
export function serveScans(): void {
  const side = globalThis as unknown as WorkerSide;
  side.onmessage = ({ data }) => {
    try {
      side.postMessage({ job: data.job, result: run(data) });
    } catch (error) {
      side.postMessage({ job: data.job, error: String(error) });
    }
  };
}
