/**
 * Takes records from the channel to the writer in bulk requests, several at once, until each is
 * written or in the dead letters. It promises: what can be tried again is, for ever and alone, with
 * growing pauses; while the writer as a whole fails, one request at a time finds out whether it is
 * back; while it says that it is overloaded, fewer are sent.
 */
import { isRetriable, messageOf, WeirError } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import { type Clock, systemClock } from "../../core/ports/clock.ts";
import type { DocumentWriter, LogRecord, WriteOutcome } from "../../core/ports/document_store.ts";
import type { DeadLetters } from "../dead_letter.ts";
import type { Entry } from "./entry.ts";

export interface DelivererOptions {
  bytesMax: number;
  documentsMax: number;
  lingerMs: number;
  workers: number;
  retryMaxMs: number;
}

export interface DeliveryEvents {
  outcome(result: WriteOutcome["result"], code: string, count: number): void;
  bulk(documents: number, bytes: number, ms: number): void;
  failed(code: string): void;
  dead(code: string, count: number): void;
  /** Age of the oldest record of a bulk that is now done, ms since its time in Kafka. */
  delay(ms: number): void;
}

/** Entries that are tried again together. */
interface Retry {
  entries: Entry[];
  attempt: number;
  dueMs: number;
}

/** Requests that are open at once before it is known how many help. */
const FIRST_LIMIT = 4;
/**
 * A request that takes so many times as long for a document as the best one did waits for others:
 * more at once would only make all of them slower.
 */
const CROWDED = 3;

/** The code with which a writer says that it has too much to do. */
export const THROTTLED = "ES_THROTTLED";

export class Deliverer {
  readonly #writer: DocumentWriter;
  readonly #dead: DeadLetters;
  readonly #options: DelivererOptions;
  readonly #release: (entry: Entry) => void;
  readonly #events: DeliveryEvents;
  readonly #clock: Clock;
  readonly #log = logOf("transfer.deliver");
  #ready: Entry[] = [];
  #readyFrom = 0;
  #readyBytes = 0;
  #oldestMs = 0;
  #retries: Retry[] = [];
  #active = 0;
  #limit: number;
  #throttledMs = -Infinity;
  #failures = 0;
  /** Of the quickest full request, forgotten slowly; ms a document. */
  #bestMs = Infinity;
  #closedUntilMs = 0;
  #timer: AbortController | undefined;
  /** When the timer rings; Infinity where there is none. */
  #wakeMs = Infinity;
  #draining = false;
  #stopped = false;
  #idle: (() => void)[] = [];
  /** What keeps records from being written now, by code; empty when all is well. */
  readonly problems = new Map<string, { reason: string; sinceMs: number; lines: number }>();

  constructor(
    writer: DocumentWriter,
    dead: DeadLetters,
    options: DelivererOptions,
    release: (entry: Entry) => void,
    events: DeliveryEvents,
    clock: Clock = systemClock,
  ) {
    this.#writer = writer;
    this.#dead = dead;
    this.#options = options;
    this.#limit = Math.min(FIRST_LIMIT, options.workers);
    this.#release = release;
    this.#events = events;
    this.#clock = clock;
  }

  /** Bulk requests that may be open at once, 1 to `workers`. */
  get limit(): number {
    return this.#failures > 0 ? 1 : Math.floor(this.#limit);
  }
  get active(): number {
    return this.#active;
  }
  /** Consecutive failures of the writer as a whole. */
  get failures(): number {
    return this.#failures;
  }
  get waiting(): number {
    return this.#ready.length - this.#readyFrom +
      this.#retries.reduce((sum, retry) => sum + retry.entries.length, 0);
  }

  push(entries: Entry[]): void {
    if (this.#readyFrom === this.#ready.length) this.#oldestMs = this.#clock.monotonicMs();
    let dead: Entry[] | undefined;
    for (const entry of entries) {
      if (entry.dead !== null) (dead ??= []).push(entry);
      else {
        this.#ready.push(entry);
        this.#readyBytes += entry.bytes;
      }
    }
    if (dead !== undefined) this.#retries.push({ entries: dead, attempt: 0, dueMs: 0 });
    this.#pump();
  }

  /** Resolves when nothing is left, or after `deadlineMs`; returns how many lines were left. */
  async drain(deadlineMs: number): Promise<number> {
    this.#draining = true;
    this.#pump();
    const end = new AbortController();
    const late = this.#clock.sleep(deadlineMs, end.signal);
    while (this.waiting + this.#active > 0) {
      const change = new Promise<"changed">((resolve) => this.#idle.push(() => resolve("changed")));
      if (await Promise.race([change, late]) !== "changed") break;
    }
    end.abort();
    this.#stopped = true;
    this.#timer?.abort();
    return this.waiting;
  }

  /** Starts what can be started, and sees to it that it is called again when more can. */
  #pump(): void {
    if (this.#stopped) return;
    const now = this.#clock.monotonicMs();
    if (now >= this.#closedUntilMs) {
      while (this.#active < this.limit) {
        const work = this.#next(now);
        if (work === undefined) break;
        this.#active++;
        this.#deliver(work).catch((error) => {
          // A fault of ours: the entries are tried again, never lost.
          this.#log.error("Delivery failed unexpectedly", { reason: messageOf(error) });
          this.#again(work.entries, work.attempt + 1);
        }).finally(() => {
          this.#active--;
          this.#pump();
          for (const wake of this.#idle.splice(0)) wake();
        });
      }
    }
    this.#wakeAt(this.#nextEventMs(now), now);
  }

  #nextEventMs(now: number): number {
    if (this.#active >= this.limit) return Infinity;
    if (now < this.#closedUntilMs) return this.#closedUntilMs;
    let next = this.#readyFrom < this.#ready.length
      ? this.#oldestMs + this.#options.lingerMs
      : Infinity;
    for (const { dueMs } of this.#retries) next = Math.min(next, dueMs);
    return next;
  }

  /**
   * A wake-up that comes too early only looks again: it is not taken back, which would cost more.
   */
  #wakeAt(atMs: number, now: number): void {
    if (atMs === Infinity || this.#wakeMs <= atMs) return;
    this.#timer?.abort();
    this.#wakeMs = atMs;
    const timer = this.#timer = new AbortController();
    this.#clock.sleep(Math.max(0, atMs - now), timer.signal).then(() => {
      if (timer.signal.aborted) return;
      this.#wakeMs = Infinity;
      this.#pump();
    });
  }

  #next(now: number): Retry | undefined {
    const due = this.#retries.findIndex(({ dueMs }) => dueMs <= now);
    if (due >= 0) return this.#ours(this.#retries.splice(due, 1)[0]) ?? this.#next(now);
    const waiting = this.#ready.length - this.#readyFrom;
    if (waiting === 0) return undefined;
    const { documentsMax, bytesMax, lingerMs } = this.#options;
    const full = waiting >= documentsMax || this.#readyBytes >= bytesMax;
    if (!full && !this.#draining && now - this.#oldestMs < lingerMs) return undefined;
    let to = this.#readyFrom, bytes = 0;
    while (to < this.#ready.length && to - this.#readyFrom < documentsMax) {
      bytes += this.#ready[to].bytes;
      if (bytes > bytesMax && to > this.#readyFrom) {
        bytes -= this.#ready[to].bytes;
        break;
      }
      to++;
    }
    const entries = this.#ready.slice(this.#readyFrom, to);
    this.#readyBytes -= bytes;
    this.#readyFrom = to;
    if (to > 10_000 || to === this.#ready.length) {
      this.#ready = this.#ready.slice(to);
      this.#readyFrom = 0;
    }
    this.#oldestMs = now;
    return this.#ours({ entries, attempt: 0, dueMs: 0 }) ?? this.#next(now);
  }

  /** Without the entries of partitions that were lost meanwhile: their new owner writes them. */
  #ours(work: Retry): Retry | undefined {
    if (work.entries.every(({ lane }) => lane.live)) return work;
    const entries: Entry[] = [];
    for (const entry of work.entries) {
      if (entry.lane.live) entries.push(entry);
      else this.#release(entry);
    }
    return entries.length === 0 ? undefined : { ...work, entries };
  }

  async #deliver({ entries, attempt }: Retry): Promise<void> {
    const dead = entries.filter((entry) => entry.dead !== null);
    if (dead.length > 0) await this.#bury(dead, attempt);
    const alive = dead.length === 0 ? entries : entries.filter((entry) => entry.dead === null);
    if (alive.length > 0) await this.#write(alive, attempt);
  }

  async #write(entries: Entry[], attempt: number): Promise<void> {
    const records = entries.map((entry) => entry.record as LogRecord);
    const since = this.#clock.monotonicMs();
    let outcomes: WriteOutcome[];
    try {
      outcomes = await this.#writer.write(records);
      if (outcomes.length !== entries.length) {
        throw new Error(`${outcomes.length} outcomes for ${entries.length} records`);
      }
    } catch (error) {
      return this.#failed(entries, attempt, error);
    }
    this.#succeeded();
    const ms = this.#clock.monotonicMs() - since;
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    this.#events.bulk(entries.length, bytes, ms);
    await this.#settle(entries, outcomes, attempt, this.#isCrowded(entries.length, ms));
  }

  /** Only full requests can be compared: a small one takes longer for each document. */
  #isCrowded(documents: number, ms: number): boolean {
    if (documents * 2 < this.#options.documentsMax) return false;
    const each = ms / documents;
    this.#bestMs = Math.min(this.#bestMs * 1.005, each);
    return each > CROWDED * this.#bestMs;
  }

  async #settle(
    entries: Entry[],
    outcomes: WriteOutcome[],
    attempt: number,
    crowded: boolean,
  ): Promise<void> {
    const counts = new Map<string, [WriteOutcome["result"], string, number]>();
    const again: Entry[] = [], dead: Entry[] = [];
    let oldest = Infinity;
    entries.forEach((entry, i) => {
      const outcome = outcomes[i];
      const code = "code" in outcome ? outcome.code : "";
      const counted = counts.get(outcome.result + code);
      if (counted === undefined) counts.set(outcome.result + code, [outcome.result, code, 1]);
      else counted[2]++;
      if (outcome.result === "retry") {
        again.push(entry);
        this.#problem(outcome.code, outcome.reason, 1);
      } else if (outcome.result === "rejected") {
        entry.dead = { code: outcome.code, reason: outcome.reason };
        dead.push(entry);
      } else {
        oldest = Math.min(oldest, entry.record?.createdMs ?? Infinity);
        this.#release(entry);
      }
    });
    for (const [result, code, count] of counts.values()) this.#events.outcome(result, code, count);
    if (oldest < Infinity) this.#events.delay(Math.max(0, this.#clock.wallMs() - oldest));
    if (counts.has(`retry${THROTTLED}`)) this.#throttle();
    else if (crowded) this.#limit = Math.max(1, this.#limit - 1 / this.#limit);
    else if (again.length === 0) {
      this.#limit = Math.min(this.#options.workers, this.#limit + 1 / this.#limit);
    }
    if (again.length > 0) this.#again(again, attempt + 1);
    if (dead.length > 0) await this.#bury(dead, 0);
  }

  async #bury(entries: Entry[], attempt: number): Promise<void> {
    try {
      await this.#dead.send(entries);
    } catch (error) {
      const code = error instanceof WeirError ? error.code : "DEAD_LETTER_FAILED";
      this.#problem(code, messageOf(error), entries.length);
      this.#events.failed(code);
      return this.#again(entries, attempt + 1);
    }
    for (const entry of entries) {
      this.#events.dead(entry.dead?.code ?? "", 1);
      this.#release(entry);
    }
  }

  /** Nothing is known of any of the entries: all are tried again, behind a pause for everybody. */
  #failed(entries: Entry[], attempt: number, error: unknown): void {
    const code = error instanceof WeirError ? error.code : "WRITER_FAILED";
    const fields = { code, reason: messageOf(error), lines: entries.length };
    if (isRetriable(error)) this.#log.warn("Cannot write, trying again", fields);
    else this.#log.error("Cannot write for a reason that may not pass by itself", fields);
    this.#events.failed(code);
    this.#problem(code, messageOf(error), entries.length);
    const now = this.#clock.monotonicMs();
    // Requests that were open together fail together: that counts once.
    if (now >= this.#closedUntilMs) {
      if (code === THROTTLED) this.#throttle();
      this.#failures++;
      this.#closedUntilMs = now + this.#backoff(this.#failures);
    }
    this.#retries.push({ entries, attempt, dueMs: this.#closedUntilMs });
  }

  #succeeded(): void {
    if (this.#failures > 0) this.#log.info("Writing again");
    this.#failures = 0;
    this.#closedUntilMs = 0;
    if (this.#retries.length === 0) this.problems.clear();
  }

  #throttle(): void {
    const now = this.#clock.monotonicMs();
    if (now - this.#throttledMs < 1000) return;
    this.#throttledMs = now;
    this.#limit = Math.max(1, this.#limit / 2);
  }

  #again(entries: Entry[], attempt: number): void {
    const dueMs = this.#clock.monotonicMs() + this.#backoff(attempt);
    this.#retries.push({ entries, attempt, dueMs });
  }

  /** Doubling from 200 ms, with jitter so that transfers do not try in step. */
  #backoff(attempt: number): number {
    const full = Math.min(this.#options.retryMaxMs, 100 * 2 ** Math.min(attempt, 20));
    return full * (0.75 + Math.random() / 2);
  }

  #problem(code: string, reason: string, lines: number): void {
    const known = this.problems.get(code);
    if (known !== undefined) {
      known.reason = reason;
      known.lines += lines;
    } else if (this.problems.size < 32) {
      this.problems.set(code, { reason, sinceMs: this.#clock.wallMs(), lines });
      this.#log.warn("Lines wait", { code, reason });
    }
  }
}
