/**
 * A gzip file as its unpacked bytes: size, and reads at any place, as if it were the file that was packed. One call
 * does a bounded amount of work: how long it is comes out over several `stat`, and a read far behind what was unpacked
 * so far rejects with NotYet until, asked again, it gets there. The memory of all of them is bounded by their pool.
 */
import { createHash } from "node:crypto";
import { type FileHandle, type FileStat, readFully } from "../../core/ports/files.ts";
import { GzipReader } from "./gzip_reader.ts";
import { UnpackCursor, type UnpackPool } from "./unpack_pool.ts";

/** The read is not done, but nearer: ask again. */
export class NotYet extends Error {
  override name = "NotYet";
}

/** Does what may reject with NotYet until it does not: for those who hold up nobody else. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof NotYet)) throw error;
    }
  }
}

/** What is known of packed bytes that were unpacked once. */
export interface Packed {
  /** Packed bytes. */
  size: number;
  /** Of their begin and their end, which holds a checksum of all. */
  hash: string;
  /** Unpacked bytes. */
  length: number;
  /** Why there are no more of them; absent where it is whole. */
  fault?: string;
  /** The fault was told of: once over all restarts. */
  isTold?: boolean;
}

/** Work of one call, in bytes. */
const WORK_BYTES = 4 << 20;
/** Each step counts as this many bytes at least. */
const STEP_WORK = 8192;
/** Bytes at the begin and at the end that are kept. */
const KEPT_BYTES = 1024;
const HASHED_HEAD = 1024, HASHED_TAIL = 64;
/** Reads of no more bytes are kept, this many of them: what is asked for again and again while a file is recognised. */
const SMALL_BYTES = 1024, SMALL_MAX = 32;

export class PackedFile implements FileHandle {
  readonly #handle: FileHandle;
  readonly #pool: UnpackPool;
  #raw = { size: -1, modifiedMs: -1 };
  /** It is no gzip file after all: read as it is. Undefined while there are too few bytes to say. */
  #isPlain: boolean | undefined;
  #length = 0;
  #isScanned = false;
  #fault = "";
  #fineFrom = Infinity;
  #packed: Packed | undefined;
  #scan: UnpackCursor | undefined;
  #head: Uint8Array = new Uint8Array(0);
  #tail: Uint8Array = new Uint8Array(0);
  readonly #small = new Map<string, Uint8Array>();
  readonly #cursors = new Set<UnpackCursor>();

  constructor(handle: FileHandle, pool: UnpackPool) {
    this.#handle = handle;
    this.#pool = pool;
  }

  /** All that is there was unpacked once: its size is known. */
  get isScanned(): boolean {
    return this.#isPlain === true || this.#isScanned || this.#raw.size < 2;
  }

  /** Its fault was told of; holds for as long as the packed bytes are these. */
  told(): void {
    if (this.#packed !== undefined) this.#packed = { ...this.#packed, isTold: true };
  }

  /** Why it cannot be unpacked to its end, as far as it was; empty where it can. */
  get fault(): string {
    return this.#fault;
  }

  /** Undefined before it was unpacked once, and where it is none. */
  get packed(): Packed | undefined {
    return this.#isScanned ? this.#packed : undefined;
  }

  /** Packed size at the last `stat`. */
  get rawSize(): number {
    return this.#raw.size;
  }

  /** Takes over what an earlier run found out, if the bytes are still the same. */
  async trust(packed: Packed): Promise<void> {
    const { size, modifiedMs } = await this.#handle.stat();
    if (size !== packed.size || await this.#hash(size) !== packed.hash) return;
    this.#raw = { size, modifiedMs };
    this.#isPlain = false;
    this.#found(packed);
  }

  #found(packed: Packed): void {
    this.#packed = packed;
    this.#length = packed.length;
    this.#fault = packed.fault ?? "";
    this.#isScanned = true;
  }

  /** Size: of what is unpacked so far, until `isScanned`. */
  async stat(): Promise<FileStat> {
    const raw = await this.#handle.stat();
    if (this.#isPlain === undefined && raw.size >= 2) {
      const magic = await readFully(this.#handle, 0, 2);
      this.#isPlain = magic[0] !== 0x1f || magic[1] !== 0x8b;
    }
    if (this.#isPlain) return raw;
    if (raw.size !== this.#raw.size || raw.modifiedMs !== this.#raw.modifiedMs) {
      await this.#changed(raw);
    }
    if (this.#isPlain === false && !this.#isScanned) await this.#scanOn();
    return { ...raw, size: this.#length };
  }

  async #changed({ size, modifiedMs }: FileStat): Promise<void> {
    const before = this.#raw.size, packed = this.#packed;
    if (size === before && size === packed?.size && await this.#hash(size) === packed.hash) {
      this.#raw = { size, modifiedMs };
      return;
    }
    this.#raw = { size, modifiedMs };
    this.#small.clear();
    const isOther = size <= before;
    if (isOther || this.#fineFrom < Infinity) this.#forget();
    if (isOther) { // else what was there counts until it is passed again
      this.#length = 0;
      this.#head = new Uint8Array(0);
    }
    this.#isScanned = false;
    this.#fault = "";
  }

  #forget(): void {
    for (const cursor of this.#cursors) this.#pool.drop(cursor);
    this.#scan = undefined;
    this.#fineFrom = Infinity;
  }

  async #scanOn(): Promise<void> {
    if (this.#scan === undefined || this.#scan.isDropped) {
      this.#scan = this.#cursor();
      this.#tail = new Uint8Array(0);
    }
    const scan = this.#scan;
    for (let work = WORK_BYTES; work > 0;) {
      const output = await scan.next();
      if (output === undefined) return await this.#scanned(scan.reader);
      work -= STEP_WORK;
      for (const part of output) {
        work -= part.length;
        this.#keep(part, scan.end);
        scan.end += part.length;
      }
      this.#length = Math.max(this.#length, scan.end);
    }
    this.#pool.used(scan);
  }

  async #scanned(reader: GzipReader): Promise<void> {
    const { fault, isWhole, unpacked: length } = reader;
    this.#fineFrom = reader.fineFrom;
    const { size } = this.#raw;
    const reason = fault !== "" ? fault : isWhole ? "" : "it is cut short";
    const hash = await this.#hash(size);
    this.#found(reason === "" ? { size, hash, length } : { size, hash, length, fault: reason });
  }

  #keep(part: Uint8Array, position: number): void {
    if (this.#head.length < KEPT_BYTES && position === this.#head.length) {
      this.#head = join(this.#head, part.subarray(0, KEPT_BYTES - this.#head.length));
    }
    const end = part.subarray(Math.max(0, part.length - KEPT_BYTES));
    const before = this.#tail.subarray(Math.max(0, this.#tail.length + end.length - KEPT_BYTES));
    this.#tail = join(before, end);
  }

  async #hash(size: number): Promise<string> {
    const head = await readFully(this.#handle, 0, Math.min(HASHED_HEAD, size));
    const tail = await readFully(this.#handle, Math.max(0, size - HASHED_TAIL), HASHED_TAIL);
    return createHash("sha256").update(head).update(tail).digest("base64url").slice(0, 22);
  }

  /** Rejects with NotYet where the place is not reached yet. */
  async read(into: Uint8Array, position: number): Promise<number> {
    if (this.#isPlain) return await this.#handle.read(into, position);
    if (this.#isScanned) into = into.subarray(0, Math.max(0, this.#length - position));
    if (into.length === 0) return 0;
    const known = this.#known(position, into.length);
    if (known !== undefined) {
      into.set(known);
      return known.length;
    }
    const cursor = this.#cursorFor(position);
    if (!await cursor.reach(position, into.length, WORK_BYTES)) throw new NotYet();
    this.#pool.used(cursor);
    const got = cursor.copy(into, position);
    if (into.length <= SMALL_BYTES && this.#isScanned) this.#remember(position, into.slice(0, got));
    return got;
  }

  /** Bytes that are kept anyway. */
  #known(position: number, length: number): Uint8Array | undefined {
    if (position + length <= this.#head.length) {
      return this.#head.subarray(position, position + length);
    }
    const tail = position - (this.#length - this.#tail.length);
    if (this.#isScanned && tail >= 0) {
      return this.#tail.subarray(tail, tail + length);
    }
    return this.#small.get(`${position} ${length}`);
  }

  #remember(position: number, bytes: Uint8Array): void {
    if (this.#small.size >= SMALL_MAX) this.#small.delete(this.#small.keys().next().value!);
    this.#small.set(`${position} ${bytes.length}`, bytes);
  }

  /** The one that is at the place, or nearest before it. */
  #cursorFor(position: number): UnpackCursor {
    let best: UnpackCursor | undefined;
    for (const cursor of this.#cursors) {
      if (cursor === this.#scan || cursor.start > position) continue;
      if (best === undefined || cursor.end > best.end) best = cursor;
    }
    return best ?? this.#cursor();
  }

  #cursor(): UnpackCursor {
    const cursor = new UnpackCursor(
      new GzipReader(this.#handle, this.#fineFrom),
      () => this.#cursors.delete(cursor),
    );
    this.#cursors.add(cursor);
    this.#pool.add(cursor);
    return cursor;
  }

  /** Nothing is to be read for a while. */
  rest(): void {
    this.#small.clear();
    for (const cursor of this.#cursors) cursor.rest();
  }

  close(): void {
    this.#forget();
    this.#handle.close();
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
