/**
 * Unpacks a gzip file from its begin to its end, member by member, in steps that are bounded in what they read and in
 * what they give. Checksums are checked. Of a broken file everything before the fault is given, to the last byte.
 */
import zlib from "node:zlib";
import { type FileHandle, readFully } from "../../core/ports/files.ts";

/** Packed bytes of one step: unpacked they are a thousand times as many at most. */
const STEP_BYTES = 8192;
const TRAILER_BYTES = 8;

export class GzipReader {
  readonly #handle: FileHandle;
  #inflater: Inflater | undefined;
  #state: "between" | "body" | "trailer" = "between";
  #crc = 0;
  #memberBytes = 0;
  /** Bytes that were given before a second pass began, and are not given again. */
  #skip = 0;
  /** Next packed byte. */
  packed = 0;
  /** Bytes given. */
  unpacked = 0;
  /** Why nothing more can be unpacked; empty while it can. */
  fault = "";
  /** From this packed byte on steps are of one byte, so that all before the fault is given. */
  fineFrom: number;

  /** @param fineFrom where an earlier pass found a fault */
  constructor(handle: FileHandle, fineFrom = Infinity) {
    this.#handle = handle;
    this.fineFrom = fineFrom;
  }

  /** True where the file may end here: behind a whole member. */
  get isWhole(): boolean {
    return this.fault === "" && this.#state === "between" && this.packed > 0;
  }

  /**
   * Unpacks one step. Returns what came out, possibly nothing; undefined at the end of the file, where it may be asked
   * again when the file has grown, and at a fault. Rejects with the file's WeirError.
   */
  async next(): Promise<Uint8Array[] | undefined> {
    if (this.fault !== "") return undefined;
    const isFine = this.packed >= this.fineFrom && this.#state === "body";
    const most = isFine ? 1 : Math.min(STEP_BYTES, this.#bytesToFine());
    const bytes = await readFully(this.#handle, this.packed, most);
    if (bytes.length === 0) return undefined;
    if (this.#state === "between") return this.#header(bytes);
    if (this.#state === "trailer") return this.#trailer(bytes);
    return await this.#body(bytes, isFine);
  }

  #bytesToFine(): number {
    return this.#state === "body" ? this.fineFrom - this.packed : Infinity;
  }

  #header(bytes: Uint8Array): Uint8Array[] | undefined {
    if (bytes[0] === 0 && this.packed > 0) { // padding behind the last member
      const text = bytes.findIndex((byte) => byte !== 0);
      this.packed += text < 0 ? bytes.length : text;
      return [];
    }
    const length = headerLength(bytes);
    if (length === "short") {
      return bytes.length < STEP_BYTES ? undefined : this.#fail("its header is too long");
    }
    if (length === "none") {
      return this.#fail(this.packed > 0 ? "other bytes behind its end" : "it is no gzip file");
    }
    this.packed += length;
    this.#inflater = new Inflater();
    this.#crc = this.#memberBytes = 0;
    this.#state = "body";
    return [];
  }

  async #body(bytes: Uint8Array, isFine: boolean): Promise<Uint8Array[] | undefined> {
    const start = this.packed;
    if (this.#inflater === undefined) return undefined; // closed
    const { output, consumed, error } = await this.#inflater.feed(bytes);
    if (error !== undefined) {
      if (isFine) return this.#fail(error);
      this.#again(start);
      return [];
    }
    this.packed += consumed;
    for (const part of output) {
      this.#crc = zlib.crc32(part, this.#crc);
      this.#memberBytes += part.length;
    }
    if (consumed < bytes.length) this.#state = "trailer";
    return this.#given(output);
  }

  /** Begins anew, to stop at the very byte: the output of a step that fails is lost. */
  #again(fineFrom: number): void {
    this.close();
    this.fineFrom = fineFrom;
    this.#skip += this.unpacked;
    this.packed = this.unpacked = 0;
    this.#state = "between";
  }

  #given(output: Uint8Array[]): Uint8Array[] {
    const given: Uint8Array[] = [];
    for (const part of output) {
      const skipped = Math.min(this.#skip, part.length);
      this.#skip -= skipped;
      this.unpacked += part.length;
      if (skipped < part.length) given.push(part.subarray(skipped));
    }
    return given;
  }

  #trailer(bytes: Uint8Array): Uint8Array[] | undefined {
    if (bytes.length < TRAILER_BYTES) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    if (view.getUint32(0, true) !== this.#crc) return this.#fail("its checksum does not fit");
    if (view.getUint32(4, true) !== this.#memberBytes % 2 ** 32) {
      return this.#fail("its length does not fit");
    }
    this.packed += TRAILER_BYTES;
    this.#state = "between";
    this.close();
    return [];
  }

  #fail(reason: string): undefined {
    this.fault = reason;
    this.close();
  }

  /** Frees what an unfinished member holds; nothing can be read after it. */
  close(): void {
    this.#inflater?.close();
    this.#inflater = undefined;
  }
}

/** One deflate stream. */
class Inflater {
  readonly #stream = zlib.createInflateRaw({ chunkSize: 65_536 });
  #output: Uint8Array[] = [];
  #error: string | undefined;
  #settle: () => void = () => {};

  constructor() {
    this.#stream.on("data", (part: Uint8Array) => this.#output.push(part));
    this.#stream.on("end", () => this.#settle());
    this.#stream.on("error", (error: Error) => {
      this.#error = error.message;
      this.#settle();
    });
  }

  /** What came out of `bytes`, and how many of them were taken: fewer than all where the stream has ended. */
  async feed(
    bytes: Uint8Array,
  ): Promise<{ output: Uint8Array[]; consumed: number; error: string | undefined }> {
    const before = this.#stream.bytesWritten;
    await new Promise<void>((resolve) => {
      this.#settle = resolve;
      this.#stream.write(bytes, () => resolve());
    });
    const output = this.#output;
    this.#output = [];
    return { output, consumed: this.#stream.bytesWritten - before, error: this.#error };
  }

  close(): void {
    this.#stream.removeAllListeners("data");
    this.#stream.destroy();
    this.#settle();
  }
}

/** Bytes of the header at the begin of `bytes`; short: there may be one, with more bytes. */
function headerLength(bytes: Uint8Array): number | "short" | "none" {
  if (bytes[0] !== 0x1f || (bytes.length > 1 && bytes[1] !== 0x8b)) return "none";
  if (bytes.length < 10) return "short";
  const flags = bytes[3];
  if (bytes[2] !== 8 || flags > 31) return "none";
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + bytes[at] + (bytes[at + 1] ?? 0) * 256;
  for (const text of [8, 16]) { // a name, a comment
    if ((flags & text) === 0) continue;
    const end = at < bytes.length ? bytes.indexOf(0, at) : -1;
    if (end < 0) return "short";
    at = end + 1;
  }
  if ((flags & 2) !== 0) at += 2;
  return at <= bytes.length ? at : "short";
}
