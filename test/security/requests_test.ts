/**
 * Cases 51, 52 and 54: what reaches the status servers and what programs reach: other methods, other Host headers,
 * large bodies and connections that never say anything; redirects are not followed, and etcd names no address.
 */
import assert from "node:assert/strict";
import { SPECIFICATIONS } from "../../cli/specifications.ts";
import { jsonSchema } from "../../core/config/reference.ts";
import { listen, statusApp } from "../../core/http/status_server.ts";
import { newRegistry } from "../../core/metrics/registry.ts";
import { recordOf } from "../../core/ports/document_store_conformance.ts";
import { createSearchServer } from "../../search/server.ts";
import { MemoryDocumentStore } from "../support/memory_document_store.ts";
import { InfluxTransport } from "../../monitor/write/influx_transport.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function open() {
  const app = statusApp({
    registry: newRegistry("test"),
    notReady: () => [],
    status: () => ({ ok: true }),
  });
  return listen("127.0.0.1:0", app.fetch);
}

/** Writes bytes to the server and reads the first line of its answer; "" where it only closes. */
async function ask(url: string, text: string | Uint8Array[]): Promise<string> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const sends = (async () => {
    for (const part of typeof text === "string" ? [encode(text)] : text) {
      for (let at = 0; at < part.length;) at += await connection.write(part.subarray(at));
    }
  })().catch(() => {}); // the server may end the connection before it has all
  const into = new Uint8Array(4096);
  const read = await connection.read(into).catch(() => null);
  const [line] = new TextDecoder().decode(into.subarray(0, read ?? 0)).split("\r\n");
  connection.close();
  await sends;
  return line;
}

async function close(server: ReturnType<typeof open>): Promise<void> {
  await server.close();
}

async function isWell(url: string): Promise<boolean> {
  const answer = await fetch(new URL("/healthz", url), { signal: AbortSignal.timeout(30_000) });
  return (await answer.text()) === "ok\n";
}

Deno.test("51, 52: only GET is answered, only under a name of ours", async () => {
  const server = open(), { host } = new URL(server.url);
  for (
    const method of [
      "POST",
      "PUT",
      "DELETE",
      "PATCH",
      "TRACE",
      "CONNECT",
      "OPTIONS",
      "X".repeat(50),
    ]
  ) {
    const target = method === "CONNECT" ? host : "/metrics";
    const line = await ask(
      server.url,
      `${method} ${target} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`,
    );
    assert.match(line, /^(HTTP\/1\.[01] (4|5)\d\d.*)?$/, method);
  }
  for (const name of ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::2]", ""]) {
    const line = await ask(server.url, `GET /metrics HTTP/1.1\r\nhost: ${name}\r\n\r\n`);
    assert.match(line, /^HTTP\/1\.1 4\d\d/, name);
  }
  assert(await isWell(server.url));
  await close(server);
});

Deno.test("52: a body of 100 MB is not read", async () => {
  const server = open(), { host } = new URL(server.url);
  const head = `POST /metrics HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 100000000\r\n\r\n`;
  const part = new Uint8Array(1_000_000);
  const line = await ask(server.url, [encode(head), ...Array.from({ length: 100 }, () => part)]);
  assert.match(line, /^(HTTP\/1\.1 4\d\d.*)?$/);
  assert(await isWell(server.url));
  await close(server);
});

Deno.test("51: what asks with HEAD leaves no search behind that is in the way of others", async () => {
  const store = new MemoryDocumentStore();
  await store.write([recordOf("shop", "a line", 0, {
    generation: "AAAAAAAAAAAAAAAA",
    host: "web-1",
    path: "/var/log/a.log",
  })]);
  const server = createSearchServer({
    reader: store,
    listen: "127.0.0.1:0",
    registry: newRegistry("test"),
    page: () => Promise.resolve(new Map([["/", new Uint8Array()], ["/fleet", new Uint8Array()]])),
    searchesMax: 2,
  });
  await server.start();
  for (const path of ["search", "export", "tail", "count", "fields"]) {
    for (let i = 0; i < 4; i++) {
      const { status } = await fetch(new URL(`/api/${path}`, server.url), { method: "HEAD" });
      assert.equal(status, 200, path);
    }
  }
  const answer = await fetch(new URL("/api/search", server.url));
  assert.match(await answer.text(), /a line/);
  await server.stop(1000);
});

Deno.test("54: InfluxDB's redirect is a failure, not a new address", async () => {
  let asked = 0;
  const elsewhere = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    asked++;
    return new Response();
  });
  const target = `http://127.0.0.1:${elsewhere.addr.port}/latest/meta-data/`;
  const redirecting = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(null, { status: 307, headers: { location: target } }),
  );
  const transport = new InfluxTransport({
    url: `http://127.0.0.1:${redirecting.addr.port}`,
    authorization: () => "Token t",
    timeoutMs: 30_000,
    gzipBytesMin: 1000,
  });
  await assert.rejects(transport.request("/api/v2/write", "a b=1", { method: "POST" }));
  assert.equal(asked, 0);
  await Promise.all([elsewhere.shutdown(), redirecting.shutdown()]);
});

Deno.test("54: nothing that etcd holds for a program has room for an address or a secret", () => {
  const names: string[] = [];
  const walk = (node: any) => {
    if (typeof node !== "object" || node === null) return;
    names.push(...Object.keys(node.properties ?? {}));
    for (const part of Object.values(node)) walk(part);
  };
  for (const program of ["collect", "topics"]) {
    walk(jsonSchema(SPECIFICATIONS[program].schema, ""));
  }
  assert(names.includes("path") && names.includes("topic"));
  const address = /url|host|node|broker|address|endpoint|passw|token|secret|key|file$/i;
  assert.deepEqual(names.filter((name) => address.test(name)), []);
});
