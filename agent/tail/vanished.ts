/**
 * Files of the last run that are not where they were: those that were there when the checkpoint was written, are wanted
 * still, and are none of the files that the search found. Each is looked for beside its old place, under the names that
 * rotated files get; what was renamed, or copied and truncated, while no agent ran is read on from where it was. What
 * is nowhere is told once, to the ledger too.
 */
import { messageOf, WeirError } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import { type Files, type FileStat, isNotFound } from "../../core/ports/files.ts";
import type { FileState } from "../checkpoint/state.ts";
import type { Progress } from "../ledger/sealer.ts";
import { entriesFor, lookInside } from "./discovery.ts";
import type { Entry } from "./entries.ts";
import { sameContent, type SeenFile } from "./fingerprint.ts";
import { knownOf } from "./known_files.ts";
import { placeOf } from "./shipped.ts";
import type { TailedFile } from "./tailed_file.ts";
import { keyOf, siblings } from "./turns.ts";
import { wantedOf } from "./wanted.ts";

/** Files that are opened to compare them with one that is not there. */
const COMPARED_MAX = 32;

export interface VanishedHost {
  files: Files;
  roots: readonly string[];
  /** By device and inode. */
  open(): ReadonlyMap<string, TailedFile>;
  entries(): readonly Entry[];
  removed(path: string, unreadBytes: number): void;
  /** The file with this state is at another path now. */
  found(rest: { path: string; stat: FileStat }, state: FileState): void;
}

export class Vanished {
  readonly #host: VanishedHost;
  readonly #log = logOf("agent.tail");
  /** What is not decided yet; undefined before the first look. */
  #missing: FileState[] | undefined;
  #isLooking = false;
  #rows: Progress[] = [];

  constructor(host: VanishedHost) {
    this.#host = host;
  }

  /**
   * Looks once, when it is decided what every file is that is there, and again for what could not be looked at.
   * @param known lives that are not open
   */
  look(known: Iterable<FileState>): void {
    if (this.#isLooking || this.#missing?.length === 0) return;
    for (const { decided, size, isCopy } of this.#host.open().values()) {
      if (!decided && size > 0 && !isCopy) return;
    }
    this.#missing ??= [...known].filter(({ size, retired }) => size !== undefined && !retired);
    this.#isLooking = true;
    void this.#find(this.#missing).then((left) => {
      this.#missing = left;
      this.#isLooking = false;
    });
  }

  /** True once it is decided of every file of the last run where it is. */
  get isDone(): boolean {
    return this.#missing?.length === 0 && !this.#isLooking;
  }

  /** Rows of files that are gone, for the ledger. */
  take(): Progress[] {
    return this.#rows.splice(0);
  }

  /** Returns what could not be looked at. */
  async #find(states: readonly FileState[]): Promise<FileState[]> {
    const left: FileState[] = [];
    for (const state of states) {
      try {
        await this.#decide(state);
      } catch (error) {
        if (!(error instanceof WeirError)) throw error;
        const { path } = state;
        this.#log.warn("Cannot look for a file of the last run", {
          path,
          reason: messageOf(error),
        });
        if (error.retriable) left.push(state);
      }
    }
    return left;
  }

  async #decide(state: FileState): Promise<void> {
    const { path, topics, size = 0 } = state;
    const wanted = wantedOf(state, (name) => entriesFor(name, this.#host.entries()));
    if (wanted.size === 0 || await this.#isThere(state)) return;
    const rest = await this.#restOf(state);
    if (rest !== undefined) return this.#host.found(rest, state);
    for (const topic of wanted.keys()) {
      const of = topics[topic];
      this.#host.removed(path, Math.max(0, size - of.offset));
      const place = placeOf(state, topic, of);
      this.#rows.push({ ...place, origin: of.offset, lines: 0, size, away: true });
    }
  }

  /** The file with this inode at its path, unless that is another life by now. What may not be looked at is there. */
  async #isThere({ path, device, inode }: FileState): Promise<boolean> {
    try {
      const stat = await this.#host.files.stat(path);
      const isSame = stat.device === device && stat.inode === inode;
      return isSame && !this.#host.open().has(keyOf({ device, inode }));
    } catch (error) {
      if (isNotFound(error)) return false;
      if (error instanceof WeirError && error.retriable) throw error;
      return true;
    }
  }

  /**
   * The file itself under another name, or a copy of it that has more than was acknowledged. What a pattern matches is
   * found by that, and what is packed is not looked into.
   */
  async #restOf(state: FileState): Promise<{ path: string; stat: FileStat } | undefined> {
    const { files, open, entries } = this.#host;
    const offset = Math.max(0, ...Object.values(state.topics).map((topic) => topic.offset));
    let compared = 0;
    if (state.head.length === 0 || state.packed !== undefined) return undefined;
    const known = knownOf(state), isIt = (seen: SeenFile) => sameContent(known, seen);
    for await (const one of siblings(files, state.path)) {
      const isItself = one.stat.inode === state.inode;
      if (!isItself && (one.stat.size <= offset || compared >= COMPARED_MAX)) continue;
      if (one.path.endsWith(".gz") || open().has(keyOf(one.stat))) continue;
      if (entriesFor(one.path, entries()).length > 0) continue;
      if (!isItself) compared++;
      if (await lookInside(one.path, this.#host, false, isIt)) return one;
    }
    return undefined;
  }
}
