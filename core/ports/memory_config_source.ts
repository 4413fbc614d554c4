/** The in-memory ConfigSource: set what it says; for unit tests and `weir up`. */
import type { ConfigSnapshot, ConfigSource } from "./config_source.ts";

export class MemoryConfigSource implements ConfigSource {
  readonly name = "memory";
  #snapshot: ConfigSnapshot;
  readonly #watchers = new Set<(snapshot: ConfigSnapshot) => void>();

  constructor(text: string | null = null) {
    this.#snapshot = { text, revision: 1, deleted: false };
  }
  set(text: string | null): void {
    this.#snapshot = { text, revision: this.#snapshot.revision + 1, deleted: text === null };
    for (const changed of this.#watchers) changed(this.#snapshot);
  }
  /** The key is gone without having been deleted: a wiped store. */
  vanish(): void {
    this.#snapshot = { text: null, revision: 1, deleted: false };
    for (const changed of this.#watchers) changed(this.#snapshot);
  }
  read(): Promise<ConfigSnapshot> {
    return Promise.resolve(this.#snapshot);
  }
  async watch(
    changed: (snapshot: ConfigSnapshot) => void,
    _failed: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    changed(this.#snapshot);
    this.#watchers.add(changed);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    this.#watchers.delete(changed);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
