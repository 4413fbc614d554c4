/**
 * The sealed blocks: a directory of them in memory, their parts in the database. Blocks never
 * change once they are sealed; they are dropped whole. A block that is dropped while somebody reads
 * is simply not found any more.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import {
  type BlockColumns,
  type BlockLines,
  compress,
  decodeColumns,
  decompress,
  encodeColumns,
} from "./block.ts";
import { type BlockInfo, type BlockNumbers, BlockPacker, MINUTES_KEPT } from "./block_info.ts";
import { encodeMinutes } from "./minutes.ts";
import type { OpenBlock } from "./open_block.ts";
import { Filters } from "./filters.ts";
import { TokenSet } from "./tokens.ts";

export type { BlockInfo };

interface BlockRow {
  id: number;
  first_ms: number;
  last_ms: number;
  lines: number;
  first_seq: number;
  raw_bytes: number;
  text_bytes: number;
  column_bytes: number;
  stored_bytes: number;
  ingested_ms: number;
  sources: string;
  joined: number;
  levels: Uint8Array;
  few_minutes: Uint8Array | null;
}

/** What a token takes in the filters. */
const FILTER_BYTES = 1.5;
/** What the rows of a block take beyond its parts. */
const ROW_BYTES = 100;

export class Blocks {
  /** In the order of arrival. */
  readonly infos: BlockInfo[] = [];
  readonly filters: Filters;
  readonly #tokens = new TokenSet();
  readonly #packer = new BlockPacker();
  readonly #level: number;
  readonly #sql: Record<string, StatementSync>;

  /**
   * @param level zstd level
   * @param directory false leaves the directory empty: for a connection that reads single blocks
   */
  constructor(database: DatabaseSync, level: number, directory = true) {
    const prepare = (sql: string) => database.prepare(sql);
    this.#level = level;
    this.#sql = {
      all: prepare(`SELECT id, first_ms, last_ms, lines, first_seq, raw_bytes, text_bytes,
        column_bytes, stored_bytes, ingested_ms, sources, joined, levels,
        CASE WHEN length(minutes)<=${MINUTES_KEPT} THEN minutes END AS few_minutes
        FROM blocks ORDER BY id`),
      add: prepare(`INSERT INTO blocks (first_ms, last_ms, lines, first_seq, raw_bytes, text_bytes,
        column_bytes, stored_bytes, ingested_ms, sources, joined, levels, minutes, columns)
        VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)`),
      addText: prepare("INSERT INTO texts (id, text) VALUES (?,?)"),
      text: prepare("SELECT text FROM texts WHERE id=?"),
      columns: prepare("SELECT columns FROM blocks WHERE id=?"),
      minutes: prepare("SELECT minutes FROM blocks WHERE id=?"),
      drop: prepare("DELETE FROM blocks WHERE id=?"),
      dropText: prepare("DELETE FROM texts WHERE id=?"),
    };
    this.filters = new Filters(
      database,
      (id) => this.#tokensOf(id),
      () => this.infos[0]?.id ?? Infinity,
    );
    if (directory) this.load();
  }

  /** Reads the directory from the database. */
  load(): void {
    this.infos.length = 0;
    this.filters.load();
    for (const row of this.#sql.all.iterate() as Iterable<unknown>) {
      this.infos.push(this.#infoOf(row as BlockRow));
    }
  }

  /** Writes the open block as a sealed one; within a transaction. */
  seal(open: OpenBlock, firstSeq: number): BlockInfo {
    const view = open.view(false);
    const text = view.text.subarray(0, view.textBytes);
    this.#tokens.clear();
    // More line feeds than lines: only then the line starts have to be kept.
    if (this.#tokens.addText(text, 0, view.textBytes) === view.lines) view.starts = undefined;
    const columns = encodeColumns(view, view.runs);
    const minutes = encodeMinutes(view.times, view.levels, view.lines);
    const packedText = compress(text, this.#level), packedColumns = compress(columns, this.#level);
    const numbers: BlockNumbers = {
      id: 0,
      firstMs: open.firstMs,
      lastMs: open.lastMs,
      lines: view.lines,
      firstSeq,
      rawBytes: open.rawBytes,
      textBytes: view.textBytes,
      columnBytes: columns.length,
      storedBytes: packedText.length + packedColumns.length + minutes.length +
        Math.ceil(this.#tokens.count * FILTER_BYTES) + ROW_BYTES,
      ingestedMs: Math.max(...view.runs.map((run) => run.i)),
      sources: [...new Set(view.runs.map((run) => run.s))],
      joined: view.starts !== undefined,
    };
    const levels = new Uint8Array(open.levelCounts().buffer);
    numbers.id = Number(
      this.#sql.add.run(
        numbers.firstMs,
        numbers.lastMs,
        numbers.lines,
        numbers.firstSeq,
        numbers.rawBytes,
        numbers.textBytes,
        numbers.columnBytes,
        numbers.storedBytes,
        numbers.ingestedMs,
        numbers.sources!.join(","),
        Number(numbers.joined),
        levels,
        minutes,
        packedColumns,
      ).lastInsertRowid,
    );
    const info = this.#packer.pack(numbers, levels, minutes);
    this.#sql.addText.run(numbers.id, packedText);
    this.filters.add(numbers.id, this.#tokens.hashes());
    this.infos.push(info);
    return info;
  }

  columns(info: BlockInfo): BlockColumns | undefined {
    const row = this.#sql.columns.get(info.id) as { columns: Uint8Array } | undefined;
    return row && decodeColumns(decompress(row.columns, info.columnBytes));
  }

  text(info: BlockInfo): Uint8Array | undefined {
    const row = this.#sql.text.get(info.id) as { text: Uint8Array } | undefined;
    return row && decompress(row.text, info.textBytes);
  }

  lines(info: BlockInfo): BlockLines | undefined {
    const columns = this.columns(info), text = this.text(info);
    return columns && text && { ...columns, text, textBytes: info.textBytes };
  }

  minutes(info: BlockInfo): Uint8Array | undefined {
    return info.minutes ??
      (this.#sql.minutes.get(info.id) as { minutes: Uint8Array } | undefined)?.minutes;
  }

  /** The tokens of a block, from its text. */
  #tokensOf(id: number): Int32Array | undefined {
    const info = this.infos.find((one) => one.id === id);
    const text = info && this.text(info);
    if (text === undefined) return undefined;
    this.#tokens.clear();
    this.#tokens.addText(text, 0, text.length);
    return this.#tokens.hashes();
  }

  /** Drops the blocks; within a transaction. */
  drop(dropped: ReadonlySet<BlockInfo>): void {
    for (const info of dropped) {
      this.#sql.drop.run(info.id);
      this.#sql.dropText.run(info.id);
    }
    const kept = this.infos.filter((info) => !dropped.has(info));
    this.infos.length = 0;
    for (const info of kept) this.infos.push(info);
    this.filters.dropBelow(kept[0]?.id ?? Infinity);
  }

  #infoOf(row: BlockRow): BlockInfo {
    const numbers: BlockNumbers = {
      id: row.id,
      firstMs: row.first_ms,
      lastMs: row.last_ms,
      lines: row.lines,
      firstSeq: row.first_seq,
      rawBytes: row.raw_bytes,
      textBytes: row.text_bytes,
      columnBytes: row.column_bytes,
      storedBytes: row.stored_bytes,
      ingestedMs: row.ingested_ms,
      sources: row.sources === "" ? [] : row.sources.split(",").map(Number),
      joined: row.joined === 1,
    };
    return this.#packer.pack(numbers, row.levels, row.few_minutes);
  }
}
