/**
 * A way to the real InfluxDB that a test can shut, slow down or make say that it is asked too often.
 * Each write that passes reaches the server as it came.
 */

/** What it does with a request. */
export type GateState =
  | "open"
  /** Answers 503. */
  | "shut"
  /** Answers 429 with Retry-After. */
  | "busy"
  /** Passes nothing on and answers nothing until it is set to something else. */
  | "silent";

export class Gate {
  state: GateState = "open";
  /** Seconds that a 429 asks to wait. */
  retryAfterSeconds = 1;
  /** Content encodings seen. */
  readonly encodings = new Set<string>();
  /** When each request came, monotonic milliseconds, and what became of it. */
  readonly requests: { atMs: number; state: GateState }[] = [];
  readonly url: string;
  #server: Deno.HttpServer<Deno.NetAddr>;
  #held: (() => void)[] = [];

  constructor(target: string) {
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.#server = Deno.serve(options, (request) => this.#answer(target, request));
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Passes on again what comes from now on; what was held is answered with 503. */
  release(): void {
    this.state = "open";
    for (const answer of this.#held.splice(0)) answer();
  }

  close(): Promise<void> {
    this.release();
    return this.#server.shutdown();
  }

  async #answer(target: string, request: Request): Promise<Response> {
    const body = await request.arrayBuffer();
    this.encodings.add(request.headers.get("content-encoding") ?? "none");
    this.requests.push({ atMs: performance.now(), state: this.state });
    if (this.state === "silent") await new Promise<void>((resolve) => this.#held.push(resolve));
    else if (this.state === "open") return await this.#pass(target, request, body);
    if (this.state === "busy") {
      const headers = { "retry-after": String(this.retryAfterSeconds) };
      return new Response("asked too often", { status: 429, headers });
    }
    return new Response("shut", { status: 503 });
  }

  async #pass(target: string, request: Request, body: ArrayBuffer): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const headers = new Headers(request.headers);
    headers.delete("host");
    const answer = await fetch(`${target}${pathname}${search}`, {
      method: request.method,
      headers,
      body,
    });
    return new Response(answer.status === 204 ? null : await answer.text(), {
      status: answer.status,
      headers: { "content-type": answer.headers.get("content-type") ?? "text/plain" },
    });
  }
}
