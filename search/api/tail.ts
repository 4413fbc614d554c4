/** /api/tail: live lines as server-sent events; holds the sessions that may be taken up again. */
import { WeirError } from "../../core/errors.ts";
import { type TailOptions, TailSession } from "./tail_session.ts";

export interface TailsOptions {
  /** Tails at once, lost ones that wait for their client included. @default {32} */
  sessionsMax?: number;
  /** How long a session waits for its client to come back. @default {30_000} */
  waitMs?: number;
  /** A comment is sent this often, so that a dead connection is noticed. @default {15_000} */
  pingMs?: number;
}

interface Held {
  session: TailSession;
  /** Query text, to be sure that the client goes on with the same. */
  query: string;
  connection: AbortController | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class Tails {
  readonly #options: Required<TailsOptions>;
  readonly #held = new Map<string, Held>();

  constructor(options: TailsOptions = {}) {
    this.#options = {
      sessionsMax: options.sessionsMax ?? 32,
      waitMs: options.waitMs ?? 30_000,
      pingMs: options.pingMs ?? 15_000,
    };
  }

  get sessions(): number {
    return this.#held.size;
  }

  /**
   * Answers one connection: goes on behind `lastEventId` where that is possible, else begins with a new session
   * (behind an event "reset" where one was asked for). Throws SEARCH_BUSY.
   */
  open(queryText: string, lastEventId: string | undefined, make: () => TailOptions): Response {
    const known = this.#known(queryText, lastEventId);
    if (known !== undefined) return this.#connect(known.held, known.number, "");
    const held = this.#begin(queryText, make());
    return this.#connect(held, 0, lastEventId === undefined ? "" : "event: reset\ndata: {}\n\n");
  }

  stop(): void {
    for (const held of [...this.#held.values()]) this.#drop(held);
  }

  #known(query: string, lastEventId: string | undefined) {
    const match = /^([0-9a-f]{16})-(\d{1,12})$/.exec(lastEventId ?? "");
    const held = match === null ? undefined : this.#held.get(match[1]);
    const number = Number(match?.[2]);
    if (held === undefined || held.session.ended || held.query !== query) return undefined;
    return held.session.reaches(number) ? { held, number } : undefined;
  }

  #begin(query: string, options: TailOptions): Held {
    if (this.#held.size >= this.#options.sessionsMax) {
      const waiting = [...this.#held.values()].find((held) => held.connection === undefined);
      if (waiting === undefined) {
        throw new WeirError("SEARCH_BUSY", `${this.#options.sessionsMax} live tails are open`, {
          hint: "Close one of them.",
          retriable: true,
        });
      }
      this.#drop(waiting);
    }
    const held: Held = {
      session: new TailSession(options),
      query,
      connection: undefined,
      timer: undefined,
    };
    this.#held.set(held.session.id, held);
    return held;
  }

  /** A stream of the session's events; a client that reads slowly is given what the ring still has. */
  #connect(held: Held, from: number, head: string): Response {
    held.connection?.abort();
    clearTimeout(held.timer);
    const connection = held.connection = new AbortController();
    const encoder = new TextEncoder();
    let number = from, ping: ReturnType<typeof setInterval> | undefined;
    const close = () => {
      clearInterval(ping);
      if (held.connection === connection) this.#release(held);
    };
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(encoder.encode(`retry: 1000\n\n${head}`));
        ping = setInterval(() => {
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(": ping\n\n"));
        }, this.#options.pingMs);
      },
      pull: async (controller) => {
        const events = await held.session.next(number, connection.signal);
        if (events === undefined) {
          close();
          // The client connects anew with its last number and is told to begin anew.
          return controller.close();
        }
        number = events[events.length - 1].number;
        controller.enqueue(encoder.encode(events.map((event) => event.text).join("")));
      },
      cancel: () => {
        connection.abort();
        close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
  }

  #release(held: Held): void {
    held.connection = undefined;
    if (held.session.ended) return this.#drop(held);
    held.timer = setTimeout(() => this.#drop(held), this.#options.waitMs);
  }

  #drop(held: Held): void {
    clearTimeout(held.timer);
    this.#held.delete(held.session.id);
    held.session.end();
    held.connection?.abort();
  }
}
