/** The in-memory LineSink: keeps every line, acknowledges at once or when told. For unit tests. */
import { WeirError } from "../errors.ts";
import type { LineChunk, LineSink } from "./line_sink.ts";

export interface KeptLine {
  topic: string;
  generation: string;
  start: number;
  end: number;
  text: string;
  day: string;
  path: string;
  fields?: Readonly<Record<string, string>>;
}

export class MemoryLineSink implements LineSink {
  readonly guarantee = "memory";
  readonly lines: KeptLine[] = [];
  /** While set, acknowledgements wait for it. */
  gate: Promise<void> | undefined;
  /** Rejects the next sends with this. */
  failure: WeirError | undefined;
  #stopped = false;

  async send(chunk: LineChunk): Promise<void> {
    if (this.#stopped) {
      throw new WeirError("SINK_STOPPED", "Cannot deliver: the sink is stopped", {
        retriable: true,
      });
    }
    if (this.failure !== undefined) throw this.failure;
    this.lines.push(...linesOf(chunk));
    await this.gate;
  }
  position(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
  stop(): Promise<void> {
    this.#stopped = true;
    return Promise.resolve();
  }
}

/** The lines of a chunk, one object each: for tests and for stores that are in no hurry. */
export function linesOf(chunk: LineChunk): KeptLine[] {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const result: KeptLine[] = [];
  for (let i = 0, from = 0; i < chunk.lines; i++) {
    const end = chunk.marks[3 * i + 2];
    result.push({
      topic: chunk.topic,
      generation: chunk.generation,
      start: chunk.start + from,
      end: chunk.start + end,
      text: decoder.decode(chunk.bytes.subarray(chunk.marks[3 * i], chunk.marks[3 * i + 1])),
      day: chunk.day,
      path: chunk.path,
      fields: chunk.fields ?? {},
    });
    from = end;
  }
  return result;
}
