/**
 * Looks for what is to be tailed: what the system tells of at once, everything once a sweep. A fault that may pass says
 * nothing about a file: it is looked at again, and nothing is decided about its neighbours before.
 */
import { dirname } from "node:path";
import type { Clock } from "../../core/ports/clock.ts";
import type { Files } from "../../core/ports/files.ts";
import { discover, entriesFor, searchedBefore } from "./discovery.ts";
import { type Entry, seenKey } from "./entries.ts";
import type { KnownFiles } from "./known_files.ts";
import type { OpenFiles } from "./open_files.ts";
import { Problems } from "./problems.ts";
import { Sweep } from "./sweep.ts";
import type { TailedFile } from "./tailed_file.ts";
import { keyOf, type Turns } from "./turns.ts";

/** A fault that may pass is tried again after this time. */
const RETRY_MS = 1000;

/**
 * The system may leave some out of many changes that it tells of at once (Deno keeps 16, several a file): so many files
 * within BURST_WITHIN_MS are followed by a look at all names, after BURST_LOOK_MS and in at most a 50th of the time.
 */
const BURST = 4, BURST_WITHIN_MS = 100, BURST_LOOK_MS = 1000, LOOK_SHARE = 50;

export interface SearchHost {
  files: Files;
  clock: Clock;
  filesMax: number;
  /** Between two looks at everything. */
  sweepMs: number;
  /** Whoever runs the tail tells of what the first search finds wrong. */
  firstIsTold?: boolean;
  known: KnownFiles;
  open: OpenFiles;
  turns: () => Turns;
  /** Sees that the file at a path is tailed; undefined where it cannot be, or must wait. */
  take(path: string, entries: readonly Entry[]): Promise<TailedFile | undefined>;
  /** No path leads to it, or no entry wants it. */
  unwanted(file: TailedFile): void;
  /** Something may have happened to it. */
  touched(file: TailedFile): void;
  wakeUp(): void;
}

export class Search {
  readonly #host: SearchHost;
  readonly problems: Problems;
  readonly #watches = new Map<string, AbortController>();
  readonly #changedPaths = new Set<string>();
  /** Directories in which a fault that may pass hid something since the last search. */
  readonly #faulty = new Set<string>();
  readonly #sweep = new Sweep();
  #entries: readonly Entry[] = [];
  /** Paths whose change was told of since `sinceMs`; `missed`: there may have been more. */
  readonly #burst = { sinceMs: 0, told: new Set<string>(), missed: false };
  /** Before this all names are not looked at again because of a burst. */
  #allAtMs = 0;
  #atMs = 0;
  #applied = false;
  #applying: (() => void)[] = [];
  /** Everything was looked for once and could be seen. */
  isComplete = false;
  readonly #searched = new Set<string>();
  #discovered: () => void = () => {};
  /** Resolves when everything was looked for once. */
  readonly discovered = new Promise<void>((resolve) => this.#discovered = resolve);

  constructor(host: SearchHost) {
    this.#host = host;
    this.problems = new Problems(host);
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /**
   * Names (`seenKey`) of entries whose files were looked for, now or before a restart: a file that appears since is read
   * from its begin.
   */
  get searched(): ReadonlySet<string> {
    return this.#searched;
  }

  /** Monotonic ms of the next look at everything. */
  get atMs(): number {
    return this.#atMs;
  }

  /** False while a fault that may pass hides something. */
  get isSure(): boolean {
    return this.#faulty.size === 0;
  }

  /** Resolves when everything was looked for with these entries, or with later ones. */
  apply(entries: readonly Entry[]): Promise<void> {
    this.#entries = entries;
    for (const key of searchedBefore(entries, this.#host.known.values())) this.#searched.add(key);
    this.#applied = true;
    this.#atMs = 0;
    this.#host.wakeUp();
    return new Promise((resolve) => this.#applying.push(resolve));
  }

  /** Looks at everything where that is due, else at what the system told of. */
  async look(now: number): Promise<void> {
    if (now >= this.#atMs) await this.#discover();
    else if (this.#changedPaths.size > 0) await this.#checkPaths();
  }

  /** Looks for files and directories, and drops what is not wanted any more. */
  async #discover(): Promise<void> {
    const { clock, files, filesMax, sweepMs, open, take, unwanted } = this.#host;
    const turns = this.#host.turns();
    const now = clock.monotonicMs(), changed = new Set(this.#changedPaths);
    const isAll = this.#applying.length > 0 || (this.#burst.missed && now >= this.#allAtMs);
    if (isAll) this.#burst.missed = false;
    this.#atMs = now + sweepMs;
    this.#changedPaths.clear();
    const applying = this.#applying.splice(0);
    this.#faulty.clear();
    const entries = this.#entries;
    const found = await discover(entries, files, filesMax);
    this.problems.begin(found.problems);
    for (const problem of found.problems) if (problem.retriable) this.failed(problem.path);
    this.#watch(found.directories);
    const wanted = new Set<TailedFile>();
    const isKnown = (path: string) => open.at(path) !== undefined || turns.isKnown(path);
    const swept = isAll ? () => true : this.#sweep.due(found.files.keys(), isKnown, sweepMs);
    const due = (path: string) => swept(path) || changed.has(path);
    for (const [path, wanting] of found.files) {
      const file = due(path) ? await take(path, wanting) : open.at(path);
      if (file !== undefined) wanted.add(file);
    }
    for (const file of [...open.values()]) {
      if (!wanted.has(file) && await this.#isElsewhere(file)) unwanted(file);
    }
    for (const parked of [...turns.parked.values()]) {
      if (!found.files.has(parked.path)) await turns.missing(parked);
    }
    if (isAll && applying.length === 0) {
      this.#allAtMs = clock.monotonicMs() + LOOK_SHARE * (clock.monotonicMs() - now);
    }
    this.problems.end(this.#applied);
    for (const resolve of applying) resolve();
    if (!this.#applied) return;
    if (!found.problems.some(({ retriable }) => retriable)) {
      this.isComplete = true;
      for (const entry of entries) this.#searched.add(seenKey(entry));
    }
    this.#discovered();
  }

  /** False where a wanted file was missed because something could not be looked at: it is where it was. */
  async #isElsewhere(file: TailedFile): Promise<boolean> {
    if (entriesFor(file.path, this.#entries).length === 0) return true;
    try {
      return !(await this.#host.open.leadsTo(file.path, keyOf(file.state)));
    } catch {
      return false; // the fault is reported where it was met
    }
  }

  /** Looks at everything after this time at the latest. */
  within(ms: number): void {
    this.#atMs = Math.min(this.#atMs, this.#host.clock.monotonicMs() + ms);
  }

  /** A fault that may pass hid a path: look again soon, and decide nothing about its neighbours before. */
  failed(path: string): void {
    this.#faulty.add(dirname(path));
    this.#faulty.add(path); // it may be a directory
    this.within(RETRY_MS);
  }

  /** True where something beside this path could not be seen. */
  isBlindAt(path: string): boolean {
    return this.#faulty.has(dirname(path));
  }

  /** The path is looked at in the next round. */
  lookAgain(path: string): void {
    this.#changedPaths.add(path);
    this.#host.wakeUp();
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
      this.#host.files.watch([directory], (path) => this.#told(path), watch.signal);
    }
  }

  #told(path: string): void {
    const now = this.#host.clock.monotonicMs(), burst = this.#burst;
    if (now - burst.sinceMs > BURST_WITHIN_MS) {
      burst.sinceMs = now;
      burst.told.clear();
    }
    if (burst.told.size < BURST && burst.told.add(path).size === BURST) {
      burst.missed = true;
      this.within(Math.max(BURST_LOOK_MS, this.#allAtMs - now));
    }
    this.lookAgain(path);
  }

  async #checkPaths(): Promise<void> {
    const paths = [...this.#changedPaths];
    this.#changedPaths.clear();
    for (const path of paths) {
      const file = this.#host.open.at(path);
      if (file !== undefined) this.#host.touched(file);
      const entries = entriesFor(path, this.#entries);
      if (entries.length > 0) await this.#host.take(path, entries);
      else if (await this.#isDirectory(path)) this.#atMs = 0;
    }
  }

  async #isDirectory(path: string): Promise<boolean> {
    try {
      const { kind } = await this.#host.files.stat(path);
      return kind === "directory" && !this.#watches.has(path);
    } catch {
      return false; // gone again
    }
  }

  stop(): void {
    for (const watch of this.#watches.values()) watch.abort();
  }
}
