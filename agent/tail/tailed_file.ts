/**
 * One open file and its lanes: what of it is read and delivered, and what it is taken for. Notices truncation and
 * replacement; what a lane reads is read in lane_reader.ts, what is noted of the present life in life.ts.
 */
import type { FileHandle, FileStat } from "../../core/ports/files.ts";
import type { FileState } from "../checkpoint/state.ts";
import { PackedFile } from "../unpack/packed_file.ts";
import { entriesByTopic, type Entry } from "./entries.ts";
import { endAt, type KnownFile, sameContent, type SeenFile } from "./fingerprint.ts";
import { FLIGHTS_MAX, Lane, settledState } from "./lane.ts";
import { LaneReader } from "./lane_reader.ts";
import { startLane } from "./lane_start.ts";
import { Life } from "./life.ts";
import { newFileState, newTopicState } from "./new_state.ts";
import type { Hold, LookResult, TailContext } from "./tail_context.ts";
import type { Parked } from "./turns.ts";
import { type Wanted, wantedOf } from "./wanted.ts";

export class TailedFile {
  readonly #context: TailContext;
  readonly #handle: FileHandle;
  readonly life: Life;
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
  /** The round of looks in which its first bytes were read. */
  prefixRound = 0;
  closed = false;
  /** Where it is read unpacked. */
  readonly packed: PackedFile | undefined;
  /** A packed copy of a file that is read as plain: nothing of it is read. */
  isCopy = false;
  /** What is wrong with a packed file and was told of. */
  faultTold = "";
  /** What it was before it was opened again, until it is decided what it is. */
  was: Parked | undefined;
  readonly #reader: LaneReader;

  constructor(context: TailContext, handle: FileHandle, state: FileState, path: string) {
    this.#context = context;
    this.#handle = handle;
    this.packed = handle instanceof PackedFile ? handle : undefined;
    this.life = new Life(context, handle, state);
    this.path = path;
    this.#reader = new LaneReader(context, handle, this.life, this);
    this.openedMs = this.lastGrowthMs = context.clock.monotonicMs();
  }

  /**
   * Adds a lane, at the acknowledged offset of a known generation, else where the entry says.
   * @param isLater the file came after its entry had been searched for: it is read from its begin
   */
  async addLane(entry: Entry, size: number, isLater = false): Promise<void> {
    const lane = await this.#laneFor(entry, this.state, size, isLater);
    if (lane !== undefined) {
      lane.wantedAt = this.path;
      this.state.topics[entry.topic] = lane.state;
      this.lanes.set(entry.topic, lane);
      return;
    }
    this.#renew(await this.#handle.stat()); // it changed since it was recognised
    await this.addLane(entry, size, isLater);
  }

  /**
   * Has a lane for each topic of these entries, and no other but those that are kept.
   * @param path the name under which the entries want it
   * @param later topics for which it came after its entry had been searched for
   */
  async serve(
    path: string,
    entries: readonly Entry[],
    size: number,
    later: ReadonlySet<string>,
  ): Promise<void> {
    const wanted = entriesByTopic(entries);
    for (const [topic, entry] of wanted) {
      const lane = this.lanes.get(topic);
      if (lane !== undefined) {
        const own = lane.wantedAt === path ? undefined : this.#entryAt(lane.wantedAt, topic);
        const keepsOwn = own !== undefined && own !== entry && !this.#isDone(lane);
        lane.entry = keepsOwn ? own : entry;
        if (!keepsOwn) lane.wantedAt = path;
        noteName(lane, path);
        continue;
      }
      const isLater = later.has(topic);
      if (this.packed !== undefined) size = await this.#unpackedSize(entry, isLater);
      await this.addLane(entry, size, isLater);
      this.lanes.get(topic)!.wantedAt = path;
    }
    this.keep(wanted);
  }

  /**
   * Ends the lanes of other topics, but for those that have something on their way, and those that an entry wants under
   * the name that the file had: rotated under a name that other entries want, it is read to its end for these, and by
   * their options.
   */
  keep(wanted: ReadonlyMap<string, Entry>): void {
    for (const [topic, lane] of this.lanes) {
      if (wanted.has(topic)) continue;
      const own = this.#entryAt(lane.wantedAt, topic);
      if (own !== undefined) {
        lane.entry = own;
        lane.state.path = lane.wantedAt;
      }
      if (lane.flights > 0 || (own !== undefined && !this.#isDone(lane))) continue;
      delete lane.state.path;
      this.lanes.delete(topic);
    }
  }

  #entryAt(path: string, topic: string): Entry | undefined {
    return this.#context.entriesFor(path).find((entry) => entry.topic === topic);
  }

  #isDone({ state }: Lane): boolean {
    const { clock, detachedMs } = this.#context;
    return state.offset >= this.size && clock.monotonicMs() - this.lastGrowthMs >= detachedMs;
  }

  /** As far as it is known; whole where the entry may begin at the end. */
  async #unpackedSize(entry: Entry, isLater: boolean): Promise<number> {
    const isNeeded = !isLater && (entry.from === "end" || entry.ignoreOlder > 0);
    while (isNeeded && !this.packed!.isScanned) await this.measure();
    return this.size;
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
    for (const { entry, at } of this.#adopted(state)) {
      const lane = await this.#laneFor(entry, state, size, true, true);
      if (lane === undefined) return false;
      lane.wantedAt = at;
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
    this.life.resume(state);
    this.#notePacked();
    this.lanes.clear();
    for (const lane of lanes) {
      noteName(lane, this.path);
      state.topics[lane.topic] = lane.state;
      this.lanes.set(lane.topic, lane);
    }
    return true;
  }

  /** What a known generation is read for: as this file is, and as it was wanted under another name. */
  #adopted(state: FileState): Iterable<Wanted> {
    const all = new Map<string, Wanted>();
    for (const { topic, entry, wantedAt: at } of this.lanes.values()) all.set(topic, { entry, at });
    // What wants it under its present name has its lane.
    const others = (path: string) => path === this.path ? [] : this.#context.entriesFor(path);
    for (const [topic, own] of wantedOf(state, others)) {
      if (all.get(topic)?.entry !== own.entry) all.set(topic, own);
    }
    return all.values();
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
  get read(): SeenFile["read"] {
    return this.life.read;
  }

  get state(): FileState {
    return this.life.state;
  }

  /** Compares the whole of what is known of this life with the file, whatever its lanes wait for. */
  async checkLife(): Promise<void> {
    if (!this.life.isNoted) return;
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

  /** Looks at the file once. Rejects with the file's or the checkpoint's WeirError; nothing is lost by that. */
  async look(): Promise<LookResult> {
    const stat = await this.measure(), { modifiedMs } = this.measured;
    this.measured = { size: this.packed?.rawSize ?? stat.size, modifiedMs: stat.modifiedMs };
    if (!await this.#reaches(stat.size)) {
      this.#renew(stat);
      return "more";
    }
    if (modifiedMs !== stat.modifiedMs && !await this.#standsAtEnd(stat.size)) {
      this.#renew(stat);
      return "more";
    }
    let result: LookResult = "idle";
    for (const lane of [...this.lanes.values()]) {
      const one = await this.#reader.look(lane, stat);
      if (one === "replaced") {
        this.#renew(stat);
        return "more";
      }
      if (RANK[one] > RANK[result]) result = one;
    }
    return result;
  }

  /** False where it was written, has nothing to read, and holds other bytes: as many as before. */
  async #standsAtEnd(size: number): Promise<boolean> {
    if (!this.life.isNoted) return true;
    for (const lane of this.lanes.values()) {
      if (lane.place === size && !await this.life.stands(lane, this.state.head)) return false;
    }
    return true;
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
      this.life.noteEnds(await endAt(size, this.read));
    } else if (!isShort && state.ends !== undefined) delete state.ends;
    return true;
  }

  /** As `Life.noteAhead`. */
  async noteAhead(): Promise<boolean> {
    return await this.life.noteAhead(await this.measure(), this.lanes.values());
  }

  /** The file was truncated or replaced in place: a new life, from its first byte. */
  #renew(stat: FileStat): void {
    this.#context.events.truncated(this.path);
    this.state.retired = true;
    this.state.trail = this.trail;
    delete this.state.ends;
    this.#context.events.retired(this.state);
    this.life.renew(newFileState(this.path, stat));
    this.decided = false;
    this.held = undefined;
    for (const [topic, { entry: old, wantedAt, state: { path } }] of [...this.lanes]) {
      this.lanes.delete(topic);
      // Where its name is another by now, the old life alone was wanted under the other.
      const entry = path === undefined ? old : this.#entryAt(this.path, topic);
      if (entry === undefined) continue;
      const state = this.state.topics[topic] = newTopicState();
      const lane = new Lane(topic, entry, state, new Uint8Array(0));
      lane.wantedAt = path === undefined ? wantedAt : this.path;
      this.lanes.set(topic, lane);
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

/** A checkpoint knows by which name a lane is wanted, where that is not the present one. */
function noteName({ state, wantedAt }: Lane, path: string): void {
  if (wantedAt === path) delete state.path;
  else state.path = wantedAt;
}
