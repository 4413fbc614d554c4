/**
 * Port of this program: something that looks at the host. Adapters: the readers of /proc and /sys,
 * and systeminformation elsewhere. Behind it stands the sampler, through which both targets look,
 * so that one look serves all who ask at the same time.
 */
import type { Clock } from "../../core/ports/clock.ts";
import type { HostSample } from "./host_sample.ts";

export interface HostReader {
  readonly kind: HostSample["reader"];
  /** Every collector that this reader knows. */
  readonly collectors: readonly string[];
  /**
   * One look with the named collectors. Never rejects: what failed is said in `collectors` of the
   * sample.
   */
  read(names: ReadonlySet<string>): Promise<HostSample>;
  /** Closes what it keeps open; a later read opens it again. */
  close(): void;
}

/** Shares looks: whoever asks while one is under way, or shortly after it, gets the same. */
export class Sampler {
  readonly reader: HostReader;
  #clock: Clock;
  #freshMs: number;
  #last: { names: ReadonlySet<string>; atMs: number; sample: Promise<HostSample> } | undefined;
  #latest: HostSample | undefined;

  /** `freshMs`: how old a sample may be and still be given to another target. */
  constructor(reader: HostReader, clock: Clock, freshMs: number) {
    this.reader = reader;
    this.#clock = clock;
    this.#freshMs = freshMs;
  }

  /** The newest finished sample. */
  get latest(): HostSample | undefined {
    return this.#latest;
  }

  /** A sample that has at least the named collectors and is at most `freshMs` old. */
  async sample(names: ReadonlySet<string>): Promise<HostSample> {
    const now = this.#clock.monotonicMs();
    const last = this.#last;
    if (last !== undefined && now - last.atMs <= this.#freshMs && covers(last.names, names)) {
      return await last.sample;
    }
    const sample = this.reader.read(names);
    this.#last = { names, atMs: now, sample };
    this.#latest = await sample;
    return this.#latest;
  }
}

function covers(has: ReadonlySet<string>, wants: ReadonlySet<string>): boolean {
  for (const name of wants) if (!has.has(name)) return false;
  return true;
}
