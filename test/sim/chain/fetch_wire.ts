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
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** Where the next `size` bytes go. */
  #room(size: number): number {
    const at = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#at);
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
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
