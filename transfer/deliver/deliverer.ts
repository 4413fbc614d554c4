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
import { Pace, type PaceOptions, THROTTLED } from "./pace.ts";
import { lasting, type Problem, problemsOf, type Why } from "./waiting.ts";
import type { RowRange, RowWriter } from "./row_writer.ts";
import type { Span } from "./span.ts";
import { countOf, cutAt, sorted } from "./spans.ts";

export interface DelivererOptions extends PaceOptions {
  bytesMax: number;
  lingerMs: number;
}

export interface DeliveryEvents {
  outcome(result: WriteOutcome["result"], code: string, count: number): void;
  bulk(documents: number, bytes: number, ms: number): void;
  failed(code: string): void;
  dead(code: string, count: number): void;
  /** Age of the oldest record of a bulk that is now done, ms since its time in Kafka. */
  delay(ms: number): void;
}

/** Codes that the log is told of, at most, until all is well again. */
const TOLD_MAX = 32;

/** Spans that are tried together. */
interface Work {
  spans: Span[];
  attempt: number;
  dueMs: number;
  /** Of the attempt before; undefined before the first. */
  why?: Why | undefined;
}

export class Deliverer {
  readonly #writer: DocumentWriter;
  readonly #dead: DeadLetters;
  readonly #options: DelivererOptions;
  readonly #release: (span: Span) => void;
  readonly #events: DeliveryEvents;
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #log = logOf("transfer.deliver");
  #ready: Span[] = [];
  #readyLines = 0;
  #readyBytes = 0;
  #oldestMs = 0;
  #retries: Work[] = [];
  #active = 0;
  #timer: AbortController | undefined;
  /** When the timer rings; Infinity where there is none. */
  #wakeMs = Infinity;
  #draining = false;
  #stopped = false;
  #idle: (() => void)[] = [];
  /** What is being tried again. */
  readonly #trying = new Set<Work>();
  /** Codes of problems that the log was told of. */
  readonly #told = new Set<string>();

  constructor(
    writer: DocumentWriter,
    dead: DeadLetters,
    options: DelivererOptions,
    release: (span: Span) => void,
    events: DeliveryEvents,
    clock: Clock = systemClock,
  ) {
    this.#writer = writer;
    this.#dead = dead;
    this.#options = options;
    this.#pace = new Pace(options);
    this.#release = release;
    this.#events = events;
    this.#clock = clock;
  }

  /** Bulk requests that may be open at once, 1 to `workers`. */
  get limit(): number {
    return this.#pace.limit;
  }
  get active(): number {
    return this.#active;
  }
  /** Consecutive failures of the writer as a whole. */
  get failures(): number {
    return this.#pace.failures;
  }
  /** What keeps records from being written now, by code; empty when all is well. */
  get problems(): ReadonlyMap<string, Problem> {
    return problemsOf([...this.#trying, ...this.#retries]);
  }
  /** What has kept records from being written for more than a moment; empty where they arrive. */
  notReady(): string[] {
    return lasting(this.problems, this.failures);
  }
  get waiting(): number {
    return this.#readyLines + this.#retries.reduce((sum, { spans }) => sum + countOf(spans), 0);
  }

  push(span: Span): void {
    if (span.dead !== null) this.#retries.push({ spans: [span], attempt: 0, dueMs: 0 });
    else {
      if (this.#readyLines === 0) this.#oldestMs = this.#clock.monotonicMs();
      this.#ready.push(span);
      this.#readyLines += span.count;
      this.#readyBytes += span.bytes;
    }
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
    if (now >= this.#pace.closedUntilMs) {
      while (this.#active < this.limit) {
        const work = this.#next(now);
        if (work === undefined) break;
        this.#active++;
        if (work.why !== undefined) this.#trying.add(work);
        this.#deliver(work).catch((error) => {
          // A fault of ours: the lines are tried again, never lost.
          this.#log.error("Delivery failed unexpectedly", { reason: messageOf(error) });
          this.#again(work, work.spans, { code: "DELIVERY_FAILED", reason: messageOf(error) });
        }).finally(() => {
          this.#active--;
          this.#trying.delete(work);
          this.#pump();
          for (const wake of this.#idle.splice(0)) wake();
        });
      }
    }
    this.#wakeAt(this.#nextEventMs(now), now);
  }

  #nextEventMs(now: number): number {
    if (this.#active >= this.limit) return Infinity;
    if (now < this.#pace.closedUntilMs) return this.#pace.closedUntilMs;
    let next = this.#readyLines > 0 ? this.#oldestMs + this.#options.lingerMs : Infinity;
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

  #next(now: number): Work | undefined {
    const due = this.#retries.findIndex(({ dueMs }) => dueMs <= now);
    if (due >= 0) return this.#ours(this.#takeAgain(due)) ?? this.#next(now);
    if (this.#readyLines === 0) return undefined;
    const { lingerMs } = this.#options;
    const documentsMax = this.#documentsMax;
    const bytesMax = this.#options.bytesMax * this.#pace.share;
    const full = this.#readyLines >= documentsMax || this.#readyBytes >= bytesMax;
    if (!full && !this.#draining && now - this.#oldestMs < lingerMs) return undefined;
    const spans = this.#takeReady(documentsMax, bytesMax);
    this.#oldestMs = now;
    return this.#ours({ spans, attempt: 0, dueMs: 0 }) ?? this.#next(now);
  }

  /** Lines of a request now. */
  get #documentsMax(): number {
    return Math.ceil(this.#options.documentsMax * this.#pace.share);
  }

  /** What is to be tried again, or so much of it as one request may hold now. */
  #takeAgain(at: number): Work {
    const [work] = this.#retries.splice(at, 1);
    if (countOf(work.spans) <= this.#documentsMax) return work;
    const [spans, rest] = cutAt(work.spans, this.#documentsMax);
    this.#retries.push({ ...work, spans: rest });
    return { ...work, spans };
  }

  /** The oldest lines that one request may hold, at least one. */
  #takeReady(documentsMax: number, bytesMax: number): Span[] {
    const spans: Span[] = [];
    let documents = 0, bytes = 0, whole = 0;
    for (; whole < this.#ready.length; whole++) {
      const span = this.#ready[whole];
      if (documents + span.count > documentsMax || bytes + span.bytes > bytesMax) break;
      spans.push(span);
      documents += span.count;
      bytes += span.bytes;
    }
    this.#ready.splice(0, whole);
    if (this.#ready.length > 0 && documents < documentsMax) {
      const span = this.#ready[0];
      let lines = 0;
      while (documents < documentsMax && lines < span.count) {
        const size = span.bytesOf(lines);
        if (bytes + size > bytesMax && documents > 0) break;
        bytes += size;
        lines++;
        documents++;
      }
      if (lines > 0) {
        spans.push(span.slice(0, lines));
        if (lines === span.count) this.#ready.shift();
        else this.#ready[0] = span.slice(lines, span.count);
      }
    }
    this.#readyLines -= documents;
    this.#readyBytes -= bytes;
    return spans;
  }

  /** Without what is of partitions that were lost meanwhile: their new owner writes it. */
  #ours(work: Work): Work | undefined {
    if (work.spans.every(({ lane }) => lane.live)) return work;
    const spans: Span[] = [];
    for (const span of work.spans) {
      if (span.lane.live) spans.push(span);
      else this.#release(span);
    }
    return spans.length === 0 ? undefined : { ...work, spans };
  }

  async #deliver(work: Work): Promise<void> {
    const { spans } = work;
    const dead = spans.filter((span) => span.dead !== null);
    if (dead.length > 0) await this.#bury(work, dead);
    const alive = dead.length === 0 ? spans : spans.filter((span) => span.dead === null);
    if (alive.length > 0) await this.#write(work, alive);
  }

  async #write(work: Work, spans: Span[]): Promise<void> {
    const count = countOf(spans), since = this.#clock.monotonicMs();
    let outcomes: "created" | WriteOutcome[];
    try {
      outcomes = await this.#outcomes(spans);
      if (outcomes !== "created" && outcomes.length !== count) {
        throw new Error(`${outcomes.length} outcomes for ${count} records`);
      }
    } catch (error) {
      return this.#failed(work, spans, error);
    }
    this.#answered();
    const ms = this.#clock.monotonicMs() - since;
    this.#events.bulk(count, spans.reduce((sum, span) => sum + span.bytes, 0), ms);
    const crowded = this.#pace.isCrowded(count, ms);
    if (outcomes === "created") this.#settleCreated(spans, count, crowded);
    else await this.#settle(work, spans, outcomes, crowded);
    if (this.#retries.length === 0) this.#told.clear();
  }

  #outcomes(spans: Span[]): Promise<"created" | WriteOutcome[]> {
    const writer = this.#writer;
    if ("writeRows" in writer) return (writer as RowWriter).writeRows(spans as RowRange[]);
    const records: LogRecord[] = [];
    for (const { rows, from, to } of spans) {
      for (let row = from; row < to; row++) records.push(rows!.record(row));
    }
    return writer.write(records);
  }

  #settleCreated(spans: Span[], count: number, crowded: boolean): void {
    this.#events.outcome("created", "", count);
    this.#done(spans);
    if (crowded) this.#pace.less();
    else this.#pace.more();
  }

  #done(spans: Span[]): void {
    if (spans.length === 0) return;
    let oldest = Infinity;
    for (const span of spans) {
      oldest = Math.min(oldest, span.oldestMs);
      this.#release(span);
    }
    this.#events.delay(Math.max(0, this.#clock.wallMs() - oldest));
  }

  async #settle(
    work: Work,
    spans: Span[],
    outcomes: WriteOutcome[],
    crowded: boolean,
  ): Promise<void> {
    const counts = new Map<string, [WriteOutcome["result"], string, number]>();
    for (const outcome of outcomes) {
      const code = "code" in outcome ? outcome.code : "";
      const counted = counts.get(outcome.result + code);
      if (counted === undefined) counts.set(outcome.result + code, [outcome.result, code, 1]);
      else counted[2]++;
    }
    for (const [result, code, count] of counts.values()) this.#events.outcome(result, code, count);
    const { done, again, dead } = sorted(spans, outcomes);
    this.#done(done);
    if (counts.has(`retry${THROTTLED}`)) this.#pace.throttle(this.#clock.monotonicMs());
    else if (crowded) this.#pace.less();
    else if (again.length === 0) this.#pace.more();
    for (const { spans, outcome } of again) this.#again(work, spans, outcome);
    if (dead.length > 0) await this.#bury(undefined, dead);
  }

  /** @param work what the lines are of where it was tried before; undefined for what is new in the dead letters */
  async #bury(work: Work | undefined, spans: Span[]): Promise<void> {
    try {
      await this.#dead.send(spans.flatMap((span) => entriesOf(span)));
    } catch (error) {
      const why = whyOf(error, "DEAD_LETTER_FAILED");
      this.#events.failed(why.code);
      return this.#again(work, spans, why);
    }
    for (const span of spans) {
      this.#events.dead(span.dead?.code ?? "", span.count);
      this.#release(span);
    }
  }

  /** Nothing is known of any of the lines: all are tried again, behind a pause for everybody. */
  #failed(work: Work, spans: Span[], error: unknown): void {
    const why = whyOf(error, "WRITER_FAILED"), { code } = why;
    const fields = { ...why, lines: countOf(spans) };
    if (isRetriable(error)) this.#log.warn("Cannot write, trying again", fields);
    else this.#log.error("Cannot write for a reason that may not pass by itself", fields);
    this.#events.failed(code);
    this.#pace.failed(code, this.#clock.monotonicMs());
    const { attempt } = work, dueMs = this.#pace.closedUntilMs;
    this.#retries.push({ spans, attempt, dueMs, why: this.#since(work, why) });
  }

  #answered(): void {
    if (this.#pace.failures > 0) this.#log.info("Writing again");
    this.#pace.answered();
  }

  #again(work: Work | undefined, spans: Span[], why: Told): void {
    const attempt = (work?.attempt ?? 0) + 1;
    const dueMs = this.#clock.monotonicMs() + this.#pace.backoff(attempt);
    this.#retries.push({ spans, attempt, dueMs, why: this.#since(work, why) });
  }

  /** The reason, since the lines wait for it. */
  #since(work: Work | undefined, { code, reason, hint = "" }: Told): Why {
    if (!this.#told.has(code) && this.#told.size < TOLD_MAX) {
      this.#told.add(code);
      this.#log.warn("Lines wait", { code, reason, hint });
    }
    const before = work?.why;
    const sinceMs = before?.code === code ? before.sinceMs : this.#clock.wallMs();
    return { code, reason, hint, sinceMs };
  }
}

/** Why something was not done, as it is told. */
interface Told {
  code: string;
  reason: string;
  hint?: string;
}

function whyOf(error: unknown, otherwise: string): Required<Told> {
  const reason = messageOf(error);
  return error instanceof WeirError
    ? { code: error.code, reason, hint: error.hint }
    : { code: otherwise, reason, hint: "" };
}

function entriesOf(span: Span): Entry[] {
  return Array.from({ length: span.count }, (_, i) => span.entry(i));
}
