/**
 * The embedded store: a DocumentStore in one folder, no server. Lines arrive as chunks straight
 * from file bytes or as records; a call is one transaction, and what it returned for is on disk and
 * can be found. Each line is stored once: the ranges of a file that are stored are kept in the same
 * transaction as the lines.
 *
 * A full disk ends intake with STORE_FULL (retriable): nothing of the call is kept, nothing stored
 * is lost, reading goes on, and the next call that finds room succeeds.
 */
import { statfsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { assert, type WeirError } from "../../core/errors.ts";
import { type Clock, systemClock } from "../../core/ports/clock.ts";
import type {
  Document,
  DocumentStore,
  HistogramBucket,
  LogRecord,
  RangeRequest,
  SearchRequest,
  WriteOutcome,
} from "../../core/ports/document_store.ts";
import type { LineChunk } from "../../core/ports/line_sink.ts";
import { type BlockInfo, Blocks } from "./blocks.ts";
import { Intake } from "./intake.ts";
import { Reader } from "./reader.ts";
import { blocksToDrop, type Retention } from "./retention.ts";
import { ScanPool } from "./scan_pool.ts";
import { FILE_NAME, openDatabase, pragma, storeError, storeFull } from "./schema.ts";
import { Sources } from "./sources.ts";

export interface EmbeddedStoreOptions {
  /** Folder of the database; made where it is missing. */
  folder: string;
  /** What may stay; without it everything does. */
  retention?: Retention;
  /** zstd level, 1 to 19. @default {1} */
  compression?: number;
  /** Intake stops while the disk has less room, bytes; 0 looks at nothing. @default {33_554_432} */
  freeBytesMin?: number;
  /**
   * Bytes that the database may have, whatever room the disk has: reaching it is a full disk.
   * @default no bound
   */
  databaseBytesMax?: number;
  /** Text of a block, bytes; for tests. @default {262_144} */
  blockBytes?: number;
  clock?: Clock;
  /** Room on the disk of the folder, bytes; for tests. @default the file system's answer */
  freeBytes?: () => number;
}

export interface StoreStats {
  lines: number;
  /** Bytes of the files that the lines account for. */
  rawBytes: number;
  /** Bytes of the database, free pages and the write-ahead log left out. */
  diskBytes: number;
  /** Earliest and latest @timestamp, ms; undefined where nothing is stored. */
  firstMs?: number;
  lastMs?: number;
  blocks: number;
  /** "full": the last intake failed for want of room. "failed": for another reason. */
  intake: "open" | "full" | "failed";
  /** Why intake does not work; empty while it does. */
  reason: string;
  /**
   * Since start: lines left out as stored already, lines that overlapped stored ones, lines dropped
   * by retention.
   */
  repeats: number;
  overlaps: number;
  expired: number;
}

/** The room on the disk is looked at again after this long, or this many bytes of lines. */
const FREE_CHECK_MS = 1000;
const FREE_CHECK_BYTES = 8_388_608;

export class EmbeddedStore implements DocumentStore {
  readonly #folder: string;
  readonly #database: DatabaseSync;
  readonly #lock: DatabaseSync;
  readonly #clock: Clock;
  readonly #retention: Retention;
  readonly #freeBytesMin: number;
  readonly #freeBytes: () => number;
  readonly #sources: Sources;
  readonly #blocks: Blocks;
  readonly #intake: Intake;
  readonly #reader: Reader;
  readonly #sql;
  #closed = false;
  /** What is in memory is all that the database has: else a sealed block would take lines with it that it lacks. */
  #isLoaded = false;
  #freeCheckedMs = -Infinity;
  #bytesSinceCheck = 0;
  #failure: WeirError | undefined;
  #expired = 0;

  /**
   * Opens or makes the store. Throws STORE_BUSY, STORE_VERSION, STORE_DAMAGED, STORE_FAILED,
   * STORE_FULL.
   */
  constructor(options: EmbeddedStoreOptions) {
    this.#folder = options.folder;
    this.#clock = options.clock ?? systemClock;
    this.#retention = options.retention ?? {};
    this.#freeBytesMin = options.freeBytesMin ?? 33_554_432;
    this.#freeBytes = options.freeBytes ?? (() => freeBytesOf(options.folder));
    const { database, lock } = openDatabase(options.folder);
    this.#database = database;
    this.#lock = lock;
    try {
      if (options.databaseBytesMax !== undefined) {
        const pages = Math.floor(options.databaseBytesMax / pragma(database, "page_size"));
        database.exec(`PRAGMA max_page_count=${pages}`);
      }
      this.#sources = new Sources(database);
      this.#blocks = new Blocks(database, options.compression ?? 1);
      this.#intake = new Intake(this.#sources, this.#blocks, options.blockBytes);
      this.#reader = new Reader(
        this.#blocks,
        this.#sources,
        this.#intake,
        new ScanPool(`${options.folder}/${FILE_NAME}`),
      );
      this.#sql = {
        begin: database.prepare("BEGIN IMMEDIATE"),
        commit: database.prepare("COMMIT"),
        rollback: database.prepare("ROLLBACK"),
        journal: database.prepare("SELECT columns, text FROM journal ORDER BY id"),
        addJournal: database.prepare("INSERT INTO journal (columns, text) VALUES (?,?)"),
        clearJournal: database.prepare("DELETE FROM journal"),
        setMeta: database.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?,?)"),
        meta: database.prepare("SELECT value FROM meta WHERE key=?"),
      };
      this.#load();
    } catch (error) {
      database.close();
      lock.close();
      throw storeError(error, `Cannot open the store in ${options.folder}`);
    }
  }

  /** Takes the state of memory from the database: at start and after a rollback. */
  #load(): void {
    this.#isLoaded = false;
    this.#sources.forget();
    this.#blocks.load();
    const intake = this.#intake;
    const saved = this.#sql.meta.get("open_seq") as { value: number } | undefined;
    intake.openSeq = saved?.value ?? 0;
    intake.open = intake.newBlock();
    for (const row of this.#sql.journal.iterate() as Iterable<unknown>) {
      const { columns, text } = row as { columns: Uint8Array; text: Uint8Array };
      intake.open.restore(columns, text);
    }
    this.#isLoaded = true;
  }

  /**
   * Stores the lines of the chunks; when it returns, they are on disk and can be found. Lines whose
   * bytes are stored already are left out. All or nothing: a thrown error (STORE_FULL,
   * STORE_FAILED, both retriable) means that nothing of the call was stored.
   * @param createdMs when the agent read the lines, ms since 1970
   */
  appendChunks(chunks: readonly LineChunk[], createdMs: number): void {
    const ingestedMs = Math.floor(this.#clock.wallMs());
    this.#write(() => {
      for (const chunk of chunks) {
        this.#intake.chunk(chunk, createdMs, ingestedMs);
        this.#bytesSinceCheck += chunk.bytes.length;
      }
    });
  }

  write(records: readonly LogRecord[]): Promise<WriteOutcome[]> {
    const ingestedMs = Math.floor(this.#clock.wallMs());
    const outcomes: WriteOutcome[] = [];
    try {
      this.#write(() => {
        const stored = this.#reader.foreignLookup(records);
        for (const record of records) {
          outcomes.push(this.#intake.record(record, ingestedMs, stored));
        }
      });
    } catch (error) {
      return Promise.reject(error);
    }
    return Promise.resolve(outcomes);
  }

  /** File offset up to which the lines of a generation are stored; undefined where none is. */
  position(generation: string, topic: string): number | undefined {
    this.#assertOpen();
    const stream = this.#sources.stream(topic, generation);
    return stream === undefined || stream.end === 0 ? undefined : stream.end;
  }

  /** Runs `add` and commits. After an error nothing of it is left, in memory neither. */
  #write(add: () => void): void {
    this.#assertOpen();
    this.#checkRoom();
    const intake = this.#intake;
    const repeats = intake.repeats, overlaps = intake.overlaps;
    try {
      if (!this.#isLoaded) this.#load();
      this.#sql.begin.run();
      intake.sealed = false;
      add();
      if (intake.sealed) {
        this.#sql.clearJournal.run();
        this.#sql.setMeta.run("open_seq", intake.openSeq);
      }
      if (intake.open.unjournaledLines > 0) {
        const { columns, text } = intake.open.journalRow();
        this.#sql.addJournal.run(columns, text);
        intake.open.journaled();
      }
      this.#sources.flush();
      this.#sql.commit.run();
      this.#failure = undefined;
    } catch (error) {
      intake.repeats = repeats;
      intake.overlaps = overlaps;
      this.#undo();
      throw this.#failure = storeError(error, "Cannot store lines");
    }
    this.#reader.committed();
  }

  #undo(): void {
    try {
      if (this.#database.isTransaction) this.#sql.rollback.run();
    } catch {
      // SQLite rolls back by itself where the disk is full; what counts is the state that is loaded now.
    }
    try {
      this.#load();
    } catch {
      // The disk gives nothing either: the next call tries that first.
    }
  }

  /** Throws STORE_FULL while the disk has less room than is to be left. */
  #checkRoom(): void {
    if (this.#freeBytesMin === 0) return;
    const now = this.#clock.monotonicMs();
    if (
      this.#failure === undefined && now - this.#freeCheckedMs < FREE_CHECK_MS &&
      this.#bytesSinceCheck < FREE_CHECK_BYTES
    ) return;
    this.#freeCheckedMs = now;
    this.#bytesSinceCheck = 0;
    if (this.#freeBytes() < this.#freeBytesMin) {
      throw this.#failure = storeFull(`Cannot store lines in ${this.#folder}`);
    }
  }

  /**
   * Drops what retention no longer keeps, oldest blocks first, and gives free pages back to the
   * disk in steps. To be called now and then (every minute); costs little where nothing is to be
   * done. Returns the lines dropped.
   */
  maintain(): number {
    this.#assertOpen();
    if (!this.#isLoaded) return 0; // the next lines load it, or say why not
    const dropped = new Set<BlockInfo>(
      blocksToDrop(this.#blocks.infos, this.#retention, this.#clock.wallMs()),
    );
    if (dropped.size === 0) return 0;
    let lines = 0;
    for (const info of dropped) lines += info.lines;
    try {
      this.#sql.begin.run();
      this.#noteExpired(dropped);
      this.#blocks.drop(dropped);
      this.#sql.commit.run();
      this.#database.exec("PRAGMA incremental_vacuum(4096)");
    } catch (error) {
      this.#undo();
      throw storeError(error, "Cannot drop old lines");
    }
    this.#expired += lines;
    return lines;
  }

  /** Keeps of which files lines go: a hole at the begin of such a one is no fault. */
  #noteExpired(dropped: ReadonlySet<BlockInfo>): void {
    const sources = new Set<number>();
    for (const info of dropped) {
      const all = info.sources ?? this.#blocks.columns(info)?.runs.map(({ s }) => s) ?? [];
      for (const source of all) sources.add(source);
    }
    for (const source of sources) {
      const { generation, topic } = this.#sources.byId(source).stream;
      this.#sql.setMeta.run(expiredKey(generation, topic), 1);
    }
  }

  /** True where retention dropped lines of this file's life: its first ones, since the oldest go first. */
  expired(generation: string, topic: string): boolean {
    this.#assertOpen();
    return this.#sql.meta.get(expiredKey(generation, topic)) !== undefined;
  }

  search(request: SearchRequest, signal: AbortSignal): AsyncIterable<Document[]> {
    this.#assertOpen();
    return this.#reader.search(request, signal);
  }
  count(request: RangeRequest, signal: AbortSignal): Promise<number> {
    return this.#reader.count(request, signal);
  }
  histogram(
    request: RangeRequest & { bucketMs: number },
    signal: AbortSignal,
  ): Promise<HistogramBucket[]> {
    return this.#reader.histogram(request, signal);
  }
  values(
    request: RangeRequest & { field: string; limit: number },
    signal: AbortSignal,
  ): Promise<{ value: string; count: number }[]> {
    return this.#reader.values(request, signal);
  }
  follow(request: RangeRequest, signal: AbortSignal): AsyncIterable<Document[]> {
    this.#assertOpen();
    return this.#reader.follow(request, signal);
  }

  stats(): StoreStats {
    this.#assertOpen();
    const open = this.#intake.open;
    const stats: StoreStats = {
      lines: open.lines,
      rawBytes: open.rawBytes,
      diskBytes: pragma(this.#database, "page_size") *
        (pragma(this.#database, "page_count") - pragma(this.#database, "freelist_count")),
      blocks: this.#blocks.infos.length,
      intake: this.#failure === undefined
        ? "open"
        : this.#failure.code === "STORE_FULL"
        ? "full"
        : "failed",
      reason: this.#failure?.message ?? "",
      repeats: this.#intake.repeats,
      overlaps: this.#intake.overlaps,
      expired: this.#expired,
    };
    let first = open.firstMs, last = open.lastMs;
    for (const info of this.#blocks.infos) {
      stats.lines += info.lines;
      stats.rawBytes += info.rawBytes;
      first = Math.min(first, info.firstMs);
      last = Math.max(last, info.lastMs);
    }
    if (stats.lines > 0) {
      stats.firstMs = first;
      stats.lastMs = last;
    }
    return stats;
  }

  /** Ends followers and closes the files; a second call does nothing. */
  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#reader.close();
      this.#database.close();
      this.#lock.close();
    }
    return Promise.resolve();
  }

  #assertOpen(): void {
    assert(!this.#closed, "the store is used after it was closed");
  }
}

function expiredKey(generation: string, topic: string): string {
  return `expired ${generation} ${topic}`;
}

function freeBytesOf(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return Number(bavail) * Number(bsize);
  } catch {
    // A file system that does not tell: then SQLite's own error says when it is full.
    return Infinity;
  }
}
