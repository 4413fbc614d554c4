/**
 * The simulated LineSink: takes its time, loses acknowledgements and then delivers the same lines again, refuses for
 * good now and then. All by seed. It keeps the port's promises: that is what its conformance test says.
 */
import { WeirError } from "../../core/errors.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { LineChunk, LineSink } from "../../core/ports/line_sink.ts";
import { type KeptLine, linesOf } from "../../core/ports/memory_line_sink.ts";
import type { Random } from "../support/random.ts";

export class SimLineSink implements LineSink {
  readonly guarantee = "simulated";
  /** Everything that arrived, repeats included, in the order of arrival. */
  readonly lines: KeptLine[];
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #end = new AbortController();
  /** Where a generation was refused: what lies behind it is refused too, until that range comes again. */
  readonly #refusals = new Map<string, number>();
  #queue: Promise<void> = Promise.resolve();
  /** While false nothing fails: for the end of a run, when all is healed. */
  faulty = true;

  constructor(random: Random, clock: Clock, lines: KeptLine[] = []) {
    this.#random = random;
    this.#clock = clock;
    this.lines = lines;
  }

  send(chunk: LineChunk): Promise<void> {
    const key = `${chunk.generation} ${chunk.topic}`;
    const result = this.#queue.then(() => {
      if (chunk.start > (this.#refusals.get(key) ?? Infinity)) throw refused();
      this.#refusals.delete(key);
      return this.#deliver(chunk);
    });
    this.#queue = result.catch(() => {});
    return result;
  }

  async #deliver(chunk: LineChunk): Promise<void> {
    const lines = linesOf(chunk);
    for (;;) {
      if (this.#end.signal.aborted) {
        throw new WeirError("SINK_STOPPED", "Cannot deliver: the sink is stopped", {
          retriable: true,
        });
      }
      if (this.faulty && this.#random.chance(0.3)) {
        await this.#clock.sleep(this.#random.below(3000), this.#end.signal);
      }
      if (this.#end.signal.aborted) continue;
      if (this.faulty && this.#random.chance(0.03)) {
        const part = this.#random.below(lines.length + 1);
        this.lines.push(...lines.slice(0, part));
        this.#refusals.set(`${chunk.generation} ${chunk.topic}`, chunk.start);
        throw refused();
      }
      this.lines.push(...lines);
      if (!this.faulty || !this.#random.chance(0.1)) return; // else: the acknowledgement is lost, so once more
    }
  }

  position(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#queue;
  }
}

function refused(): WeirError {
  return new WeirError("SINK_REFUSED", "Cannot deliver: refused by the simulation");
}
