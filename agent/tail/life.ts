/**
 * The present life of an open file: its generation, the head by which it is known, and whether all that its records
 * depend on beside the bytes (generation, day, shape, a forced line end) is in the checkpoint, synced. Nothing is sent
 * before it is.
 */
import { type FileStat, readFully } from "../../core/ports/files.ts";
import type { FileHandle } from "../../core/ports/files.ts";
import { dayOf } from "../../core/record/identity.ts";
import type { FileState } from "../checkpoint/state.ts";
import { markOf } from "../lines/lane_shape.ts";
import { type Hash, hashOf, HEAD_BYTES, type Prefix, prefixOf } from "./fingerprint.ts";
import type { Lane } from "./lane.ts";
import { startsWith } from "./splitter.ts";
import type { TailContext } from "./tail_context.ts";

/**
 * States with something noted that is not on disk yet: nothing is sent before it is. A state goes from a file to its
 * copy, or to the same file opened anew, and this goes with it.
 */
const unsynced = new WeakSet<FileState>();

export class Life {
  readonly #context: Pick<TailContext, "clock" | "sync">;
  readonly #handle: FileHandle;
  #state: FileState;
  /** Of its first bytes; undefined: not known. */
  prefix: Prefix | undefined;
  /** The state has been written with a head: its lines may be sent. */
  #noted: boolean;

  constructor(context: Pick<TailContext, "clock" | "sync">, handle: FileHandle, state: FileState) {
    this.#context = context;
    this.#handle = handle;
    this.#state = state;
    this.#noted = state.head.length > 0;
  }

  get state(): FileState {
    return this.#state;
  }

  /** Takes over a known generation: as far as it has a head it is noted. */
  resume(state: FileState): void {
    this.#state = state;
    this.#noted = state.head.length > 0;
  }

  /** The file was truncated or replaced: nothing is known of what it holds now. */
  renew(state: FileState): void {
    this.#state = state;
    this.#noted = false;
    this.prefix = undefined;
  }

  /** False until its generation is in the checkpoint: the first look that finds a line writes it there. */
  get isNoted(): boolean {
    return this.#noted;
  }

  /** True while something is noted that is not on disk yet. */
  get isUnsynced(): boolean {
    return unsynced.has(this.#state);
  }

  /** Reads `length` bytes at `position`, or fewer at the end of the file. */
  readonly read = (position: number, length: number): Promise<Uint8Array> =>
    readFully(this.#handle, position, length);

  /** The head by which this life is, or will be, known: what was noted, else what stands there now. */
  async headNow(stat: FileStat): Promise<Hash> {
    if (this.#noted) return this.#state.head;
    const bytes = await this.read(0, Math.min(HEAD_BYTES, stat.size));
    this.prefix = prefixOf(bytes);
    return hashOf(bytes);
  }

  /**
   * True where the file still is the life that it was, looked at after the lane's bytes were read: so they are of that
   * life, all of them. Near the begin of a file there are few bytes before the place of reading, or none after a
   * refusal: there the head says it.
   */
  async stands(lane: Lane, head: Hash): Promise<boolean> {
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
      this.#state.head = hashOf(grown);
      this.prefix = prefixOf(grown);
    }
    return true;
  }

  /** The shape of the lane's next lines: as noted for bytes that were sent once, else as the entry says now. */
  shapeFor(lane: Lane): string {
    const { place } = lane;
    const wanted = lane.shape.wanted(lane.entry, markOf(this.prefix?.text));
    const isFuture = lane.state.shapes?.some(({ from }) => from > place) ?? false;
    return isFuture || place < lane.dayUntil ? lane.shapeAt(place) : wanted;
  }

  /** Notes what the next record of the lane depends on beside the bytes, and syncs it. */
  async note(lane: Lane, head: Hash, shape: string): Promise<void> {
    if (!this.#noted) {
      this.#state.head = head;
      unsynced.add(this.#state);
    }
    const wallMs = this.#context.clock.wallMs();
    if (lane.note(shape, dayOf(wallMs))) unsynced.add(this.#state);
    if (!this.isUnsynced) return;
    this.#state.seenMs = wallMs;
    await this.#context.sync(); // where it fails, the next look tries again before anything is sent
    this.synced();
  }

  /**
   * Notes ahead, without a sync, what the first records of a new file depend on: of many files at once one sync is
   * enough. True where there is something to sync, after which `synced` is to be called. Lines that are found later
   * are noted as ever.
   */
  async noteAhead(stat: FileStat, lanes: Iterable<Lane>): Promise<boolean> {
    if (this.#noted || stat.size === 0) return false;
    const head = await this.headNow(stat);
    if (head.length === 0) return false;
    this.#state.head = head;
    const wallMs = this.#state.seenMs = this.#context.clock.wallMs();
    for (const lane of lanes) lane.note(this.shapeFor(lane), dayOf(wallMs));
    unsynced.add(this.#state);
    return true;
  }

  /** Notes a forced end of a line or record; it is synced with what is noted next. */
  noteCut(lane: Lane, at: number): void {
    const { cuts } = lane.state;
    if (cuts.includes(at)) return;
    cuts.push(at);
    cuts.sort((a, b) => a - b);
    unsynced.add(this.#state);
  }

  /** Notes that it is a copy that ends before what was read of its original. */
  noteEnds(ends: FileState["ends"]): void {
    this.#state.ends = ends;
    unsynced.add(this.#state);
  }

  /** Syncs what is noted. Rejects with the checkpoint's WeirError. */
  async sync(): Promise<void> {
    await this.#context.sync();
    unsynced.delete(this.#state);
  }

  /** What was noted is on disk. */
  synced(): void {
    unsynced.delete(this.#state);
    this.#noted = true;
  }
}
