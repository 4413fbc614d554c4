/** The ConfigSource over a local file: for hosts without etcd, and for tests. A deletion counts as one. */
import { messageOf } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { ConfigSnapshot, ConfigSource } from "../ports/config_source.ts";
import { type Files, isNotFound } from "../ports/files.ts";

export class FileConfigSource implements ConfigSource {
  readonly name: string;
  readonly #path: string;
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #sweepMs: number;

  /** `sweepMs`: between two looks, where the system told of no change. */
  constructor(path: string, files: Files, clock: Clock, sweepMs = 5000) {
    this.name = `file ${path}`;
    this.#path = path;
    this.#files = files;
    this.#clock = clock;
    this.#sweepMs = sweepMs;
  }

  async read(): Promise<ConfigSnapshot> {
    try {
      const stat = await this.#files.stat(this.#path);
      return {
        text: await this.#files.readText(this.#path),
        revision: Math.round(stat.modifiedMs),
        deleted: false,
      };
    } catch (error) {
      if (isNotFound(error)) {
        return { text: null, revision: this.#clock.wallMs(), deleted: true };
      }
      throw error;
    }
  }

  async watch(
    changed: (snapshot: ConfigSnapshot) => void,
    failed: (error: Error) => void,
    signal: AbortSignal,
  ): Promise<void> {
    let last: string | null | undefined;
    let wake = () => {};
    const directory = this.#path.slice(0, this.#path.lastIndexOf("/")) || "/";
    this.#files.watch([directory], (path) => path === this.#path && wake(), signal);
    while (!signal.aborted) {
      const end = new AbortController();
      wake = () => end.abort();
      try {
        const snapshot = await this.read();
        if (snapshot.text !== last) {
          last = snapshot.text;
          changed(snapshot);
        }
      } catch (error) {
        failed(error instanceof Error ? error : new Error(messageOf(error)));
      }
      await this.#clock.sleep(this.#sweepMs, AbortSignal.any([signal, end.signal]));
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
