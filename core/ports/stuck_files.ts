/**
 * A Files adapter for tests over another one: below one path nothing comes back while it hangs, open handles included,
 * as on a mount whose server does not answer.
 */
import type { FileHandle, Files } from "./files.ts";

export class StuckFiles implements Files {
  readonly #inner: Files;
  readonly #below: string;
  #waiting: (() => void)[] = [];
  /** While true nothing below the path comes back. */
  hangs = false;
  /** Calls that wait now, and the most that ever did. */
  calls = 0;
  callsMax = 0;
  /** Handles that were closed while it hung: a real one would not have come back from that. */
  closedInVain = 0;

  /** @param below "/mnt": it, and all under it */
  constructor(inner: Files, below: string) {
    this.#inner = inner;
    this.#below = below;
  }

  /** It answers again: what waits goes on, or so many of the oldest of it. */
  answer(number = Infinity): void {
    this.hangs = false;
    for (const goOn of this.#waiting.splice(0, number)) goOn();
  }

  async open(path: string): Promise<FileHandle> {
    const handle = await this.#asked(path, () => this.#inner.open(path));
    return {
      stat: () => this.#asked(path, () => handle.stat()),
      read: (into, position) => this.#asked(path, () => handle.read(into, position)),
      close: () => {
        if (this.#isStuck(path)) this.closedInVain++;
        handle.close();
      },
    };
  }
  stat(path: string) {
    return this.#asked(path, () => this.#inner.stat(path));
  }
  realPath(path: string) {
    return this.#asked(path, () => this.#inner.realPath(path));
  }
  readDir(path: string) {
    return this.#asked(path, () => this.#inner.readDir(path));
  }
  readText(path: string) {
    return this.#asked(path, () => this.#inner.readText(path));
  }
  writeAtomic(path: string, content: Uint8Array) {
    return this.#asked(path, () => this.#inner.writeAtomic(path, content));
  }
  remove(path: string) {
    return this.#asked(path, () => this.#inner.remove(path));
  }
  watch(directories: readonly string[], changed: (path: string) => void, signal: AbortSignal) {
    this.#inner.watch(directories, changed, signal);
  }

  #isStuck(path: string): boolean {
    return this.hangs && (path === this.#below || path.startsWith(`${this.#below}/`));
  }

  async #asked<T>(path: string, work: () => Promise<T>): Promise<T> {
    if (this.#isStuck(path)) {
      this.callsMax = Math.max(this.callsMax, ++this.calls);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      this.calls--;
    }
    return await work();
  }
}
