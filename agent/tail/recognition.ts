/**
 * Decides what a file is that was opened and never read: a known generation, a copy of one that may be truncated in a
 * moment, or new. Nothing is decided on a read that failed, nor on one that a rotation may have cut in two: what is
 * compared is looked at again before the answer counts.
 */
import type { Clock } from "../../core/ports/clock.ts";
import type { Files } from "../../core/ports/files.ts";
import type { FileState } from "../checkpoint/state.ts";
import { lookInside } from "./discovery.ts";
import {
  hashOf,
  HEAD_BYTES,
  type Prefix,
  prefixesFit,
  prefixOf,
  recognise,
  sameContent,
  type SeenFile,
} from "./fingerprint.ts";
import type { KnownFiles, KnownState } from "./known_files.ts";
import type { TailedFile } from "./tailed_file.ts";
import type { Parked } from "./turns.ts";

export interface RecognitionOptions {
  files: Files;
  roots: readonly string[];
  clock: Clock;
  known: Pick<KnownFiles, "candidates" | "delete">;
  /** Every open file. */
  open: () => Iterable<TailedFile>;
  /** Every file that was open and makes room for others now. */
  parked: () => Iterable<Parked>;
  /** Number of the present round of looks. */
  round: () => number;
  /** Closes a file that was removed and read to its end; its generation is then a known one. */
  closed: (file: TailedFile) => void;
  /** How long a file that looks like a copy waits for the truncation or removal of its original. */
  copyHoldMs: number;
}

/**
 * resumed: it goes on where a known generation stood; new: it is read from its begin; wait: ask again later; empty: ask
 * again when it has bytes; unpack: ask again at once, it is being unpacked; copy: a packed copy of what is read plain.
 */
export type Decision = "resumed" | "new" | "wait" | "empty" | "unpack" | "copy";

/** A copy that is still being written is waited for this many times longer. */
const GROWING_HOLDS = 60;
/** A removed file is read on by its handle until it did not grow for so long. */
export const UNLINKED_MS = 5000;
/** Bytes at the begin and at the end of a file that are compared with an open one. */
const COMPARED_BYTES = HEAD_BYTES;
/** Parked files with the same begin that are opened to compare them with one file. */
const PARKED_COMPARED_MAX = 16;

export class Recognition {
  readonly #options: RecognitionOptions;

  constructor(options: RecognitionOptions) {
    this.#options = options;
  }

  /** Rejects with the file's WeirError where something could not be read: then nothing is decided. */
  async decide(file: TailedFile): Promise<Decision> {
    const now = this.#options.clock.monotonicMs();
    const seen = await file.seen();
    if (file.packed?.isScanned === false) return "unpack";
    if (seen.size === 0) return "empty";
    // One that ends too early may still be written.
    const isCut = (file.packed?.fault ?? "") !== "";
    if (isCut && now - file.lastGrowthMs < this.#options.copyHoldMs) return "wait";
    // In this order: an original that is truncated behind the comparison is found truncated by the look at the twins.
    const original = await this.#originalOf(file, seen);
    const isAwaited = await this.#lookAtTwins(file, seen);
    if (await this.#resume(file, seen)) return "resumed";
    if (isAwaited) return "wait";
    const own = original ?? await this.#ownStillThere(seen);
    if (own === undefined) {
      // A copy that grew while it was compared may be whole only now; whoever grows all the time is no copy.
      const grew = (await file.seen()).size !== seen.size;
      return grew && file.tries++ < 2 ? "wait" : "new";
    }
    const isPair = file.packed !== undefined || // or it was packed, and that one was taken for it first
      (own.state.packed !== undefined && file.links === 0);
    if (isPair && coversTopics(own.state, file)) return "copy";
    const hold = file.held ??= { sinceMs: now, grownMs: now, size: seen.size };
    if (seen.size !== hold.size) hold.grownMs = now;
    hold.size = seen.size;
    const { copyHoldMs } = this.#options;
    const isOver = now - hold.grownMs >= copyHoldMs ||
      now - hold.sinceMs >= GROWING_HOLDS * copyHoldMs;
    return isOver ? "new" : "wait";
  }

  /**
   * The open or parked file that this one looks like a copy of: that one may be about to be truncated, as copytruncate
   * does, or removed. The copy waits then, or every line would come twice.
   */
  async #originalOf(
    file: TailedFile,
    seen: SeenFile,
  ): Promise<{ state: FileState } | undefined> {
    const end = Math.max(0, seen.size - COMPARED_BYTES);
    const head = await seen.read(0, COMPARED_BYTES);
    const prefix = prefixOf(head);
    let tail: Uint8Array | undefined;
    const isSame = async (read: SeenFile["read"]) => {
      if (!sameBytes(head, await read(0, head.length))) return false;
      tail ??= await seen.read(end, seen.size - end);
      return sameBytes(tail, await read(end, tail.length));
    };
    for (const other of this.#options.open()) {
      if (other === file || other.isCopy || other.held !== undefined) continue;
      if (other.detached && file.packed === undefined) continue;
      if (!prefixesFit(prefix, this.#freshPrefix(other) ?? await this.#readPrefix(other))) continue;
      if (await isSame(other.read)) return other;
    }
    const heads = new Map<number, string>();
    let compared = 0;
    for (const other of this.#options.parked()) {
      const { length, hash } = other.state.head;
      if (other.state === file.was?.state || length === 0) continue;
      if (other.prefix !== undefined && !prefixesFit(prefix, other.prefix)) continue;
      if (length <= head.length) {
        if (!heads.has(length)) heads.set(length, hashOf(head.subarray(0, length)).hash);
        if (heads.get(length) !== hash) continue;
      }
      if (++compared > PARKED_COMPARED_MAX) break;
      if (await this.#isSameAsParked(other, seen, isSame)) return other;
    }
    return undefined;
  }

  /** False too where it is gone. */
  #isSameAsParked(
    { path, state }: Parked,
    seen: SeenFile,
    isSame: (read: SeenFile["read"]) => Promise<boolean>,
  ): Promise<boolean> {
    return lookInside(path, this.#options, false, ({ inode, read }) => {
      return inode === state.inode && inode !== seen.inode && isSame(read);
    });
  }

  /** First bytes of an open file, as far as they are sure: while nothing of it was sent it may be another life. */
  #freshPrefix(file: TailedFile): Prefix | undefined {
    const isSure = file.state.head.length > 0 || file.prefixRound === this.#options.round();
    return isSure ? file.life.prefix : undefined;
  }

  async #readPrefix(file: TailedFile): Promise<Prefix> {
    file.prefixRound = this.#options.round();
    return file.life.prefix = prefixOf(await file.read(0, HEAD_BYTES));
  }

  /**
   * Looks at every open file that began as this one begins: it may have been truncated since the last look, and then
   * this one is its copy. Or it was removed, and this one was written in its place by an editor or from another disk:
   * then it is closed as soon as it is read to its end, which `true` waits for.
   */
  async #lookAtTwins(file: TailedFile, seen: SeenFile): Promise<boolean> {
    const heads = new Map<number, string>();
    let isAwaited = false;
    for (const other of this.#options.open()) {
      const { length, hash } = other.state.head;
      if (other === file || other.held !== undefined || length === 0 || length > seen.size) {
        continue;
      }
      if (!heads.has(length)) heads.set(length, hashOf(await seen.read(0, length)).hash);
      if (heads.get(length) !== hash) continue;
      await other.checkLife();
      if (other.links > 0) continue;
      if (file.packed !== undefined) {
        if (length < HEAD_BYTES && other.size !== seen.size) continue;
      } else if (length < HEAD_BYTES || other.round >= file.round) continue;
      const idleMs = this.#options.clock.monotonicMs() - other.lastGrowthMs;
      // One that is packed may still be written for a while: its last lines stand nowhere else.
      const isWritten = file.packed !== undefined && idleMs < UNLINKED_MS;
      if (!other.settled || isWritten) isAwaited = true;
      else if (await sameContent(other.known, seen, true)) this.#options.closed(other);
    }
    return isAwaited;
  }

  /** Gives the file the state of the generation that it is, if it is a known one. */
  async #resume(file: TailedFile, seen: SeenFile): Promise<boolean> {
    const { known } = this.#options;
    const candidates = await known.candidates(seen);
    const found = await recognise(seen, candidates, (one) => this.#inodeGone(one));
    if (found === undefined) return false;
    return await file.adopt(found.state, seen, () => known.delete(found.state.generation));
  }

  /** A generation that is not open, has the same content, and whose own file is still there. */
  async #ownStillThere(seen: SeenFile): Promise<KnownState | undefined> {
    for (const candidate of await this.#options.known.candidates(seen)) {
      if (candidate.inode === seen.inode || candidate.head.length === 0) continue;
      if (await sameContent(candidate, seen, true)) return candidate;
    }
    return undefined;
  }

  /** True where a closed generation's own file is gone or holds something else: only then may another file be it. */
  async #inodeGone(known: KnownState): Promise<boolean> {
    const { state } = known;
    if (state.retired) return true;
    return await lookInside(state.path, this.#options, true, async (seen) => {
      if (seen.inode !== state.inode) return true;
      if (state.packed !== undefined) return seen.size !== state.packed.size;
      return !(await sameContent(known, seen));
    });
  }
}

/** True where what a packed file holds goes to each of its topics from its plain original. */
function coversTopics({ topics }: FileState, file: TailedFile): boolean {
  return [...file.lanes.keys()].every((topic) => topic in topics);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
