/**
 * Limits of the reader over Elasticsearch: large answers, limits of time, closed connections, answers of which a part is
 * missing, documents of others. What a healthy server will not answer is answered by an endpoint here.
 */
import assert from "node:assert/strict";
import { createElastic } from "../../core/elastic/client.ts";
import type { Document } from "../../core/ports/document_store.ts";
import { ElasticReader } from "../../search/elastic/reader.ts";
import { Requests } from "../../search/elastic/requests.ts";
import { elasticOptions } from "../support/elastic_options.ts";
import { patience } from "../support/wait.ts";
import { allOf, elastic, Indices } from "./indexed.ts";

const ALL = { query: { kind: "all" } } as const;

function test(name: string, run: () => Promise<void>): void {
  // The client keeps sockets and timers for a while.
  Deno.test({ name: `reader: ${name}`, sanitizeOps: false, sanitizeResources: false, fn: run });
}

/** A reader over an endpoint that answers as it is told. */
async function scripted(
  answer: (request: Request) => Response | Promise<Response>,
  run: (reader: ElasticReader) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  const client = createElastic(elasticOptions(`http://127.0.0.1:${server.addr.port}`, 1000));
  const requests = new Requests(client, { index: "x", timeoutMs: 1000, answerBytesMax: 1e6 });
  const reader = new ElasticReader({ requests });
  try {
    await run(reader);
  } finally {
    await reader.close();
    await server.shutdown();
  }
}

const json = (body: unknown, status = 200) =>
  Response.json(body, { status, headers: { "x-elastic-product": "Elasticsearch" } });
const signal = () => AbortSignal.timeout(20_000 * patience());

test("long lines come in pages that fit", async () => {
  const indices = new Indices();
  try {
    const index = await indices.make("long");
    const documents = Array.from({ length: 60 }, (_, number): Document => ({
      _id: `AAAAAAAAAAAAAAAA:${number}-${number + 1}`,
      "@timestamp": "2026-11-21T06:00:00.000Z",
      message: `${number} ${"long line ".repeat(20_000)}`,
      topic: "t",
      "host.name": "h",
      "log.file.path": "/p",
      "log.file.generation": "AAAAAAAAAAAAAAAA",
      "log.offset": number,
      "log.length": 1,
      "event.created": "2026-11-21T06:00:00.000Z",
      "event.dataset": "t",
    }));
    for (let at = 0; at < 60; at += 20) await indices.add(index, documents.slice(at, at + 20));
    const reader = await indices.reader({ answerBytesMax: 1_500_000 });
    const found = await allOf(reader);
    await reader.close();
    assert.deepEqual(found.map((one) => one["log.offset"]), documents.map((_, number) => number));
  } finally {
    await indices.remove();
  }
});

test("finds no line wrongly beside characters that Elasticsearch cuts at", async () => {
  const indices = new Indices();
  try {
    const index = await indices.make("odd");
    const texts = ["½refused", "refused²", "エラーrefused", "İSTANBUL refused", "(refused)"];
    const document = (text: string, number: number) => ({
      "@timestamp": "2026-11-21T06:00:00.000Z",
      message: text,
      topic: "t",
      log: { offset: number, file: { generation: "AAAAAAAAAAAAAAAA" } },
    });
    await elastic(
      "POST",
      `/${index}/_bulk?refresh=true`,
      texts.map((text, number) =>
        `{"create":{"_id":"${number}"}}\n${JSON.stringify(document(text, number))}\n`
      ).join(""),
    );
    const reader = await indices.reader();
    const find = async (text: string) =>
      (await allOf(reader, { kind: "word", text, prefix: false })).map((one) => one.message);
    assert.deepEqual(await find("refused"), ["İSTANBUL refused", "(refused)"]);
    assert.deepEqual(await find("istanbul"), []);
    assert.deepEqual(await find("İstanbul"), ["İSTANBUL refused"]);
    // Names in objects, as others write them.
    const [first] = await allOf(reader);
    assert.equal(first["log.file.generation"], "AAAAAAAAAAAAAAAA");
    await reader.close();
  } finally {
    await indices.remove();
  }
});

test("more lines than can be looked at are estimated, and that is told", async () => {
  const indices = new Indices();
  try {
    const index = await indices.make("many");
    const total = 24_000;
    const line = (number: number) => {
      const message = `a${number % 2 === 0 ? "-" : ","}b`;
      const time = new Date(Date.UTC(2026, 10, 21, number % 24)).toISOString();
      return `{"create":{}}\n${JSON.stringify({ "@timestamp": time, message, topic: "t" })}\n`;
    };
    for (let from = 0; from < total; from += 8000) {
      const lines = Array.from({ length: 8000 }, (_, i) => line(from + i));
      await elastic("POST", `/${index}/_bulk?filter_path=errors`, lines.join(""));
    }
    await indices.refresh();
    const reader = await indices.reader(), told: number[][] = [];
    const query = { kind: "phrase", text: "a-b" } as const;
    const request = { query, onEstimate: (...all: number[]) => void told.push(all) };
    const near = (count: number) => assert.ok(Math.abs(count - 12_000) < 1500, String(count));
    near(await reader.count(request, signal()));
    const buckets = await reader.histogram({ ...request, bucketMs: 3_600_000 }, signal());
    assert.equal(buckets.length, 24);
    near(buckets.reduce((sum, bucket) => sum + bucket.count, 0));
    near((await reader.values({ ...request, field: "topic", limit: 5 }, signal()))[0].count);
    assert.deepEqual(told, new Array(3).fill([4000, total]));
    // What is shown is never guessed, nor is what is few enough.
    const some = { query, order: "newest", limit: 700 } as const;
    for await (const batch of reader.search(some, signal())) {
      for (const { message } of batch) assert.equal(message, "a-b");
    }
    const toMs = Date.UTC(2026, 10, 21, 12);
    assert.equal(await reader.count({ ...request, toMs }, signal()), 6000);
    assert.equal(told.length, 3);
    await reader.close();
  } finally {
    await indices.remove();
  }
});

test("nothing there is nothing, no error", async () => {
  const indices = new Indices();
  const reader = await indices.reader();
  assert.equal(await reader.count(ALL, signal()), 0);
  assert.deepEqual(await allOf(reader), []);
  assert.deepEqual(await reader.histogram({ ...ALL, bucketMs: 1000 }, signal()), []);
  assert.deepEqual(await reader.values({ ...ALL, field: "host.name", limit: 5 }, signal()), []);
  await reader.close();
});

test("an answer of which a part is missing is an error", async () => {
  const partial = { timed_out: true, hits: { total: { value: 7 }, hits: [] } };
  await scripted(() => json(partial), async (reader) => {
    await assert.rejects(reader.count(ALL, signal()), { code: "SEARCH_TIME_LIMIT" });
  });
});

test("says that it may not read, and that it is told to wait", async () => {
  const failed = (status: number) =>
    json({ error: { root_cause: [{ type: "t", reason: "why" }] } }, status);
  await scripted(() => failed(403), async (reader) => {
    await assert.rejects(reader.count(ALL, signal()), {
      code: "ES_READ_DENIED",
      message: "Elasticsearch refuses to be read: t: why",
    });
  });
  let asked = 0;
  await scripted(() => failed(++asked < 3 ? 429 : 403), async (reader) => {
    await assert.rejects(reader.count(ALL, signal()), { code: "ES_READ_DENIED" });
  });
  await scripted(() => failed(429), async (reader) => {
    await assert.rejects(reader.count(ALL, signal()), { code: "ES_BUSY", retriable: true });
  });
});

test("a search that is aborted closes its connection", async () => {
  const closed = Promise.withResolvers<void>(), asked = Promise.withResolvers<void>();
  await scripted((request) => {
    asked.resolve();
    return new Promise((resolve) =>
      request.signal.addEventListener("abort", () => {
        closed.resolve();
        resolve(json({}));
      })
    );
  }, async (reader) => {
    const abort = new AbortController();
    const counting = reader.count(ALL, abort.signal);
    await asked.promise;
    abort.abort();
    await assert.rejects(counting, { name: "AbortError" });
    await closed.promise;
  });
});
