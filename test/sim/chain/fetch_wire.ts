/** Writes the answer to a fetch as a broker does (Fetch, version 11): what the transfer's decoder reads. */
import type { Fetched } from "./sim_broker.ts";

const encoder = new TextEncoder();

export function encodeFetchAnswer(found: readonly Fetched[]): Uint8Array {
  const byTopic = Map.groupBy(found, ({ topic }) => topic);
  const out = new Writer(sizeOf(found));
  out.int32(0); // throttled
  out.int16(0);
  out.int32(0); // session
  out.int32(byTopic.size);
  for (const [topic, partitions] of byTopic) {
    const name = encoder.encode(topic);
    out.int16(name.length);
    out.bytes(name);
    out.int32(partitions.length);
    for (const { number, code, highWatermark, logStart, bytes } of partitions) {
      out.int32(number);
      out.int16(code);
      out.int64(highWatermark);
      out.int64(highWatermark); // last stable
      out.int64(logStart);
      out.int32(0); // aborted transactions
      out.int32(-1); // preferred replica
      out.int32(bytes.reduce((sum, part) => sum + part.length, 0));
      for (const part of bytes) out.bytes(part);
    }
  }
  return out.take();
}

/** As many bytes as the answer has at most. */
function sizeOf(found: readonly Fetched[]): number {
  return found.reduce(
    (sum, { topic, bytes }) => bytes.reduce((all, part) => all + part.length, sum + topic.length),
    14 + 60 * found.length,
  );
}

class Writer {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Where the next `size` bytes go. */
  #room(size: number): number {
    this.#at += size;
    return this.#at - size;
  }
  int16(value: number): void {
    const at = this.#room(2);
    this.#view.setInt16(at, value);
  }
  int32(value: number): void {
    const at = this.#room(4);
    this.#view.setInt32(at, value);
  }
  int64(value: number): void {
    const at = this.#room(8);
    this.#view.setBigInt64(at, BigInt(value));
  }
  bytes(part: Uint8Array): void {
    const at = this.#room(part.length);
    this.#bytes.set(part, at);
  }
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }
}
