/**
 * One open file and its lanes. A look reads what is new, at most one chunk a lane, and notices truncation and
 * replacement: the bytes before the place of reading are compared at every read. Whatever a record depends on beside
 * the bytes (generation, day, a forced line end) is in the checkpoint, synced, before the record is sent.
 */
import { assert } from "../../core/errors.ts";
import type { Clock } from "../../core/ports/clock.ts";
import { type FileHandle, type FileStat, readFully, readInto } from "../../core/ports/files.ts";
import type { LineSink } from "../../core/ports/line_sink.ts";
import { dayOf, newGeneration } from "../../core/record/identity.ts";
import type { FileState } from "../checkpoint/state.ts";
import type { BufferPool } from "./buffers.ts";
import type { Entry } from "./entries.ts";
import { hashOf, HEAD_BYTES, MARK_BYTES, sameContent, type SeenFile } from "./fingerprint.ts";
import { bytesBefore, FLIGHTS_MAX, Lane, type LaneEvents, settledState } from "./lane.ts";
import { LINES_MAX, splitLines } from "./splitter.ts";

export interface TailContext {
  clock: Clock;
  sink: LineSink;
  buffers: BufferPool;
  host: string;
  /** Zone of times without one, where the entry names none. */
  tz: string;
  lineBytesMax: number;
  /** How long a last line without line end may stand before it is sent. */
  partialFlushMs: number;
  events: Omit<LaneEvents, "settled"> & {
    settled(file: TailedFile, failed: boolean): void;
    truncated(path: string): void;
    cut(lines: number): void;
    /** A file gave up this generation: keep its state for a copy that may turn up. */
    retired(state: FileState): void;
  };
  /** Bytes that a topic may have in flight now. */
  roomFor(topic: string): number;
  took(topic: string, bytes: number): void;
  /** Syncs the checkpoint with all that is noted. */
  sync(): Promise<void>;
}

/** more: look again soon; blocked: after something settled; idle: when the file changes; waiting: at a time. */
export type LookResult = "more" | "blocked" | "idle" | "waiting";

/** Noted days of a lane: more only where a topic takes nothing for a month; then a middle one is forgotten. */
const DAYS_MAX = 32;

const marksScratch = new Int32Array(LINES_MAX * 3);

export class TailedFile {
  readonly #context: TailContext;
  readonly #handle: FileHandle;
  state: FileState;
  /** Where it is now, or was last. */
  path: string;
  readonly lanes = new Map<string, Lane>();
  size = 0;
  links = 1;
  /** No path that is wanted leads here any more. */
  detached = false;
  lastGrowthMs: number;
  /** While set, nothing is read: it may be the copy of a known file. */
  held: { sinceMs: number; original: TailedFile } | undefined;
  closed = false;
  /** The state has been written with a head: its lines may be sent. */
  #noted: boolean;
  /** Something is noted that is not on disk yet: nothing is sent before it is. */
  #unsynced = false;

  constructor(context: TailContext, handle: FileHandle, state: FileState, path: string) {
    this.#context = context;
    this.#handle = handle;
    this.state = state;
    this.path = path;
    this.#noted = state.head.length > 0;
    this.lastGrowthMs = context.clock.monotonicMs();
  }

  /** Adds a lane, at the acknowledged offset of a known generation, else where the entry says. */
  async addLane(entry: Entry, size: number): Promise<void> {
    const { topic } = entry;
    const known = this.state.topics[topic];
    const far = await this.#context.sink.position(this.state.generation, topic);
    const fromEnd = known === undefined && entry.from === "end" && this.state.head.length === 0;
    const wanted = far ?? (fromEnd ? size : known?.offset ?? 0);
    const offset = wanted <= size ? wanted : known?.offset ?? 0;
    const markStart = Math.max(0, offset - MARK_BYTES);
    const before = await this.#read(markStart, offset - markStart);
    if (known?.offset === offset && hashOf(before).hash !== settledState(known).mark.hash) {
      this.#renew(await this.#handle.stat()); // it changed since it was recognised
      return await this.addLane(entry, size);
    }
    const state = known ?? (this.state.topics[topic] = newTopicState());
    state.offset = offset;
    state.before = before;
    const lane = new Lane(topic, entry, state, before);
    if (known !== undefined) lane.dayUntil = size;
    this.lanes.set(topic, lane);
  }

  /** Takes over a known generation: reading goes on where that one stood. */
  async adopt(state: FileState, size: number): Promise<void> {
    this.state = state;
    this.#noted = state.head.length > 0;
    const entries = [...this.lanes.values()].map((lane) => lane.entry);
    this.lanes.clear();
    for (const entry of entries) await this.addLane(entry, size);
  }

  /** As the recognition needs it. */
  async seen(): Promise<SeenFile> {
    return { ...(await this.#handle.stat()), read: this.read };
  }

  /** Reads `length` bytes at `position`, or fewer at the end of the file. */
  readonly read = (position: number, length: number): Promise<Uint8Array> =>
    this.#read(position, length);

  #read(position: number, length: number): Promise<Uint8Array> {
    return readFully(this.#handle, position, length);
  }

  /** Compares the whole of what is known of this life with the file, whatever its lanes wait for. */
  async checkLife(): Promise<void> {
    if (!this.#noted) return;
    const stat = await this.#handle.stat();
    const marks = [...this.lanes.values()].map(({ state }) => ({
      offset: state.offset,
      mark: settledState(state).mark,
    }));
    const known = { ...this.state, marks };
    if (!await sameContent(known, { ...stat, read: this.read })) this.#renew(stat);
  }

  /** Looks at the file once. Rejects with the file's or the checkpoint's WeirError; nothing is lost by that. */
  async look(): Promise<LookResult> {
    const stat = await this.#handle.stat();
    if (stat.size > this.size) this.lastGrowthMs = this.#context.clock.monotonicMs();
    this.size = stat.size;
    this.links = stat.links;
    for (const lane of this.lanes.values()) {
      if (stat.size < lane.readOffset) {
        this.#renew(stat);
        break;
      }
    }
    let result: LookResult = "idle";
    for (const lane of [...this.lanes.values()]) {
      const one = await this.#lookAt(lane, stat);
      if (RANK[one] > RANK[result]) result = one;
    }
    return result;
  }

  async #lookAt(lane: Lane, stat: FileStat): Promise<LookResult> {
    const { clock, buffers } = this.#context;
    const available = stat.size - lane.readOffset;
    if (available === 0) return "idle";
    if (lane.retryAtMs > clock.monotonicMs()) return "waiting";
    if (lane.flights >= FLIGHTS_MAX || this.#context.roomFor(lane.topic) <= 0) return "blocked";
    const boundary = lane.boundaryAfter(lane.readOffset);
    const buffer = buffers.take(Math.min(available, boundary.at - lane.readOffset) + MARK_BYTES);
    // A refusal may put the lane back while we wait for the disk: then what was read is not what comes next.
    const epoch = lane.epoch;
    let used = false;
    try {
      const before = lane.before.length;
      const want = Math.min(buffer.length - before, available, boundary.at - lane.readOffset);
      const got = await readInto(
        this.#handle,
        buffer.subarray(0, before + want),
        lane.readOffset - before,
      );
      const headStands = await this.#headStands(lane);
      if (lane.epoch !== epoch) return "more";
      if (got < before || !startsWith(buffer, lane.before) || !headStands) {
        this.#renew(stat);
        return "more";
      }
      const isCut = boundary.cut && lane.readOffset + got - before === boundary.at;
      const split = splitLines(
        buffer,
        before,
        got,
        marksScratch,
        this.#context.lineBytesMax,
        isCut,
      );
      if (split.lines === 0) {
        return got - before === want && want < available
          ? await this.#longLine(lane, stat)
          : this.#partial(lane, stat);
      }
      const marks = marksScratch.slice(0, split.lines * 3);
      await this.#note(lane, stat);
      if (lane.epoch !== epoch) return "more";
      if (split.cut > 0) this.#context.events.cut(split.cut);
      used = this.#send(lane, buffer, before, split.consumed, marks);
      return lane.readOffset < stat.size ? "more" : "idle";
    } finally {
      if (!used) buffers.give(buffer);
    }
  }

  /**
   * Near the begin of a file there are few bytes before the place of reading, or none after a refusal: there the noted
   * head says whether it is still the same life.
   */
  async #headStands(lane: Lane): Promise<boolean> {
    const { length, hash } = this.state.head;
    if (!this.#noted || lane.readOffset >= length) return true;
    return hashOf(await this.#read(0, length)).hash === hash;
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
      lane.readOffset + consumed,
      bytesBefore(buffer, end),
      () => !small && buffers.give(buffer),
    );
    return !small;
  }

  /** Notes what the next record of the lane depends on beside the bytes, and syncs it. */
  async #note(lane: Lane, stat: FileStat): Promise<void> {
    if (!this.#noted) {
      this.state.head = hashOf(await this.#read(0, Math.min(HEAD_BYTES, stat.size)));
      this.#unsynced = true;
    }
    const today = dayOf(this.#context.clock.wallMs());
    const noted = lane.dayAt(lane.readOffset);
    const future = lane.state.days.some(({ from }) => from > lane.readOffset);
    if (
      noted === undefined || (noted !== today && !future && lane.readOffset >= lane.dayUntil)
    ) {
      lane.state.days.push({ from: lane.readOffset, day: today });
      if (lane.state.days.length > DAYS_MAX) lane.state.days.splice(1, 1);
      this.#unsynced = true;
    }
    if (!this.#unsynced) return;
    this.state.seenMs = this.#context.clock.wallMs();
    await this.#context.sync(); // where it fails, the next look tries again before anything is sent
    this.#unsynced = false;
    this.#noted = true;
  }

  /** A last line without line end: sent when it has not grown for a while, its end noted as a forced one. */
  #partial(lane: Lane, stat: FileStat): LookResult {
    const now = this.#context.clock.monotonicMs();
    if (stat.size !== lane.seenSize) {
      lane.seenSize = stat.size;
      lane.grownAtMs = now;
    }
    if (now - lane.grownAtMs < this.#context.partialFlushMs) return "waiting";
    if (!lane.state.cuts.includes(stat.size)) {
      lane.state.cuts.push(stat.size);
      this.#unsynced = true;
    }
    return "more";
  }

  /** A line longer than a buffer: finds its end in steps, then sends its first part for all of its bytes. */
  async #longLine(lane: Lane, stat: FileStat): Promise<LookResult> {
    const { buffers, lineBytesMax, events } = this.#context;
    const limit = Math.min(stat.size, lane.boundaryAfter(lane.readOffset).at);
    const buffer = buffers.take(buffers.bytes);
    const epoch = lane.epoch;
    try {
      let at = Math.max(lane.scanned, lane.readOffset), end = -1;
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
        const found = buffer.subarray(0, got).indexOf(10);
        if (found >= 0) end = at + found + 1;
        at += got;
      }
      lane.scanned = at;
      if (end < 0) {
        if (limit < stat.size || lane.state.cuts.includes(limit)) end = limit;
        else return this.#partial(lane, stat);
      }
      const first = await this.#read(
        lane.readOffset,
        Math.min(lineBytesMax + 4, end - lane.readOffset),
      );
      const last = await this.#read(Math.max(0, end - MARK_BYTES), Math.min(MARK_BYTES, end));
      await this.#note(lane, stat);
      if (lane.epoch !== epoch) return "more";
      splitLines(first, 0, first.length, marksScratch, lineBytesMax, true);
      const marks = Int32Array.of(0, marksScratch[1], end - lane.readOffset);
      events.cut(1);
      this.#sendChunk(lane, first, marks, end, last, () => {});
      return lane.readOffset < stat.size ? "more" : "idle";
    } finally {
      buffers.give(buffer);
    }
  }

  /** `release` is called when the bytes are not needed any more. */
  #sendChunk(
    lane: Lane,
    bytes: Uint8Array,
    marks: Int32Array,
    end: number,
    before: Uint8Array,
    release: () => void,
  ): void {
    const { clock, sink, host, tz, events } = this.#context;
    const day = lane.dayAt(lane.readOffset);
    assert(
      day !== undefined && this.#noted,
      "a line is sent only after its day and generation are noted",
    );
    this.#context.took(lane.topic, bytes.length);
    lane.lastLineMs = clock.wallMs();
    lane.send(
      {
        topic: lane.topic,
        generation: this.state.generation,
        path: this.path,
        host,
        start: lane.readOffset,
        end,
        bytes,
        marks,
        lines: marks.length / 3,
        day,
        tz: lane.entry.timezone === "" ? tz : lane.entry.timezone,
        fields: lane.entry.fields,
      },
      before,
      sink,
      () => clock.monotonicMs(),
      { ...events, settled: (failed) => events.settled(this, failed) },
      () => {
        this.#context.took(lane.topic, -bytes.length);
        release();
      },
    );
  }

  /** The file was truncated or replaced in place: a new life, from its first byte. */
  #renew(stat: FileStat): void {
    this.#context.events.truncated(this.path);
    this.state.retired = true;
    this.#context.events.retired(this.state);
    this.state = newFileState(this.path, stat);
    this.#noted = false;
    for (const [topic, old] of this.lanes) {
      const state = this.state.topics[topic] = newTopicState();
      this.lanes.set(topic, new Lane(topic, old.entry, state, new Uint8Array(0)));
    }
  }

  /** Everything that is in the file now is acknowledged. */
  get settled(): boolean {
    for (const lane of this.lanes.values()) {
      if (lane.flights > 0 || lane.state.offset < this.size) return false;
    }
    return true;
  }

  /** Chunks in flight over all lanes. */
  get flights(): number {
    let sum = 0;
    for (const lane of this.lanes.values()) sum += lane.flights;
    return sum;
  }

  close(): void {
    this.closed = true;
    this.#handle.close();
  }
}

const RANK: Record<LookResult, number> = { idle: 0, waiting: 1, blocked: 2, more: 3 };

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  for (let i = 0; i < start.length; i++) if (bytes[i] !== start[i]) return false;
  return true;
}

export function newFileState(path: string, stat: FileStat): FileState {
  return {
    generation: newGeneration(),
    path,
    device: stat.device,
    inode: stat.inode,
    head: hashOf(new Uint8Array(0)),
    seenMs: 0,
    topics: {},
  };
}

export function newTopicState() {
  return {
    offset: 0,
    mark: hashOf(new Uint8Array(0)),
    days: [],
    cuts: [],
    before: new Uint8Array(0),
  };
}
