/**
 * An Elasticsearch that wants TLS and an API key, where the bundled one has no module for either: a front of the test's
 * own that answers as Elasticsearch's security does, over a scripted bulk endpoint.
 */
import type { Authority } from "../agent/certificates.ts";
import { BulkEndpoint } from "../support/bulk_endpoint.ts";

export class SecureElastic implements AsyncDisposable {
  readonly apiKey = "d2VpcjpzZWNyZXQ=";
  /** While true the key is known and may do nothing. */
  forbids = false;
  /** Requests so far. */
  requests = 0;
  readonly #endpoint = new BulkEndpoint();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(cert: string, key: string) {
    const options = { hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} };
    this.#server = Deno.serve(options, (request) => this.#answer(request));
  }

  get url(): string {
    return `https://127.0.0.1:${this.#server.addr.port}`;
  }
  get documents(): ReadonlyMap<string, unknown> {
    return this.#endpoint.documents;
  }

  async #answer(request: Request): Promise<Response> {
    this.requests++;
    const known = request.headers.get("authorization") === `ApiKey ${this.apiKey}`;
    if (!known || this.forbids) {
      await request.body?.cancel();
      return refusal(known ? 403 : 401);
    }
    const { pathname, search } = new URL(request.url);
    return await fetch(`${this.#endpoint.url}${pathname}${search}`, {
      method: request.method,
      headers: request.headers,
      body: request.method === "GET" ? null : await request.text(),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    await this.#endpoint.close();
  }
}

function refusal(status: 401 | 403): Response {
  const reason = status === 401 ? "unable to authenticate" : "action is unauthorized";
  const body = { error: { type: "security_exception", reason }, status };
  return Response.json(body, { status, headers: { "x-elastic-product": "Elasticsearch" } });
}

/** With a certificate of this authority. */
export async function secureElastic(authority: Authority): Promise<SecureElastic> {
  const year = new Date().getUTCFullYear();
  const dates = [`${year - 1}0101000000Z`, `${year + 1}0101000000Z`];
  const pem = await Deno.readTextFile(await authority.issue("elastic", dates[0], dates[1]));
  const [key] = /-----BEGIN PRIVATE KEY[^]*?END PRIVATE KEY-----\n/.exec(pem)!;
  return new SecureElastic(pem.replace(key, ""), key);
}
