/**
 * One live tail: the last lines first, then those that are stored from now on, as numbered events. A client that
 * lost its connection goes on behind the last number it saw, for as long as the session waits and its ring of
 * events reaches back; else it is told to begin anew. Above a rate lines are sampled, and an event says how many.
 */
import type {
  Document,
  DocumentReader,
  Query,
  SearchRequest,
} from "../../core/ports/document_store.ts";
import { errorBody } from "./answers.ts";
import { plainDocument } from "./render.ts";
import { Sample } from "./sample.ts";

export interface TailOptions {
  reader: DocumentReader;
  query: Query;
  /** Lines to begin with. */
  last: number;
  /** Lines before this time are left out, ms. */
  fromMs?: number;
  /** Lines a second above which lines are sampled. */
  rateMax: number;
  /** Between two events. */
  flushMs: number;
  /** After this time the last lines are looked up again: what was stored just before the start may show late. */
  settleMs: number;
  /** Bounds of the ring. */
  eventsMax: number;
  charsMax: number;
  random?: () => number;
}

interface Event {
  number: number;
  text: string;
}

/** Characters of a message that are sent; the rest is shown on request. */
export const MESSAGE_CHARS_MAX = 16_384;

export class TailSession {
  readonly id = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  readonly #options: TailOptions;
  readonly #ending = new AbortController();
  readonly #window: Sample<Document>;
  #events: Event[] = [];
  #chars = 0;
  #number = 0;
  #wake: (() => void)[] = [];
  /** Keys of lines sent already, while the start may still send them twice. */
  #sent: Set<string> | undefined = new Set();
  #timers: ReturnType<typeof setTimeout>[] = [];

  constructor(options: TailOptions) {
    this.#options = options;
    this.#window = new Sample(
      Math.max(1, Math.round(options.rateMax * options.flushMs / 1000)),
      options.random,
    );
    this.#push("hello", { session: this.id, rateMax: options.rateMax });
    this.#run();
  }

  get ended(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Number of the last event. */
  get last(): number {
    return this.#number;
  }

  /** True where all events behind `number` are still in the ring. */
  reaches(number: number): boolean {
    return number <= this.#number && number >= (this.#events[0]?.number ?? 1) - 1;
  }

  /**
   * Events behind `number`, at once where there are some, else when there are. Undefined where the ring no longer
   * reaches back to it, or the session ended.
   */
  async next(number: number, signal: AbortSignal): Promise<Event[] | undefined> {
    while (!this.ended && !signal.aborted) {
      if (!this.reaches(number)) return undefined;
      const events = this.#events.filter((event) => event.number > number);
      if (events.length > 0) return events;
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = () => resolve();
      this.#wake.push(wake);
      signal.addEventListener("abort", wake, { once: true });
      await promise;
      signal.removeEventListener("abort", wake);
    }
    return undefined;
  }

  end(): void {
    this.#ending.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    this.#notify();
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    const { reader, query } = this.#options;
    try {
      // Followed from before the look-up, so that no line falls between the two.
      const following = this.#follow(reader.follow({ query }, signal));
      // Awaited below; until then a failure is not yet anybody's.
      following.catch(() => {});
      await this.#history("history");
      this.#later(() => this.#flush(), this.#options.flushMs, true);
      this.#later(() => this.#settle(), this.#options.settleMs);
      await following;
    } catch (error) {
      if (!this.ended) this.#push("failed", errorBody(error));
    }
    this.end();
  }

  async #follow(batches: AsyncIterable<Document[]>): Promise<void> {
    const fromMs = this.#options.fromMs ?? -Infinity;
    for await (const batch of batches) {
      if (this.ended) return;
      for (const document of batch) {
        if (Date.parse(document["@timestamp"]) >= fromMs) this.#window.add(document);
      }
    }
  }

  /** Sends those of the last lines that were not sent. */
  async #history(kind: "history" | "lines"): Promise<void> {
    const { fromMs } = this.#options;
    const request: SearchRequest = {
      ...(fromMs === undefined ? {} : { fromMs }),
      query: this.#options.query,
      order: "newest",
      limit: Math.max(1, this.#options.last),
    };
    const found: Document[] = [];
    if (this.#options.last > 0) {
      for await (const batch of this.#options.reader.search(request, this.#ending.signal)) {
        found.push(...batch);
      }
    }
    const fresh = found.reverse().filter((document) => this.#isNew(document));
    if (kind === "history" || fresh.length > 0) this.#push(kind, fresh.map(shortened));
  }

  async #settle(): Promise<void> {
    try {
      this.#flush();
      await this.#history("lines");
    } catch (error) {
      if (!this.ended) this.#push("failed", errorBody(error));
    }
    this.#sent = undefined;
  }

  #isNew(document: Document): boolean {
    if (this.#sent === undefined) return true;
    const key = `${document.topic} ${document._id}`;
    if (this.#sent.has(key)) return false;
    this.#sent.add(key);
    return true;
  }

  #flush(): void {
    const { items, seen } = this.#window.take();
    const fresh = items.filter((document) => this.#isNew(document));
    if (fresh.length > 0) this.#push("lines", fresh.map(shortened));
    if (seen > items.length) this.#push("sampled", { seen, sent: items.length });
  }

  #push(kind: string, data: unknown): void {
    const number = ++this.#number;
    const text = `id: ${this.id}-${number}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
    this.#events.push({ number, text });
    this.#chars += text.length;
    const { eventsMax, charsMax } = this.#options;
    while (
      this.#events.length > 1 && (this.#events.length > eventsMax || this.#chars > charsMax)
    ) this.#chars -= this.#events.shift()!.text.length;
    this.#notify();
  }

  #notify(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  #later(run: () => void, ms: number, again = false): void {
    if (this.ended) return;
    const timer = setTimeout(() => {
      this.#timers = this.#timers.filter((other) => other !== timer);
      if (this.ended) return;
      run();
      if (again) this.#later(run, ms, true);
    }, ms);
    this.#timers.push(timer);
  }
}

/** A document for the page: a very long message is cut, and says so. */
export function shortened(document: Document): Record<string, unknown> {
  const plain = plainDocument(document);
  const message = document.message;
  if (message.length > MESSAGE_CHARS_MAX) {
    plain.message = message.slice(0, MESSAGE_CHARS_MAX);
    plain.cut = message.length;
  }
  return plain;
}
