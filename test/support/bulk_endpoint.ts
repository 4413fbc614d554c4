/**
 * An HTTP endpoint that speaks as Elasticsearch does, for the answers that a healthy one will not
 * give. What it keeps and what it answers is decided by a script; by default every document is
 * created once.
 */

export interface BulkItem {
  index: string;
  id: string;
  document: Record<string, unknown>;
}

export interface BulkCall {
  items: BulkItem[];
  bytes: number;
  /** Number of this bulk request, from 1. */
  number: number;
}

/** What the script says: an answer of its own, or how each item ends ("ok": created or exists). */
export type BulkScript = (call: BulkCall) =>
  | { status: number; body: string; headers?: Record<string, string> }
  | ((item: BulkItem) => ItemAnswer)
  | undefined;

export type ItemAnswer = "ok" | { status: number; type: string; reason?: string };

export class BulkEndpoint {
  /** Documents by index and id. */
  readonly documents = new Map<string, Record<string, unknown>>();
  readonly calls: BulkCall[] = [];
  /** Requests that were no bulk, "METHOD /path". */
  readonly others: string[] = [];
  script: BulkScript = () => undefined;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async close(): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname !== "/_bulk") {
      await request.body?.cancel();
      this.others.push(`${request.method} ${pathname}`);
      if (request.method === "GET") return json(404, { found: false });
      return json(200, { acknowledged: true });
    }
    const text = await request.text();
    const call = { items: parse(text), bytes: text.length, number: this.calls.length + 1 };
    this.calls.push(call);
    const told = this.script(call);
    if (typeof told === "object") {
      return new Response(told.body, {
        status: told.status,
        headers: { "content-type": "application/json", ...PRODUCT, ...told.headers },
      });
    }
    const items = call.items.map((item) => ({ create: this.#item(item, told?.(item) ?? "ok") }));
    return json(200, { items });
  }

  #item(item: BulkItem, answer: ItemAnswer): Record<string, unknown> {
    if (answer !== "ok") {
      const { status, type, reason = "scripted" } = answer;
      return { status, error: { type, reason } };
    }
    const key = `${item.index}/${item.id}`;
    if (this.documents.has(key)) {
      return {
        status: 409,
        error: { type: "version_conflict_engine_exception", reason: "exists" },
      };
    }
    this.documents.set(key, item.document);
    return { status: 201 };
  }
}

const PRODUCT = { "x-elastic-product": "Elasticsearch" };

function json(status: number, body: unknown): Response {
  return Response.json(body, { status, headers: PRODUCT });
}

function parse(text: string): BulkItem[] {
  const lines = text.split("\n"), items: BulkItem[] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const { create } = JSON.parse(lines[i]);
    items.push({ index: create._index, id: create._id, document: JSON.parse(lines[i + 1]) });
  }
  return items;
}
