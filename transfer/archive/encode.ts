/**
 * The records of one day of a segment as the bytes of an object. The same records, announced at the same time, give the
 * same bytes. NDJSON holds the document as it stands in the index, with `_id`; Parquet has its fields as columns, named
 * without dots so that no engine needs quotes; `topic` and `day` are in the path.
 */
import { zstdCompressSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { type ArchivedDocument, COLUMNS } from "../../core/archive/columns.ts";
import type { ArchiveFormat } from "../../core/archive/names.ts";
import type { LogRecord } from "../../core/ports/document_store.ts";
import { BulkBody } from "../index/bulk_body.ts";
import { DocumentEncoder, type DocumentShape } from "../index/document.ts";

export const ROW_GROUP_ROWS = 50_000;
const NEWLINE = 10;
const TARGET = { index: "", document: "full" as const };

export class ObjectEncoder {
  readonly #encoder = new DocumentEncoder();
  readonly #body = new BulkBody();

  /** @param atMs when the segment was announced */
  encode(
    records: readonly LogRecord[],
    shape: DocumentShape,
    atMs: number,
    format: ArchiveFormat,
  ): Uint8Array {
    const ingested = new Date(atMs).toISOString();
    if (format === "parquet") {
      return parquetOf(records.map((record) => this.#document(record, shape, ingested)));
    }
    const lines = records.map((record) => JSON.stringify(this.#document(record, shape, ingested)));
    return zstdCompressSync(new TextEncoder().encode(`${lines.join("\n")}\n`));
  }

  #document(record: LogRecord, shape: DocumentShape, ingested: string): ArchivedDocument {
    const body = this.#body;
    body.begin();
    this.#encoder.append(body, record, TARGET, shape, ingested);
    const bytes = body.take();
    const document = JSON.parse(
      new TextDecoder().decode(bytes.subarray(bytes.indexOf(NEWLINE) + 1)),
    );
    return {
      _id: record.uid,
      ...document,
      ...(record.tz === "UTC" ? {} : { tz: record.tz }), // a line that is read again needs it
    };
  }
}

/** How Parquet is written. */
export const PARQUET = {
  codec: "ZSTD" as const,
  compressors: { ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdCompressSync(bytes)) },
  createdBy: "weir",
};

function parquetOf(documents: readonly ArchivedDocument[]): Uint8Array {
  const columnData = columnsOf(documents);
  return new Uint8Array(
    parquetWriteBuffer({ columnData, rowGroupSize: ROW_GROUP_ROWS, ...PARQUET }),
  );
}

/** The columns, with their types, of documents. */
export function columnsOf(documents: readonly ArchivedDocument[]) {
  const column = <T>(field: string, make: (value: unknown) => T) =>
    documents.map((document) => {
      const value = document[field];
      return value === undefined ? null : make(value);
    });
  const texts = COLUMNS.texts.map(([field, name]) => ({
    name,
    type: "STRING" as const,
    data: column(field, String),
  }));
  const times = COLUMNS.times.map(([field, name]) => ({
    name,
    type: "TIMESTAMP" as const,
    data: column(field, (value) => new Date(String(value))),
  }));
  const numbers = COLUMNS.numbers.map(([field, name]) => ({
    name,
    type: "INT64" as const,
    data: column(field, (value) => BigInt(value as number)),
  }));
  return [
    { name: "uid", type: "STRING" as const, data: column("_id", String) },
    ...times,
    ...texts,
    ...numbers,
    { name: "fields", type: "STRING" as const, data: column("fields", JSON.stringify) },
  ].map((one) => ({ ...one, nullable: true }));
}
