/** Writes the answer to a fetch as a broker does (Fetch, version 11): what the transfer's decoder reads. */
import type { Fetched } from "./sim_broker.ts";

const encoder = new TextEncoder();

export function encodeFetchAnswer(found: readonly Fetched[]): Uint8Array {
  const byTopic = Map.groupBy(found, ({ topic }) => topic);
  const out = new Writer();
  out.int32(0); // throttled
  out.int16(0);
  out.int32(0); // session
  out.int32(byTopic.size);
  for (const [topic, partitions] of byTopic) {
    const name = encoder.encode(topic);
    out.int16(name.length);
    out.bytes(name);
    out.int32(partitions.length);
    for (const { number, code, highWatermark, bytes } of partitions) {
      out.int32(number);
      out.int16(code);
      out.int64(highWatermark);
      out.int64(highWatermark); // last stable
      out.int64(0); // first offset
      out.int32(0); // aborted transactions
      out.int32(-1); // preferred replica
      out.int32(bytes.reduce((sum, part) => sum + part.length, 0));
      for (const part of bytes) out.bytes(part);
    }
  }
  return out.take();
}

class Writer {
  readonly #parts: Uint8Array[] = [];

  #number(size: number, set: (view: DataView) => void): void {
    const part = new Uint8Array(size);
    set(new DataView(part.buffer));
    this.#parts.push(part);
  }
  int16(value: number): void {
    this.#number(2, (view) => view.setInt16(0, value));
  }
  int32(value: number): void {
    this.#number(4, (view) => view.setInt32(0, value));
  }
  int64(value: number): void {
    this.#number(8, (view) => view.setBigInt64(0, BigInt(value)));
  }
  bytes(part: Uint8Array): void {
    this.#parts.push(part);
  }
  take(): Uint8Array {
    const out = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}
