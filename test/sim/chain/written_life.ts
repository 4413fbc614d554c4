/**
 * One life of a simulated file, from its first byte to its truncation or last write: all bytes that were ever in it,
 * and the places at which it stood still for so long that an agent may end a record there.
 */
import { PARTIAL_FLUSH_MS } from "./agent_process.ts";
import type { Joining } from "./joining.ts";

export class WrittenLife {
  content = "";
  readonly #pauses = new Set<number>();
  #grownMs = 0;

  constructor(
    readonly host: string,
    readonly path: string,
    readonly joining: Joining | undefined,
  ) {}

  append(text: string): void {
    if (Date.now() - this.#grownMs >= PARTIAL_FLUSH_MS) this.#pauses.add(this.content.length);
    this.#grownMs = Date.now();
    this.content += text;
  }

  /** Places behind `from` at which it stood still; its end is one. */
  pausesAfter(from: number): number[] {
    return [...this.#pauses, this.content.length].filter((at) => at > from);
  }
}
