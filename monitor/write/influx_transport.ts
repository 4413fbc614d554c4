/**
 * How the InfluxDB client talks: fetch with gzip, a time limit and the token of the moment. The
 * client's own transports differ by build (the one that Deno gets does neither gzip nor time
 * limits), and this one also speaks to servers of version 1.
 */
import { gzipSync } from "node:zlib";
import {
  type ChunkCombiner,
  type CommunicationObserver,
  createTextDecoderCombiner,
  HttpError,
  type SendOptions,
  type Transport,
} from "@influxdata/influxdb-client";

export interface InfluxTransportOptions {
  /** "http://127.0.0.1:8086", without a slash at the end. */
  url: string;
  /**
   * Text of the Authorization header, "" for none; asked at every request, so that a changed token
   * file is seen.
   */
  authorization: () => string;
  /** Longest wait for an answer. */
  timeoutMs: number;
  /** Bodies of at least this many bytes are compressed. */
  gzipBytesMin: number;
  /** The path to write to in place of the client's; undefined keeps it. */
  writePath?: string;
}

export class InfluxTransport implements Transport {
  readonly chunkCombiner: ChunkCombiner = createTextDecoderCombiner();
  #options: InfluxTransportOptions;
  /** Aborts what is under way. */
  signal: AbortSignal | undefined;

  constructor(options: InfluxTransportOptions) {
    this.#options = options;
  }

  send(
    path: string,
    body: string,
    options: SendOptions,
    callbacks?: Partial<CommunicationObserver<Uint8Array>>,
  ): void {
    this.#fetch(path, body, options).then(async (response) => {
      const text = await response.text();
      callbacks?.responseStarted?.({}, response.status);
      if (response.status >= 300) throw errorOf(response, text);
      callbacks?.complete?.();
    }).catch((error) => callbacks?.error?.(error));
  }

  async request(path: string, body: unknown, options: SendOptions): Promise<unknown> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const response = await this.#fetch(path, text, options);
    const answer = await response.text();
    if (response.status >= 300) throw errorOf(response, answer);
    return /json/.test(response.headers.get("content-type") ?? "") ? JSON.parse(answer) : answer;
  }

  iterate(): AsyncIterableIterator<Uint8Array> {
    throw new TypeError("This transport writes only");
  }

  #fetch(path: string, body: string, options: SendOptions): Promise<Response> {
    const headers: Record<string, string> = { ...options.headers };
    const authorization = this.#options.authorization();
    if (authorization !== "") headers.authorization = authorization;
    const bytes = new TextEncoder().encode(body);
    const small = bytes.length < this.#options.gzipBytesMin;
    if (!small) headers["content-encoding"] = "gzip";
    const limit = AbortSignal.timeout(this.#options.timeoutMs);
    return fetch(`${this.#options.url}${this.#options.writePath ?? path}`, {
      method: options.method,
      headers,
      redirect: "manual", // the address is the settings' alone
      body: options.method === "GET" ? undefined : small ? bytes : gzipSync(bytes, { level: 1 }),
      signal: this.signal === undefined ? limit : AbortSignal.any([limit, this.signal]),
    });
  }
}

function errorOf(response: Response, text: string): HttpError {
  return new HttpError(
    response.status,
    response.statusText,
    text.slice(0, 2000),
    response.headers.get("retry-after"),
    response.headers.get("content-type"),
  );
}
