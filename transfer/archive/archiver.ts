/**
 * Takes the records of a consumer group into an archive. It promises: an offset is committed only when the objects that
 * hold its record are there and the segment's entry says so; a crash at any step leads to the same objects under the
 * same names; memory is bounded; while the store cannot be reached, partitions wait in Kafka.
 */
import { messageOf } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import { type Clock, systemClock } from "../../core/ports/clock.ts";
import type { BatchSink } from "../consume/consumer.ts";
import type { Lane } from "../consume/lane.ts";
import { type RecordBatch, RecordCursor } from "../consume/record_batch.ts";
import { RecordRows } from "../consume/record_rows.ts";
import type { DocumentShape } from "../index/document.ts";
import type { DropRules } from "../topics/drop.ts";
import type { ArchiveFormat } from "../../core/archive/names.ts";
import { LaneArchive, type Row } from "./lane_archive.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";

/** Counted for a record beside its bytes: objects and strings. */
const ROW_BYTES = 300;
const TICK_MS = 500;
const PAUSE_MAX_MS = 30_000;

export interface ArchiverOptions {
  /** A segment is closed when its lines have so many bytes, … */
  segmentBytes: number;
  /** … so many records, … */
  segmentRecords: number;
  /** … or when its first one has waited so long. */
  segmentAgeMs: number;
  /** Most bytes of lines in memory. */
  bytesMax: number;
  batchBytesMax: number;
}

export interface ArchivePlan {
  /** Empty: the topic is not archived. */
  formats: ArchiveFormat[];
  shape: DocumentShape;
  drops: DropRules;
}

export interface ArchiverEvents {
  /** A segment is there, with all its objects. */
  archived?(topic: string, records: number, repeats: number, objects: number, bytes: number): void;
  failed?(code: string): void;
}

export class Archiver implements BatchSink {
  readonly keepsPlace = true;
  readonly #store: ObjectStore;
  readonly #options: ArchiverOptions;
  readonly #plan: (topic: string) => ArchivePlan;
  readonly #events: ArchiverEvents;
  readonly #clock: Clock;
  readonly #log = logOf("transfer.archive");
  readonly #lanes = new Map<Lane, LaneArchive>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #bytes = 0;
  #failures = 0;
  /** Text of the last failure, empty after a success. */
  lastError = "";

  /** `plan` is asked for each batch: its answer may change. */
  constructor(
    store: ObjectStore,
    options: ArchiverOptions,
    plan: (topic: string) => ArchivePlan,
    events: ArchiverEvents = {},
    clock: Clock = systemClock,
  ) {
    this.#store = store;
    this.#options = options;
    this.#plan = plan;
    this.#events = events;
    this.#clock = clock;
  }

  /** Bytes of lines in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether lines of the topic wait for their object, or a segment of it for its end. */
  holds(topic: string): boolean {
    for (const [lane, { rows, unfinished }] of this.#lanes) {
      if (lane.topic === topic && lane.live && (rows.length > 0 || unfinished)) return true;
    }
    return false;
  }

  /** Kafka has removed these offsets before they were read: the segment that they would be in says so. */
  lost(topic: string, partition: number, from: number, to: number): void {
    for (const [lane, archive] of this.#lanes) {
      if (lane.live && lane.topic === topic && lane.partition === partition) {
        archive.lost.push([from, to]);
      }
    }
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends behind what is being written now; the rest is read from Kafka again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#store.close();
  }

  wants(lane: Lane): boolean {
    const archive = this.#laneOf(lane);
    return archive.opened && this.#bytes < this.#options.bytesMax &&
      archive.bytes < 2 * this.#options.segmentBytes;
  }

  take(lane: Lane, batch: RecordBatch): boolean {
    const archive = this.#laneOf(lane);
    if (!archive.opened) return false;
    archive.meet(batch.firstOffset);
    if (batch.lastOffset < lane.tracker.next) return true;
    const plan = this.#plan(lane.topic);
    try {
      this.#read(lane, archive, batch, plan);
    } catch (error) {
      this.#unreadable(lane, batch, messageOf(error));
    }
    return true;
  }

  /** Throws RangeError where the batch is damaged; what comes before is taken. */
  #read(
    lane: Lane,
    archive: LaneArchive,
    batch: RecordBatch,
    { formats, drops }: ArchivePlan,
  ): void {
    const cursor = new RecordCursor(batch, this.#options.batchBytesMax);
    const rows = RecordRows.of(lane.topic, lane.partition, batch, cursor.bytes);
    while (cursor.next()) {
      if (cursor.offset < lane.tracker.next) continue;
      const record = lane.decoder.read(cursor, rows) ? rows.record(rows.count - 1) : undefined;
      const unwanted = record === undefined || formats.length === 0 ||
        (!drops.empty && drops.ruleFor(record) !== undefined);
      const ticket = lane.tracker.take(cursor.offset);
      if (unwanted) {
        lane.tracker.finish(ticket);
        continue;
      }
      const bytes = cursor.valueEnd - cursor.valueStart + ROW_BYTES;
      this.#bytes += bytes;
      archive.push({ record, offset: cursor.offset, ticket, bytes });
    }
    lane.tracker.skipTo(batch.lastOffset + 1);
  }

  /** The index sends it to the dead letters; here it is only passed, and said. */
  #unreadable(lane: Lane, batch: RecordBatch, reason: string): void {
    this.#log.error("A batch that cannot be read is not archived", {
      topic: lane.topic,
      partition: lane.partition,
      from: batch.firstOffset,
      to: batch.lastOffset,
      reason,
    });
    this.#events.failed?.("KAFKA_BATCH_UNREADABLE");
    lane.tracker.skipTo(batch.lastOffset + 1);
  }

  #laneOf(lane: Lane): LaneArchive {
    let archive = this.#lanes.get(lane);
    if (archive === undefined) {
      archive = new LaneArchive(this.#store, lane, {
        release: (row) => this.#release(lane, row),
        nowMs: () => this.#clock.wallMs(),
        monotonicMs: () => this.#clock.monotonicMs(),
      });
      this.#lanes.set(lane, archive);
    }
    return archive;
  }

  #release(lane: Lane, row: Row): void {
    this.#bytes -= row.bytes;
    if (lane.live) lane.tracker.finish(row.ticket);
  }

  /** One lane after the other, as each is due; a failure is told, and waited for. */
  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let failed = false;
      for (const [lane, archive] of this.#lanes) {
        if (signal.aborted) break;
        if (!lane.live) {
          this.#lanes.delete(lane);
          this.#bytes -= archive.bytes;
          continue;
        }
        if (!await this.#step(lane, archive)) failed = true;
      }
      this.#failures = failed ? this.#failures + 1 : 0;
      if (!failed) this.lastError = "";
      const pauseMs = failed
        ? Math.min(PAUSE_MAX_MS, TICK_MS * 2 ** Math.min(this.#failures, 8))
        : TICK_MS;
      await this.#clock.sleep(pauseMs, signal);
    }
  }

  /** False where the store failed. */
  async #step(lane: Lane, archive: LaneArchive): Promise<boolean> {
    try {
      if (!archive.opened) await archive.open();
      while (lane.live && !this.#stopping.signal.aborted && this.#isDue(archive)) {
        const { formats, shape } = this.#plan(lane.topic);
        const done = await archive.close(formats, shape);
        if (done === undefined) break; // announced by another one, and not read so far yet
        const bytes = done.objects.reduce((sum, object) => sum + object.bytes, 0);
        this.#events.archived?.(lane.topic, done.records, done.repeats, done.objects.length, bytes);
      }
      return true;
    } catch (error) {
      this.lastError = messageOf(error);
      this.#events.failed?.((error as { code?: string }).code ?? "ARCHIVE");
      this.#log.warn("Cannot archive, tried again", {
        topic: lane.topic,
        partition: lane.partition,
        reason: this.lastError,
        hint: (error as { hint?: string }).hint ?? "",
      });
      return false;
    }
  }

  #isDue(archive: LaneArchive): boolean {
    const { segmentBytes, segmentRecords, segmentAgeMs, bytesMax } = this.#options;
    if (archive.unfinished) return true;
    const { rows, bytes } = archive;
    if (rows.length === 0) return false;
    if (bytes >= segmentBytes || rows.length >= segmentRecords) return true;
    if (this.#clock.monotonicMs() - archive.sinceMs >= segmentAgeMs) return true;
    // Memory is short: the largest makes room.
    return this.#bytes >= bytesMax * 0.75 &&
      [...this.#lanes.values()].every((other) => other.bytes <= bytes);
  }
}
