/** The copy of the configuration that was applied last, in the state folder: what the agent's lines are sent by. */
import { messageOf, WeirError } from "../core/errors.ts";
import type { ConfigSnapshot } from "../core/ports/config_source.ts";
import type { Files } from "../core/ports/files.ts";
import { type Entry, mergeEntries, parseEntries } from "./tail/entries.ts";

export const APPLIED_COPY = "applied.json";

/** The copy that the agent keeps: one write at a time, and the newest value last. */
export class AppliedCopy {
  readonly #files: Pick<Files, "writeAtomic">;
  readonly #state: string;
  /** What is still to be written; a newer one takes its place. */
  #next: Uint8Array | undefined;
  #writing: Promise<void> | undefined;

  constructor(files: Pick<Files, "writeAtomic">, state: string) {
    this.#files = files;
    this.#state = state;
  }

  /** Keeps this value; resolves when it, or a newer one, is on disk. Rejects with the file system's WeirError. */
  async save({ revision, text, layers }: ConfigSnapshot): Promise<void> {
    const value = text ?? "[]";
    this.#next = new TextEncoder().encode(JSON.stringify({ revision, value, layers }));
    this.#writing ??= this.#write().finally(() => this.#writing = undefined);
    await this.#writing;
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.#writing?.catch(() => {}); // its caller hears of it
  }

  async #write(): Promise<void> {
    while (this.#next !== undefined) {
      const copy = this.#next;
      this.#next = undefined;
      try {
        await this.#files.writeAtomic(`${this.#state}/${APPLIED_COPY}`, copy);
      } catch (error) {
        if (this.#next === undefined) throw error; // else the newer one is tried
      }
    }
  }
}

/** Rejects with APPLIED_UNREADABLE where there is none, or it cannot be used. */
export async function appliedEntries(
  files: Pick<Files, "readText">,
  state: string,
): Promise<Entry[]> {
  const path = `${state}/${APPLIED_COPY}`;
  try {
    const { value, layers } = JSON.parse(await files.readText(path)) as {
      value: string;
      layers?: ConfigSnapshot["layers"];
    };
    return layers === undefined
      ? parseEntries(value, path)
      : mergeEntries(layers.map((layer) => parseEntries(layer.text, layer.name)));
  } catch (error) {
    throw new WeirError(
      "APPLIED_UNREADABLE",
      `Cannot read what this host's agent applied last: ${messageOf(error)}`,
      {
        hint: "Run it on the host of the agent, as a user that may read its state folder.",
        cause: error,
      },
    );
  }
}
