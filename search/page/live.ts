/** Live lines over server-sent events. The browser takes a lost connection up again by itself, from the last event. */
import { apiUrl, type Problem } from "./client.ts";
import type { Line } from "./model/line.ts";

export interface LiveHandlers {
  state(state: "connecting" | "open" | "lost"): void;
  /** The last lines, once at the beginning. */
  history(lines: Line[]): void;
  lines(lines: Line[]): void;
  sampled(seen: number, sent: number): void;
  /** The server cannot go on where it was: all is to be loaded anew. */
  reset(): void;
  failed(problem: Problem): void;
}

const RETRY_MS = 3000;

/** Opens the tail; the result ends it. */
export function openLive(
  values: { q: string; since: string; last: number; tz: string },
  handlers: LiveHandlers,
): () => void {
  let source: EventSource | undefined,
    timer: ReturnType<typeof setTimeout> | undefined,
    ended = false,
    began = false;
  const connect = () => {
    handlers.state(began ? "lost" : "connecting");
    source = new EventSource(apiUrl("/api/tail", values));
    const on = (name: string, handle: (data: any) => void) =>
      source!.addEventListener(name, (event) => {
        if (!ended) handle(JSON.parse((event as MessageEvent<string>).data));
      });
    source.onopen = () => handlers.state("open");
    on("history", (lines: Line[]) => {
      // A second one means a new session: what lies between is not known.
      if (began) return handlers.reset();
      began = true;
      handlers.history(lines);
    });
    on("lines", (lines: Line[]) => handlers.lines(lines));
    on("sampled", ({ seen, sent }) => handlers.sampled(seen, sent));
    on("failed", (problem: Problem) => handlers.failed(problem));
    source.onerror = () => {
      if (ended) return;
      handlers.state("lost");
      if (source!.readyState !== EventSource.CLOSED) return;
      // Refused (too many tails, or the server is starting): the browser does not try again, we do.
      timer = setTimeout(connect, RETRY_MS);
    };
  };
  connect();
  return () => {
    ended = true;
    clearTimeout(timer);
    source?.close();
  };
}
