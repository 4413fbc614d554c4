/**
 * Compiled by ended_streams_test.ts: makes calls as the client of etcd does, one after the other on one connection, and
 * prints how many the connection still knows.
 *
 *     many_calls URL CALLS
 */
import http2 from "node:http2";
import { forgetEndedStreams, streamsOf } from "../../core/etcd/forget_streams.ts";

forgetEndedStreams();
const [url, calls] = Deno.args;
const session = http2.connect(url);
for (let i = 0; i < Number(calls); i++) {
  const stream = session.request({ ":method": "POST", ":path": "/etcdserverpb.KV/Range" });
  const ended = Promise.withResolvers<void>();
  stream.on("error", ended.reject).on("end", ended.resolve).resume();
  stream.end("question");
  await ended.promise;
}
console.log(streamsOf(session)?.size ?? 0);
Deno.exit(0);
