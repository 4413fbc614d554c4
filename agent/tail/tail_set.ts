/**
 * All files of an agent: finds them, recognises them, gives each its turn. One loop owns all state; events and
 * acknowledgements only wake it. agent/tail/DESIGN.md has the look cycle in numbered steps.
 */
import { dirname } from "node:path";
import { messageOf, WeirError } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import type { FileState } from "../checkpoint/state.ts";
import { dayOf } from "../../core/record/identity.ts";
import { discover, entriesFor, openInside, type Problem, searchedBefore } from "./discovery.ts";
import type { Progress } from "../ledger/sealer.ts";
import { entriesByTopic, type Entry, seenKey } from "./entries.ts";
import { HEAD_BYTES, prefixOf } from "./fingerprint.ts";
import { NotYet, PackedFile } from "../unpack/packed_file.ts";
import { UnpackPool } from "../unpack/unpack_pool.ts";
import type { Before } from "../plan/plan.ts";
import { KnownFiles } from "./known_files.ts";

import { settledState } from "./lane.ts";
import { noteTogether } from "./noting.ts";
import { Sweep } from "./sweep.ts";
import { Recognition, UNLINKED_MS } from "./recognition.ts";
import { newFileState } from "./new_state.ts";
import type { LookResult, TailContext, TailSetEvents, TailSetOptions } from "./tail_context.ts";
import { shippedOf, Vanished } from "./shipped.ts";
import { beforeOf, statusOf, type StatusRow } from "./tail_report.ts";
import { TailedFile } from "./tailed_file.ts";
import { goOn, keyOf, Turns, type Waiting } from "./turns.ts";

/** Made once: an abort without a reason makes an exception with its stack each time. */
const WOKEN = "woken";
/** Between two looks at a file that must wait for others: each look asks the disk. */
const BLOCKED_LOOK_MS = 1000;
/** Files that wait to be opened look for room so often. */
const WAITING_LOOK_MS = 100;
/** Files with no more than this to read are looked at together, so many at once. */
const SMALL_BYTES = 16_384, TOGETHER_MAX = 256;
/** A fault that may pass is tried again after this time. */
const RETRY_MS = 1000;
/** Other files that are looked at in each round while there is always something to read. */
const GLANCED = 16;
const STATES_MAX = 200_000;
/** Packed files that are unpacked in turns; others wait. */
const UNPACKED_MAX = 4;
/** How long the place in a removed short file is kept: its packed copy may turn up. */
const BRIEF_MS = 3600_000;

export class TailSet {
  readonly #options: TailSetOptions;
  readonly #context: TailContext;
  readonly #events: TailSetEvents;
  readonly #log = logOf("agent.tail");
  /** Open files by device and inode. */
  readonly #open = new Map<string, TailedFile>();
  /** Known generations that are not open: of an earlier run, closed, or retired. */
  readonly #known = new KnownFiles();
  readonly #recognition: Recognition;
  readonly #turns: Turns;
  readonly #byPath = new Map<string, TailedFile>();
  readonly #dirty = new Set<TailedFile>();
  #glanced: TailedFile[] = [];
  readonly #unpackPool = new UnpackPool();
  /** Packed files whose turn it is. */
  readonly #unpacking = new Set<TailedFile>();
  readonly #changedPaths = new Set<string>();
  readonly #watches = new Map<string, AbortController>();
  readonly #inFlight = new Map<string, number>();
  /** Directories in which a fault that may pass hid something since the last search. */
  readonly #faulty = new Set<string>();
  readonly #complained = new Set<string>();
  #entries: readonly Entry[] = [];
  #problems: Problem[] = [];
  #discoverAtMs = 0;
  #round = 0;
  #sweepAtMs = 0;
  readonly #sweep = new Sweep();
  #wake: () => void = () => {};
  #woken = false;
  #stopping = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(
    options: TailSetOptions,
    context: Omit<TailContext, "events" | "roomFor" | "took" | "sync">,
    events: TailSetEvents,
  ) {
    this.#options = options;
    this.#events = events;
    this.#vanished = new Vanished(options.files);
    this.#recognition = new Recognition({
      files: options.files,
      roots: options.roots,
      clock: context.clock,
      known: this.#known,
      open: () => this.#open.values(),
      parked: () => this.#turns.parked.values(),
      round: () => this.#round,
      closed: (file) => this.#close(file, 1),
      copyHoldMs: options.copyHoldMs,
    });
    this.#turns = new Turns({
      files: options.files,
      openMax: options.openMax,
      turnMs: options.turnMs,
      open: this.#open,
      known: this.#known,
      entries: () => this.#entries,
      searched: this.#seenBefore,
      isDirty: (file) => this.#dirty.has(file),
      park: (file) => {
        this.#release(file);
        if (file.state.head.length > 0) this.#known.add(file.state);
      },
      close: (file) => this.#close(file),
      take: (path, entries, turn) => this.#takeInTurn(path, entries, turn),
      removed: (path, unread) => this.#events.removed(path, unread),
      rotated: (path) => this.#events.rotated(path),
    });
    this.#context = {
      ...context,
      events: {
        ...events,
        settled: (file, failed) => {
          if (failed && !file.closed) this.#dirty.add(file);
          this.#wakeUp();
        },
        retired: (state) => this.#known.add(state),
      },
      roomFor: (topic) =>
        options.bufferBytesMax / Math.max(1, this.#topicCount()) - (this.#inFlight.get(topic) ?? 0),
      took: (topic, bytes) => this.#inFlight.set(topic, (this.#inFlight.get(topic) ?? 0) + bytes),
      sync: () => this.save(),
    };
  }

  readonly #vanished: Vanished;
  #applied = false;
  #applying: (() => void)[] = [];
  /** Everything was looked for once and could be seen. */
  #searched = false;
  /** Entries whose files were looked for, now or before a restart: a file that appears since is read from its begin. */
  readonly #seenBefore = new Set<string>();
  #discovered: () => void = () => {};
  /** Resolves when everything was looked for once. */
  readonly discovered = new Promise<void>((resolve) => this.#discovered = resolve);

  /** Loads the checkpoint and begins. Rejects with CHECKPOINT_UNREADABLE. */
  async start(): Promise<void> {
    for (const state of await this.#options.checkpoint.load()) {
      this.#known.add(state);
    }
    this.#loop = this.#run();
  }

  /**
   * What is to be tailed from now on. Entries that are as before are not touched. Resolves when everything was looked
   * for with these entries, or with later ones.
   */
  apply(entries: readonly Entry[]): Promise<void> {
    this.#entries = entries;
    for (const key of searchedBefore(entries, this.#known.values())) this.#seenBefore.add(key);
    this.#applied = true;
    this.#discoverAtMs = 0;
    this.#wakeUp();
    return new Promise((resolve) => this.#applying.push(resolve));
  }

  /** Reads nothing more; what is in flight may still be acknowledged. Then the files are closed. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    this.#wakeUp();
    await this.#loop;
    const { clock } = this.#context;
    for (const end = clock.monotonicMs() + deadlineMs; clock.monotonicMs() < end;) {
      if ([...this.#open.values()].every((file) => file.flights === 0)) break;
      await clock.sleep(10);
    }
    for (const watch of this.#watches.values()) watch.abort();
    await this.save().catch((error) =>
      this.#log.error("Cannot write the last checkpoint", { reason: messageOf(error) })
    );
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }

  /** Writes the checkpoint as it stands now. */
  save(): Promise<void> {
    return this.#options.checkpoint.save(() => this.#states());
  }

  #states(): FileState[] {
    const states: FileState[] = [];
    const nowMs = this.#context.clock.wallMs();
    for (const file of this.#open.values()) {
      const { state } = file;
      if (state.head.length === 0) continue;
      state.seenMs = nowMs;
      state.size = file.size;
      states.push(file.isMoved || file.detached ? { ...state, trail: file.trail } : state);
    }
    this.#turns.seen(nowMs);
    for (const state of this.#known.values()) states.push(state);
    for (const state of states) {
      for (const topic of Object.values(state.topics)) settledState(topic);
    }
    return states;
  }

  #topicCount(): number {
    return new Set(this.#entries.map((entry) => entry.topic)).size;
  }

  #wakeUp(): void {
    this.#woken = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    const { clock } = this.#context;
    while (!this.#stopping) {
      this.#woken = false;
      this.#round++;
      const now = clock.monotonicMs();
      if (now >= this.#discoverAtMs) await this.#discover();
      else if (this.#changedPaths.size > 0) await this.#checkPaths();
      if (now >= this.#sweepAtMs) {
        this.#sweepAtMs = now + this.#options.sweepMs;
        for (const file of this.#open.values()) {
          if (file.detached || !file.decided || !file.settled) this.#dirty.add(file);
        }
        this.#closeDetached(now);
      }
      await this.#turns.openWaiting(now);
      const wait = await this.#lookAtDirty();
      if (wait === 0) await this.#glance();
      if (wait > 0 && !this.#woken) await this.#pause(wait);
    }
  }

  /**
   * While there is always something to read, what the system tells of other files stands behind what it tells of the
   * busy ones: so some of the others are looked at in each round, in turn.
   */
  async #glance(): Promise<void> {
    for (let i = 0; i < GLANCED; i++) {
      const file = this.#glanced.pop();
      if (file === undefined) {
        this.#glanced = [...this.#open.values()];
        return;
      }
      if (file.closed || !file.decided || file.packed !== undefined || this.#dirty.has(file)) {
        continue;
      }
      try {
        const { size, modifiedMs } = await file.measure();
        const { measured } = file;
        if (size !== measured.size || modifiedMs !== measured.modifiedMs) this.#dirty.add(file);
      } catch {
        this.#dirty.add(file); // the look meets the fault again, and tells of it
      }
    }
  }

  /** Waits for a wake or at most `ms`. */
  async #pause(ms: number): Promise<void> {
    const end = new AbortController();
    this.#wake = () => end.abort(WOKEN);
    if (!this.#woken) await this.#context.clock.sleep(ms, end.signal);
    this.#wake = () => {};
  }

  /** Gives each dirty file one look; returns how long to wait for the next round, 0: not at all. */
  async #lookAtDirty(): Promise<number> {
    const now = this.#context.clock.monotonicMs();
    let wait = Math.max(1, Math.min(this.#sweepAtMs, this.#discoverAtMs) - now);
    if (this.#turns.waiting.size > 0) wait = Math.min(wait, WAITING_LOOK_MS);
    await noteTogether(this.#dirty, () => this.#stopping, () => this.save());
    const some: TailedFile[] = [];
    const lookAt = async (files: TailedFile[]) => {
      const waits = await Promise.all(files.splice(0).map((file) => this.#look(file)));
      wait = Math.min(wait, ...waits);
    };
    for (const file of [...this.#dirty]) {
      if (this.#stopping) return 0;
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
    try {
      const result = file.decided ? await file.look() : await this.#decide(file);
      this.#complained.delete(file.path);
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
      this.#complain(file.path, error);
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

  /** Says once what is wrong with a packed file, when it is sure that nobody writes it any more. */
  #tellFault(file: TailedFile): void {
    const fault = file.packed?.fault ?? "";
    if (fault === file.faultTold) return;
    if (this.#context.clock.monotonicMs() - file.lastGrowthMs < this.#options.copyHoldMs) return;
    file.faultTold = fault;
    if (fault !== "") this.#events.broken(file.path, fault);
  }

  #complain(path: string, error: unknown): void {
    const problem = {
      path,
      code: error instanceof WeirError ? error.code : "FILE_FAILED",
      reason: messageOf(error),
      retriable: error instanceof WeirError && error.retriable,
    };
    if (this.#problems.length < 1000 && !this.#problems.some((one) => one.path === path)) {
      this.#problems.push(problem);
    }
    if (this.#complained.has(path)) return;
    if (this.#complained.size > 10_000) this.#complained.clear();
    this.#complained.add(path);
    this.#log.warn("Cannot read", {
      ...problem,
      hint: error instanceof WeirError ? error.hint : "",
    });
  }

  /** Looks for files and directories, and drops what is not wanted any more. */
  async #discover(): Promise<void> {
    const { clock } = this.#context;
    this.#discoverAtMs = clock.monotonicMs() + this.#options.sweepMs;
    this.#changedPaths.clear();
    const applying = this.#applying.splice(0);
    this.#faulty.clear();
    const entries = this.#entries;
    const found = await discover(entries, this.#options.files, this.#options.filesMax);
    this.#problems = found.problems;
    for (const problem of found.problems) {
      this.#complain(problem.path, new WeirError(problem.code, problem.reason, problem));
      if (problem.retriable) this.#failed(problem.path);
    }
    this.#watch(found.directories);
    const wanted = new Set<TailedFile>();
    const isKnown = (path: string) => this.#byPath.has(path) || this.#turns.isKnown(path);
    const due = applying.length > 0
      ? () => true
      : this.#sweep.due(found.files.keys(), isKnown, this.#options.sweepMs);
    for (const [path, wanting] of found.files) {
      const file = due(path) ? await this.#take(path, wanting) : this.#byPath.get(path);
      if (file !== undefined) wanted.add(file);
    }
    for (const file of [...this.#open.values()]) {
      if (!wanted.has(file) && await this.#isElsewhere(file)) this.#unwanted(file);
    }
    for (const parked of [...this.#turns.parked.values()]) {
      if (!found.files.has(parked.path)) await this.#turns.missing(parked);
    }
    for (const resolve of applying) resolve();
    if (!this.#applied) return;
    if (!found.problems.some(({ retriable }) => retriable)) {
      this.#searched = true;
      for (const entry of entries) this.#seenBefore.add(seenKey(entry));
    }
    this.#discovered();
  }

  /** False where a wanted file was missed because something could not be looked at: it is where it was. */
  async #isElsewhere(file: TailedFile): Promise<boolean> {
    if (entriesFor(file.path, this.#entries).length === 0) return true;
    try {
      return !(await this.#leadsTo(file.path, keyOf(file.state)));
    } catch {
      return false; // the fault is reported where it was met
    }
  }

  /** No path leads to it: rotated away or removed, and read to its end; or no entry wants it, and it stops. */
  #unwanted(file: TailedFile): void {
    this.#dirty.add(file);
    if (entriesFor(file.path, this.#entries).length === 0) {
      for (const lane of [...file.lanes.values()]) {
        if (lane.flights === 0) file.lanes.delete(lane.topic);
      }
      if (file.lanes.size === 0) this.#close(file);
      else this.#discoverWithin(100);
    } else if (!file.detached) {
      file.detached = true;
      this.#events.rotated(file.path);
    }
  }

  #discoverWithin(ms: number): void {
    this.#discoverAtMs = Math.min(this.#discoverAtMs, this.#context.clock.monotonicMs() + ms);
  }

  #watch(directories: ReadonlySet<string>): void {
    for (const [directory, watch] of this.#watches) {
      if (directories.has(directory)) continue;
      watch.abort();
      this.#watches.delete(directory);
    }
    for (const directory of directories) {
      if (this.#watches.has(directory)) continue;
      const watch = new AbortController();
      this.#watches.set(directory, watch);
      this.#options.files.watch([directory], (path) => {
        this.#changedPaths.add(path);
        this.#wakeUp();
      }, watch.signal);
    }
  }

  async #checkPaths(): Promise<void> {
    const paths = [...this.#changedPaths];
    this.#changedPaths.clear();
    for (const path of paths) {
      const file = this.#byPath.get(path);
      if (file !== undefined) this.#dirty.add(file);
      const entries = entriesFor(path, this.#entries);
      if (entries.length > 0) await this.#take(path, entries);
      else if (await this.#isDirectory(path)) this.#discoverAtMs = 0;
    }
  }

  async #isDirectory(path: string): Promise<boolean> {
    try {
      return (await this.#options.files.stat(path)).kind === "directory" &&
        !this.#watches.has(path);
    } catch {
      return false; // gone again
    }
  }

  /**
   * Sees that the file at a path is tailed for these entries; undefined where it cannot be or must wait.
   * @param turn it has waited, and it is its turn
   */
  async #take(
    path: string,
    entries: readonly Entry[],
    turn?: Waiting,
  ): Promise<TailedFile | undefined> {
    try {
      const stat = await this.#options.files.stat(path);
      if (stat.kind !== "file") return undefined;
      const key = keyOf(stat);
      let file = this.#open.get(key);
      const before = this.#byPath.get(path);
      if (before !== undefined && before !== file && !before.detached) {
        before.detached = true;
        this.#events.rotated(path);
        this.#dirty.add(before);
      }
      if (file === undefined) {
        await this.#turns.leave(path, key);
        if (turn === undefined && this.#turns.isUnchanged(path, key, stat)) return undefined;
        if (this.#open.size >= this.#options.openMax) {
          this.#turns.wait(path, key, stat, this.#turns.later(path, entries));
          return undefined;
        }
        file = await this.#openFile(path);
        this.#turns.begin(file, path, turn);
      }
      if (file.path !== path && (file.detached || !(await this.#leadsTo(file.path, key)))) {
        this.#setPath(file, path);
      }
      file.detached = false;
      // For status, until the first look.
      if (file.packed === undefined) file.size = Math.max(file.size, stat.size);
      const later = turn?.later ?? this.#turns.later(path, entries);
      await this.#updateLanes(file, entries, turn?.size ?? stat.size, later);
      this.#turns.parked.delete(path);
      const isSame = file.decided && file.settled && stat.size === file.measured.size &&
        stat.modifiedMs === file.measured.modifiedMs && stat.links === file.links;
      if (!isSame) this.#dirty.add(file);
      return file;
    } catch (error) {
      if (error instanceof NotYet) {
        this.#changedPaths.add(path);
        this.#wakeUp();
      } else if (error instanceof WeirError && error.code === "FILE_NOT_FOUND") {
        await this.#turns.leave(path, "", turn).catch(() => this.#failed(path));
      } else {
        this.#complain(path, error);
        if (!(error instanceof WeirError) || error.retriable) this.#failed(path);
      }
      return undefined;
    }
  }

  /** A fault that may pass hid a path: look again soon, and decide nothing about its neighbours before. */
  #failed(path: string): void {
    this.#faulty.add(dirname(path));
    this.#faulty.add(path); // it may be a directory
    this.#discoverWithin(RETRY_MS);
  }

  #setPath(file: TailedFile, path: string): void {
    if (this.#byPath.get(file.path) === file) this.#byPath.delete(file.path);
    file.isMoved ||= file.path !== path;
    file.path = path;
    this.#byPath.set(path, file);
  }

  async #leadsTo(path: string, key: string): Promise<boolean> {
    try {
      const stat = await this.#options.files.stat(path);
      return keyOf(stat) === key;
    } catch (error) {
      if (error instanceof WeirError && error.code === "FILE_NOT_FOUND") return false;
      throw error;
    }
  }

  async #updateLanes(
    file: TailedFile,
    entries: readonly Entry[],
    size: number,
    later: ReadonlySet<string>,
  ): Promise<void> {
    const wanted = entriesByTopic(entries);
    for (const [topic, entry] of wanted) {
      const lane = file.lanes.get(topic);
      if (lane !== undefined) {
        lane.entry = entry;
        continue;
      }
      const isLater = later.has(topic);
      if (file.packed !== undefined) size = await this.#unpackedSize(file, entry, isLater);
      await file.addLane(entry, size, isLater);
    }
    for (const [topic, lane] of file.lanes) {
      if (!wanted.has(topic) && lane.flights === 0) file.lanes.delete(topic);
    }
  }

  /** As far as it is known; whole where the entry may begin at the end. */
  async #unpackedSize(file: TailedFile, entry: Entry, isLater: boolean): Promise<number> {
    const isNeeded = !isLater && (entry.from === "end" || entry.ignoreOlder > 0);
    while (isNeeded && !file.packed!.isScanned) await file.measure();
    return file.size;
  }

  async #openFile(path: string): Promise<TailedFile> {
    const { files, roots } = this.#options;
    const { handle, stat } = await openInside(path, roots, files);
    const key = keyOf(stat);
    const same = this.#open.get(key);
    if (same !== undefined) { // its name changed a moment ago
      handle.close();
      return same;
    }
    const isPacked = path.endsWith(".gz");
    const unpacked = isPacked ? new PackedFile(handle, this.#unpackPool) : handle;
    const file = new TailedFile(this.#context, unpacked, newFileState(path, stat), path);
    try {
      if (file.packed !== undefined) await this.#beginUnpacking(file, stat.inode);
      const begin = await file.read(0, HEAD_BYTES);
      if (this.#options.skipBinary && begin.subarray(0, 512).includes(0)) {
        throw new WeirError("BINARY_FILE", `Not read: "${path}" is not text`);
      }
      file.modifiedMs = stat.modifiedMs;
      file.life.prefix = prefixOf(begin);
      file.round = file.prefixRound = this.#round;
      this.#open.set(key, file);
      this.#setPath(file, path);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  async #beginUnpacking(file: TailedFile, inode: number): Promise<void> {
    const known = this.#known.packedOf(inode);
    if (known !== undefined) await file.packed!.trust(known);
    await file.measure();
    if (known !== undefined && file.packed!.packed === known) file.faultTold = known.fault ?? "";
  }

  /** Decides what a file is that was not read yet. */
  async #decide(file: TailedFile): Promise<LookResult> {
    const isBlind = this.#faulty.has(dirname(file.path));
    const openMs = this.#context.clock.monotonicMs() - file.openedMs;
    if (isBlind && openMs < this.#options.copyHoldMs) return "waiting";
    const decision = await this.#recognition.decide(file);
    file.isCopy = decision === "copy";
    if (decision === "empty" || decision === "copy") return "idle";
    if (decision === "wait") return "waiting";
    if (decision === "unpack") return "more";
    file.held = undefined;
    file.decided = true;
    if (!file.announced) this.#events[decision === "resumed" ? "resumed" : "added"](file.path);
    file.announced = true;
    goOn(file);
    return "more";
  }

  /** A file that was renamed while it was not open is read to its end by its handle, as if it had been open. */
  async #takeInTurn(path: string, entries: readonly Entry[], turn: Waiting): Promise<void> {
    const file = this.#stopping ? undefined : await this.#take(path, entries, turn);
    if (file === undefined || turn.as === path) return;
    if (this.#byPath.get(path) === file) this.#byPath.delete(path);
    file.path = turn.as;
    file.detached = true;
  }

  #release(file: TailedFile): void {
    const key = keyOf(file.state);
    if (this.#open.get(key) === file) this.#open.delete(key);
    if (this.#byPath.get(file.path) === file) this.#byPath.delete(file.path);
    this.#dirty.delete(file);
    this.#unpacking.delete(file);
    file.close();
  }

  #closeDetached(now: number): void {
    for (const file of [...this.#open.values()]) {
      this.#tellFault(file);
      if (file.lanes.size === 0) this.#close(file);
      if (!file.detached || file.flights > 0) continue;
      const keepMs = file.links === 0 ? UNLINKED_MS : this.#options.detachedMs;
      const isDone = file.settled || (file.isCopy && file.links === 0);
      if (isDone && file.held === undefined && now - file.lastGrowthMs >= keepMs) {
        this.#close(file);
      }
    }
    if (!this.#searched) return; // before that a file that is there is not open yet
    if (this.#faulty.size === 0 && this.#turns.waiting.size === 0) {
      this.#vanished.look(this.#known.values(), this.#entries, this.#open, this.#events.removed);
    }
    const oldest = this.#context.clock.wallMs() - this.#options.forgetMs;
    const oldestBrief = Math.max(oldest, this.#context.clock.wallMs() - BRIEF_MS);
    for (const state of this.#known.values()) {
      if (state.seenMs < (state.brief ? oldestBrief : oldest) || this.#known.size > STATES_MAX) {
        this.#known.delete(state.generation);
      }
    }
  }

  /** @param least bytes of the head without which another file may be the same by chance: `job > log` each day */
  #close(file: TailedFile, least = file.links > 0 ? 1 : HEAD_BYTES): void {
    this.#release(file);
    const behind = [...file.lanes.values()].map((lane) => file.size - lane.state.offset);
    this.#events.removed(file.path, file.isCopy ? 0 : Math.max(0, ...behind));
    delete file.state.size;
    if (file.state.head.length === 0) return;
    if (file.state.head.length < least) file.state.brief = true;
    if (file.links === 0) {
      file.state.retired = true;
      file.state.trail = file.trail;
    }
    this.#known.add(file.state);
  }

  /** One row a file and topic, for status; `limit` bounds it. */
  status(limit = 1000): StatusRow[] {
    return statusOf(this.#open.values(), this.#turns.parked.values(), limit);
  }

  /** How far each generation is for each topic, for the ledger. */
  shipped(): Progress[] {
    const vanished = this.#vanished.take();
    return vanished.concat(this.#turns.shipped(), shippedOf(this.#open.values()));
  }

  /** What it knows of files and entries now, for a plan: what is handed out is not to be changed. */
  before(): Before {
    return beforeOf(this.#open.values(), this.#known, this.#seenBefore);
  }

  /** Changes whenever a checkpoint would: which generations there are and how far each is. */
  progress(): string {
    let files = 0, sum = 0;
    for (const file of this.#open.values()) {
      if (file.state.head.length === 0) continue;
      files++;
      for (const lane of file.lanes.values()) sum += lane.state.offset;
    }
    const day = dayOf(this.#context.clock.wallMs()); // once a day it is written that a file is still there
    return `${files} ${this.#known.size} ${sum + this.#turns.acknowledged} ${day}`;
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  get openFiles(): number {
    return this.#open.size;
  }

  get waitingFiles(): number {
    return this.#turns.waiting.size;
  }

  get inFlightBytes(): number {
    return [...this.#inFlight.values()].reduce((sum, bytes) => sum + bytes, 0);
  }
}
