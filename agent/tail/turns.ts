/**
 * Files that match and are not open: parked ones, of which everything that was there is delivered or whose turn is
 * over, and waiting ones, which are opened in the order in which they came. So the number of open files has a bound
 * while no file starves. A parked file's state is among the known ones; what is here says when to look at it again.
 */
import { basename, dirname } from "node:path";
import { type DirEntry, type Files, type FileStat, isNotFound } from "../../core/ports/files.ts";
import type { FileState } from "../checkpoint/state.ts";
import type { Progress } from "../ledger/sealer.ts";
import { entriesFor } from "./discovery.ts";
import { type Entry, seenKey } from "./entries.ts";
import { HEAD_BYTES, type Prefix } from "./fingerprint.ts";
import { settledState } from "./lane.ts";
import { UNLINKED_MS } from "./recognition.ts";
import { placeOf } from "./shipped.ts";
import type { TailedFile } from "./tailed_file.ts";
import type { Trail } from "./trail.ts";

interface ParkedLane {
  origin: number;
  lines: number;
  lastLineMs: number;
  /** Longest from reading to acknowledgement that the ledger was not told of, ms. */
  heldMs: number;
  trail: Trail;
}

/** A file that was open. */
export interface Parked {
  path: string;
  /** Device and inode. */
  key: string;
  /** Of its content, unpacked where it is packed. */
  size: number;
  /** What its name told when it was last looked at. */
  named: { size: number; modifiedMs: number };
  state: FileState;
  /** Of its first bytes, where they were read. */
  prefix: Prefix | undefined;
  /** It has, or had, another name than first. */
  isMoved: boolean;
  /** By topic, for status and ledger; and how copies that end earlier are known. */
  lanes: Map<string, ParkedLane>;
}

/** A file that is to be opened when there is room. */
export interface Waiting {
  key: string;
  /** Path whose entries hold: another one where the file was renamed. */
  as: string;
  /** As it was when it was found. */
  size: number;
  modifiedMs: number;
  /** Topics for which it came after its entry had been searched for. */
  later: ReadonlySet<string>;
  /** What it was before it was renamed. */
  was?: Parked;
}

/** What of a file is on its way is waited for this many turns. */
const TURNS_MAX = 10;
/** Names that are looked at when a file is searched for under a new one. */
const NAMES_MAX = 1000;

/** What turns are about: the open files, and what is done with them. */
export interface TurnsHost {
  files: Files;
  /** Files that are open at once. */
  openMax: number;
  /** How long a file with something to read stays open where others wait. */
  turnMs: number;
  /** By device and inode, oldest first. */
  open: ReadonlyMap<string, TailedFile>;
  entries(): readonly Entry[];
  /** Names (`seenKey`) of entries that were searched for. */
  searched: ReadonlySet<string>;
  /** It is to be looked at. */
  isDirty(file: TailedFile): boolean;
  /** Closes the file; its state is a known one then. */
  park(file: TailedFile): void;
  /** Closes the file for good. */
  close(file: TailedFile): void;
  /** Opens the file at a path, whose turn it is. */
  take(path: string, entries: readonly Entry[], turn: Waiting): Promise<void>;
  rotated(path: string): void;
  removed(path: string, unreadBytes: number): void;
}

export class Turns {
  readonly #host: TurnsHost;
  /** By path. */
  readonly parked = new Map<string, Parked>();
  /** By path, oldest first. */
  readonly waiting = new Map<string, Waiting>();

  constructor(host: TurnsHost) {
    this.#host = host;
  }

  /** True where the file at this path needs no look of its own to be found. */
  isKnown(path: string): boolean {
    return this.parked.has(path) || this.waiting.has(path);
  }

  /** True where the parked file at this path is as it was. */
  isUnchanged(path: string, key: string, { size, modifiedMs }: FileStat): boolean {
    const parked = this.parked.get(path);
    return parked !== undefined && !this.waiting.has(path) && parked.key === key &&
      parked.named.size === size && parked.named.modifiedMs === modifiedMs;
  }

  /** Closes a file for now. `isUnfinished`: it has something to read, and waits behind the others. */
  #park(file: TailedFile, isUnfinished: boolean): void {
    const key = keyOf(file.state);
    const { path, state, modifiedMs, isMoved, life: { prefix } } = file;
    const size = file.isCopy ? 0 : file.size;
    const named = file.decided ? file.measured : { size, modifiedMs };
    const lanes = new Map<string, ParkedLane>();
    for (const [topic, lane] of file.lanes) {
      const { origin, linesSent: lines, lastLineMs, trail } = lane;
      lanes.set(topic, { origin, lines, lastLineMs, trail, heldMs: Math.ceil(lane.takeHeld()) });
    }
    if (isMoved) state.trail = file.trail;
    this.parked.set(path, { path, key, size, named, state, prefix, isMoved, lanes });
    const later = new Set(lanes.keys());
    if (isUnfinished) this.waiting.set(path, { key, as: path, size, modifiedMs, later });
    this.#host.park(file);
  }

  /** The file at this path is to be opened; of one that waits already the first finding counts. */
  wait(path: string, key: string, { size, modifiedMs }: FileStat, later: Iterable<string>): void {
    const parked = this.parked.get(path);
    if (parked?.key === key) {
      if (parked.state.packed === undefined) parked.size = size; // for status
      parked.named = { size, modifiedMs };
    }
    if (this.waiting.get(path)?.key === key) return;
    this.waiting.delete(path); // another file has its name now, and comes last
    this.waiting.set(path, { key, as: path, size, modifiedMs, later: new Set(later) });
  }

  /** Topics for which a file that is found now came later than the first search. */
  later(path: string, entries: readonly Entry[]): ReadonlySet<string> {
    const { searched } = this.#host;
    const later = entries.filter((one) => this.parked.has(path) || searched.has(seenKey(one)));
    return new Set(later.map(({ topic }) => topic));
  }

  /** A file was opened: what it was before, and what was found out of it when it began to wait. */
  begin(file: TailedFile, path: string, turn?: Waiting): void {
    this.waiting.delete(path);
    const was = turn?.was ?? this.parked.get(path);
    if (was?.key === keyOf(file.state)) file.was = was;
    file.announced = file.was !== undefined && file.was.state.head.length > 0;
    if (turn !== undefined && file.was === undefined) file.modifiedMs = turn.modifiedMs;
  }

  /** Opens files that wait, as far as there is room for them or can be made. */
  async openWaiting(now: number): Promise<void> {
    const { open, openMax, entries, take } = this.#host;
    if (this.waiting.size === 0) return;
    this.#makeRoom(now, this.waiting.size + open.size - openMax);
    for (const [path, turn] of [...this.waiting].slice(0, Math.max(0, openMax - open.size))) {
      this.waiting.delete(path);
      const wanting = entriesFor(turn.as, entries());
      if (wanting.length > 0) await take(path, wanting, turn);
    }
  }

  /** Closes files that have nothing to read, and those whose turn is over, as many as there is need of. */
  #makeRoom(now: number, wanted: number): void {
    const { open, turnMs, isDirty, close } = this.#host;
    for (const file of [...open.values()]) {
      if (wanted <= 0) return;
      const end = endOfTurn(file, !isDirty(file), now, turnMs);
      if (end === undefined) continue;
      if (end === "close") close(file);
      else this.#park(file, end === "unfinished");
      wanted--;
    }
  }

  /** A parked file that no search found: not wanted any more, or gone. */
  async missing({ path, key }: Parked): Promise<void> {
    if (entriesFor(path, this.#host.entries()).length === 0) {
      this.parked.delete(path);
      this.waiting.delete(path);
      return;
    }
    try {
      const stat = await this.#host.files.stat(path);
      if (keyOf(stat) !== key) await this.leave(path, keyOf(stat));
    } catch (error) {
      // Any other fault is reported where it was met: the file is where it was.
      if (isNotFound(error)) await this.leave(path, "").catch(() => {});
    }
  }

  /**
   * A file that is parked or waits has not this name any more, where `key` is another: it is read under its new one.
   * Rejects with the WeirError of what could not be looked at, and changes nothing.
   */
  async leave(path: string, key: string, turn?: Waiting): Promise<void> {
    const { files, open, entries, removed, rotated } = this.#host;
    const was = this.parked.get(path), waited = turn ?? this.waiting.get(path);
    const old = was?.key ?? waited?.key;
    if (old === undefined || old === key) return;
    const found = await findRenamed(files, path, (stat) => keyOf(stat) === old);
    this.parked.delete(path);
    if (waited?.key === old) this.waiting.delete(path);
    rotated(path);
    if (open.has(old)) return;
    if (found === undefined) {
      removed(path, was === undefined ? waited?.size ?? 0 : unreadOf(was));
      if (was === undefined) return;
      was.state.trail = trailOf(was);
      // As where an open file is removed: one with the same short head may be another.
      if (was.state.head.length < HEAD_BYTES) was.state.brief = true;
      was.state.retired = true;
      delete was.state.size;
      return;
    }
    if (this.waiting.has(found.path)) return;
    const topics = was === undefined ? waited!.later : new Set(was.lanes.keys());
    this.wait(found.path, old, found.stat, topics);
    const waiting = this.waiting.get(found.path)!;
    if (entriesFor(found.path, entries()).length === 0) waiting.as = path;
    if (was === undefined) return;
    was.state.trail = trailOf(was);
    waiting.was = { ...was, isMoved: true };
  }

  /** The rest of a file that was renamed or copied while no agent ran is read where it is now, as what it was. */
  resume(found: { path: string; stat: FileStat }, state: FileState): void {
    if (this.waiting.has(found.path)) return;
    this.wait(found.path, keyOf(found.stat), found.stat, Object.keys(state.topics));
    this.waiting.get(found.path)!.as = state.path;
    this.#host.rotated(state.path);
  }

  /** True for the state of a parked file. */
  isParked(state: FileState): boolean {
    return this.parked.get(state.path)?.state === state;
  }

  /** Rows of the parked files, for the ledger. */
  shipped(): Progress[] {
    const rows: Progress[] = [];
    for (const { path, state, lanes, size } of this.parked.values()) {
      for (const [topic, lane] of lanes) {
        const of = state.topics[topic], { origin, lines, heldMs } = lane;
        if (of === undefined) continue;
        const { days } = of, { mark } = settledState(of);
        rows.push({ ...placeOf(state, topic, of), path, origin, lines, size, mark, days, heldMs });
        lane.heldMs = 0; // told
      }
    }
    return rows;
  }

  /** The parked files are there: for the checkpoint that is written now. */
  seen(nowMs: number): void {
    for (const { state, size } of this.parked.values()) {
      state.seenMs = nowMs;
      state.size = size;
    }
  }

  /** Sum of what is acknowledged. */
  get acknowledged(): number {
    let sum = 0;
    for (const { state } of this.parked.values()) {
      for (const topic in state.topics) sum += state.topics[topic].offset;
    }
    return sum;
  }
}

/**
 * Whether an open file can make room for another: "idle", it has nothing to read; "unfinished", its turn is over;
 * "close", no path leads to it and it is read to its end; undefined: it stays.
 */
export function endOfTurn(
  file: TailedFile,
  isIdle: boolean,
  nowMs: number,
  turnMs: number,
): "idle" | "unfinished" | "close" | undefined {
  // What is known and not open counts as written to disk.
  if (file.held !== undefined || file.lanes.size === 0 || file.life.isUnsynced) return undefined;
  if (file.packed !== undefined && !file.decided) return undefined;
  const isDone = file.isCopy || (file.decided ? file.settled : file.size === 0);
  if (file.detached) {
    return isDone && nowMs - file.lastGrowthMs >= UNLINKED_MS ? "close" : undefined;
  }
  if (isDone && isIdle) return "idle";
  const openMs = nowMs - file.openedMs;
  const isOver = openMs >= turnMs && (file.flights === 0 || openMs >= TURNS_MAX * turnMs);
  return file.decided && isOver ? "unfinished" : undefined;
}

/** It is decided what a file is that was parked: where it is what it was, what is told of it goes on. */
export function goOn(file: TailedFile): void {
  const { was } = file;
  file.was = undefined;
  if (was === undefined || was.state !== file.state) return;
  file.isMoved ||= was.isMoved;
  for (const [topic, { origin, lines, trail }] of was.lanes) {
    const lane = file.lanes.get(topic);
    if (lane === undefined) continue;
    lane.origin = Math.min(lane.origin, origin);
    lane.linesSent += lines;
    const first = lane.trail[0] ?? Infinity;
    lane.trail.unshift(...trail.filter((_, i) => trail[i - i % 2] < first));
  }
}

/** How copies that end earlier than what was read are known. */
function trailOf({ lanes }: Parked): Trail {
  const [lane] = lanes.values();
  return lane?.trail ?? [];
}

/** Bytes of a parked file that are not delivered, as far as is known. */
export function unreadOf({ state, size, lanes }: Parked): number {
  let most = 0;
  for (const topic of lanes.keys()) {
    most = Math.max(most, size - (state.topics[topic]?.offset ?? 0));
  }
  return most;
}

/**
 * Where the file that was at `path` is now, if it was renamed within its directory to a name that begins as its own
 * does: so rotated files are called. Rejects with the WeirError of what could not be looked at.
 */
export async function findRenamed(
  files: Files,
  path: string,
  isIt: (stat: FileStat) => boolean,
): Promise<{ path: string; stat: FileStat } | undefined> {
  for await (const one of siblings(files, path)) if (isIt(one.stat)) return one;
  return undefined;
}

/** The files beside `path` whose names begin as its own does, NAMES_MAX at most. */
export async function* siblings(
  files: Files,
  path: string,
): AsyncGenerator<{ path: string; stat: FileStat }> {
  const directory = dirname(path), name = basename(path), stem = name.replace(/(.)\.[^.]*$/, "$1");
  let looked = 0;
  for (const entry of await listOf(files, directory)) {
    if (entry.kind !== "file" || entry.name === name || !entry.name.startsWith(stem)) continue;
    if (++looked > NAMES_MAX) break;
    try {
      const beside = `${directory}/${entry.name}`;
      yield { path: beside, stat: await files.stat(beside) };
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

async function listOf(files: Files, directory: string): Promise<DirEntry[]> {
  try {
    return await files.readDir(directory);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** Which file a name or handle leads to. */
export function keyOf({ device, inode }: { device: number; inode: number }): string {
  return `${device}:${inode}`;
}
