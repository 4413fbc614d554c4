/**
 * The generations that are known and not open, found by inode and by head without a look at each of them: a hundred
 * thousand rotated files must not make the next one slow.
 */
import type { FileState } from "../checkpoint/state.ts";
import { hashOf, type KnownFile, type SeenFile } from "./fingerprint.ts";
import type { Packed } from "../unpack/packed_file.ts";
import { settledState } from "./lane.ts";

/** States of files that are not there, at most. */
const STATES_MAX = 200_000;
/** How long the place in a removed short file is kept: its packed copy may turn up. */
const BRIEF_MS = 3600_000;

export interface KnownState extends KnownFile {
  state: FileState;
}

export class KnownFiles {
  readonly #byGeneration = new Map<string, FileState>();
  readonly #byInode = new Map<number, Set<FileState>>();
  readonly #byHead = new Map<string, Set<FileState>>();
  /** How many states have a head of this length. */
  readonly #lengths = new Map<number, number>();

  get size(): number {
    return this.#byGeneration.size;
  }

  values(): IterableIterator<FileState> {
    return this.#byGeneration.values();
  }

  get(generation: string): FileState | undefined {
    return this.#byGeneration.get(generation);
  }

  /** Its inode and head must not change while it is here. */
  add(state: FileState): void {
    this.delete(state.generation);
    this.#byGeneration.set(state.generation, state);
    put(this.#byInode, state.inode, state);
    put(this.#byHead, headKey(state), state);
    this.#lengths.set(state.head.length, (this.#lengths.get(state.head.length) ?? 0) + 1);
  }

  delete(generation: string): void {
    const state = this.#byGeneration.get(generation);
    if (state === undefined) return;
    this.#byGeneration.delete(generation);
    drop(this.#byInode, state.inode, state);
    drop(this.#byHead, headKey(state), state);
    const left = this.#lengths.get(state.head.length)! - 1;
    if (left === 0) this.#lengths.delete(state.head.length);
    else this.#lengths.set(state.head.length, left);
  }

  /**
   * Forgets what was not seen for `forgetMs`, and the oldest where there are too many.
   * @param keptMax how many states are kept in any case
   * @param isKept those of files that are there
   */
  forget(
    nowMs: number,
    forgetMs: number,
    keptMax: number,
    isKept: (state: FileState) => boolean,
  ): void {
    const oldest = nowMs - forgetMs, oldestBrief = Math.max(oldest, nowMs - BRIEF_MS);
    for (const state of this.#byGeneration.values()) {
      const isOld = state.seenMs < (state.brief ? oldestBrief : oldest);
      const isTooMuch = this.size - keptMax > STATES_MAX;
      if ((isOld || isTooMuch) && !isKept(state)) this.delete(state.generation);
    }
  }

  /** What was found out about a packed file with this inode. */
  packedOf(inode: number): Packed | undefined {
    for (const { packed } of this.#byInode.get(inode) ?? []) {
      if (packed !== undefined) return packed;
    }
  }

  /** Those with the file's inode, and those with its head. */
  async candidates(seen: SeenFile): Promise<KnownState[]> {
    const found = new Set<FileState>(this.#byInode.get(seen.inode) ?? []);
    if (this.#lengths.size > 0) {
      const head = await seen.read(0, Math.max(...this.#lengths.keys()));
      for (const length of this.#lengths.keys()) {
        if (length === 0 || length > head.length) continue;
        const key = `${length} ${hashOf(head.subarray(0, length)).hash}`;
        for (const state of this.#byHead.get(key) ?? []) found.add(state);
      }
    }
    return [...found].map(knownOf);
  }
}

/** What a file with this state is recognised by. */
export function knownOf(state: FileState): KnownState {
  return {
    state,
    device: state.device,
    inode: state.inode,
    head: state.head,
    retired: state.retired,
    brief: state.brief,
    packed: state.packed,
    ends: state.ends,
    trail: state.trail,
    marks: Object.values(state.topics).map((topic) => ({
      offset: topic.offset,
      mark: settledState(topic).mark,
    })),
  };
}

function headKey(state: FileState): string {
  return `${state.head.length} ${state.head.hash}`;
}

function put<K>(index: Map<K, Set<FileState>>, key: K, state: FileState): void {
  const set = index.get(key);
  if (set === undefined) index.set(key, new Set([state]));
  else set.add(state);
}

function drop<K>(index: Map<K, Set<FileState>>, key: K, state: FileState): void {
  const set = index.get(key);
  set?.delete(state);
  if (set?.size === 0) index.delete(key);
}
