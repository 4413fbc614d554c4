/**
 * Runtimes before Deno 2.8 close no HTTP/2 stream that ended as it should: its connection keeps it as long as it lives,
 * and with it all that a call to etcd asked and was answered, some 20 kB each. Here a stream that ended is taken out of
 * its connection, which would need it to cancel it alone.
 */
import http2, { type ClientHttp2Session } from "node:http2";
import { hasOldHttp2 } from "./runtime.ts";

let forgetting = false;

/** From now on connections forget streams that ended; twice is no fault. */
export function forgetEndedStreams(): void {
  if (forgetting || !hasOldHttp2()) return;
  forgetting = true;
  const connect = http2.connect as (...target: unknown[]) => ClientHttp2Session;
  http2.connect = ((...target: unknown[]) => {
    const session = connect(...target), request = session.request;
    session.request = (...asked) => {
      const stream = request.apply(session, asked);
      const forget = () => {
        const streams = streamsOf(session), { id } = stream;
        if (id !== undefined && streams?.get(id) === stream) streams.delete(id);
      };
      return stream.once("end", forget).once("close", forget);
    };
    return session;
  }) as typeof http2.connect;
}

/** Streams of a connection by their number; undefined where the runtime keeps none so. */
export function streamsOf(session: ClientHttp2Session): Map<number, unknown> | undefined {
  for (const symbol of Object.getOwnPropertySymbols(session)) {
    if (symbol.description !== "state") continue;
    const state = (session as unknown as Record<symbol, { streams?: unknown } | undefined>)[symbol];
    if (state?.streams instanceof Map) return state.streams;
  }
  return undefined;
}
