/**
 * Reads the journal's export format from bytes as they come: entries of fields, each `NAME=value` on a line or, where
 * the value holds a line feed, `NAME`, its size in 8 bytes, and the value. Promises: any split of the bytes gives the
 * same entries, and whatever an entry holds, no more than `FIELD_BYTES_MAX` of a field is kept.
 */

/** Bytes of one value that are kept; the rest of it is left out, and `cut` says so. */
export const FIELD_BYTES_MAX = 131_072;
const NAME_BYTES_MAX = 64;
const LINE_FEED = 10, EQUALS = 61;

export interface ExportEntry {
  /** Values of the wanted fields, the first of each name. */
  fields: Map<string, Uint8Array>;
  /** A value was longer than FIELD_BYTES_MAX. */
  cut: boolean;
}

export class ExportReader {
  readonly #wanted: ReadonlySet<string>;
  #rest: Uint8Array = new Uint8Array(0);
  #entry: ExportEntry = { fields: new Map(), cut: false };
  /** Bytes of a value that are to be passed over; Infinity: up to the line feed. */
  #skip = 0;
  /** The field whose value comes with its size. */
  #sized: { name: string; size: number } | undefined;

  /** @param wanted names of the fields to keep */
  constructor(wanted: Iterable<string>) {
    this.#wanted = new Set(wanted);
  }

  /** Takes the next bytes, and hands on each entry that they complete. */
  push(bytes: Uint8Array, onEntry: (entry: ExportEntry) => void): void {
    let data = bytes;
    if (this.#rest.length > 0) {
      data = new Uint8Array(this.#rest.length + bytes.length);
      data.set(this.#rest);
      data.set(bytes, this.#rest.length);
    }
    let at = 0;
    for (;;) {
      const next = this.#step(data, at, onEntry);
      if (next < 0) break;
      at = next;
    }
    if (this.#skip > 0) at = data.length;
    this.#rest = data.slice(at);
  }

  /** Reads one thing from `at` on; the place behind it, or -1 where bytes are missing. */
  #step(data: Uint8Array, at: number, onEntry: (entry: ExportEntry) => void): number {
    if (this.#skip > 0) return this.#pass(data, at);
    if (this.#sized !== undefined) return this.#sizedValue(data, at);
    const end = lineFeedIn(data, at);
    if (end < 0) {
      if (data.length - at <= FIELD_BYTES_MAX + NAME_BYTES_MAX) return -1;
      this.#text(data, at, data.length);
      this.#skip = Infinity;
      return data.length;
    }
    if (end === at) {
      const entry = this.#entry;
      this.#entry = { fields: new Map(), cut: false };
      if (entry.fields.size > 0) onEntry(entry);
      return end + 1;
    }
    if (this.#text(data, at, end)) return end + 1;
    if (data.length < end + 9) return -1;
    const view = new DataView(data.buffer, data.byteOffset + end + 1, 8);
    const size = Number(view.getBigUint64(0, true));
    this.#sized = { name: nameOf(data, at, end), size };
    return end + 9;
  }

  /** Passes over what is left of a value. */
  #pass(data: Uint8Array, at: number): number {
    if (at >= data.length) return -1;
    if (this.#skip === Infinity) {
      const end = lineFeedIn(data, at);
      if (end < 0) return -1;
      this.#skip = 0;
      return end + 1;
    }
    const count = Math.min(this.#skip, data.length - at);
    this.#skip -= count;
    return at + count;
  }

  #sizedValue(data: Uint8Array, at: number): number {
    const { name, size } = this.#sized!;
    const kept = Math.min(size, FIELD_BYTES_MAX);
    if (data.length - at < kept) return -1;
    this.#put(name, data.slice(at, at + kept), size > kept);
    this.#sized = undefined;
    this.#skip = size - kept + 1; // and the line feed behind it
    return at + kept;
  }

  /** Takes a field of one line; false where it is a name alone. */
  #text(data: Uint8Array, from: number, to: number): boolean {
    let equals = from;
    const limit = Math.min(to, from + NAME_BYTES_MAX + 1);
    while (equals < limit && data[equals] !== EQUALS) equals++;
    if (equals === limit) return to > limit; // a name longer than any that is wanted: left out
    const name = nameOf(data, from, equals);
    const end = Math.min(to, equals + 1 + FIELD_BYTES_MAX);
    this.#put(name, data.slice(equals + 1, end), end < to);
    return true;
  }

  #put(name: string, value: Uint8Array, cut: boolean): void {
    const { fields } = this.#entry;
    if (!this.#wanted.has(name) || fields.has(name)) return;
    fields.set(name, value);
    if (cut) this.#entry.cut = true;
  }
}

function lineFeedIn(data: Uint8Array, from: number): number {
  for (let i = from; i < data.length; i++) if (data[i] === LINE_FEED) return i;
  return -1;
}

/** Names are ASCII. */
function nameOf(data: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...data.subarray(from, Math.min(to, from + NAME_BYTES_MAX + 1)));
}
