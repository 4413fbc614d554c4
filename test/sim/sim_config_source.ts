/** The simulated ConfigSource: answers late, is away for a while, merges changes that follow one another; by seed. */
import { WeirError } from "../../core/errors.ts";
import type { ConfigSnapshot, ConfigSource } from "../../core/ports/config_source.ts";
import type { Random } from "../support/random.ts";

export class SimConfigSource implements ConfigSource {
  readonly name = "simulation";
  readonly #random: Random;
  #snapshot: ConfigSnapshot = { text: null, revision: 1, deleted: false };

  constructor(random: Random) {
    this.#random = random;
  }
  set(text: string | null): void {
    this.#snapshot = { text, revision: this.#snapshot.revision + 1, deleted: text === null };
  }
  read(): Promise<ConfigSnapshot> {
    return Promise.resolve(this.#snapshot);
  }
  async watch(
    changed: (snapshot: ConfigSnapshot) => void,
    failed: (error: Error) => void,
    signal: AbortSignal,
  ): Promise<void> {
    let told = -1;
    while (!signal.aborted) {
      if (this.#random.chance(0.2)) {
        failed(new WeirError("SIM_AWAY", "The source is away", { retriable: true }));
      } else if (this.#snapshot.revision !== told) {
        told = this.#snapshot.revision;
        changed(this.#snapshot);
      }
      await new Promise((resolve) => setTimeout(resolve, this.#random.below(5)));
    }
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
