/**
 * Intake: takes lines into the open block, reads what each says of itself, seals blocks that are
 * full. Lines whose bytes are stored already are left out. Everything here happens inside one
 * transaction that the store begins and ends.
 */
import type { LogRecord, WriteOutcome } from "../../core/ports/document_store.ts";
import type { LineChunk } from "../../core/ports/line_sink.ts";
import { believableMs, type EventState, settleLine } from "../../core/reading/event_state.ts";
import { LineReader } from "../../core/reading/line_reader.ts";
import { type Zone, zoneOf } from "../../core/reading/zone.ts";
import { CONTINUES, type Run } from "./block.ts";
import type { Blocks } from "./blocks.ts";
import { OpenBlock, type RunHead } from "./open_block.ts";
import type { Sources, Stream } from "./sources.ts";

export class Intake {
  readonly #sources: Sources;
  readonly #blocks: Blocks;
  readonly #reader = new LineReader();
  readonly #blockBytes: number | undefined;
  open: OpenBlock;
  /** Number of the open block's first line in the order of arrival. */
  openSeq = 0;
  /**
   * Lines that held bytes of a stored line besides new ones: a mistake of the sender, kept and
   * counted.
   */
  overlaps = 0;
  /** Lines left out because they were stored already. */
  repeats = 0;

  constructor(sources: Sources, blocks: Blocks, blockBytes?: number) {
    this.#sources = sources;
    this.#blocks = blocks;
    this.#blockBytes = blockBytes;
    this.open = this.newBlock();
  }

  /** Adds the lines of a chunk. */
  chunk(chunk: LineChunk, createdMs: number, ingestedMs: number): void {
    const stream = this.#sources.stream(chunk.topic, chunk.generation, true);
    const source = this.#sources.source(stream, chunk.host, chunk.path, chunk.fields);
    const head: RunHead = {
      source: source.id,
      createdMs: believableMs(createdMs, ingestedMs),
      ingestedMs,
    };
    const zone = zoneOf(chunk.tz);
    const { bytes, marks, lines, start } = chunk;
    let first = 0, from = start;
    if (start < stream.end) {
      // Sent again: what is stored is left out, line by line.
      for (; first < lines; first++) {
        const end = start + marks[3 * first + 2];
        if (!this.#sources.covers(stream, from, end)) break;
        this.repeats++;
        from = end;
      }
    }
    if (first === lines) return;
    const ordered = from >= stream.end;
    if (!ordered) {
      this.#unordered(chunk, first, from, stream, head, zone);
      return;
    }
    let run: Run | undefined;
    for (let i = first; i < lines; i++) {
      const end = start + marks[3 * i + 2];
      run ??= this.open.run(head, from, stream.state.event);
      this.#line(run, stream.state, bytes, marks[3 * i], marks[3 * i + 1], from, end, zone, head);
      if (this.open.full) {
        this.seal();
        run = undefined;
      }
      from = end;
    }
    this.open.copyText();
    const firstStart = first === 0 ? start : start + marks[3 * first - 1];
    if (this.#sources.take(stream, firstStart, from)) this.overlaps++;
  }

  /** The lines of a chunk from `first` on, each looked up. */
  #unordered(
    chunk: LineChunk,
    first: number,
    firstStart: number,
    stream: Stream,
    head: RunHead,
    zone: Zone,
  ): void {
    const { bytes, marks } = chunk;
    let from = firstStart;
    for (let i = first; i < chunk.lines; i++) {
      const end = chunk.start + marks[3 * i + 2];
      if (this.#sources.covers(stream, from, end)) this.repeats++;
      else {
        if (this.#sources.take(stream, from, end)) this.overlaps++;
        const run = this.open.run(head, from, stream.state.event);
        this.#line(run, stream.state, bytes, marks[3 * i], marks[3 * i + 1], from, end, zone, head);
        if (this.open.full) this.seal();
      }
      from = end;
    }
    this.open.copyText();
  }

  /**
   * Adds one record; `storedForeign` says of one without a generation whether its uid is stored.
   */
  record(
    record: LogRecord,
    ingestedMs: number,
    storedForeign: (stream: Stream, record: LogRecord) => boolean,
  ): WriteOutcome {
    const kafka = record.kafka;
    const foreign = record.generation === null;
    const generation = record.generation ?? `${record.topic}-${kafka?.partition ?? 0}`;
    const stream = this.#sources.stream(record.topic, generation, true);
    const start = record.offset, end = start + (foreign ? 1 : Math.max(1, record.length));
    if (this.#sources.covers(stream, start, end)) {
      if (!foreign || storedForeign(stream, record)) {
        this.repeats++;
        return { result: "exists" };
      }
    }
    if (this.#sources.take(stream, start, end) && !foreign) this.overlaps++;
    const source = this.#sources.source(stream, record.host, record.path, record.fields);
    const head: RunHead = {
      source: source.id,
      createdMs: believableMs(record.createdMs, ingestedMs),
      ingestedMs,
    };
    if (kafka !== undefined) head.kafka = [kafka.partition, Number(kafka.offset)];
    if (foreign) {
      head.kafka ??= [0, record.offset];
      head.foreignMs = record.createdMs;
    }
    const run = this.open.run(head, start, stream.state.event);
    const value = record.value;
    const zone = zoneOf(record.tz);
    const stop = start + record.length;
    this.#line(run, stream.state, value, 0, value.length, start, stop, zone, head);
    this.open.copyText();
    if (this.open.full) this.seal();
    return { result: "created" };
  }

  #line(
    run: Run,
    state: EventState,
    bytes: Uint8Array,
    from: number,
    to: number,
    start: number,
    end: number,
    zone: Zone,
    head: RunHead,
  ): void {
    const reader = this.#reader;
    reader.read(bytes, from, to, zone, head.createdMs);
    settleLine(reader, state, start, end, head.createdMs);
    const level = reader.continues ? reader.level | CONTINUES : reader.level;
    this.open.add(run, bytes, from, to, end - start, reader.timeMs, level);
  }

  newBlock(): OpenBlock {
    return new OpenBlock(this.#blockBytes);
  }

  /** Writes the open block as a sealed one and begins the next. */
  seal(): void {
    this.#blocks.seal(this.open, this.openSeq);
    this.openSeq += this.open.lines;
    this.open = this.newBlock();
    this.sealed = true;
  }

  /** A block was sealed since this was last set to false: the journal is to be emptied. */
  sealed = false;
}
