/**
 * One HTTP/1.1 connection that sends a body in pieces of its own: what the usual clients copy several
 * times is copied once. It promises: an answer is read to its end or the exchange rejects; an answer
 * that comes before the whole body was sent is taken, and ends the connection; head and body of an
 * answer are bounded; once it is closed it looks at the body no more, so that it can serve again.
 */

const HEAD_BYTES_MAX = 65_536;
const READ_BYTES = 65_536;
const PIECE_BYTES = 262_144;
const decoder = new TextDecoder();

export interface WireAnswer {
  statusCode: number;
  /** Names in small letters; the last one counts where a name comes twice. */
  headers: Record<string, string>;
  body: Uint8Array;
}

/** The other side ended, or said what is no HTTP. `sent`: it may have taken the request. */
export class WireError extends Error {
  override name = "WireError";
  constructor(message: string, readonly sent: boolean, cause?: unknown) {
    super(message, { cause });
  }
}

export class HttpWire {
  readonly #conn: Deno.Conn;
  readonly #into = new Uint8Array(READ_BYTES);
  /**
   * What the system is given to write. A write that waits for the peer goes on behind `close`, with the
   * bytes that its memory holds by then: with the body's own those of another request.
   */
  readonly #piece = new Uint8Array(PIECE_BYTES);
  /** What was read and not looked at: `#into[#from..#to)`. */
  #from = 0;
  #to = 0;
  #closed = false;
  /** True once a byte of the answer is there. */
  #began = false;
  /** performance.now() when anything came from the other side, or it was opened. */
  heardMs = performance.now();
  /** Exchanges so far. */
  uses = 0;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#conn.close();
    } catch {
      // It is gone already.
    }
  }

  /**
   * Sends a request and reads its answer, one at a time. `bodyMax`: bytes of the answer's body.
   * Rejects with a WireError; the connection is closed then, as it is behind an answer that says so.
   */
  async exchange(head: string, body: Uint8Array, bodyMax: number): Promise<WireAnswer> {
    let sending = true;
    this.#began = false;
    const sends = this.#send(new TextEncoder().encode(head), body).then(
      () => sending = false,
      () => {}, // the answer says why, or its absence
    );
    try {
      const answer = await this.#answer(bodyMax);
      if (sending) this.close();
      this.uses++;
      return answer;
    } catch (error) {
      this.close();
      if (error instanceof WireError) throw error;
      throw new WireError((error as Error).message, this.#began, error);
    } finally {
      if (this.#closed) await sends;
    }
  }

  async #send(head: Uint8Array, body: Uint8Array): Promise<void> {
    for (const bytes of [head, body]) {
      for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
        const piece = bytes.subarray(from, from + PIECE_BYTES);
        this.#piece.set(piece);
        for (let at = 0; at < piece.length;) {
          at += await this.#conn.write(this.#piece.subarray(at, piece.length));
          if (this.#closed) return;
        }
      }
    }
  }

  async #answer(bodyMax: number): Promise<WireAnswer> {
    for (;;) {
      const lines = decoder.decode(await this.#untilBlankLine()).split("\r\n");
      const [, version, status] = /^HTTP\/1\.([01]) (\d{3})/.exec(lines[0]) ?? [];
      if (status === undefined) throw new WireError("The answer is no HTTP", true);
      const statusCode = Number(status);
      if (statusCode < 200) continue;
      const headers: Record<string, string> = Object.create(null);
      for (const line of lines.slice(1)) {
        const colon = line.indexOf(":");
        if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
      }
      const body = await this.#body(statusCode, headers, bodyMax);
      const connection = (headers.connection ?? "").toLowerCase();
      if (version === "0" || connection.includes("close")) this.close();
      return { statusCode, headers, body };
    }
  }

  async #body(
    status: number,
    headers: Record<string, string>,
    bodyMax: number,
  ): Promise<Uint8Array> {
    if (status === 204 || status === 304) return new Uint8Array(0);
    if (/chunked/i.test(headers["transfer-encoding"] ?? "")) return await this.#chunks(bodyMax);
    const text = headers["content-length"];
    if (text !== undefined) {
      const size = Number(text);
      if (!(size <= bodyMax)) throw new WireError(`An answer of ${text} bytes is too large`, true);
      return await this.#exactly(size);
    }
    // It ends with the connection.
    const parts = new Parts(bodyMax);
    do {
      parts.add(this.#into.slice(this.#from, this.#to));
      this.#from = this.#to;
    } while (await this.#read());
    this.close();
    return parts.joined();
  }

  async #chunks(bodyMax: number): Promise<Uint8Array> {
    const parts = new Parts(bodyMax);
    for (;;) {
      const line = decoder.decode(await this.#line());
      const size = parseInt(line, 16);
      if (!/^[0-9a-f]/i.test(line) || !(size <= bodyMax)) {
        throw new WireError("The answer has a part without a length", true);
      }
      if (size === 0) break;
      parts.add(await this.#exactly(size));
      await this.#line();
    }
    while ((await this.#line()).length > 0); // trailers
    return parts.joined();
  }

  async #untilBlankLine(): Promise<Uint8Array> {
    const parts = new Parts(HEAD_BYTES_MAX);
    for (;;) {
      const line = await this.#line();
      if (line.length === 0 && parts.size > 0) return parts.joined();
      if (line.length > 0) {
        parts.add(line);
        parts.add(LINE_END);
      }
    }
  }

  /** The next line without its end. */
  async #line(): Promise<Uint8Array> {
    const parts = new Parts(HEAD_BYTES_MAX);
    for (;;) {
      if (this.#from === this.#to) await this.#more();
      const end = this.#into.subarray(0, this.#to).indexOf(10, this.#from);
      parts.add(this.#into.slice(this.#from, end < 0 ? this.#to : end));
      this.#from = end < 0 ? this.#to : end + 1;
      if (end < 0) continue;
      const line = parts.joined();
      return line.at(-1) === 13 ? line.subarray(0, -1) : line;
    }
  }

  async #exactly(size: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size;) {
      if (this.#from === this.#to) await this.#more();
      const part = this.#into.subarray(this.#from, Math.min(this.#to, this.#from + size - at));
      bytes.set(part, at);
      at += part.length;
      this.#from += part.length;
    }
    return bytes;
  }

  async #more(): Promise<void> {
    if (!await this.#read()) {
      throw new WireError("The connection ended before the answer", this.#began);
    }
  }

  async #read(): Promise<boolean> {
    const count = await this.#conn.read(this.#into);
    if (count === null) return false;
    this.#began = true;
    this.heardMs = performance.now();
    this.#from = 0;
    this.#to = count;
    return true;
  }
}

const LINE_END = Uint8Array.of(13, 10);

/** Bytes that came in parts, bounded. */
class Parts {
  readonly #parts: Uint8Array[] = [];
  readonly #max: number;
  size = 0;

  constructor(max: number) {
    this.#max = max;
  }
  add(part: Uint8Array): void {
    this.size += part.length;
    if (this.size > this.#max) throw new WireError("The answer is too large", true);
    this.#parts.push(part);
  }
  joined(): Uint8Array {
    if (this.#parts.length === 1) return this.#parts[0];
    const all = new Uint8Array(this.size);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}
