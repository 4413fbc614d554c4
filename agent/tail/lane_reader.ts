/**
 * Reads what is new of a file for one lane, at most one chunk a look, and sends it. All bytes of a chunk are of one
 * life: those before the place of reading, and near the begin of the file its head, are compared behind every read.
 * What a record depends on beside the bytes is noted and synced before the record is sent.
 */
import { assert } from "../../core/errors.ts";
import { type FileHandle, type FileStat, readInto } from "../../core/ports/files.ts";
import type { Shaped, Shaper } from "../lines/shaper.ts";
import { type Hash, MARK_BYTES } from "./fingerprint.ts";
import { bytesBefore, FLIGHTS_MAX, type Lane } from "./lane.ts";
import type { Life } from "./life.ts";
import {
  cutLine,
  LINES_MAX,
  linesBeforeHole,
  shiftMarks,
  splitLines,
  startsWith,
  UTF8_MARK,
} from "./splitter.ts";
import type { LookResult, TailContext } from "./tail_context.ts";
import type { TailedFile } from "./tailed_file.ts";

/** replaced: the file is not the life any more that it was; nothing was sent. */
export type LaneResult = LookResult | "replaced";

/** One look of a lane: what was found before its bytes were read, and the lane's epoch at that time. */
interface Look {
  lane: Lane;
  stat: FileStat;
  head: Hash;
  shape: string;
  epoch: number;
}

const marksScratch = new Int32Array(LINES_MAX * 3);

export class LaneReader {
  readonly #context: TailContext;
  readonly #handle: FileHandle;
  readonly #life: Life;
  readonly #file: TailedFile;

  /** @param file whose bytes they are: its path goes with each line, and it is told when something settled */
  constructor(context: TailContext, handle: FileHandle, life: Life, file: TailedFile) {
    this.#context = context;
    this.#handle = handle;
    this.#life = life;
    this.#file = file;
  }

  /**
   * Gives a lane one look: at most one chunk of what is new is read and sent.
   * Rejects with the file's or the checkpoint's WeirError; nothing is lost by that.
   */
  async look(lane: Lane, stat: FileStat): Promise<LaneResult> {
    const { clock, buffers } = this.#context;
    lane.catchUp();
    const { place, placeBefore } = lane;
    const available = stat.size - place;
    if (available <= 0) return lane.skipped === undefined ? "idle" : await this.#passSkipped(lane);
    if (lane.retryAtMs > clock.monotonicMs()) return "waiting";
    if (lane.flights >= FLIGHTS_MAX || this.#context.roomFor(lane.topic) <= 0) return "blocked";
    const boundary = lane.boundaryAfter(place);
    const buffer = buffers.take(Math.min(available, boundary.at - place) + MARK_BYTES);
    // A refusal may put the lane back while we wait for the disk: then what was read is not what comes next.
    const epoch = lane.epoch;
    let used = false;
    try {
      const before = placeBefore.length;
      buffer.set(placeBefore);
      const want = Math.min(buffer.length - before, available, boundary.at - place);
      const head = await this.#life.headNow(stat);
      const got = await readInto(this.#handle, buffer.subarray(before, before + want), place);
      const stands = await this.#life.stands(lane, head);
      if (lane.epoch !== epoch || lane.isBehind) return "more";
      if (!stands) return "replaced";
      const isCut = boundary.cut && place + got === boundary.at;
      const isFull = got === want && want < available;
      const shape = this.#life.shapeFor(lane);
      const look: Look = { lane, stat, head, shape, epoch };
      const shaper = lane.shape.shaper(shape, this.#context.lineBytesMax);
      if (shaper !== undefined) {
        return await this.#shape(look, shaper, buffer.subarray(0, before + got), isCut, isFull);
      }
      const split = splitLines(
        buffer,
        before,
        before + got,
        marksScratch,
        this.#context.lineBytesMax,
        isCut,
      );
      if (split.lines === 0) {
        return isFull ? await this.#longLine(lane, stat, head) : this.#partial(lane, stat);
      }
      const whole = linesBeforeHole(buffer, marksScratch, split.lines);
      if (whole === 0) {
        const bytes = buffer.subarray(before, before + got);
        return this.#skipHole(lane, bytes, nulBytes(bytes, false));
      }
      const marks = marksScratch.slice(0, whole * 3);
      if (place === 0 && startsWith(buffer.subarray(before, before + 3), UTF8_MARK)) {
        marks[0] = Math.min(marks[0] + 3, marks[1]);
      }
      const consumed = marks[marks.length - 1];
      shiftMarks(marks, place - lane.readOffset);
      await this.#life.note(lane, head, shape);
      if (lane.epoch !== epoch || lane.isBehind) return "more";
      if (split.cut > 0) this.#context.events.cut(split.cut);
      used = this.#send(lane, buffer, before, consumed, marks);
      return lane.readOffset < stat.size ? "more" : "idle";
    } finally {
      if (!used) buffers.give(buffer);
    }
  }

  /** `bytes`: those before the place, and those that were read. */
  async #shape(
    look: Look,
    shaper: Shaper,
    bytes: Uint8Array,
    isCut: boolean,
    isFull: boolean,
  ): Promise<LaneResult> {
    const { lane, stat, head } = look;
    const { place, placeBefore } = lane;
    const allowed = lane.shape.allowance(lane.entry, this.#context.clock.monotonicMs());
    if (allowed < 1) return "waiting";
    const linesMax = Math.min(allowed, LINES_MAX);
    const shaped = shaper.shape(bytes, placeBefore.length, bytes.length, place, isCut, linesMax);
    if (shaped.scanned === 0 && !isFull) return this.#partial(lane, stat);
    if (shaped.scanned === 0 && shaped.lineEnd === 0) return await this.#longLine(lane, stat, head);
    return await this.#sendShaped(look, shaped, bytes);
  }

  /** Sends what the shaper made, or passes over what it dropped. */
  async #sendShaped(
    { lane, stat, head, shape, epoch }: Look,
    shaped: Shaped,
    bytes: Uint8Array,
  ): Promise<LaneResult> {
    const { events, clock } = this.#context;
    const { place } = lane, from = lane.placeBefore.length;
    if (shaped.scanned === 0) { // the parts of an event fill the buffer: it ends here, and does so again
      this.#life.noteCut(lane, place + shaped.lineEnd);
      return "more";
    }
    const count = () => {
      for (const one of shaped.counts) events.counted(...one);
    };
    const end = bytesBefore(bytes, from + shaped.scanned);
    if (shaped.lines === 0) {
      count();
      lane.skipTo(place + shaped.scanned, end, clock.monotonicMs());
      return place + shaped.scanned < stat.size ? "more" : "waiting";
    }
    await this.#life.note(lane, head, shape);
    if (lane.epoch !== epoch || lane.isBehind) return "more";
    count();
    lane.shape.sent(shaped.lines);
    shiftMarks(shaped.marks, place - lane.readOffset);
    const before = bytesBefore(bytes, from + shaped.consumed);
    const to = place + shaped.scanned;
    this.#sendChunk(lane, shaped.bytes, shaped.marks, place + shaped.consumed, before, () => {});
    if (shaped.scanned > shaped.consumed) lane.skipTo(to, end, clock.monotonicMs());
    return to < stat.size ? "more" : lane.skipped === undefined ? "idle" : "waiting";
  }

  /** All that is left was dropped: after a while that is noted as an end of a record, and the place moves over it. */
  async #passSkipped(lane: Lane): Promise<LaneResult> {
    const { clock, partialFlushMs } = this.#context;
    const { to, sinceMs } = lane.skipped!;
    if (clock.monotonicMs() - sinceMs < partialFlushMs || !this.#life.isNoted) return "waiting";
    const epoch = lane.epoch;
    this.#life.noteCut(lane, to);
    await this.#life.sync();
    if (lane.epoch !== epoch || lane.isBehind || lane.skipped?.to !== to) return "more";
    lane.passSkipped();
    lane.settle({ ...this.#context.events, settled: () => {} });
    return "idle";
  }

  /** Sends the lines in `buffer` that the marks describe. Returns true where the buffer went with them. */
  #send(
    lane: Lane,
    buffer: Uint8Array,
    from: number,
    consumed: number,
    marks: Int32Array,
  ): boolean {
    const { buffers } = this.#context;
    const end = from + consumed;
    const small = consumed < buffer.length / 8;
    const bytes = small ? buffer.slice(0, end) : buffer.subarray(0, end);
    this.#sendChunk(
      lane,
      bytes,
      marks,
      lane.place + consumed,
      bytesBefore(buffer, end),
      () => !small && buffers.give(buffer),
      small ? bytes.length : buffer.length,
    );
    return !small;
  }

  /** A last line without line end: sent when it has not grown for a while, its end noted as a forced one. */
  #partial(lane: Lane, stat: FileStat): LookResult {
    const { clock, partialFlushMs, restedMs = Infinity } = this.#context;
    const now = clock.monotonicMs();
    if (stat.size !== lane.seenSize) {
      const rests = lane.seenSize === 0 && clock.wallMs() - stat.modifiedMs >= restedMs;
      lane.seenSize = stat.size;
      lane.grownAtMs = rests ? -Infinity : now;
    }
    if (now - lane.grownAtMs < partialFlushMs) return "waiting";
    this.#life.noteCut(lane, stat.size);
    return "more";
  }

  /** A line longer than a buffer: finds its end in steps, then sends its first part for all of its bytes. */
  async #longLine(lane: Lane, stat: FileStat, head: Hash): Promise<LaneResult> {
    const { buffers, lineBytesMax, events } = this.#context;
    const { place } = lane;
    const limit = Math.min(stat.size, lane.boundaryAfter(place).at);
    const shape = this.#life.shapeFor(lane);
    const shaper = lane.shape.shaper(shape, lineBytesMax);
    const buffer = buffers.take(buffers.bytes);
    const epoch = lane.epoch;
    try {
      let at = Math.max(lane.scanned, place), end = -1;
      for (let steps = 0; at < limit && end < 0; steps++) {
        if (steps === 16) {
          lane.scanned = at;
          return "more"; // others have a turn
        }
        const got = await readInto(
          this.#handle,
          buffer.subarray(0, Math.min(buffer.length, limit - at)),
          at,
        );
        if (got === 0) return "more";
        const bytes = buffer.subarray(0, got);
        const nul = at === place ? nulBytes(bytes, shaper?.feedBytes === 2) : 0;
        if (nul > 0) return this.#skipHole(lane, bytes, nul);
        if (shaper === undefined) {
          const found = bytes.indexOf(10);
          if (found >= 0) end = at + found + 1;
          at += got;
        } else {
          const found = shaper.lineEnd(bytes, at);
          if (found.isEnd) end = at + found.bytes;
          at += found.bytes;
        }
      }
      lane.scanned = at;
      if (end < 0) {
        if (limit < stat.size || lane.state.cuts.includes(limit)) end = limit;
        else return this.#partial(lane, stat);
      }
      const first = await this.#life.read(place, Math.min(lineBytesMax + 4, end - place));
      const last = await this.#life.read(Math.max(0, end - MARK_BYTES), Math.min(MARK_BYTES, end));
      const stands = await this.#life.stands(lane, head);
      if (lane.epoch !== epoch || lane.isBehind) return "more";
      if (!stands) return "replaced";
      const isSkipped = shape.includes('"overlong":"skip"');
      if (isSkipped) events.counted("skipped", "", 1);
      const shaped = isSkipped ? undefined : shaper?.shape(first, 0, first.length, place, true, 1);
      if (isSkipped || shaped?.lines === 0) { // by a rule
        this.#count(shaped);
        lane.skipTo(end, last, this.#context.clock.monotonicMs());
        return "more";
      }
      await this.#life.note(lane, head, shape);
      if (lane.epoch !== epoch || lane.isBehind) return "more";
      events.cut(1);
      this.#count(shaped);
      lane.shape.sent(1);
      const value = shaped?.bytes ?? cutLine(first, lineBytesMax);
      const marks = Int32Array.of(0, value.length, end - lane.readOffset);
      this.#sendChunk(lane, value, marks, end, last, () => {});
      return lane.readOffset < stat.size ? "more" : "idle";
    } finally {
      buffers.give(buffer);
    }
  }

  /** What became of the one line, but for its cut. */
  #count(shaped: Shaped | undefined): void {
    for (const one of shaped?.counts ?? []) {
      if (one[0] !== "cut") this.#context.events.counted(...one);
    }
  }

  /** NUL bytes where a line should begin: what a program leaves that writes on at its old place after a truncation. */
  #skipHole(lane: Lane, bytes: Uint8Array, nul: number): LookResult {
    this.#context.events.counted("nul", "", nul);
    lane.skipTo(lane.place + nul, bytesBefore(bytes, nul), this.#context.clock.monotonicMs());
    return "more";
  }

  /** `release` is called when the bytes are not needed any more; `heldBytes`: memory that is free then. */
  #sendChunk(
    lane: Lane,
    bytes: Uint8Array,
    marks: Int32Array,
    end: number,
    before: Uint8Array,
    release: () => void,
    heldBytes = bytes.length,
  ): void {
    const { clock, sink, host, tz, events } = this.#context;
    const day = lane.dayAt(lane.readOffset);
    assert(
      day !== undefined && this.#life.isNoted,
      "a line is sent only after its day and generation are noted",
    );
    this.#context.took(lane.topic, heldBytes);
    lane.lastLineMs = clock.wallMs();
    lane.send(
      {
        topic: lane.topic,
        generation: this.#life.state.generation,
        path: this.#file.path,
        host,
        start: lane.readOffset,
        end,
        bytes,
        marks,
        lines: marks.length / 3,
        day,
        tz: lane.entry.timezone === "" ? tz : lane.entry.timezone,
        fields: lane.shape.fields(lane.entry, this.#file.path),
      },
      before,
      sink,
      () => clock.monotonicMs(),
      { ...events, settled: (failed) => events.settled(this.#file, failed) },
      () => {
        this.#context.took(lane.topic, -heldBytes);
        release();
      },
    );
  }
}

/** NUL bytes at the begin; of UTF-16 whole characters. */
function nulBytes(bytes: Uint8Array, isWide: boolean): number {
  const text = bytes.findIndex((byte) => byte !== 0);
  const nul = text < 0 ? bytes.length : text;
  return isWide ? nul & ~1 : nul;
}
