/**
 * `relay.ts FROM=TO…`: takes connections at each FROM and leads them to its TO, both "HOST:PORT" or "unix:PATH". A
 * program of its own, so that it can run in a network namespace; sockets in the file system lead into one and out of
 * it.
 */
import { TcpProxy } from "./tcp_proxy.ts";

for (const pair of Deno.args) {
  const [from, to] = pair.split("=", 2);
  await TcpProxy.between(from, to);
}
console.log("ready");
