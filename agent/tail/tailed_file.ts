/**
 * One open file and its lanes. A look reads what is new, at most one chunk a lane, and notices truncation and
 * replacement: the bytes before the place of reading are compared at every read. Whatever a record depends on beside
 * the bytes (generation, day, a forced line end) is in the checkpoint, synced, before the record is sent.
 */
import { assert } from "../../core/errors.ts";
import { type FileHandle, type FileStat, readFully, readInto } from "../../core/ports/files.ts";
import { dayOf } from "../../core/record/identity.ts";
import { markOf } from "../lines/lane_shape.ts";
import type { Shaped, Shaper } from "../lines/shaper.ts";
import type { FileState } from "../checkpoint/state.ts";
import { PackedFile } from "../unpack/packed_file.ts";
import type { Entry } from "./entries.ts";
import {
  endAt,
  type Hash,
  hashOf,
  HEAD_BYTES,
  type KnownFile,
  MARK_BYTES,
  type Prefix,
  prefixOf,
  sameContent,
  type SeenFile,
} from "./fingerprint.ts";
import { startLane } from "./lane_start.ts";
import { newFileState, newTopicState } from "./new_state.ts";
import { bytesBefore, FLIGHTS_MAX, Lane, settledState } from "./lane.ts";
import {
  cutLine,
  LINES_MAX,
  linesBeforeHole,
  shiftMarks,
  splitLines,
  startsWith,
  UTF8_MARK,
} from "./splitter.ts";
import type { Hold, LookResult, TailContext } from "./tail_context.ts";

/** One look of a lane: what was found before its bytes were read, and the lane's epoch at that time. */
interface Look {
  lane: Lane;
  stat: FileStat;
  head: Hash;
  shape: string;
  epoch: number;
}

const marksScratch = new Int32Array(LINES_MAX * 3);

export class TailedFile {
  readonly #context: TailContext;
  readonly #handle: FileHandle;
  state: FileState;
  /** Where it is now, or was last. */
  path: string;
  readonly lanes = new Map<string, Lane>();
  size = 0;
  modifiedMs = Infinity;
  /** As the last look found it: where a name tells the same, nothing happened. */
  measured = { size: -1, modifiedMs: -1 };
  links = 1;
  /** It has, or had, another name than first. */
  isMoved = false;
  /** No path that is wanted leads here any more. */
  detached = false;
  lastGrowthMs: number;
  readonly openedMs: number;
  /** Set while it may be the copy of another file: nothing is read. */
  held: Hold | undefined;
  /** How often it grew while it was compared with others. */
  tries = 0;
  /** What this life is has been decided: it may be read. */
  decided = false;
  /** In which round of looking for files it was opened: of two alike the later one may be the copy. */
  round = 0;
  /** It was told of as added or resumed. */
  announced = false;
  /** Of its first bytes; undefined: not known. */
  prefix: Prefix | undefined;
  /** The round of looks in which they were read. */
  prefixRound = 0;
  closed = false;
  /** Where it is read unpacked. */
  readonly packed: PackedFile | undefined;
  /** A packed copy of a file that is read as plain: nothing of it is read. */
  isCopy = false;
  /** What is wrong with a packed file and was told of. */
  faultTold = "";
  /** The state has been written with a head: its lines may be sent. */
  #noted: boolean;
  /** Something is noted that is not on disk yet: nothing is sent before it is. */
  #unsynced = false;

  constructor(context: TailContext, handle: FileHandle, state: FileState, path: string) {
    this.#context = context;
    this.#handle = handle;
    this.packed = handle instanceof PackedFile ? handle : undefined;
    this.state = state;
    this.path = path;
    this.#noted = state.head.length > 0;
    this.openedMs = this.lastGrowthMs = context.clock.monotonicMs();
  }

  /**
   * Adds a lane, at the acknowledged offset of a known generation, else where the entry says.
   * @param isLater the file came after its entry had been searched for: it is read from its begin
   */
  async addLane(entry: Entry, size: number, isLater = false): Promise<void> {
    const lane = await this.#laneFor(entry, this.state, size, isLater);
    if (lane !== undefined) {
      this.state.topics[entry.topic] = lane.state;
      this.lanes.set(entry.topic, lane);
      return;
    }
    this.#renew(await this.#handle.stat()); // it changed since it was recognised
    await this.addLane(entry, size, isLater);
  }

  async #laneFor(
    entry: Entry,
    state: FileState,
    size: number,
    isLater = true,
    isCopy = false,
  ): Promise<Lane | undefined> {
    const { sink, clock } = this.#context;
    return await startLane({
      entry,
      state,
      size,
      isLater,
      isCopy,
      ageMs: clock.wallMs() - this.modifiedMs,
      isAsPacked: this.#isAsPacked(state),
      position: (generation, topic) => sink.position(generation, topic),
      read: this.read,
    });
  }

  /** True where it is a packed file whose packed bytes are those that a state tells of. */
  #isAsPacked({ packed }: FileState): boolean {
    const now = this.packed?.packed;
    return now !== undefined && now.size === packed?.size && now.hash === packed.hash;
  }

  /**
   * Takes over a known generation: reading goes on where that one stood. Returns false, and changes nothing, where the
   * file does not hold what that one says. Rejects with the file's WeirError, and changes nothing.
   * @param taken called in the moment in which the state becomes this file's: a checkpoint has it at every moment
   */
  async adopt(state: FileState, seen: SeenFile, taken: () => void): Promise<boolean> {
    const lanes: Lane[] = [];
    const { size } = await this.measure(); // a copy may have been completed since
    for (const { entry } of this.lanes.values()) {
      const lane = await this.#laneFor(entry, state, size, true, true);
      if (lane === undefined) return false;
      lanes.push(lane);
    }
    const isShort = lanes.some((lane) => lane.readOffset > size);
    const ends = isShort ? await endAt(size, this.read) : undefined;
    // What an earlier lane of this life had in flight may have been acknowledged meanwhile.
    if (lanes.some((lane) => lane.isBehind)) {
      return await this.adopt(state, seen, taken);
    }
    taken();
    this.isMoved ||= state.path !== this.path;
    state.path = this.path;
    state.device = seen.device;
    state.inode = seen.inode;
    delete state.retired;
    delete state.brief;
    delete state.trail;
    if (ends === undefined) delete state.ends;
    else state.ends = ends;
    this.state = state;
    this.#notePacked();
    this.#noted = state.head.length > 0;
    this.lanes.clear();
    for (const lane of lanes) {
      state.topics[lane.topic] = lane.state;
      this.lanes.set(lane.topic, lane);
    }
    return true;
  }

  /** As the recognition needs it. */
  async seen(): Promise<SeenFile> {
    return { ...(await this.measure()), packed: this.packed?.packed, read: this.read };
  }

  /** Size and number of names as they are now. */
  async measure(): Promise<FileStat> {
    const stat = await this.#handle.stat();
    if (stat.size > this.size) this.lastGrowthMs = this.#context.clock.monotonicMs();
    this.size = stat.size;
    this.links = stat.links;
    this.modifiedMs = stat.modifiedMs;
    this.#notePacked();
    return stat;
  }

  #notePacked(): void {
    const packed = this.packed?.packed;
    if (packed !== undefined) this.state.packed = packed;
    else delete this.state.packed;
  }

  /** Reads `length` bytes at `position`, or fewer at the end of the file. */
  readonly read = (position: number, length: number): Promise<Uint8Array> =>
    readFully(this.#handle, position, length);

  /** Compares the whole of what is known of this life with the file, whatever its lanes wait for. */
  async checkLife(): Promise<void> {
    if (!this.#noted) return;
    const { known } = this;
    const stat = await this.measure();
    const seen = { ...stat, packed: this.packed?.packed, read: this.read };
    if (!await sameContent(known, seen)) this.#renew(stat);
  }

  /** What is known of this life. */
  get known(): KnownFile {
    const marks = [...this.lanes.values()].map(({ state }) => ({
      offset: state.offset,
      mark: settledState(state).mark,
    }));
    return { ...this.state, trail: this.trail, marks };
  }

  /** How copies that end earlier are known. */
  get trail(): number[] {
    const [lane] = this.lanes.values();
    return lane === undefined ? [] : [...lane.trail];
  }

  /** Monotonic ms of the last look. */
  lookedAtMs = -Infinity;

  /** True while nothing more may be read, whatever there is: what is on its way has to settle first. */
  get isBlocked(): boolean {
    for (const lane of this.lanes.values()) {
      if (lane.flights < FLIGHTS_MAX && this.#context.roomFor(lane.topic) > 0) return false;
    }
    return this.lanes.size > 0;
  }

  /** False until its generation is in the checkpoint: the first look that finds a line writes it there. */
  get isNoted(): boolean {
    return this.#noted;
  }

  /** Looks at the file once. Rejects with the file's or the checkpoint's WeirError; nothing is lost by that. */
  async look(): Promise<LookResult> {
    const stat = await this.measure();
    this.measured = { size: this.packed?.rawSize ?? stat.size, modifiedMs: stat.modifiedMs };
    if (!await this.#reaches(stat.size)) {
      this.#renew(stat);
      return "more";
    }
    let result: LookResult = "idle";
    for (const lane of [...this.lanes.values()]) {
      const one = await this.#lookAt(lane, stat);
      if (!this.decided) return "more";
      if (RANK[one] > RANK[result]) result = one;
    }
    return result;
  }

  /**
   * False where the file has become shorter than what was read of it. A copy is that from the begin where its original
   * was read on after it was made; what was on its way then may be acknowledged only now.
   */
  async #reaches(size: number): Promise<boolean> {
    const { state } = this;
    let isShort = false;
    for (const lane of this.lanes.values()) {
      const mayBe = lane.isBehind || (state.ends !== undefined && size >= state.ends.size);
      lane.catchUp();
      if (size >= lane.readOffset) continue;
      if (!mayBe) return false;
      isShort = true;
    }
    if (isShort && state.ends?.size !== size) {
      state.ends = await endAt(size, this.read);
      this.#unsynced = true;
    } else if (!isShort && state.ends !== undefined) delete state.ends;
    return true;
  }

  async #lookAt(lane: Lane, stat: FileStat): Promise<LookResult> {
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
      const head = await this.#headNow(stat);
      const got = await readInto(this.#handle, buffer.subarray(before, before + want), place);
      const stands = await this.#stands(lane, head);
      if (lane.epoch !== epoch || lane.isBehind) return "more";
      if (!stands) {
        this.#renew(stat);
        return "more";
      }
      const isCut = boundary.cut && place + got === boundary.at;
      const isFull = got === want && want < available;
      const shape = this.#shapeFor(lane);
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
      if (whole === 0) return this.#skipHole(lane, buffer.subarray(before, before + got));
      const marks = marksScratch.slice(0, whole * 3);
      if (place === 0 && startsWith(buffer.subarray(before, before + 3), UTF8_MARK)) {
        marks[0] = Math.min(marks[0] + 3, marks[1]);
      }
      const consumed = marks[marks.length - 1];
      shiftMarks(marks, place - lane.readOffset);
      await this.#note(lane, head, shape);
      if (lane.epoch !== epoch || lane.isBehind) return "more";
      if (split.cut > 0) this.#context.events.cut(split.cut);
      used = this.#send(lane, buffer, before, consumed, marks);
      return lane.readOffset < stat.size ? "more" : "idle";
    } finally {
      if (!used) buffers.give(buffer);
    }
  }

  /** The shape of the next lines: as noted for bytes that were sent once, else as the entry says now. */
  #shapeFor(lane: Lane): string {
    const { place } = lane;
    const wanted = lane.shape.wanted(lane.entry, markOf(this.prefix?.text));
    const isFuture = lane.state.shapes?.some(({ from }) => from > place) ?? false;
    return isFuture || place < lane.dayUntil ? lane.shapeAt(place) : wanted;
  }

  /** `bytes`: those before the place, and those that were read. */
  async #shape(
    look: Look,
    shaper: Shaper,
    bytes: Uint8Array,
    isCut: boolean,
    isFull: boolean,
  ): Promise<LookResult> {
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
  ): Promise<LookResult> {
    const { events, clock } = this.#context;
    const { place } = lane, from = lane.placeBefore.length;
    if (shaped.scanned === 0) { // the parts of an event fill the buffer: it ends here, and does so again
      lane.state.cuts.push(place + shaped.lineEnd);
      lane.state.cuts.sort((a, b) => a - b);
      this.#unsynced = true;
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
    await this.#note(lane, head, shape);
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
  async #passSkipped(lane: Lane): Promise<LookResult> {
    const { clock, partialFlushMs } = this.#context;
    const { to, sinceMs } = lane.skipped!;
    if (clock.monotonicMs() - sinceMs < partialFlushMs || !this.#noted) return "waiting";
    const epoch = lane.epoch;
    if (!lane.state.cuts.includes(to)) lane.state.cuts.push(to);
    this.#unsynced = true;
    await this.#context.sync();
    this.#unsynced = false;
    if (lane.epoch !== epoch || lane.isBehind || lane.skipped?.to !== to) return "more";
    lane.passSkipped();
    lane.settle({ ...this.#context.events, settled: () => {} });
    return "idle";
  }

  /** The head by which this life is, or will be, known: what was noted, else what stands there now. */
  async #headNow(stat: FileStat): Promise<Hash> {
    if (this.#noted) return this.state.head;
    const bytes = await this.read(0, Math.min(HEAD_BYTES, stat.size));
    this.prefix = prefixOf(bytes);
    return hashOf(bytes);
  }

  /**
   * True where the file still is the life that it was, looked at after the lane's bytes were read: so they are of that
   * life, all of them. Near the begin of a file there are few bytes before the place of reading, or none after a
   * refusal: there the head says it.
   */
  async #stands(lane: Lane, head: Hash): Promise<boolean> {
    const { placeBefore: before, place } = lane;
    if (before.length > 0) {
      const again = await this.read(place - before.length, before.length);
      if (again.length < before.length || !startsWith(again, before)) return false;
    }
    if (this.#noted && place >= head.length) return true;
    const mayGrow = this.#noted && head.length < HEAD_BYTES;
    const grown = mayGrow ? await this.read(0, HEAD_BYTES) : undefined;
    const bytes = await this.read(0, head.length); // behind the other read: it is of this life if this one is
    if (hashOf(bytes).hash !== head.hash) return false;
    if (grown !== undefined && grown.length > head.length) {
      this.state.head = hashOf(grown);
      this.prefix = prefixOf(grown);
    }
    return true;
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

  /** Notes what the next record of the lane depends on beside the bytes, and syncs it. */
  async #note(lane: Lane, head: Hash, shape: string): Promise<void> {
    if (!this.#noted) {
      this.state.head = head;
      this.#unsynced = true;
    }
    const wallMs = this.#context.clock.wallMs();
    if (lane.note(shape, dayOf(wallMs))) this.#unsynced = true;
    if (!this.#unsynced) return;
    this.state.seenMs = wallMs;
    await this.#context.sync(); // where it fails, the next look tries again before anything is sent
    this.synced();
  }

  /**
   * Notes ahead, without a sync, what the first records of a new file depend on: of many files at once one sync is
   * enough. True where there is something to sync, after which `synced` is to be called. Lines that are found later
   * are noted as ever.
   */
  async noteAhead(): Promise<boolean> {
    const stat = await this.measure();
    if (this.#noted || stat.size === 0) return false;
    const head = await this.#headNow(stat);
    if (head.length === 0) return false;
    this.state.head = head;
    const wallMs = this.state.seenMs = this.#context.clock.wallMs();
    for (const lane of this.lanes.values()) lane.note(this.#shapeFor(lane), dayOf(wallMs));
    this.#unsynced = true;
    return true;
  }

  /** What was noted is on disk. */
  synced(): void {
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
  async #longLine(lane: Lane, stat: FileStat, head: Hash): Promise<LookResult> {
    const { buffers, lineBytesMax, events } = this.#context;
    const { place } = lane;
    const limit = Math.min(stat.size, lane.boundaryAfter(place).at);
    const shape = this.#shapeFor(lane);
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
        if (at === place && buffer[0] === 0) return this.#skipHole(lane, buffer.subarray(0, got));
        const found = buffer.subarray(0, got).indexOf(10);
        if (found >= 0) end = at + found + 1;
        at += got;
      }
      lane.scanned = at;
      if (end < 0) {
        if (limit < stat.size || lane.state.cuts.includes(limit)) end = limit;
        else return this.#partial(lane, stat);
      }
      const first = await this.read(place, Math.min(lineBytesMax + 4, end - place));
      const last = await this.read(Math.max(0, end - MARK_BYTES), Math.min(MARK_BYTES, end));
      const stands = await this.#stands(lane, head);
      if (lane.epoch !== epoch || lane.isBehind) return "more";
      if (!stands) {
        this.#renew(stat);
        return "more";
      }
      if (shape.includes('"overlong":"skip"')) {
        events.counted("skipped", "", 1);
        lane.skipTo(end, last, this.#context.clock.monotonicMs());
        return "more";
      }
      await this.#note(lane, head, shape);
      if (lane.epoch !== epoch || lane.isBehind) return "more";
      events.cut(1);
      const shaped = lane.shape.shaper(shape, lineBytesMax)
        ?.shape(first, 0, first.length, place, true, 1);
      const value = shaped?.lines === 1 ? shaped.bytes : cutLine(first, lineBytesMax);
      const marks = Int32Array.of(0, value.length, end - lane.readOffset);
      this.#sendChunk(lane, value, marks, end, last, () => {});
      return lane.readOffset < stat.size ? "more" : "idle";
    } finally {
      buffers.give(buffer);
    }
  }

  /** NUL bytes where a line should begin: what a program leaves that writes on at its old place after a truncation. */
  #skipHole(lane: Lane, bytes: Uint8Array): LookResult {
    const text = bytes.findIndex((byte) => byte !== 0);
    const nul = text < 0 ? bytes.length : text;
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
      day !== undefined && this.#noted,
      "a line is sent only after its day and generation are noted",
    );
    this.#context.took(lane.topic, heldBytes);
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
        fields: lane.shape.fields(lane.entry, this.path),
      },
      before,
      sink,
      () => clock.monotonicMs(),
      { ...events, settled: (failed) => events.settled(this, failed) },
      () => {
        this.#context.took(lane.topic, -heldBytes);
        release();
      },
    );
  }

  /** The file was truncated or replaced in place: a new life, from its first byte. */
  #renew(stat: FileStat): void {
    this.#context.events.truncated(this.path);
    this.state.retired = true;
    this.state.trail = this.trail;
    delete this.state.ends;
    this.#context.events.retired(this.state);
    this.state = newFileState(this.path, stat);
    this.prefix = undefined;
    this.decided = false;
    this.held = undefined;
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

  /** Bytes that are not read yet, as far as is known. */
  get unread(): number {
    let least = this.size;
    for (const lane of this.lanes.values()) least = Math.min(least, lane.readOffset);
    return this.size - least;
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
