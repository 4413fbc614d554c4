/**
 * Live lines of `weir up`, over lost connections. Promises: every line that the server stored for the query is given
 * once, also where the connection breaks (Last-Event-ID) or the server starts anew; lines that the server left out
 * because they came too fast are counted. Where it starts anew, what was stored in between is searched for by time,
 * from 30 s before the newest line given: a line that is older still and came in between is not found.
 */
import { isRetriable, messageOf, WeirError } from "../core/errors.ts";
import type { Clock } from "../core/ports/clock.ts";
import { type ApiClient, bodyOf, parsed, type Query, serverError } from "./api_client.ts";
import { serverEvents, textLines } from "./event_stream.ts";
import type { ShownDocument } from "./line_text.ts";

export interface FollowOptions {
  client: Pick<ApiClient, "open" | "documents">;
  /** Parameters of /api/tail. */
  query: Query;
  clock: Clock;
  /** Lines, oldest first as they were stored. */
  lines: (documents: readonly ShownDocument[]) => Promise<void>;
  /** What a person should know: a lost connection, lines left out. */
  note: (text: string) => void;
}

/** Pings come every 15 s; a connection without any is dead. */
const SILENCE_MS = 45_000;
const WAIT_MS_MIN = 250;
const WAIT_MS_MAX = 5_000;
/** Lines that are remembered, so that none is given twice: more than 30 s of the server's usual limit. */
const SEEN_MAX = 100_000;
/** Lines of several files are stored this much out of order. */
const DISORDER_MS = 30_000;
/** A line whose time is so far after it was read has a wrong time. */
const FUTURE_MS = 60_000;
const CATCH_UP_LIMIT = 10_000;

export class Follow {
  readonly #options: FollowOptions;
  readonly #seen = new Set<string>();
  #lastEventId = "";
  /** Newest time given, and the time before which lines were never asked for; ms. */
  #newestMs = -Infinity;
  #oldestMs = -Infinity;
  #waitMs = WAIT_MS_MIN;
  /** A new session began: what was stored in between is missing. */
  #behind = false;
  #connected = false;
  #lost = false;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** Runs until `signal` aborts. Throws where it cannot begin, or the server says that it cannot go on. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, note } = this.#options;
    while (!signal.aborted) {
      let reason = "the server ended it";
      try {
        await this.#connection(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!this.#connected || !isRetriable(error)) throw error;
        reason = messageOf(error);
      }
      if (signal.aborted) return;
      if (!this.#lost) note(`Connection lost, trying again: ${reason}`);
      this.#lost = true;
      await clock.sleep(this.#waitMs, signal);
      this.#waitMs = Math.min(this.#waitMs * 2, WAIT_MS_MAX);
    }
  }

  /** One connection to its end. */
  async #connection(signal: AbortSignal): Promise<void> {
    const { client, query } = this.#options;
    const ending = new AbortController();
    const end = () => ending.abort();
    signal.addEventListener("abort", end, { once: true });
    const watch = new Watch(SILENCE_MS, end);
    try {
      const response = await client.open("tail", query, ending.signal, {
        accept: "text/event-stream",
        ...(this.#lastEventId === "" ? {} : { "last-event-id": this.#lastEventId }),
      });
      if (this.#lost) this.#options.note("Connected again");
      this.#lost = false;
      if (!this.#connected) this.#oldestMs = Date.parse(response.headers.get("date") ?? "");
      this.#connected = true;
      for await (const event of serverEvents(textLines(watch.over(bodyOf(response))))) {
        await this.#take(event.event, event.data, signal);
        // Only now: an event that was not given is asked for again.
        if (event.id !== "") this.#lastEventId = event.id;
        this.#waitMs = WAIT_MS_MIN;
      }
    } catch (error) {
      // Ended by us for its silence: as good as lost.
      if (!signal.aborted && ending.signal.aborted) return;
      throw error;
    } finally {
      watch.stop();
      end();
      signal.removeEventListener("abort", end);
    }
  }

  async #take(kind: string, data: string, signal: AbortSignal): Promise<void> {
    if (kind === "reset") this.#behind = true;
    else if (kind === "history" || kind === "lines") {
      if (this.#behind) await this.#catchUp(signal);
      await this.#give(JSON.parse(data));
    } else if (kind === "sampled") {
      const { seen, sent } = parsed(data);
      this.#options.note(
        `${Number(seen) - Number(sent)} of ${seen} lines left out: they came too fast (--rate)`,
      );
    } else if (kind === "failed") throw serverError(parsed(data), this.#options.query.q ?? "");
  }

  /** Everything stored while the server was away, in pages, before the new session goes on. */
  async #catchUp(signal: AbortSignal): Promise<void> {
    const { client, query } = this.#options;
    const fromMs = Math.max(this.#newestMs - DISORDER_MS, this.#oldestMs);
    let after: string | undefined;
    for (;;) {
      const page: ShownDocument[] = [];
      const request = {
        q: query.q,
        order: "oldest",
        since: Number.isFinite(fromMs) ? new Date(fromMs).toISOString() : undefined,
        after,
        limit: String(CATCH_UP_LIMIT),
      };
      for await (const document of client.documents(request, signal)) page.push(document);
      await this.#give(page);
      if (page.length < CATCH_UP_LIMIT) break;
      after = placeOf(page[page.length - 1]);
    }
    this.#behind = false;
  }

  async #give(documents: readonly ShownDocument[]): Promise<void> {
    const fresh = documents.filter((document) => {
      const key = `${document.topic} ${document._id}`;
      if (this.#seen.has(key)) return false;
      this.#seen.add(key);
      return true;
    });
    for (const key of this.#seen) {
      if (this.#seen.size <= SEEN_MAX) break;
      this.#seen.delete(key);
    }
    if (fresh.length === 0) return;
    for (const document of fresh) {
      const timeMs = Date.parse(document["@timestamp"] ?? "");
      const readMs = Date.parse(document["event.created"] ?? "");
      if (timeMs > readMs + FUTURE_MS) continue;
      if (timeMs > this.#newestMs) this.#newestMs = timeMs;
      if (timeMs < this.#oldestMs) this.#oldestMs = timeMs;
    }
    await this.#options.lines(fresh);
  }
}

/** Calls `late` where no bytes come for `silenceMs`. */
class Watch {
  readonly #silenceMs: number;
  readonly #late: () => void;
  #timer: ReturnType<typeof setTimeout>;

  constructor(silenceMs: number, late: () => void) {
    this.#silenceMs = silenceMs;
    this.#late = late;
    this.#timer = setTimeout(late, silenceMs);
  }

  async *over(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of bytes) {
      clearTimeout(this.#timer);
      yield piece;
      this.#timer = setTimeout(this.#late, this.#silenceMs);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** A document's place in the order, as the parameter `after` takes it. Throws API_ANSWER. */
export function placeOf(document: ShownDocument): string {
  const timeMs = Date.parse(document["@timestamp"] ?? "");
  if (Number.isNaN(timeMs)) {
    throw new WeirError("API_ANSWER", "Cannot understand the answer: a line without @timestamp", {
      hint: "Is this the address of `weir up`?",
    });
  }
  const { "log.file.generation": generation, "log.offset": offset, topic } = document;
  return `${timeMs}~${generation ?? ""}~${offset ?? 0}~${topic ?? ""}`;
}
