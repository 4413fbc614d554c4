/**
 * Memory in which WebAssembly writes the documents of a bulk body (wasm/document.wat). Few are made:
 * each takes gigabytes of addresses, though no more bytes than are written. It grows where it must;
 * `bytes` is another array from then on.
 */
import { Buffer } from "node:buffer";
import { BINARY } from "./wasm/document_module.ts";

/** What is called in the memory; addresses are places in it. */
export interface DocumentModule {
  head(
    at: number,
    action: number,
    actionSize: number,
    offset: number,
    length: number,
    day: number,
    ms: number,
    origin: number,
    originSize: number,
    level: number,
    levelSize: number,
    createdDay: number,
    createdMs: number,
    written: number,
    writtenSize: number,
    kafkaOffset: number,
  ): number;
  message(at: number, from: number, to: number): number;
  /** 0 where the line is not one that it knows. */
  fields(at: number, from: number, to: number): number;
}

const PAGE = 65_536;
const INVALID = 16;
const KINDS = 256;
/** Two times four days of eleven bytes. */
export const DAYS = 1024;
/** Texts that documents share, and how long one may be. */
export const PIECES = 2048;
export const PIECES_END = PAGE;
export const PIECE_BYTES_MAX = 8192;
/** Lines are copied here. */
export const STAGE = PAGE;
export const STAGE_BYTES = 4 * PAGE;
/** Behind the lines up to 15 bytes are read. */
export const OUT = STAGE + STAGE_BYTES + PAGE;
/** Up to so many bytes are written behind what is asked for. */
export const SLACK_BYTES = 64;

const encoder = new TextEncoder();
const FIXED: readonly [address: number, text: string][] = [
  [512, '"}}\n{"@timestamp":"'],
  [544, ',"log.length":'],
  [576, ',"message":"'],
  [608, ',"fields":{"'],
];
/** Memories made by this process are no more than this; what is beyond works without. */
const MEMORIES_MAX = 16;
let made = 0;
let compiled: WebAssembly.Module | undefined;

export class DocumentMemory {
  readonly module: DocumentModule;
  readonly #memory = new WebAssembly.Memory({ initial: OUT / PAGE + 1 });
  bytes: Uint8Array<ArrayBuffer>;

  /** Undefined where there are as many as there may be. `kinds`: how the bytes below 128 are escaped. */
  static make(kinds: Uint8Array): DocumentMemory | undefined {
    return made < MEMORIES_MAX ? new DocumentMemory(kinds) : undefined;
  }

  private constructor(kinds: Uint8Array) {
    made++;
    compiled ??= new WebAssembly.Module(Buffer.from(BINARY, "base64"));
    const env = { memory: this.#memory };
    this.module = new WebAssembly.Instance(compiled, { env }).exports as unknown as DocumentModule;
    this.bytes = new Uint8Array(this.#memory.buffer as ArrayBuffer);
    this.bytes.set(kinds.subarray(0, 128), KINDS);
    for (const [address, text] of FIXED) this.bytes.set(encoder.encode(text), address);
  }

  /** Makes room up to the address. Throws RangeError where the host has none. */
  grow(to: number): void {
    const pages = Math.ceil(Math.max(to, this.bytes.length * 1.5) / PAGE);
    this.#memory.grow(pages - this.bytes.length / PAGE);
    this.bytes = new Uint8Array(this.#memory.buffer as ArrayBuffer);
  }

  /** Byte sequences that were no UTF-8, since the last call. */
  takeInvalid(): number {
    const { bytes } = this;
    const count = bytes[INVALID] | bytes[INVALID + 1] << 8 | bytes[INVALID + 2] << 16 |
      bytes[INVALID + 3] << 24;
    bytes.fill(0, INVALID, INVALID + 4);
    return count;
  }
}
