/**
 * Following: documents in the order of their arrival, from the moment of the call. A follower has a
 * place in that order and reads from the store itself, so a slow one loses nothing and holds
 * nothing.
 */
import type { Document } from "../../core/ports/document_store.ts";
import { plainDocument } from "./document.ts";
import type { Plan } from "./plan.ts";
import { BlockGone, matching, type ScanBlock } from "./scan.ts";

/** Documents handed on at once. */
const BATCH_MAX = 500;

/** What following takes from the reader. */
export interface Arrivals {
  readonly nextSeq: number;
  readonly closed: boolean;
  since(seq: number): ScanBlock[];
  nextCommit(signal: AbortSignal): Promise<void>;
}

export async function* follow(
  reader: Arrivals,
  plan: Plan,
  signal: AbortSignal,
): AsyncGenerator<Document[]> {
  let seq = reader.nextSeq;
  while (!signal.aborted && !reader.closed) {
    const end = reader.nextSeq;
    if (end <= seq) {
      await reader.nextCommit(signal);
      continue;
    }
    for (const block of reader.since(seq)) {
      const blockEnd = block.firstSeq + block.lines;
      if (blockEnd <= seq) continue;
      const from = Math.max(0, seq - block.firstSeq);
      seq = blockEnd;
      try {
        for (const batch of newIn(block, plan, from)) {
          if (signal.aborted) return;
          yield batch;
        }
      } catch (error) {
        if (!(error instanceof BlockGone)) throw error;
      } finally {
        block.release();
      }
    }
  }
}

function* newIn(block: ScanBlock, plan: Plan, from: number): Generator<Document[]> {
  const within = new Uint8Array(block.lines).fill(1, from);
  const mask = matching(plan, block, within);
  let batch: Document[] = [];
  for (let i = from; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    batch.push(plainDocument(block.document(i)));
    if (batch.length === BATCH_MAX) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
