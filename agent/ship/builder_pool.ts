/** Builders of batches that are used again, over one memory whose size bounds what can be on its way at once. */
import { BatchMemory } from "../../core/kafka/batch_memory.ts";
import { RecordBatchBuilder } from "../../core/kafka/record_batch.ts";

/** Bytes of uncompressed batches at most, over all partitions. */
const BATCH_BYTES = 16 << 20;
/** Batches at most, also where they are small. */
const BATCHES = 32;

export class BuilderPool {
  /** Builders that there can be. */
  readonly size: number;
  readonly #memory: BatchMemory;
  readonly #free: RecordBatchBuilder[] = [];

  /** `bufferBytes`: room beside the batches for buffers that lines are read into. */
  constructor(batchBytesMax: number, bufferBytes: number) {
    this.size = Math.max(2, Math.min(BATCHES, Math.floor(BATCH_BYTES / batchBytesMax)));
    this.#memory = new BatchMemory(batchBytesMax, this.size, bufferBytes);
  }

  /** Builders that can be taken now. */
  get free(): number {
    return this.#free.length + this.#memory.free;
  }

  buffer(bytes: number): Uint8Array | undefined {
    return this.#memory.buffer(bytes);
  }

  take(): RecordBatchBuilder {
    return this.#free.pop() ?? new RecordBatchBuilder(this.#memory);
  }

  give(builder: RecordBatchBuilder): void {
    this.#free.push(builder);
  }
}
