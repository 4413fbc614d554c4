/**
 * One generation of a file on its way to one topic: where reading stands, what is in flight, what is acknowledged. The
 * acknowledged offset moves over the contiguous prefix alone.
 */
import { WeirError } from "../../core/errors.ts";
import type { LineChunk, LineSink } from "../../core/ports/line_sink.ts";
import type { TopicState } from "../checkpoint/state.ts";
import { LaneShape } from "../lines/lane_shape.ts";
import type { Entry } from "./entries.ts";
import { addPlace, type Trail } from "./trail.ts";
import { type Hash, hashOf, MARK_BYTES } from "./fingerprint.ts";

/** Noted days of a lane: more only where a topic takes nothing for a month; then a middle one is forgotten. */
const DAYS_MAX = 32;

/** Chunks of one lane in flight at most: fairness, and a bound on what is sent again after a failure. */
export const FLIGHTS_MAX = 4;

interface Flight {
  end: number;
  bytes: number;
  lines: number;
  before: Uint8Array;
  done: boolean;
  /** When it was read, monotonic. */
  readMs: number;
}

export interface LaneEvents {
  /** Lines and file bytes that were acknowledged just now. */
  acknowledged(topic: string, lines: number, bytes: number): void;
  /** A chunk settled: there is room, or the lane starts again. */
  settled(failed: boolean): void;
}

export class Lane {
  readonly topic: string;
  entry: Entry;
  /** The name of the file under which the entry wants it. */
  wantedAt = "";
  readonly state: TopicState;
  /** Acknowledged offset when this lane began, parked times left out: what the ledger can answer for begins here. */
  origin: number;
  /** Next byte to read. */
  readOffset: number;
  /** Up to MARK_BYTES bytes before `readOffset`, compared at each read. */
  before: Uint8Array;
  /** Bytes behind `readOffset` that were dropped and no record accounts for yet: the next one will. */
  skipped: { to: number; before: Uint8Array; sinceMs: number } | undefined;
  readonly shape = new LaneShape();
  /** Bytes below this were sent, now or before a restart: they keep the last noted day, whatever day it is. */
  dayUntil = 0;
  /** Size at the last look and when it last grew, for the flush of a partial line. */
  seenSize = 0;
  grownAtMs = 0;
  /** How far an over-long line was searched for its end. */
  scanned = 0;
  inFlightBytes = 0;
  failure: WeirError | undefined;
  retryAtMs = 0;
  linesSent = 0;
  lastLineMs = 0;
  #heldMs = 0;
  /** Places that were acknowledged (trail.ts). */
  readonly trail: Trail = [];
  #flights: Flight[] = [];
  #epoch = 0;
  #failures = 0;

  constructor(topic: string, entry: Entry, state: TopicState, before: Uint8Array) {
    this.topic = topic;
    this.entry = entry;
    this.state = state;
    this.origin = state.offset;
    this.readOffset = state.offset;
    this.before = before;
    addPlace(this.trail, state.offset, before);
  }

  /** Changes when the lane starts again: what was read before does not fit any more. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Longest from reading to acknowledgement since this was last asked, ms. */
  takeHeld(): number {
    const held = this.#heldMs;
    this.#heldMs = 0;
    return held;
  }

  get flights(): number {
    return this.#flights.length;
  }

  /** What an earlier lane of the same life had in flight was acknowledged beyond this lane's place. */
  get isBehind(): boolean {
    return this.readOffset < this.state.offset;
  }

  catchUp(): void {
    if (!this.isBehind) return;
    this.readOffset = this.state.offset;
    this.before = this.state.before ?? new Uint8Array(0);
    this.scanned = 0;
    this.skipped = undefined;
  }

  /** Next byte to look at. */
  get place(): number {
    return this.skipped?.to ?? this.readOffset;
  }

  /** Up to MARK_BYTES bytes before `place`. */
  get placeBefore(): Uint8Array {
    return this.skipped?.before ?? this.before;
  }

  /** Bytes up to `to` were dropped: they belong to the record behind them. */
  skipTo(to: number, before: Uint8Array, nowMs: number): void {
    this.skipped = { to, before, sinceMs: this.skipped?.sinceMs ?? nowMs };
    this.scanned = 0;
  }

  /** No record comes behind what was dropped: it is done with, as far as everything before it is. The end is noted. */
  passSkipped(): void {
    const { to, before } = this.skipped!;
    this.#flights.push({ end: to, bytes: 0, lines: 0, before, done: true, readMs: Infinity });
    this.readOffset = to;
    this.before = before;
    this.dayUntil = Math.max(this.dayUntil, to);
    this.skipped = undefined;
  }

  /** Moves the acknowledged offset over what is done. */
  settle(events: LaneEvents): void {
    let done = 0;
    for (const { done: isDone, end, before, lines, bytes } of this.#flights) {
      if (!isDone) break;
      done++;
      this.inFlightBytes -= bytes;
      if (end <= this.state.offset) continue;
      events.acknowledged(this.topic, lines, end - this.state.offset);
      this.state.offset = end;
      this.state.before = before;
      addPlace(this.trail, end, before);
      this.linesSent += lines;
    }
    this.#flights.splice(0, done);
  }

  /** Sends a chunk that starts at `readOffset`, and moves on. `release` is called when its bytes are free again. */
  send(
    chunk: LineChunk,
    before: Uint8Array,
    sink: LineSink,
    now: () => number,
    events: LaneEvents,
    release: () => void,
  ): void {
    const flight: Flight = {
      end: chunk.end,
      bytes: chunk.bytes.length,
      lines: chunk.lines,
      before,
      done: false,
      readMs: now(),
    };
    const epoch = this.#epoch;
    this.#flights.push(flight);
    this.inFlightBytes += flight.bytes;
    this.readOffset = chunk.end;
    this.dayUntil = Math.max(this.dayUntil, chunk.end);
    this.before = before;
    this.scanned = 0;
    this.skipped = undefined;
    sink.send(chunk).then(
      () => this.#onDelivered(flight, epoch, now(), events),
      (error) => this.#onRefused(error, epoch, now()),
    ).finally(() => {
      release();
      events.settled(this.failure !== undefined);
    });
  }

  #onDelivered(flight: Flight, epoch: number, nowMs: number, events: LaneEvents): void {
    if (epoch !== this.#epoch) return; // read again since: only what is in order counts
    flight.done = true;
    this.#heldMs = Math.max(this.#heldMs, nowMs - flight.readMs);
    this.failure = undefined;
    this.#failures = 0;
    this.settle(events);
  }

  /** Starts again at the first byte that is not acknowledged, after a pause. */
  #onRefused(error: unknown, epoch: number, nowMs: number): void {
    if (epoch !== this.#epoch) return;
    this.#epoch++;
    this.#failures++;
    this.failure = error instanceof WeirError
      ? error
      : new WeirError("SINK_FAILED", String(error), { retriable: true });
    this.retryAtMs = nowMs + Math.min(30_000, 500 * 2 ** Math.min(this.#failures, 8));
    this.#flights = [];
    this.inFlightBytes = 0;
    this.skipped = undefined;
    this.readOffset = this.state.offset;
    this.before = this.state.before ?? new Uint8Array(0);
  }

  /** The day of bytes at `offset`, as noted; undefined where nothing is noted yet. */
  dayAt(offset: number): string | undefined {
    return this.state.days.findLast(({ from }) => from <= offset)?.day;
  }

  /** The shape of lines at `offset`, as noted; empty where nothing was. */
  shapeAt(offset: number): string {
    return this.state.shapes?.findLast(({ from }) => from <= offset)?.shape ?? "";
  }

  /** Notes what the record at `readOffset` depends on beside its bytes; true where that is something new. */
  note(shape: string, today: string): boolean {
    const { state, readOffset } = this;
    let isNew = false;
    if (this.shapeAt(this.place) !== shape) {
      // From the record's begin on: what was dropped before it belongs to it.
      (state.shapes ??= []).push({ from: readOffset, shape });
      isNew = true;
    }
    const noted = this.dayAt(readOffset);
    const isFuture = state.days.some(({ from }) => from > readOffset);
    if (noted === undefined || (noted !== today && !isFuture && readOffset >= this.dayUntil)) {
      state.days.push({ from: readOffset, day: today });
      if (state.days.length > DAYS_MAX) state.days.splice(1, 1);
      isNew = true;
    }
    return isNew;
  }

  /** The nearest noted boundary behind `offset` that a chunk must not straddle: a day's begin or a forced cut. */
  boundaryAfter(offset: number): { at: number; cut: boolean } {
    const nextDay = this.state.days.find(({ from }) => from > offset)?.from ?? Infinity;
    const shape = this.state.shapes?.find(({ from }) => from > offset)?.from ?? Infinity;
    const day = Math.min(nextDay, shape);
    const cut = this.state.cuts.find((at) => at > offset) ?? Infinity;
    return cut <= day ? { at: cut, cut: cut !== Infinity } : { at: day, cut: false };
  }
}

/** The last MARK_BYTES bytes of what lies before `end` in `bytes`. */
export function bytesBefore(bytes: Uint8Array, end: number): Uint8Array {
  return bytes.slice(Math.max(0, end - MARK_BYTES), end);
}

/** The bytes that a mark was made of: ten thousand idle files need no new one each second. */
const markedBytes = new WeakMap<Hash, Uint8Array>();

/** The state as it is to be written: the mark made, passed cuts and days dropped. */
export function settledState(state: TopicState): TopicState {
  if (state.before !== undefined && markedBytes.get(state.mark) !== state.before) {
    state.mark = hashOf(state.before);
    markedBytes.set(state.mark, state.before);
  }
  if (state.cuts.length > 0) state.cuts = state.cuts.filter((cut) => cut > state.offset);
  const current = state.days.findLastIndex(({ from }) => from <= state.offset);
  if (current > 0) state.days = state.days.slice(current);
  const shape = state.shapes?.findLastIndex(({ from }) => from <= state.offset) ?? 0;
  if (shape > 0) state.shapes = state.shapes!.slice(shape);
  return state;
}
