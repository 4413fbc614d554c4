/**
 * Documents of a store in a real Elasticsearch, under the mapping that the transfer installs: what a
 * reader over Elasticsearch is compared with.
 */
import assert from "node:assert/strict";
import { createElastic } from "../../core/elastic/client.ts";
import { systemClock } from "../../core/ports/clock.ts";
import type {
  Document,
  DocumentReader,
  DocumentWriter,
  LogRecord,
  Query,
  WriteOutcome,
} from "../../core/ports/document_store.ts";
import { ElasticReader } from "../../search/elastic/reader.ts";
import { Requests } from "../../search/elastic/requests.ts";
import { templateBody } from "../../transfer/index/template.ts";
import { elasticOptions } from "../support/elastic_options.ts";
import { servers } from "../support/servers.ts";

export async function elasticsearchUrl(): Promise<string> {
  return (await servers("elasticsearch")).elasticsearch;
}

/** Asks Elasticsearch; throws for an answer that is no success. */
export async function elastic(
  method: string,
  path: string,
  body?: unknown,
  triesLeft = 20,
): Promise<any> {
  const response = await fetch(`${await elasticsearchUrl()}${path}`, {
    method,
    ...(body === undefined ? {} : {
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: { "content-type": "application/json" },
    }),
  });
  const text = await response.text();
  // A server that many use may be short of memory for a moment.
  if (response.status === 429 && triesLeft > 0) {
    await systemClock.sleep(200);
    return await elastic(method, path, body, triesLeft - 1);
  }
  if (!response.ok && response.status !== 404) {
    throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
  }
  return text === "" ? {} : JSON.parse(text);
}

/** Indices of one test, by prefix. */
export class Indices {
  readonly prefix = `wts${crypto.randomUUID().slice(0, 8)}`;

  /** Makes an index with the transfer's mapping. */
  async make(name: string, shards = 1): Promise<string> {
    const index = `${this.prefix}-${name}`;
    const { template } = templateBody({
      pattern: index,
      priority: 1,
      shards,
      replicas: 0,
      refreshInterval: "1s",
      document: "full",
    }) as any;
    await elastic("PUT", `/${index}`, template);
    return index;
  }

  async add(index: string, documents: readonly Document[], refresh = true): Promise<void> {
    for (let from = 0; from < documents.length; from += 1000) {
      const lines = documents.slice(from, from + 1000).map((document) =>
        `${JSON.stringify({ create: { _id: document._id } })}\n${
          JSON.stringify(sourceOf(document))
        }\n`
      );
      const path = `/${index}/_bulk?filter_path=errors,items.*.error${
        refresh ? "&refresh=true" : ""
      }`;
      const answer = await elastic("POST", path, lines.join(""));
      assert.equal(answer.errors, false, JSON.stringify(answer).slice(0, 500));
    }
  }

  async refresh(): Promise<void> {
    await elastic("POST", `/${this.prefix}-*/_refresh`);
  }

  async remove(): Promise<void> {
    await elastic("DELETE", `/${this.prefix}-*?ignore_unavailable=true`);
  }

  async reader(
    options: { index?: string; pollMs?: number; windowMs?: number; answerBytesMax?: number } = {},
  ): Promise<ElasticReader> {
    const client = createElastic(elasticOptions(await elasticsearchUrl(), 60_000));
    const { index = `${this.prefix}-*`, answerBytesMax = 67_108_864, ...rest } = options;
    const requests = new Requests(client, { index, timeoutMs: 30_000, answerBytesMax });
    return new ElasticReader({ requests, pollMs: 100, ...rest });
  }
}

/** As the transfer writes it: what is empty is left out, and so is the generation of others' records. */
function sourceOf(document: Document): Record<string, unknown> {
  const { _id, ...source } = document as Document & Record<string, unknown>;
  for (const name of ["host.name", "log.file.path"]) if (source[name] === "") delete source[name];
  if (!_id.includes(":")) delete (source as Record<string, unknown>)["log.file.generation"];
  return source;
}

export async function allOf(
  reader: DocumentReader,
  query: Query = { kind: "all" },
): Promise<Document[]> {
  const found: Document[] = [];
  const request = { query, order: "oldest" as const, limit: 1_000_000 };
  for await (const batch of reader.search(request, new AbortController().signal)) {
    found.push(...batch);
  }
  return found;
}

/** Writes to one store and, as the documents that it made of them, to Elasticsearch. */
export class MirrorWriter implements DocumentWriter {
  readonly #store: DocumentWriter & { documents: Document[] };
  readonly #indices: Indices;
  readonly #index: string;

  constructor(
    store: DocumentWriter & { documents: Document[] },
    indices: Indices,
    index: string,
  ) {
    this.#store = store;
    this.#indices = indices;
    this.#index = index;
  }

  async write(records: readonly LogRecord[]): Promise<WriteOutcome[]> {
    const before = this.#store.documents.length;
    const outcomes = await this.#store.write(records);
    const ingested = new Date().toISOString();
    const made = this.#store.documents.slice(before)
      .map((document) => ({ ...document, "event.ingested": ingested }));
    await this.#indices.add(this.#index, made, false);
    return outcomes;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
