/**
 * The simulated Elasticsearch, behind the real client: bulk requests that are taken whole, in part, or not at all,
 * answers that are lost or come from a proxy, single documents that are refused for now or for good. What it answered
 * 201 for stays.
 */
import {
  BaseConnection,
  Client,
  type ConnectionRequestParams,
  errors,
  type Serializer,
} from "@elastic/elasticsearch";
import type { Random } from "../../support/random.ts";
import type { Life, Network, NetworkFault, Server } from "./network.ts";
import { searchAnswer } from "./sim_search.ts";

/** Words in a line that the index refuses for good. */
export const POISON = "POISON";

export interface IndexFaults {
  /** Shares of documents: 429, 503. */
  throttled: number;
  unavailable: number;
  /** Shares of requests: 429 or 503 as a whole, a page of a proxy, taken in part and never answered. */
  refused: number;
  proxy: number;
  partly: number;
  /** A full disk: 403 for every document. */
  blocked: boolean;
  /** No index can be made. */
  shardLimit: boolean;
  /** Largest body, bytes. */
  bytesMax: number;
}

export const NO_FAULTS: IndexFaults = {
  throttled: 0,
  unavailable: 0,
  refused: 0,
  proxy: 0,
  partly: 0,
  blocked: false,
  shardLimit: false,
  bytesMax: 1 << 20,
};

interface Answer {
  status: number;
  body: string;
}

export class SimIndex implements Server {
  readonly name = "index";
  up = true;
  starts = 0;
  faults: IndexFaults = { ...NO_FAULTS };
  readonly indices = new Map<string, Map<string, any>>();
  /** All ids that are anywhere. */
  readonly ids = new Set<string>();
  readonly #templates = new Map<string, any>();
  readonly #random: Random;
  requests = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  crash(): void {
    this.up = false;
    this.starts++;
  }

  serve(method: string, path: string, body: string): Answer | Promise<Answer> {
    this.requests++;
    const { faults } = this;
    if (this.#random.chance(faults.proxy)) return { status: 502, body: "<html>Bad gateway</html>" };
    if (this.#random.chance(faults.refused)) {
      const status = this.#random.chance(0.5) ? 429 : 503;
      return { status, body: errorBody("es_rejected_execution_exception", "simulated", status) };
    }
    if (path === "/_bulk") return this.#bulk(body);
    if (path.startsWith("/_index_template/")) return this.#template(method, path, body);
    if (path.endsWith("/_refresh") || path.endsWith("/_pit")) return json(200, { id: "now" });
    if (path.endsWith("/_search")) return json(200, searchAnswer(this.#all(), JSON.parse(body)));
    return this.#document(path);
  }

  *#all(): Generator<Record<string, unknown>> {
    for (const documents of this.indices.values()) yield* documents.values();
  }

  #template(method: string, path: string, body: string): Answer {
    if (method === "PUT") {
      this.#templates.set(path, JSON.parse(body));
      return json(200, { acknowledged: true });
    }
    const found = this.#templates.get(path);
    if (found === undefined) return json(404, { error: { type: "resource_not_found_exception" } });
    return json(200, { index_templates: [{ index_template: found }] });
  }

  #document(path: string): Answer {
    const [, index, , id] = path.split("/").map(decodeURIComponent);
    const _source = this.indices.get(index)?.get(id);
    return json(_source === undefined ? 404 : 200, { found: _source !== undefined, _source });
  }

  #bulk(body: string): Answer | Promise<Answer> {
    if (body.length > this.faults.bytesMax) return { status: 413, body: "too large" };
    const lines = body.split("\n");
    const count = Math.floor(lines.length / 2);
    const isPart = this.#random.chance(this.faults.partly);
    const taken = isPart ? this.#random.below(count + 1) : count;
    const items: unknown[] = [];
    for (let i = 0; i < taken; i++) {
      const { _index, _id } = JSON.parse(lines[2 * i]).create;
      items.push({ create: this.#create(_index, _id, JSON.parse(lines[2 * i + 1])) });
    }
    if (isPart) return new Promise(() => {}); // nobody is left who could answer
    return json(200, { items });
  }

  #create(index: string, id: string, source: any): unknown {
    const { faults } = this;
    const error = (status: number, type: string) => ({
      status,
      error: { type, reason: "simulated" },
    });
    if (faults.blocked) return error(403, "cluster_block_exception");
    if (this.#random.chance(faults.throttled)) return error(429, "es_rejected_execution_exception");
    if (this.#random.chance(faults.unavailable)) return error(503, "unavailable_shards_exception");
    const documents = this.indices.get(index) ?? new Map();
    if (!this.indices.has(index)) {
      if (faults.shardLimit) return error(400, "validation_exception");
      this.indices.set(index, documents);
    }
    if (documents.has(id)) return error(409, "version_conflict_engine_exception");
    if (String(source.message).includes(POISON)) return error(400, "document_parsing_exception");
    documents.set(id, source);
    this.ids.add(id);
    return { status: 201 };
  }
}

function json(status: number, body: unknown): Answer {
  return { status, body: JSON.stringify(body) };
}

function errorBody(type: string, reason: string, status: number): string {
  return JSON.stringify({ error: { type, reason }, status });
}

function elasticFault(what: NetworkFault): Error {
  return what === "timeout"
    ? new errors.TimeoutError("Request timed out")
    : new errors.ConnectionError(`Connection ${what}`);
}

/** The real client over the simulated network. */
export function simElastic(
  network: Network,
  index: SimIndex,
  life: Life,
  serializer: typeof Serializer,
): Client {
  class SimConnection extends BaseConnection {
    override async request(params: ConnectionRequestParams): Promise<any> {
      const body = params.body == null ? "" : String(params.body);
      const { status, body: answer } = await network.call({
        from: life,
        to: index,
        timeoutMs: 8000,
        fault: elasticFault,
        serve: () => index.serve(params.method, params.path, body),
      });
      const type = answer.startsWith("<") || status === 413 ? "text/html" : "application/json";
      const headers = { "content-type": type, "x-elastic-product": "Elasticsearch" };
      return { statusCode: status, body: answer, headers };
    }
    override close(): Promise<void> {
      return Promise.resolve();
    }
  }
  return new Client({
    node: "http://index:9200",
    maxRetries: 0,
    enableMetaHeader: false,
    redaction: { type: "off" },
    Connection: SimConnection as never,
    Serializer: serializer,
  });
}
