/** What the clients of Elasticsearch learn of one dead connection: it holds for those that were open with it. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Client } from "@elastic/elasticsearch";
import { createElastic as createReader, LINES_HEADERS } from "../../core/elastic/client.ts";
import { createElastic as createWriter } from "../../transfer/index/client.ts";
import { elasticOptions } from "../support/elastic_options.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { elasticsearchUrl } from "./servers.ts";
import { elastic } from "./site.ts";

const TOGETHER = 4, LIMIT_MS = 1000;

interface Made {
  client: Client;
  way: TcpProxy;
  /** A small request, by the client's own connections. */
  look(limitMs?: number): Promise<unknown>;
  /** A bulk request, its body as bytes. */
  bulk(limitMs?: number): Promise<unknown>;
}

function test(name: string, create: typeof createReader, run: (made: Made) => Promise<void>): void {
  Deno.test({
    name,
    sanitizeOps: false, // the client keeps timers for a while
    sanitizeResources: false,
    async fn() {
      const way = await TcpProxy.to(new URL(await elasticsearchUrl()).host);
      const index = `wd${crypto.randomUUID().slice(0, 8)}`;
      const client = create(elasticOptions(way.url, 60_000));
      const ask = (request: Record<string, unknown>, requestTimeout?: number) =>
        client.transport.request(request as never, { headers: LINES_HEADERS, requestTimeout });
      try {
        await run({
          client,
          way,
          look: (limitMs) => ask({ method: "GET", path: "/_cluster/health" }, limitMs),
          bulk: (limitMs) => {
            const bulkBody = Buffer.from(`{"create":{"_index":"${index}"}}\n{"n":1}\n`);
            return ask({ method: "POST", path: "/_bulk", bulkBody }, limitMs);
          },
        });
      } finally {
        await client.close();
        await way.close();
        await elastic("DELETE", `/${index}?ignore_unavailable=true`);
      }
    },
  });
}

const times = <T>(make: () => Promise<T>) => Array.from({ length: TOGETHER }, () => make());
const timedOut = { name: "TimeoutError" };

for (const [who, create] of [["reader", createReader], ["transfer", createWriter]] as const) {
  test(
    `Elasticsearch client of a ${who}: one request without an answer, and no other waits for one`,
    create,
    async ({ way, look, bulk }) => {
      await bulk(); // makes the index
      await Promise.all([...times(look), ...times(bulk)]);
      way.swallow();
      await assert.rejects(bulk(LIMIT_MS), timedOut);
      for (let n = 0; n < TOGETHER; n++) await Promise.all([look(), bulk()]);
    },
  );
}

test(
  "Elasticsearch client of a transfer: a bulk on a connection that was silent for as long ends with the first",
  createWriter,
  async ({ way, look, bulk }) => {
    await bulk(); // makes the index
    await Promise.all([...times(look), ...times(bulk)]);
    way.swallow();
    const others = [look(), bulk(), bulk(), bulk()]; // with the first one as many as there are connections
    const ends = await Promise.allSettled([bulk(LIMIT_MS), ...others]);
    const names = ends.map((end) => end.status === "rejected" ? end.reason.name : end.status);
    assert.deepEqual(names, ["TimeoutError", ...others.map(() => "ConnectionError")]);
    await Promise.all(times(bulk));
  },
);
