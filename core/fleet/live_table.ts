/**
 * Who is registered, kept up to date by looks of which each fetches only what was written since the last one. No watch
 * that could hang silently stands behind it: an answer is as old as its look. Counters of a summary become rates.
 */
import type { Etcd3 } from "etcd3";
import { bounded } from "../etcd/bounded.ts";
import { etcdError } from "../etcd/client.ts";
import type { Clock } from "../ports/clock.ts";
import { decodeRegistration, type Registered } from "./registration_schema.ts";

/** A registration and what its changes show. */
export interface LiveProgram extends Registered {
  /** Increase a second of the counters `lines` and `bytes`, where two writes of one process were seen. */
  rates: Record<string, number>;
}

interface Entry {
  program: LiveProgram;
  seenMs: number;
  /** Between the last two changes of its figures. */
  apartMs: number;
}

export interface LiveTableOptions {
  /** Runs what only reads with a client of etcd. */
  read: <T>(work: (client: Etcd3) => Promise<T>) => Promise<T>;
  prefix: string;
  timeoutMs: number;
  clock: Clock;
  /** Programs at most; further ones are counted. @default {10_000} */
  programsMax?: number;
}

const COUNTERS = ["lines", "bytes"];
/** A counter that did not move for so many of its intervals stands still. */
const STILL_AFTER = 2.5;
const STILL_MS_MIN = 60_000;

export class LiveTable {
  readonly #options: LiveTableOptions;
  readonly #entries = new Map<string, Entry>();
  #revision = 0;
  #lookedMs = -Infinity;
  #looking: Promise<void> | undefined;
  /** Changes whenever the table does. */
  version = 0;
  /** Registrations that were left out: more than programsMax, or of a form that is not known. */
  leftOut = 0;

  constructor(options: LiveTableOptions) {
    this.#options = options;
  }

  /** All programs, by program and host, at most `ageMs` old. Rejects with ETCD_UNREACHABLE and the like. */
  async programs(ageMs = 1000): Promise<LiveProgram[]> {
    if (this.#options.clock.monotonicMs() - this.#lookedMs > ageMs) {
      this.#looking ??= this.#look().finally(() => this.#looking = undefined);
      await this.#looking;
    }
    return this.#sorted();
  }

  #sorted(): LiveProgram[] {
    const now = this.#options.clock.monotonicMs();
    const all = [...this.#entries.values()].map(({ program, seenMs, apartMs }) => {
      const isStill = now - seenMs > Math.max(STILL_MS_MIN, STILL_AFTER * apartMs);
      return isStill && Object.keys(program.rates).length > 0
        ? { ...program, rates: Object.fromEntries(COUNTERS.map((name) => [name, 0])) }
        : program;
    });
    const name = (one: LiveProgram) => `${one.program} ${one.host} ${one.id}`;
    return all.sort((a, b) => name(a) < name(b) ? -1 : 1);
  }

  #look(): Promise<void> {
    return this.#options.read((client) => this.#lookWith(client));
  }

  async #lookWith(client: Etcd3): Promise<void> {
    const { prefix, timeoutMs, clock } = this.#options;
    const what = "Cannot read who is registered";
    try {
      const since = client.getAll().prefix(prefix).minModRevision(this.#revision + 1).exec();
      const changed = await bounded(since, clock, timeoutMs, what);
      const revision = Number(changed.header.revision);
      if (revision < this.#revision) { // another etcd, or an older backup of it
        this.#entries.clear();
        this.#revision = 0;
        this.version++;
        return await this.#lookWith(client);
      }
      const keys = await bounded(client.getAll().prefix(prefix).keys(), clock, timeoutMs, what);
      this.#take(changed.kvs, new Set(keys));
      this.#revision = revision;
      this.#lookedMs = clock.monotonicMs();
    } catch (error) {
      throw etcdError(error, what);
    }
  }

  #take(changed: readonly { key: Uint8Array; value: Uint8Array }[], keys: Set<string>): void {
    const { programsMax = 10_000 } = this.#options;
    for (const key of this.#entries.keys()) {
      if (keys.has(key)) continue;
      this.#entries.delete(key);
      this.version++;
    }
    for (const { key, value } of changed) {
      const name = key.toString(), found = decodeRegistration(value.toString());
      if (found === undefined || !keys.has(name)) continue;
      if (!this.#entries.has(name) && this.#entries.size >= programsMax) continue;
      this.#entries.set(name, this.#entryOf(found, this.#entries.get(name)));
      this.version++;
    }
    this.leftOut = keys.size - this.#entries.size;
  }

  #entryOf(found: Registered, before: Entry | undefined): Entry {
    const now = this.#options.clock.monotonicMs();
    const known = before?.program.instance === found.instance ? before : undefined;
    if (known === undefined) {
      return { program: { ...found, rates: {} }, seenMs: now, apartMs: 0 };
    }
    const moved = COUNTERS.filter((name) =>
      (found.summary[name] ?? 0) > (known.program.summary[name] ?? 0)
    );
    if (moved.length === 0) return { ...known, program: { ...found, rates: known.program.rates } };
    const apartMs = Math.max(1, now - known.seenMs);
    const rates = Object.fromEntries(moved.map((name) => {
      const grown = (found.summary[name] ?? 0) - (known.program.summary[name] ?? 0);
      return [name, grown / apartMs * 1000];
    }));
    return { program: { ...found, rates }, seenMs: now, apartMs };
  }
}
