/**
 * The Files port over file systems that may stop answering: a hard NFS mount whose server is gone, a FUSE server that
 * hangs. A call that takes too long rejects with FILE_SYSTEM_HANGS; while it has not come back, all else on that mount
 * is refused at once, so that each hanging mount holds a few threads of the pool and no more, and every other file goes
 * on. When the call comes back, the mount is used again. Local file systems are waited for as long as they take.
 *
 * What this cannot bound: a file of such a mount that is closed in the moment between its last answer and the first
 * call that is late.
 */
import { WeirError } from "./errors.ts";
import { logOf } from "./log.ts";
import { Mounts, type MountsOptions } from "./mounts.ts";
import type { Mount } from "./mounts.ts";
import type { Clock } from "./ports/clock.ts";
import type { FileHandle, Files, FileStat } from "./ports/files.ts";

export interface TimelyFilesOptions extends Partial<MountsOptions> {
  clock: Clock;
  /** A call on a remote mount that takes longer is late. @default {5000} */
  limitMs?: number;
}

/** Calls on open files of one mount at a time; of those that are late on one mount, and on all together. */
const AT_ONCE = 3, LATE_MAX = 4, ALL_LATE_MAX = 16;
/** A read takes no more: also a slow mount answers that in time. */
const READ_BYTES = 131_072;

/** Between two looks at a folder that cannot be watched, which take a 20th of the time at most; entries looked at. */
const WATCH_MS = 1000, WATCH_SHARE = 20, WATCHED_MAX = 1000;

/** What is known of a remote mount while it is in use. */
interface Place {
  mount: Mount;
  /** A call is late, and none came back since. */
  hangs: boolean;
  sinceMs: number;
  late: number;
  running: number;
  /** Told whether it is their turn, or that nobody's turn comes. */
  waiting: ((isTurn: boolean) => void)[];
  /** To close when it answers: closing asks it. */
  closing: FileHandle[];
}

export class TimelyFiles implements Files {
  readonly #inner: Files;
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #mounts: Mounts;
  readonly #places = new Map<string, Place>();
  readonly #log = logOf("files");
  #late = 0;

  constructor(inner: Files, options: TimelyFilesOptions) {
    this.#inner = inner;
    this.#clock = options.clock;
    this.#limitMs = options.limitMs ?? 5000;
    this.#mounts = new Mounts({ mountinfo: systemMountinfo, readLink: systemLink, ...options });
  }

  /** Where the mounts are that do not answer now. */
  get hanging(): string[] {
    return [...this.#places.values()].filter(({ hangs }) => hangs).map(({ mount }) => mount.point);
  }

  stat(path: string) {
    return this.#timely(path, "look at", () => this.#inner.stat(path));
  }
  realPath(path: string) {
    return this.#timely(path, "resolve", () => this.#inner.realPath(path));
  }
  readDir(path: string) {
    return this.#timely(path, "list", () => this.#inner.readDir(path));
  }
  async open(path: string): Promise<FileHandle> {
    let isLate = false;
    const handle = await this.#timely(path, "open", async () => {
      const opened = await this.#inner.open(path);
      if (isLate) opened.close(); // nobody waits for it any more
      return opened;
    }).catch((error) => {
      isLate = true;
      throw error;
    });
    const mount = this.#mounts.remoteAt(path);
    return mount === undefined ? handle : new TimelyHandle(handle, {
      run: <T>(action: string, work: () => Promise<T>) =>
        this.#inTurn(this.#place(mount), path, action, work),
      close: () => this.#close(mount, handle),
    });
  }
  // The program's own: where these hang there is nothing to go on with.
  readText(path: string): Promise<string> {
    return this.#inner.readText(path);
  }
  writeAtomic(path: string, content: Uint8Array): Promise<void> {
    return this.#inner.writeAtomic(path, content);
  }
  remove(path: string): Promise<void> {
    return this.#inner.remove(path);
  }
  watch(directories: readonly string[], changed: (path: string) => void, signal: AbortSignal) {
    if (!this.#mounts.hasRemote) return this.#inner.watch(directories, changed, signal);
    for (const directory of directories) void this.#watch(directory, changed, signal);
  }

  /**
   * The runtime has one watcher for all, which asks every watched folder's file system: one that hangs would keep it
   * from telling of the others, and the next watch from beginning. So a folder on a remote mount is looked at instead,
   * which also finds what another machine writes there.
   */
  async #watch(
    directory: string,
    changed: (path: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (await this.#mounts.remoteOn(directory) === undefined) {
      if (!signal.aborted) this.#inner.watch([directory], changed, signal);
      return;
    }
    let before: Map<string, string> | undefined;
    while (!signal.aborted) {
      const since = this.#clock.monotonicMs();
      let waitMs = WATCH_MS;
      try {
        const now = await this.#marksOf(directory);
        for (const [path, mark] of before === undefined ? [] : now) {
          if (before?.get(path) !== mark) changed(path);
        }
        for (const path of before?.keys() ?? []) if (!now.has(path)) changed(path);
        before = now;
        waitMs = Math.max(WATCH_MS, WATCH_SHARE * (this.#clock.monotonicMs() - since));
      } catch {
        // The search meets the fault as well, and tells of it.
      }
      await this.#clock.sleep(waitMs, signal);
    }
  }

  /** What changes when a file of the folder does, by path. */
  async #marksOf(directory: string): Promise<Map<string, string>> {
    const marks = new Map<string, string>();
    for (const { name } of (await this.readDir(directory)).slice(0, WATCHED_MAX)) {
      const path = `${directory}/${name}`;
      try {
        const { inode, size, modifiedMs } = await this.stat(path);
        marks.set(path, `${inode} ${size} ${modifiedMs}`);
      } catch (error) {
        if (isHanging(error)) throw error;
        marks.set(path, ""); // a link that leads nowhere, or gone again
      }
    }
    return marks;
  }

  async #timely<T>(path: string, action: string, work: () => Promise<T>): Promise<T> {
    if (this.#late > 0) {
      const mount = await this.#mounts.remoteOn(path);
      if (mount !== undefined && this.#isRefused(mount)) throw faultOf(mount, action, path);
    }
    const call = work();
    if (!await this.#isLate(call)) return await call;
    this.#mounts.listAgain();
    const mount = await this.#mounts.remoteOn(path);
    if (mount === undefined) return await call;
    this.#lateOn(this.#place(mount), call);
    throw faultOf(mount, action, path);
  }

  /** A call on an open file: few at a time, or those of one mount would take all threads before one of them is late. */
  async #inTurn<T>(
    place: Place,
    path: string,
    action: string,
    work: () => Promise<T>,
  ): Promise<T> {
    const { mount } = place;
    if (this.#isRefused(mount)) throw faultOf(mount, action, path);
    if (place.running < AT_ONCE) place.running++;
    else if (!await new Promise<boolean>((resolve) => place.waiting.push(resolve))) {
      throw faultOf(mount, action, path);
    }
    const call = work();
    const ended = () => {
      const next = place.waiting.shift();
      if (next === undefined) place.running--;
      else next(true);
      this.#forget(place);
    };
    call.then(ended, ended);
    if (!await this.#isLate(call)) return await call;
    this.#lateOn(place, call);
    throw faultOf(mount, action, path);
  }

  #isRefused({ id }: Mount): boolean {
    const { hangs = false, late = 0 } = this.#places.get(id) ?? {};
    return hangs || late >= LATE_MAX || this.#late >= ALL_LATE_MAX;
  }

  /** Resolves when the call settled, or with true after the limit. */
  async #isLate(call: Promise<unknown>): Promise<boolean> {
    const end = new AbortController();
    const late = this.#clock.sleep(this.#limitMs, end.signal).then(() => true);
    try {
      return await Promise.race([late, call.then(() => false, () => false)]);
    } finally {
      end.abort(DONE);
    }
  }

  #lateOn(place: Place, call: Promise<unknown>): void {
    const { point, type } = place.mount;
    place.late++;
    this.#late++;
    if (!place.hangs) {
      place.hangs = true;
      place.sinceMs = this.#clock.monotonicMs();
      this.#log.error("A file system does not answer: what lies on it waits", {
        ...{ code: "FILE_SYSTEM_HANGS", mount: point, type, hint: HINT },
      });
      for (const tell of place.waiting.splice(0)) tell(false);
    }
    const ended = () => {
      place.late--;
      this.#late--;
      this.#answered(place);
    };
    call.then(ended, ended);
  }

  #answered(place: Place): void {
    if (place.hangs) {
      place.hangs = false;
      const seconds = Math.round((this.#clock.monotonicMs() - place.sinceMs) / 1000);
      this.#log.info("A file system answers again", { mount: place.mount.point, seconds });
    }
    for (const handle of place.closing.splice(0)) handle.close();
    this.#forget(place);
  }

  #close(mount: Mount, handle: FileHandle): void {
    const place = this.#places.get(mount.id);
    if (place?.hangs) place.closing.push(handle);
    else handle.close();
  }

  #place(mount: Mount): Place {
    const known = this.#places.get(mount.id);
    if (known !== undefined) return known;
    const place: Place = {
      ...{ mount, hangs: false, sinceMs: 0, late: 0, running: 0 },
      ...{ waiting: [], closing: [] },
    };
    this.#places.set(mount.id, place);
    return place;
  }

  #forget(place: Place): void {
    if (place.late === 0 && place.running === 0) {
      this.#places.delete(place.mount.id);
    }
  }
}

/** What a handle's mount does for it. */
interface Turns {
  run<T>(action: string, work: () => Promise<T>): Promise<T>;
  close(): void;
}

class TimelyHandle implements FileHandle {
  readonly #handle: FileHandle;
  readonly #mount: Turns;

  constructor(handle: FileHandle, mount: Turns) {
    this.#handle = handle;
    this.#mount = mount;
  }
  stat(): Promise<FileStat> {
    return this.#mount.run("look at", () => this.#handle.stat());
  }
  async read(into: Uint8Array, position: number): Promise<number> {
    // Memory of its own: a late read fills it when the caller has long done something else with its buffer.
    const bytes = new Uint8Array(Math.min(into.length, READ_BYTES));
    const got = await this.#mount.run("read", () => this.#handle.read(bytes, position));
    into.set(bytes.subarray(0, got));
    return got;
  }
  close(): void {
    this.#mount.close();
  }
}

/** Made once: an abort without a reason makes an exception with its stack each time. */
const DONE = "done";
const HINT =
  "See to its server, or unmount it (umount -l). Other folders go on; it goes on by itself when it answers.";

/** True for the fault of a file system that does not answer: it is told once for all of its paths. */
export function isHanging(error: unknown): boolean {
  return error instanceof WeirError && error.code === "FILE_SYSTEM_HANGS";
}

function faultOf({ point, type }: Mount, action: string, path: string): WeirError {
  return new WeirError(
    "FILE_SYSTEM_HANGS",
    `Cannot ${action} "${path}": the file system at "${point}" (${type}) does not answer`,
    { hint: HINT, retriable: true },
  );
}

function systemMountinfo(): string {
  return Deno.readTextFileSync("/proc/self/mountinfo");
}

async function systemLink(path: string): Promise<string | undefined> {
  try {
    return await Deno.readLink(path);
  } catch {
    return undefined; // no link, or not to be seen: the call itself says which
  }
}
