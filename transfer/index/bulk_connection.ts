/**
 * The client's connection to a node, with a quicker way for bodies that are bytes: they are copied
 * once. All other requests, and nodes with an authority of their own for TLS, go the
 * client's own way. It promises what the client's connection does: TimeoutError,
 * ConnectionError and RequestAbortedError where those would come. Where one request was not answered in
 * time, those on connections that were silent for as long end with it: what they hold is sent again anyhow.
 */
import { type ConnectionRequestParams, errors } from "@elastic/elasticsearch";
import { Buffer } from "node:buffer";
import { gunzipSync, inflateSync } from "node:zlib";
import { NodeConnection, silent } from "../../core/elastic/node_connection.ts";
import { HttpWire, type WireAnswer, WireError } from "./http_wire.ts";

const ANSWER_BYTES_MAX = 256 * 1024 * 1024;
/** A connection that was not used for so long is not used again: the node may be closing it. */
const IDLE_MS = 4000;
const BINARY =
  /vnd\.(mapbox-vector-tile|apache\.arrow|elasticsearch\+(arrow|cbor|smile))|smile|cbor/;

type Options = Parameters<NodeConnection["request"]>[1];
// deno-lint-ignore no-explicit-any -- the client's class has overloads that cannot be met otherwise
type Any = any;

export class BulkConnection extends NodeConnection {
  readonly #idle: HttpWire[] = [];
  readonly #open = new Set<HttpWire>();
  readonly #requests = new Set<BulkRequest>();

  override request(params: ConnectionRequestParams, options: Any): Promise<Any> {
    const { body } = params;
    if (!(body instanceof Uint8Array)) return super.request(params, options);
    if (options.asStream === true || !this.#isPlain()) {
      // Its own: what is written late may be what its memory holds by then.
      return super.request({ ...params, body: Buffer.from(body) }, options);
    }
    return this.#send(params, body, options);
  }

  override async close(): Promise<void> {
    for (const wire of this.#open) wire.close();
    await super.close();
  }

  /** The runtime adds an authority to those that it trusts; the client trusts that one alone. */
  #isPlain(): boolean {
    const { tls } = this;
    return this.url.protocol === "http:" || tls === null || Object.keys(tls).length === 0;
  }

  async #send(params: ConnectionRequestParams, body: Uint8Array, options: Options): Promise<Any> {
    const head = this.#head(params, body.length);
    const sinceMs = performance.now(), limitMs = options.timeout ?? this.timeout;
    const request = new BulkRequest();
    const timer = limitMs == null ? undefined : setTimeout(() => {
      request.stop(new errors.TimeoutError("Request timed out"));
      this.unanswered(sinceMs);
    }, limitMs);
    const abort = () => request.stop(new errors.RequestAbortedError("Request aborted"));
    options.signal?.addEventListener("abort", abort, { once: true });
    this.#requests.add(request);
    try {
      const answer = await Promise.race([this.#exchange(head, body, request), request.stopped]);
      this.diagnostic.emit("deserialization", null, options as Any);
      return { statusCode: answer.statusCode, headers: answer.headers, body: textOf(answer) };
    } catch (error) {
      if (error === request.end) throw error;
      throw new errors.ConnectionError((error as Error).message);
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
      this.#requests.delete(request);
    }
  }

  protected override unanswered(sinceMs: number): void {
    super.unanswered(sinceMs, true);
    for (const wire of this.#idle.splice(0)) this.#drop(wire);
    for (const request of this.#requests) {
      if (request.wire !== undefined && request.wire.heardMs <= sinceMs) request.stop(silent());
    }
  }

  /** On a connection that is there, or a new one; on a new one as well where the old one had ended. */
  async #exchange(head: string, body: Uint8Array, request: BulkRequest): Promise<WireAnswer> {
    for (;;) {
      const wire = this.#take() ?? await this.#connect();
      request.wire = wire;
      const used = wire.uses > 0;
      try {
        if (request.end !== undefined) throw request.end;
        const answer = await wire.exchange(head, body, ANSWER_BYTES_MAX);
        if (!wire.closed) this.#idle.push(wire);
        return answer;
      } catch (error) {
        // Documents have ids: one that came twice is there once.
        const ended = used && error instanceof WireError && !error.sent;
        if (!ended || request.end !== undefined) throw error;
      } finally {
        if (request.end !== undefined || wire.closed) this.#drop(wire);
      }
    }
  }

  #drop(wire: HttpWire): void {
    wire.close();
    this.#open.delete(wire);
  }

  #take(): HttpWire | undefined {
    for (;;) {
      const wire = this.#idle.pop();
      if (wire === undefined || performance.now() - wire.heardMs < IDLE_MS) return wire;
      this.#drop(wire);
    }
  }

  async #connect(): Promise<HttpWire> {
    const { protocol, port } = this.url;
    const hostname = this.url.hostname.replace(/^\[|\]$/g, "");
    const plain = await Deno.connect({
      hostname,
      port: Number(port || (protocol === "http:" ? 80 : 443)),
    });
    plain.setNoDelay(true); // head and body are sent one after the other
    const conn = protocol === "http:" ? plain : await Deno.startTls(plain, { hostname });
    const wire = new HttpWire(conn);
    this.#open.add(wire);
    return wire;
  }

  #head({ method, path, querystring, headers }: ConnectionRequestParams, length: number): string {
    const prefix = this.url.pathname.replace(/\/$/, "");
    const query = querystring == null || querystring === "" ? "" : `?${querystring}`;
    const lines = [`${method} ${prefix}${path}${query} HTTP/1.1`, `host: ${this.url.host}`];
    const all: Record<string, unknown> = { ...this.headers, ...headers };
    for (const [name, value] of Object.entries(all)) {
      const known = /^(host|content-length|transfer-encoding|connection)$/i.test(name);
      if (!known && value != null) lines.push(`${name}: ${String(value)}`);
    }
    lines.push(`content-length: ${length}`, "", "");
    const head = lines.join("\r\n");
    if (/[^\r\n\t -ÿ]/.test(head) || lines.some((line) => /[\r\n]/.test(line))) {
      throw new TypeError("A header holds what no header may hold");
    }
    return head;
  }
}

/** A request under way. */
class BulkRequest {
  readonly #stopped = Promise.withResolvers<never>();
  /** The connection that it is on. */
  wire: HttpWire | undefined;
  /** Why it was given up. */
  end: Error | undefined;

  get stopped(): Promise<never> {
    return this.#stopped.promise;
  }

  /** Gives it up, and its connection with it: an answer that comes later is nobody's. */
  stop(error: Error): void {
    if (this.end !== undefined) return;
    this.end = error;
    this.wire?.close();
    this.#stopped.reject(error);
  }
}

function textOf({ headers, body }: WireAnswer): string | Buffer {
  const encoding = (headers["content-encoding"] ?? "").toLowerCase();
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const unpacked = encoding.includes("gzip")
    ? gunzipSync(buffer, { maxOutputLength: ANSWER_BYTES_MAX })
    : encoding.includes("deflate")
    ? inflateSync(buffer, { maxOutputLength: ANSWER_BYTES_MAX })
    : buffer;
  return BINARY.test(headers["content-type"] ?? "") ? unpacked : unpacked.toString();
}
