/**
 * All files of an agent: finds them, recognises them, gives each its turn. One loop owns all state; events and
 * acknowledgements only wake it. agent/tail/DESIGN.md has the look cycle in numbered steps.
 */
import { messageOf, WeirError } from "../../core/errors.ts";
import { isNotFound } from "../../core/ports/files.ts";
import { logOf } from "../../core/log.ts";
import type { Seal } from "../../core/ledger/seal.ts";
import { dayOf } from "../../core/record/identity.ts";
import type { FileState } from "../checkpoint/state.ts";
import type { Progress } from "../ledger/sealer.ts";
import type { Before } from "../plan/plan.ts";
import { NotYet } from "../unpack/packed_file.ts";
import { entriesFor, type Problem } from "./discovery.ts";
import type { Entry } from "./entries.ts";
import { HEAD_BYTES } from "./fingerprint.ts";
import { Glances } from "./glance.ts";
import { KnownFiles } from "./known_files.ts";
import { settledState } from "./lane.ts";
import { Looks } from "./looks.ts";
import { OpenFiles } from "./open_files.ts";
import { Recognition, UNLINKED_MS } from "./recognition.ts";
import { Search } from "./search.ts";
import { closedOf, shippedOf } from "./shipped.ts";
import type { LookResult, TailContext, TailSetEvents, TailSetOptions } from "./tail_context.ts";
import { beforeOf, progressOf, statusOf, type StatusRow } from "./tail_report.ts";
import type { TailedFile } from "./tailed_file.ts";
import { goOn, keyOf, Turns, type Waiting } from "./turns.ts";
import { Vanished } from "./vanished.ts";

/** Made once: an abort without a reason makes an exception with its stack each time. */
const WOKEN = "woken";
/** Files that wait to be opened look for room so often. */
const WAITING_LOOK_MS = 100;

export class TailSet {
  readonly #options: TailSetOptions;
  readonly #context: TailContext;
  readonly #events: TailSetEvents;
  readonly #log = logOf("agent.tail");
  readonly #open: OpenFiles;
  /** Known generations that are not open: of an earlier run, closed, or retired. */
  readonly #known = new KnownFiles();
  readonly #search: Search;
  readonly #glances = new Glances();
  readonly #recognition: Recognition;
  readonly #turns: Turns;
  readonly #vanished: Vanished;
  readonly #looks: Looks;
  readonly #inFlight = new Map<string, number>();
  #round = 0;
  /** Seals that the ledger took. */
  #sealed = 0;
  #sweepAtMs = 0;
  #wake: () => void = () => {};
  #woken = false;
  #stopping = false;
  #loop: Promise<void> = Promise.resolve();
  readonly #isDirty = (file: TailedFile): boolean => this.#looks.has(file);
  readonly #touch = (file: TailedFile): void => void this.#looks.add(file);

  constructor(
    options: TailSetOptions,
    context: Omit<
      TailContext,
      "events" | "roomFor" | "took" | "sync" | "entriesFor" | "detachedMs"
    >,
    events: TailSetEvents,
  ) {
    this.#options = options;
    this.#events = events;
    this.#vanished = new Vanished({
      ...options,
      open: () => this.#open.byKey,
      entries: () => this.#search.entries,
      removed: (path, unread) => this.#events.removed(path, unread),
      found: (rest, state) => {
        this.#turns.resume(rest, state);
        this.#wakeUp();
      },
    });
    this.#open = new OpenFiles(options, this.#known);
    this.#search = new Search({
      ...options,
      clock: context.clock,
      known: this.#known,
      open: this.#open,
      turns: () => this.#turns,
      take: (path, entries) => this.#take(path, entries),
      unwanted: (file) => this.#unwanted(file),
      touched: this.#touch,
      wakeUp: () => this.#wakeUp(),
    });
    this.#looks = new Looks({
      problems: this.#search.problems,
      decide: (file) => this.#decide(file),
      stopping: () => this.#stopping,
      sync: () => this.save(),
    });
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
      open: this.#open.byKey,
      entries: () => this.#search.entries,
      searched: this.#search.searched,
      isDirty: this.#isDirty,
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
          if (failed && !file.closed) this.#looks.add(file);
          this.#wakeUp();
        },
        retired: (state) => this.#known.add(state),
      },
      roomFor: (topic) =>
        options.bufferBytesMax / Math.max(1, this.#topicCount()) - (this.#inFlight.get(topic) ?? 0),
      took: (topic, bytes) => this.#inFlight.set(topic, (this.#inFlight.get(topic) ?? 0) + bytes),
      sync: () => this.save(),
      entriesFor: (path) => entriesFor(path, this.#search.entries),
      detachedMs: options.detachedMs,
    };
  }

  /** Resolves when everything was looked for once. */
  get discovered(): Promise<void> {
    return this.#search.discovered;
  }

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
    return this.#search.apply(entries);
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
    this.#search.stop();
    await this.save().catch((error) =>
      this.#log.error("Cannot write the last checkpoint", { reason: messageOf(error) })
    );
    for (const file of [...this.#open.values()]) this.#open.release(file);
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
    return new Set(this.#search.entries.map((entry) => entry.topic)).size;
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
      await this.#search.look(now);
      if (now >= this.#sweepAtMs) {
        this.#sweepAtMs = now + this.#options.sweepMs;
        for (const file of this.#open.values()) {
          if (file.detached || !file.decided || !file.settled) this.#looks.add(file);
        }
        this.#closeDetached(now);
      }
      await this.#turns.openWaiting(now);
      const wait = await this.#lookAtTouched();
      if (wait === 0) await this.#glances.next(this.#open.values(), this.#isDirty, this.#touch);
      if (wait > 0 && !this.#woken) await this.#pause(wait);
    }
  }

  /** Returns how long to wait for the next round, 0: not at all. */
  #lookAtTouched(): Promise<number> {
    const now = this.#context.clock.monotonicMs();
    const wait = Math.max(1, Math.min(this.#sweepAtMs, this.#search.atMs) - now);
    const isFull = this.#turns.waiting.size > 0;
    return this.#looks.round(now, isFull ? Math.min(wait, WAITING_LOOK_MS) : wait);
  }

  /** Waits for a wake or at most `ms`. */
  async #pause(ms: number): Promise<void> {
    const end = new AbortController();
    this.#wake = () => end.abort(WOKEN);
    if (!this.#woken) await this.#context.clock.sleep(ms, end.signal);
    this.#wake = () => {};
  }

  /** Says once what is wrong with a packed file, when it is sure that nobody writes it any more. */
  #tellFault(file: TailedFile): void {
    const fault = file.packed?.fault ?? "";
    if (fault === file.faultTold) return;
    if (this.#context.clock.monotonicMs() - file.lastGrowthMs < this.#options.copyHoldMs) return;
    file.faultTold = fault;
    if (fault === "") return;
    this.#events.broken(file.path, fault);
    file.packed?.told();
  }

  /** No path leads to it: rotated away or removed, and read to its end; or no entry wants it, and it stops. */
  #unwanted(file: TailedFile): void {
    this.#looks.add(file);
    if (entriesFor(file.path, this.#search.entries).length === 0) {
      file.keep(new Map());
      if (file.lanes.size === 0) this.#close(file);
      else if (file.flights > 0) this.#search.within(100);
    } else if (!file.detached) {
      file.detached = true;
      this.#events.rotated(file.path);
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
      let file = this.#open.byKey.get(key);
      const before = this.#open.at(path);
      if (before !== undefined && before !== file && !before.detached) {
        before.detached = true;
        this.#events.rotated(path);
        this.#looks.add(before);
      }
      if (file === undefined) {
        await this.#turns.leave(path, key);
        if (turn === undefined && this.#turns.isUnchanged(path, key, stat)) return undefined;
        if (this.#open.size >= this.#options.openMax) {
          this.#turns.wait(path, key, stat, this.#turns.later(path, entries));
          return undefined;
        }
        file = await this.#open.open(path, this.#context, this.#round);
        this.#turns.begin(file, path, turn);
      }
      if (file.path !== path && (file.detached || !(await this.#open.leadsTo(file.path, key)))) {
        this.#open.setPath(file, path);
      }
      file.detached = false;
      // For status, until the first look.
      if (file.packed === undefined) file.size = Math.max(file.size, stat.size);
      const later = turn?.later ?? this.#turns.later(path, entries);
      await file.serve(path, entries, turn?.size ?? stat.size, later);
      this.#turns.parked.delete(path);
      const isSame = file.decided && file.settled && stat.size === file.measured.size &&
        stat.modifiedMs === file.measured.modifiedMs && stat.links === file.links;
      if (!isSame) this.#looks.add(file);
      return file;
    } catch (error) {
      if (error instanceof NotYet) {
        this.#search.lookAgain(path);
      } else if (isNotFound(error)) {
        await this.#turns.leave(path, "", turn).catch(() => this.#search.failed(path));
      } else {
        this.#search.problems.add(path, error);
        if (!(error instanceof WeirError) || error.retriable) this.#search.failed(path);
      }
      return undefined;
    }
  }

  /** Decides what a file is that was not read yet. */
  async #decide(file: TailedFile): Promise<LookResult> {
    const isBlind = this.#search.isBlindAt(file.path);
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
    if (file !== undefined && turn.as !== path) this.#open.detach(file, turn.as);
  }

  #release(file: TailedFile): void {
    this.#looks.delete(file);
    this.#open.release(file);
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
    if (!this.#search.isComplete) return; // before that a file that is there is not open yet
    if (this.#search.isSure && this.#turns.waiting.size === 0) {
      this.#vanished.look(this.#known.values());
    }
    this.#known.forget(
      this.#context.clock.wallMs(),
      this.#options.forgetMs,
      this.#turns.parked.size,
      (state) => this.#turns.isParked(state),
    );
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
    const closed = this.#vanished.isDone ? closedOf(this.#closed()) : [];
    return closed.concat(
      this.#vanished.take(),
      this.#turns.shipped(),
      shippedOf(this.#open.values()),
    );
  }

  *#closed(): Generator<FileState> {
    for (const state of this.#known.values()) if (!this.#turns.isParked(state)) yield state;
  }

  /** The ledger has these seals: what they tell is told no more, also by the next run. */
  sealed(seals: readonly Seal[]): void {
    const open = new Map([...this.#open.values()].map(({ state }) => [state.generation, state]));
    for (const { generation, topic, to } of seals) {
      const of = (open.get(generation) ?? this.#known.get(generation))?.topics[topic];
      if (of !== undefined) of.sealed = to;
    }
    this.#sealed += seals.length;
  }

  /** What it knows of files and entries now, for a plan: what is handed out is not to be changed. */
  before(): Before {
    return beforeOf(this.#open.values(), this.#known, this.#search.searched);
  }

  /** Changes whenever a checkpoint would: which generations there are and how far each is. */
  progress(): string {
    const day = dayOf(this.#context.clock.wallMs()); // once a day it is written that a file is still there
    const { acknowledged } = this.#turns;
    const open = progressOf(this.#open.values());
    return `${open} ${this.#known.size} ${acknowledged} ${day} ${this.#sealed}`;
  }

  get problems(): readonly Problem[] {
    return this.#search.problems.list;
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
