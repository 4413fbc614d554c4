/**
 * Gives each file that something may have happened to one look a round: those with little to read together, packed ones
 * a few at a time, and what is blocked or failed not again at once.
 */
import { NotYet } from "../unpack/packed_file.ts";
import { noteTogether } from "./noting.ts";
import type { Problems } from "./problems.ts";
import type { LookResult } from "./tail_context.ts";
import type { TailedFile } from "./tailed_file.ts";

/** Between two looks at a file that must wait for others: each look asks the disk. */
const BLOCKED_LOOK_MS = 1000;
/** Files with no more than this to read are looked at together, so many at once. */
const SMALL_BYTES = 16_384, TOGETHER_MAX = 256;
/** Packed files that are unpacked in turns; others wait. */
const UNPACKED_MAX = 4;

export interface LooksHost {
  problems: Problems;
  /** Decides what a file is that was not read yet. */
  decide(file: TailedFile): Promise<LookResult>;
  stopping(): boolean;
  /** Syncs the checkpoint with all that is noted. */
  sync(): Promise<void>;
}

export class Looks {
  readonly #host: LooksHost;
  readonly #dirty = new Set<TailedFile>();
  /** Packed files whose turn it is. */
  readonly #unpacking = new Set<TailedFile>();

  constructor(host: LooksHost) {
    this.#host = host;
  }

  /** Something may have happened to the file. */
  add(file: TailedFile): void {
    this.#dirty.add(file);
  }

  has(file: TailedFile): boolean {
    return this.#dirty.has(file);
  }

  /** The file is closed. */
  delete(file: TailedFile): void {
    this.#dirty.delete(file);
    this.#unpacking.delete(file);
  }

  /**
   * One look at each file that was added. Returns how long to wait for the next round at most, 0: not at all.
   * @param now monotonic ms
   * @param waitMs how long to wait where no file asks for less
   */
  async round(now: number, waitMs: number): Promise<number> {
    let wait = waitMs;
    const { stopping, sync } = this.#host;
    await noteTogether(this.#dirty, stopping, sync);
    const some: TailedFile[] = [];
    const lookAt = async (files: TailedFile[]) => {
      const waits = await Promise.all(files.splice(0).map((file) => this.#look(file)));
      wait = Math.min(wait, ...waits);
    };
    for (const file of [...this.#dirty]) {
      if (stopping()) return 0;
      if (file.closed) continue; // by a look at another one
      if (file.decided && file.isBlocked && now - file.lookedAtMs < BLOCKED_LOOK_MS) continue;
      if (!this.#mayUnpack(file)) {
        wait = Math.min(wait, BLOCKED_LOOK_MS);
        continue;
      }
      file.lookedAtMs = now;
      this.#dirty.delete(file); // what changes during the look makes it dirty again
      if (file.decided && file.unread <= SMALL_BYTES) some.push(file);
      else wait = Math.min(wait, await this.#look(file));
      if (some.length >= TOGETHER_MAX) await lookAt(some);
    }
    await lookAt(some);
    return wait;
  }

  /** Gives a file one look; returns how long to wait for the next at most, 0: not at all. */
  async #look(file: TailedFile): Promise<number> {
    if (file.closed) return Infinity;
    const { problems, decide } = this.#host;
    try {
      const result = file.decided ? await file.look() : await decide(file);
      problems.solved(file.path);
      if (result !== "idle") this.#dirty.add(file);
      else if (file.decided) file.packed?.rest();
      if (result === "idle" || result === "waiting") this.#unpacking.delete(file);
      return result === "more" ? 0 : result === "waiting" ? 100 : Infinity;
    } catch (error) {
      if (error instanceof NotYet) {
        this.#dirty.add(file);
        return 0;
      }
      this.#unpacking.delete(file);
      problems.add(file.path, error);
      this.#dirty.add(file);
      return 1000;
    }
  }

  /** Few packed files are read at a time: each needs memory. */
  #mayUnpack(file: TailedFile): boolean {
    if (file.packed === undefined || this.#unpacking.has(file)) return true;
    if (this.#unpacking.size >= UNPACKED_MAX) return false;
    this.#unpacking.add(file);
    return true;
  }
}
