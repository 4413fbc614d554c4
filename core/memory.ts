/**
 * Gives back the memory that a program at rest would keep. V8 looks at old objects when the heap has grown to several
 * times of what lives, however many hours that takes, and Deno has no idle moments in which it would look before. So
 * the heap is looked at each half minute, and collected where it has grown: a tenth of a second, at most once a look,
 * never where nothing has grown. A busy program's own collections come in between and are not hindered.
 */
import type { Part } from "./lifecycle.ts";
import { logOf } from "./log.ts";
import type { Clock } from "./ports/clock.ts";

const LOOK_EVERY_MS = 30_000;
/** Growth that is let be: about what bulk requests and batches of records in flight take. */
const GROWTH_BYTES = 16 << 20;

export interface MemoryOptions {
  clock: Clock;
  /** Bytes that the heap has of the system, used or not, and those of buffers beside it. */
  usedBytes: () => number;
  /** Collects all garbage and gives free pages back before it returns; undefined, and nothing is done, without a gc(). */
  collect: (() => void) | undefined;
}

/** Looks at the memory from start to stop. */
export function memoryPart({ clock, usedBytes, collect }: MemoryOptions): Part {
  const log = logOf("memory"), ended = new AbortController();
  let running: Promise<void> | undefined;
  async function look(collect: () => void): Promise<void> {
    let least = usedBytes();
    for (;;) {
      await clock.sleep(LOOK_EVERY_MS, ended.signal);
      if (ended.signal.aborted) return;
      const before = usedBytes();
      least = Math.min(least, before);
      if (before - least < GROWTH_BYTES) continue;
      const since = clock.monotonicMs();
      collect();
      least = usedBytes();
      const ms = Math.round(clock.monotonicMs() - since);
      log.debug("Collected", { before, after: least, ms });
    }
  }
  return {
    name: "memory",
    start() {
      if (collect !== undefined) running = look(collect);
    },
    async stop() {
      ended.abort();
      await running;
    },
  };
}

/** This process's own memory. Executables are built with V8's `--expose-gc`; without it nothing is collected. */
export function processMemory(clock: Clock): MemoryOptions {
  const { gc } = globalThis as { gc?: (how: Record<string, string>) => void };
  return {
    clock,
    usedBytes() {
      const { heapTotal, external } = Deno.memoryUsage();
      return heapTotal + external;
    },
    collect: gc === undefined ? undefined : () => gc({ type: "major", flavor: "last-resort" }),
  };
}
