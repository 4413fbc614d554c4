/**
 * The runtime's HTTP/2 tells nobody of some connections that end under it, as when one is cut while it is written to or
 * while its TLS begins: it rejects a promise of its own, which would end the process. Here such a rejection is said and
 * nothing more; the call that waits has its deadline, and is made again.
 */
import { logOf } from "../log.ts";

let surviving = false;

/** From now on such a rejection does not end the process; twice is no fault. */
export function surviveBrokenStreams(): void {
  if (surviving) return;
  surviving = true;
  addEventListener("unhandledrejection", (event) => {
    const { reason } = event;
    if (!(reason instanceof Error) || !/node:http2/.test(reason.stack ?? "")) return;
    event.preventDefault();
    logOf("etcd").warn("A connection to etcd ended", { reason: reason.message });
  });
}
