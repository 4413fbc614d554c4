/**
 * An object of an archive in pieces that are read one at a time: the row groups of a Parquet, or an NDJSON as a whole.
 * A row group says in the object's footer which times its lines have, so that those of other times are never fetched.
 * Memory holds one piece, which is bounded.
 */
import { Buffer } from "node:buffer";
import { promisify } from "node:util";
import { zstdDecompress, zstdDecompressSync } from "node:zlib";
import {
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  type RowGroup,
} from "hyparquet";
import { messageOf, WeirError } from "../errors.ts";
import type { ArchivedDocument } from "./columns.ts";
import { type DataName, parseDataName } from "./names.ts";
import type { ObjectReader } from "./objects.ts";
import { documentOf } from "./read.ts";

/** Largest piece that is read, unpacked. */
export const PIECE_BYTES_MAX = 512 * 1024 ** 2;
/** What is fetched of an object's end to find its footer: most footers are smaller. */
const FOOTER_BYTES = 32_768;

const unpack = promisify(zstdDecompress);

export interface Piece {
  topic: string;
  /** Times of its lines, both inclusive; infinite where the object does not say. */
  firstMs: number;
  lastMs: number;
  /** Lines; 0 where the object does not say. */
  rows: number;
  /** To fetch. */
  bytes: number;
  /** Its documents in the object's order; undefined where the object is gone. Rejects as openObject() does. */
  read(): Promise<ArchivedDocument[] | undefined>;
}

/**
 * The pieces of an object, and the bytes that were fetched for it; undefined where it is gone, as one is that was
 * merged into another. Rejects with ARCHIVE_DAMAGED, ARCHIVE_PIECE, or the store's error.
 */
export async function openObject(
  store: ObjectReader,
  { name, bytes }: { name: string; bytes: number },
): Promise<{ pieces: Piece[]; bytes: number } | undefined> {
  const parsed = parseDataName(name);
  if (parsed === undefined) return { pieces: [], bytes: 0 };
  if (parsed.format === "ndjson") {
    return { pieces: [wholeOf(store, name, bytes, parsed)], bytes: 0 };
  }
  const end = await store.slice(name, Math.max(0, bytes - FOOTER_BYTES), bytes);
  if (end === undefined) return undefined;
  return await damaged(store, name, async () => {
    let fetched = end.length;
    const file = {
      byteLength: bytes,
      async slice(from: number, to = bytes) {
        const held = from - (bytes - end.length);
        if (held >= 0) return bufferOf(end.subarray(held, held + to - from));
        fetched += to - from;
        return bufferOf(await store.slice(name, from, to) ?? new Uint8Array());
      },
    };
    const metadata = await parquetMetadataAsync(file, {
      initialFetchSize: Math.min(FOOTER_BYTES, bytes),
    });
    const pieces: Piece[] = [];
    let row = 0;
    for (const group of metadata.row_groups) {
      const rows = Number(group.num_rows);
      pieces.push(groupOf(store, name, parsed, { file, metadata, group, row, rows }));
      row += rows;
    }
    return { pieces, bytes: fetched };
  });
}

interface Group {
  file: { byteLength: number };
  metadata: FileMetaData;
  group: RowGroup;
  /** Of its first line in the object. */
  row: number;
  rows: number;
}

function groupOf(
  store: ObjectReader,
  name: string,
  { topic }: DataName,
  { file: { byteLength }, metadata, group, row, rows }: Group,
): Piece {
  const [from, to] = extentOf(group), times = timesOf(group);
  const size = Number(group.total_byte_size);
  return {
    topic,
    ...times,
    rows,
    bytes: to - from,
    async read() {
      if (size > PIECE_BYTES_MAX) throw tooLarge(store, name, size);
      const bytes = await store.slice(name, from, to);
      if (bytes === undefined) return undefined;
      return await damaged(store, name, async () => {
        const found = await parquetReadObjects({
          file: {
            byteLength,
            slice: (start, end = byteLength) => bufferOf(bytes.subarray(start - from, end - from)),
          },
          metadata,
          rowStart: row,
          rowEnd: row + rows,
          compressors: { ZSTD: (packed) => new Uint8Array(zstdDecompressSync(packed)) },
        });
        return found.map((one) => documentOf(one, topic));
      });
    },
  };
}

/** The bytes of a row group in its object. */
function extentOf(group: RowGroup): [from: number, to: number] {
  let from = Infinity, to = 0;
  for (const { meta_data: column } of group.columns) {
    if (column === undefined) continue;
    const first = Number(column.dictionary_page_offset ?? column.data_page_offset);
    const start = Math.min(first, Number(column.data_page_offset));
    from = Math.min(from, start);
    to = Math.max(to, start + Number(column.total_compressed_size));
  }
  return [from === Infinity ? 0 : from, to];
}

function timesOf(group: RowGroup): { firstMs: number; lastMs: number } {
  const column = group.columns.find(({ meta_data }) =>
    meta_data?.path_in_schema[0] === "timestamp"
  );
  const { min_value: first, max_value: last } = column?.meta_data?.statistics ?? {};
  const firstMs = first instanceof Date ? first.getTime() : NaN;
  const lastMs = last instanceof Date ? last.getTime() : NaN;
  return firstMs <= lastMs ? { firstMs, lastMs } : { firstMs: -Infinity, lastMs: Infinity };
}

/** An NDJSON: it says nothing of its lines before it is read. */
function wholeOf(store: ObjectReader, name: string, bytes: number, { topic }: DataName): Piece {
  return {
    topic,
    firstMs: -Infinity,
    lastMs: Infinity,
    rows: 0,
    bytes,
    async read() {
      const packed = await store.get(name);
      if (packed === undefined) return undefined;
      return await damaged(store, name, async () => {
        const text = (await unpack(packed, { maxOutputLength: PIECE_BYTES_MAX }) as Buffer)
          .toString();
        return text.split("\n").filter((line) => line !== "")
          .map((line) => ({ ...JSON.parse(line), topic }));
      });
    },
  };
}

async function damaged<T>(store: ObjectReader, name: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof WeirError) throw error;
    if ((error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") {
      throw tooLarge(store, name, PIECE_BYTES_MAX);
    }
    throw new WeirError(
      "ARCHIVE_DAMAGED",
      `Cannot read ${name} in ${store.name}: ${messageOf(error)}`,
      {
        hint: "Restore it from a backup; the other objects of the day are not touched by this.",
        cause: error,
      },
    );
  }
}

function tooLarge(store: ObjectReader, name: string, size: number): WeirError {
  return new WeirError(
    "ARCHIVE_PIECE",
    `${name} in ${store.name} unpacks to ${size} bytes or more`,
    {
      hint: "Search it with a batch engine, or set a smaller archive.segmentBytes for what comes.",
    },
  );
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytes;
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}
