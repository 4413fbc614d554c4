/** For tests: objects in memory, whose requests fail when they are told to, before they act or after. */
import type { ObjectEntry, ObjectStore } from "../../core/archive/objects.ts";

export class FailingObjects implements ObjectStore {
  readonly name = "memory";
  readonly objects = new Map<string, Uint8Array>();
  /** What was deleted. */
  readonly deleted = new Map<string, Uint8Array>();
  /** Requests until the next failure; Infinity: none. */
  untilFailure = Infinity;
  /** Whether that one acts before it fails. */
  acts = false;
  /** Turns of the event queue that the next request waits. @default one */
  turns: () => number = () => 1;
  /** Called after each change. */
  changed: () => void = () => {};

  async #step<T>(act: () => T): Promise<T> {
    for (let left = this.turns(); left > 0; left--) await Promise.resolve();
    if (--this.untilFailure > 0) return act();
    this.untilFailure = Infinity;
    if (this.acts) act();
    throw new Error("the store failed");
  }
  get(name: string) {
    return this.#step(() => this.objects.get(name));
  }
  put(name: string, bytes: Uint8Array) {
    return this.#step(() => {
      this.objects.set(name, bytes);
      this.changed();
    });
  }
  create(name: string, bytes: Uint8Array) {
    return this.#step(() => {
      if (this.objects.has(name)) return false;
      this.objects.set(name, bytes);
      return true;
    });
  }
  async *list(folder: string): AsyncIterable<ObjectEntry> {
    const found = await this.#step(() =>
      [...this.objects].filter(([name]) => name.startsWith(folder))
    );
    for (const [name, bytes] of found) yield { name, bytes: bytes.length };
  }
  delete(name: string) {
    return this.#step(() => {
      const bytes = this.objects.get(name);
      if (bytes !== undefined) this.deleted.set(name, bytes);
      this.objects.delete(name);
      this.changed();
    });
  }
  close() {}
}
