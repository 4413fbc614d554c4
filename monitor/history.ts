/**
 * The host's last two weeks in memory: how busy its processors, memory, disks and network were, for the page of
 * `weir up`. Promises: bounded (24 h of samples, 14 days of five-minute means, under 1 MB); counters that went back
 * (a device that came anew) give no figure, never a negative one; a time without a sample has none.
 */
import type { HostSample } from "./read/host_sample.ts";

/** Collectors whose figures are kept. */
export const HISTORY_COLLECTORS: readonly string[] = ["cpu", "diskstats", "meminfo", "netdev"];

/** Shares are 0 to 1, the others bytes a second. */
export const FIGURES = ["cpu", "memory", "diskRead", "diskWrite", "netIn", "netOut"] as const;
export type Figure = typeof FIGURES[number];
export type Figures = Record<Figure, number>;

export interface HistoryAnswer {
  fromMs: number;
  stepMs: number;
  /** One value a step; null where nothing is known. */
  figures: Record<Figure, (number | null)[]>;
}

const FINE_MAX = 8640;
const COARSE_MS = 300_000;
const COARSE_MAX = 4032;
/** Two samples further apart than this say nothing of the time between. */
const APART_MS = 120_000;
const WIDTH = FIGURES.length + 1;

/** Rows of a time and figures; the oldest goes first. */
class Ring {
  readonly #rows: Float64Array;
  readonly #max: number;
  #next = 0;

  constructor(max: number) {
    this.#max = max;
    this.#rows = new Float64Array(max * WIDTH);
  }

  get oldestMs(): number {
    if (this.#next === 0) return Infinity;
    return this.#rows[(this.#next > this.#max ? this.#next % this.#max : 0) * WIDTH];
  }

  push(row: ArrayLike<number>): void {
    this.#rows.set(row, (this.#next++ % this.#max) * WIDTH);
  }

  /** Rows from oldest to newest. */
  *rows(): Generator<Float64Array> {
    for (let i = Math.max(0, this.#next - this.#max); i < this.#next; i++) {
      const at = (i % this.#max) * WIDTH;
      yield this.#rows.subarray(at, at + WIDTH);
    }
  }
}

interface Counters {
  timeMs: number;
  busy: number;
  all: number;
  bytes: Map<string, [number, number]>;
}

export class HostHistory {
  readonly #fine = new Ring(FINE_MAX);
  readonly #coarse = new Ring(COARSE_MAX);
  #before: Counters | undefined;
  #sum: { startMs: number; count: number; values: Float64Array } | undefined;

  /** Takes a sample; the first one is only the base of the next one's rates. */
  add(sample: HostSample): void {
    const now = countersOf(sample);
    const before = this.#before;
    this.#before = now;
    if (before === undefined || now === undefined) return;
    const spanMs = now.timeMs - before.timeMs;
    if (spanMs <= 0 || spanMs > APART_MS) return;
    const rates = ratesOf(before, now, spanMs / 1000);
    const row = [now.timeMs, shareOf(before, now), memoryOf(sample), ...rates];
    this.#fine.push(row);
    this.#addCoarse(row);
  }

  #addCoarse(row: readonly number[]): void {
    const startMs = Math.floor(row[0] / COARSE_MS) * COARSE_MS;
    if (this.#sum !== undefined && this.#sum.startMs !== startMs) {
      const { count, values } = this.#sum;
      this.#coarse.push([this.#sum.startMs + COARSE_MS / 2, ...values.map((sum) => sum / count)]);
      this.#sum = undefined;
    }
    this.#sum ??= { startMs, count: 0, values: new Float64Array(FIGURES.length) };
    this.#sum.count++;
    for (let i = 0; i < FIGURES.length; i++) this.#sum.values[i] += row[i + 1];
  }

  /** Means over steps of `stepMs` (above 0) from `fromMs` on, at most `steps` of them; undefined where none is known. */
  range(fromMs: number, stepMs: number, steps: number): HistoryAnswer | undefined {
    const sums = new Float64Array(steps * FIGURES.length), counts = new Float64Array(sums.length);
    const put = (row: Float64Array) => {
      const step = Math.floor((row[0] - fromMs) / stepMs);
      if (!(step >= 0 && step < steps)) return;
      for (let i = 0; i < FIGURES.length; i++) {
        // What a system does not tell is NaN.
        if (Number.isNaN(row[i + 1])) continue;
        sums[step * FIGURES.length + i] += row[i + 1];
        counts[step * FIGURES.length + i]++;
      }
    };
    const fineFromMs = this.#fine.oldestMs;
    // A mean that begins before the samples do, whole: else it would stand where nothing was looked at.
    for (const row of this.#coarse.rows()) if (row[0] + COARSE_MS / 2 <= fineFromMs) put(row);
    for (const row of this.#fine.rows()) put(row);
    if (!counts.some((count) => count > 0)) return undefined;
    const valuesOf = (i: number) =>
      Array.from({ length: steps }, (_, step) => {
        const at = step * FIGURES.length + i;
        return counts[at] === 0 ? null : Number((sums[at] / counts[at]).toPrecision(4));
      });
    const figures = Object.fromEntries(FIGURES.map((name, i) => [name, valuesOf(i)]));
    return { fromMs, stepMs, figures: figures as HistoryAnswer["figures"] };
  }
}

function countersOf(sample: HostSample): Counters | undefined {
  const cpu = sample.cpuTotal;
  if (cpu === undefined) return undefined;
  const busy = cpu.user + cpu.nice + cpu.system + cpu.irq + cpu.softirq + cpu.steal;
  const bytes: Counters["bytes"] = new Map();
  for (const disk of sample.disks ?? []) {
    // What lies on other devices would be counted twice.
    if (disk.hidden || /^(dm-|md)\d/.test(disk.device)) continue;
    bytes.set(`disk ${disk.device}`, [disk.sectorsRead * 512, disk.sectorsWritten * 512]);
  }
  for (const { device, receive, transmit } of sample.network ?? []) {
    if (device !== "lo") bytes.set(`net ${device}`, [receive.bytes, transmit.bytes]);
  }
  return { timeMs: sample.timeMs, busy, all: busy + cpu.idle + cpu.iowait, bytes };
}

function shareOf(before: Counters, now: Counters): number {
  const all = now.all - before.all, busy = now.busy - before.busy;
  return all > 0 && busy >= 0 ? Math.min(1, busy / all) : NaN;
}

function memoryOf(sample: HostSample): number {
  const of = (key: string) => sample.memory?.find((row) => row.key === key)?.value;
  const total = of("MemTotal"), available = of("MemAvailable");
  return total === undefined || available === undefined ? NaN : 1 - available / total;
}

/** Bytes a second: disk read, disk written, network in, network out. */
function ratesOf(before: Counters, now: Counters, seconds: number): number[] {
  const sums = [0, 0, 0, 0];
  for (const [name, [one, other]] of now.bytes) {
    const was = before.bytes.get(name);
    if (was === undefined || one < was[0] || other < was[1]) continue;
    const at = name.startsWith("disk ") ? 0 : 2;
    sums[at] += (one - was[0]) / seconds;
    sums[at + 1] += (other - was[1]) / seconds;
  }
  return sums;
}
