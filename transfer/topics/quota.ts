/**
 * How much of a topic may pass: lines and bytes, a second and a day (UTC), so that one noisy team
 * fills neither the index nor the time of all others. Each transfer takes the share of its
 * partitions. A second's bound may be passed by one batch, which the next seconds make up for. A
 * day's count begins anew with the process.
 */
import type { Clock } from "../../core/ports/clock.ts";
import { dayOf } from "../../core/record/identity.ts";
import type { Quota } from "./rules.ts";

/** Seconds whose unused room is kept for a burst. */
const BURST_S = 2;

export class QuotaMeter {
  readonly #clock: Clock;
  /** Part of the topic's partitions that is ours, 0 to 1, as of now. */
  readonly #share: () => number;
  #quota: Quota;
  /** Room of this moment; below 0 after a batch that was larger. */
  #lines: number;
  #bytes: number;
  #filledMs: number;
  #day: string;
  #dayLines = 0;
  #dayBytes = 0;

  constructor(quota: Quota, share: () => number, clock: Clock) {
    this.#quota = quota;
    this.#share = share;
    this.#clock = clock;
    this.#filledMs = clock.monotonicMs();
    this.#day = dayOf(clock.wallMs());
    this.#lines = quota.linesPerSecond * BURST_S;
    this.#bytes = quota.bytesPerSecond * BURST_S;
  }

  /** A changed bound holds from now on; what was counted today stays. */
  change(quota: Quota): void {
    this.#quota = quota;
  }

  /** True while more may pass. */
  get open(): boolean {
    this.#fill();
    const { linesPerSecond, bytesPerSecond, linesPerDay, bytesPerDay } = this.#quota;
    const share = this.#share();
    return (linesPerSecond === 0 || this.#lines > 0) && (bytesPerSecond === 0 || this.#bytes > 0) &&
      (linesPerDay === 0 || this.#dayLines < linesPerDay * share) &&
      (bytesPerDay === 0 || this.#dayBytes < bytesPerDay * share);
  }

  /** Counts what has passed. */
  take(lines: number, bytes: number): void {
    this.#lines -= lines;
    this.#bytes -= bytes;
    this.#dayLines += lines;
    this.#dayBytes += bytes;
  }

  #fill(): void {
    const now = this.#clock.monotonicMs(), passedS = (now - this.#filledMs) / 1000;
    this.#filledMs = now;
    const share = this.#share();
    const { linesPerSecond, bytesPerSecond } = this.#quota;
    const lines = linesPerSecond * share, bytes = bytesPerSecond * share;
    this.#lines = Math.min(lines * BURST_S, this.#lines + lines * passedS);
    this.#bytes = Math.min(bytes * BURST_S, this.#bytes + bytes * passedS);
    const day = dayOf(this.#clock.wallMs());
    if (day === this.#day) return;
    this.#day = day;
    this.#dayLines = this.#dayBytes = 0;
  }
}

export function hasQuota(quota: Quota): boolean {
  return quota.linesPerSecond + quota.bytesPerSecond + quota.linesPerDay + quota.bytesPerDay > 0;
}

/** The meters of all topics that have a quota. */
export class Quotas {
  readonly #meters = new Map<string, { meter: QuotaMeter; quota: Quota }>();
  readonly #share: (topic: string) => number;
  readonly #clock: Clock;

  /** `share` gives the part of a topic's partitions that is ours, 0 to 1. */
  constructor(share: (topic: string) => number, clock: Clock) {
    this.#share = share;
    this.#clock = clock;
  }

  /** The meter of a topic; undefined where it has no quota. */
  of(topic: string, quota: Quota): QuotaMeter | undefined {
    if (!hasQuota(quota)) {
      this.#meters.delete(topic);
      return undefined;
    }
    const known = this.#meters.get(topic);
    if (known === undefined) {
      const meter = new QuotaMeter(quota, () => this.#share(topic), this.#clock);
      this.#meters.set(topic, { meter, quota });
      return meter;
    }
    if (known.quota !== quota) {
      known.meter.change(quota);
      known.quota = quota;
    }
    return known.meter;
  }

  /** Topics that have used up their quota now. */
  get exceeded(): string[] {
    return [...this.#meters].filter(([, { meter }]) => !meter.open).map(([topic]) => topic);
  }
}
