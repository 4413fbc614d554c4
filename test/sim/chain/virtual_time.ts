/**
 * Time and chance of a simulated world: timers, clocks, random numbers and generations of everything that runs in this
 * isolate come from one seed, also inside client libraries. Time leaps to the next timer once nothing else can go on.
 * The same seed gives the same run. What it replaces is put back by `restore`.
 */
import { setImmediate } from "node:timers";
import type { Random } from "../../support/random.ts";

/** What a call of setTimeout returns: enough of Node's Timeout for the libraries that run here. */
export class VirtualTimer {
  cancelled = false;

  constructor(readonly atMs: number, readonly order: number, readonly run: () => void) {}

  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
}

type Replaced = [target: object, name: string, before: PropertyDescriptor | undefined];

export class VirtualTime {
  /** Milliseconds since 1970. */
  nowMs: number;
  readonly #startMs: number;
  readonly #random: Random;
  readonly #replaced: Replaced[] = [];
  #heap: VirtualTimer[] = [];
  #order = 0;
  /** Timers that rang. */
  rings = 0;

  constructor(random: Random, startMs: number) {
    this.#random = random;
    this.nowMs = this.#startMs = startMs;
  }

  /** From now on everything in this isolate lives in this time. */
  install(): void {
    const set = (target: object, name: string, value: unknown) => {
      this.#replaced.push([target, name, Object.getOwnPropertyDescriptor(target, name)]);
      Object.defineProperty(target, name, { value, configurable: true, writable: true });
    };
    set(globalThis, "setTimeout", (run: (...all: any[]) => void, ms = 0, ...args: unknown[]) => {
      return this.#add(Math.max(1, Math.ceil(Number(ms) || 0)), () => run(...args));
    });
    set(globalThis, "clearTimeout", (timer: VirtualTimer | undefined) => {
      if (timer instanceof VirtualTimer) timer.cancelled = true;
    });
    set(globalThis, "setInterval", () => {
      throw new Error("setInterval is not simulated");
    });
    set(Date, "now", () => Math.floor(this.nowMs));
    set(performance, "now", () => this.nowMs - this.#startMs);
    set(Math, "random", () => this.#random.next());
    set(crypto, "getRandomValues", (into: Uint8Array) => {
      for (let i = 0; i < into.length; i++) into[i] = this.#random.below(256);
      return into;
    });
  }

  restore(): void {
    for (const [target, name, before] of this.#replaced.splice(0).reverse()) {
      if (before === undefined) delete (target as Record<string, unknown>)[name];
      else Object.defineProperty(target, name, before);
    }
    this.#heap = [];
  }

  /** Lets `ms` pass. */
  async pass(ms: number): Promise<void> {
    const end = this.nowMs + ms;
    for (;;) {
      await turn();
      const next = this.#heap[0];
      if (next === undefined || next.atMs > end) break;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      while (this.#heap.length > 0 && this.#heap[0].atMs <= this.nowMs) {
        const timer = this.#pop();
        if (timer.cancelled) continue;
        this.rings++;
        timer.run();
      }
    }
    this.nowMs = end;
  }

  #add(ms: number, run: () => void): VirtualTimer {
    const timer = new VirtualTimer(this.nowMs + ms, this.#order++, run);
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    for (let above; at > 0 && before(timer, heap[above = (at - 1) >> 1]); at = above) {
      heap[at] = heap[above];
      heap[above] = timer;
    }
    return timer;
  }

  #pop(): VirtualTimer {
    const heap = this.#heap, first = heap[0], last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && before(heap[below + 1], heap[below])) below++;
      if (!before(heap[below], last)) break;
      heap[at] = heap[below];
      at = below;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: VirtualTimer, b: VirtualTimer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** Everything that can go on without time passing has gone on. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waits in the time that is installed. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits for the first of these, at most `ms`. */
export async function changeOrTime(changes: readonly Promise<void>[], ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const time = new Promise<void>((resolve) => timer = setTimeout(resolve, ms));
  await Promise.race([...changes, time]);
  clearTimeout(timer);
}
