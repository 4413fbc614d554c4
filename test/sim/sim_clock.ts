/** The simulated Clock: time moves when told, and its wall time jumps by seed as an operator or NTP makes it. */
import { ManualClock } from "../../core/ports/clock.ts";
import type { Random } from "../support/random.ts";

export class SimClock extends ManualClock {
  readonly #random: Random;
  #jumpMs = 0;

  constructor(random: Random, startMs?: number) {
    super(startMs);
    this.#random = random;
  }
  override wallMs(): number {
    return super.wallMs() + this.#jumpMs;
  }
  /** Now and then wall time jumps, up to an hour either way. */
  override async advance(ms: number): Promise<void> {
    if (this.#random.chance(0.05)) this.#jumpMs = this.#random.below(7_200_000) - 3_600_000;
    await super.advance(ms);
  }
}
