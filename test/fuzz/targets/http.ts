/**
 * Every path of the HTTP servers: the page with its API and fleet, and the status server of agent, transfer and
 * monitor. Raw bytes go to a listening server. Whatever they are, it answers with a status that it means (no 500, which
 * is what a fault of ours becomes) or closes; an error has a code; nobody without a password gets anything; it lives
 * on.
 */
import { listen, type Listening, statusApp } from "../../../core/http/status_server.ts";
import { newRegistry } from "../../../core/metrics/registry.ts";
import type { Part } from "../../../core/lifecycle.ts";
import { createSearchServer } from "../../../search/server.ts";
import { recordOf } from "../../../core/ports/document_store_conformance.ts";
import { MemoryFleet } from "../../page/fleet_site.ts";
import { MemoryDocumentStore } from "../../support/memory_document_store.ts";
import { must, type Target, textOf } from "../target.ts";

const PASSWORD = "fuzz-password", LINE = "a line that nobody may see";
const ANSWER_MS = 30_000;

interface Servers {
  status: Listening;
  page: Part & { url: string };
  guarded: Part & { url: string };
}

let opened: Promise<Servers> | undefined;

async function open(): Promise<Servers> {
  const store = new MemoryDocumentStore();
  await store.write([recordOf("shop", LINE, 0, {
    generation: "AAAAAAAAAAAAAAAA",
    host: "web-1",
    path: "/var/log/a.log",
  })]);
  const status = listen(
    "127.0.0.1:0",
    statusApp({ registry: newRegistry("a"), notReady: () => [], status: () => ({ lines: 1 }) })
      .fetch,
  );
  const html = new TextEncoder().encode("<html><head></head><body></body></html>");
  const files = new Map([["/", html], ["/fleet", html], ["/script.js", html]]);
  const of = (auth?: { password: string }) =>
    createSearchServer({
      reader: store,
      listen: "127.0.0.1:0",
      registry: newRegistry("b"),
      page: () => Promise.resolve(files),
      fleet: MemoryFleet.of(4),
      ...(auth && { auth }),
    });
  const page = of(), guarded = of({ password: PASSWORD });
  await page.start();
  await guarded.start();
  return { status, page, guarded };
}

export const http: Target = {
  name: "http",
  what: "core/http/status_server.ts and search/server.ts, over a socket",
  words: [
    "GET ",
    "POST ",
    "HEAD ",
    "/api/search?q=",
    "/api/export?format=csv&columns=",
    "/api/count?since=-1h",
    "/api/histogram?bars=",
    "/api/fields?limit=",
    "/api/values?field=",
    "/api/context?topic=shop&offset=0",
    "/api/explain?uid=",
    "/api/fleet/hosts",
    "/api/fleet/config",
    "/metrics",
    "&limit=",
    "&after=",
    "&timeout=1ms",
    "%00",
    "%ff",
    "%2e%2e%2f",
    "../",
    "transfer-encoding: chunked\r\n",
    "content-length: 5\r\n",
    "last-event-id: ",
    "authorization: Basic ",
    "range: bytes=0-1\r\n",
    "x-weir-change: 1\r\n",
    "sec-fetch-site: cross-site\r\n",
    "\r\n",
    '{"target":"group/web","text":"[]"}',
  ],
  bytesMax: 8192,
  cases: 600,
  async run(input) {
    opened ??= open();
    const servers = await opened;
    const urls = [servers.page.url, servers.guarded.url, servers.status.url];
    const which = (input[0] ?? 0) % 3, { host } = new URL(urls[which]);
    const request = textOf(input.subarray(1)).replaceAll("HOST", host);
    if (/\/api\/(tail|fleet\/stream)/.test(request)) return "endless";
    const answer = await exchange(host, request);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 0);
    must(status !== 500, () => `the status is 500: ${answer.slice(-300)}`);
    const code = /"code":"(\w+)"/.exec(answer)?.[1] ?? "";
    if (which === 1 && !request.includes("Basic ")) {
      must(!answer.includes(LINE), () => "a line is shown to somebody without the password");
    }
    return `${which} ${status} ${code}`;
  },
  async close() {
    if (opened === undefined) return;
    const { status, page, guarded } = await opened;
    opened = undefined;
    await Promise.all([status.close(), page.stop(1000), guarded.stop(1000)]);
  },
};

/** Sends a request and its end, and reads what comes until the server closes. */
async function exchange(host: string, request: string): Promise<string> {
  const port = Number(host.split(":")[1]);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    connection.close();
  }, ANSWER_MS);
  try {
    const bytes = new TextEncoder().encode(request), into = new Uint8Array(65_536);
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    await connection.closeWrite();
    const decoder = new TextDecoder();
    let text = "";
    for (let read = await connection.read(into); read !== null && text.length < 1_000_000;) {
      text += decoder.decode(into.subarray(0, read), { stream: true });
      read = await connection.read(into);
    }
    return text;
  } catch (error) {
    must(!late, () => `no answer within ${ANSWER_MS} ms`);
    if (!(error instanceof Error)) throw error;
    return ""; // reset: a way to refuse
  } finally {
    clearTimeout(limit);
    if (!late) connection.close();
  }
}
