/**
 * Objects of one format, read one after the other and written as one: the same lines in the same order. Memory holds
 * one of them unpacked, a row group, and the bytes of the result. The same objects give the same bytes.
 */
import { createZstdCompress, zstdDecompressSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";
import { ByteWriter, ParquetWriter, schemaFromColumnData } from "hyparquet-writer";
import { messageOf, WeirError } from "../../core/errors.ts";
import type { ArchiveFormat } from "../../core/archive/names.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import { columnsOf, PARQUET, ROW_GROUP_ROWS } from "./encode.ts";

const NEWLINE = 10;

export interface Merged {
  bytes: Uint8Array;
  records: number;
}

/** Rejects with ARCHIVE_OBJECT_GONE where one is not there, ARCHIVE_DAMAGED, or the store's error. */
export async function mergeObjects(
  store: ObjectStore,
  names: readonly string[],
  format: ArchiveFormat,
): Promise<Merged> {
  const merger = format === "parquet" ? new ParquetMerger() : new NdjsonMerger();
  for (const name of names) {
    const bytes = await store.get(name);
    if (bytes === undefined) {
      throw new WeirError("ARCHIVE_OBJECT_GONE", `${name} is not in ${store.name}`, {
        hint: "Somebody else merged or deleted it; the day is looked at again by itself.",
        retriable: true,
      });
    }
    try {
      await merger.add(bytes);
    } catch (error) {
      throw new WeirError(
        "ARCHIVE_DAMAGED",
        `Cannot read ${name} in ${store.name}: ${messageOf(error)}`,
        { hint: "Restore it from a backup; small objects of its day wait for that.", cause: error },
      );
    }
  }
  return merger.end();
}

class NdjsonMerger {
  readonly #packed: Uint8Array[] = [];
  readonly #stream = createZstdCompress();
  readonly #ended = new Promise<void>((resolve, reject) => {
    this.#stream.on("data", (bytes: Uint8Array) => this.#packed.push(bytes));
    this.#stream.on("end", resolve);
    this.#stream.on("error", reject);
  });
  #records = 0;

  /** One frame for all: readers that stop at a frame's end would lose the rest. */
  async add(bytes: Uint8Array): Promise<void> {
    const lines = zstdDecompressSync(bytes);
    for (const byte of lines) if (byte === NEWLINE) this.#records++;
    await new Promise<void>((resolve, reject) =>
      this.#stream.write(lines, (error) => error ? reject(error) : resolve())
    );
  }

  async end(): Promise<Merged> {
    this.#stream.end();
    await this.#ended;
    const bytes = new Uint8Array(this.#packed.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of this.#packed) {
      bytes.set(part, at);
      at += part.length;
    }
    return { bytes, records: this.#records };
  }
}

type ParquetRow = Record<string, unknown>;
const NAMES: ReadonlySet<string> = new Set(columnsOf([]).map(({ name }) => name));

class ParquetMerger {
  readonly #out = new ByteWriter();
  readonly #writer: ParquetWriter;
  #rows: ParquetRow[] = [];
  #records = 0;

  constructor() {
    const schema = schemaFromColumnData({ columnData: columnsOf([]) });
    this.#writer = new ParquetWriter({ writer: this.#out, schema, ...PARQUET });
  }

  async add(bytes: Uint8Array): Promise<void> {
    const { buffer, byteOffset, byteLength } = bytes;
    const rows = await parquetReadObjects({
      file: buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer,
      compressors: { ZSTD: (packed) => new Uint8Array(zstdDecompressSync(packed)) },
    });
    const unknown = Object.keys(rows[0] ?? {}).find((name) => !NAMES.has(name));
    if (unknown !== undefined) throw new Error(`its column ${unknown} is of a newer version`);
    for (const row of rows) this.#rows.push(row);
    this.#records += rows.length;
    while (this.#rows.length >= ROW_GROUP_ROWS) await this.#flush(ROW_GROUP_ROWS);
  }

  async #flush(count: number): Promise<void> {
    const rows = this.#rows.splice(0, count);
    const columnData = columnsOf([]).map((column) => ({
      ...column,
      data: rows.map((row) => row[column.name] ?? null),
    }));
    await this.#writer.write({ columnData, rowGroupSize: ROW_GROUP_ROWS });
  }

  async end(): Promise<Merged> {
    if (this.#rows.length > 0) await this.#flush(this.#rows.length);
    await this.#writer.finish();
    return { bytes: this.#out.getBytes(), records: this.#records };
  }
}
