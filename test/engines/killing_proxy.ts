/** Between a program and its S3 server: ends the program at a chosen request, before or after the server has done it. */
import http from "node:http";
import { freePort } from "../support/temp.ts";

export interface Step {
  name: string;
  /** Fits `METHOD path`, the path decoded; `PUT-IF-NEW` is the method of a conditional put. */
  fits: RegExp;
  when: "before" | "after";
}

export class KillingProxy implements AsyncDisposable {
  readonly endpoint: string;
  readonly #server: http.Server;
  readonly #target: URL;
  #armed: { step: Step; kill: () => Promise<void>; done: () => void } | undefined;

  private constructor(target: URL, server: http.Server, endpoint: string) {
    this.#target = target;
    this.#server = server;
    this.endpoint = endpoint;
  }

  static async start(target: string): Promise<KillingProxy> {
    const server = http.createServer(), port = freePort();
    const proxy = new KillingProxy(new URL(target), server, `http://127.0.0.1:${port}`);
    server.on("request", (request, response) => proxy.#pass(request, response));
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return proxy;
  }

  /** Resolves once `kill` was called for the first request that fits. */
  async killAt(step: Step, kill: () => Promise<void>): Promise<void> {
    await new Promise<void>((done) => this.#armed = { step, kill, done });
  }

  #pass(request: http.IncomingMessage, response: http.ServerResponse): void {
    const body: Uint8Array[] = [];
    request.on("data", (bytes: Uint8Array) => body.push(bytes));
    request.on("end", async () => {
      const method = request.headers["if-none-match"] === "*" ? "PUT-IF-NEW" : request.method;
      const asked = `${method} ${decodeURIComponent(request.url ?? "")}`;
      const armed = this.#armed?.step.fits.test(asked) ? this.#armed : undefined;
      if (armed !== undefined) this.#armed = undefined;
      if (armed?.step.when !== "before") {
        const answer = await this.#forward(request, body);
        if (armed === undefined) {
          response.writeHead(answer.status, answer.headers);
          return response.end(answer.body);
        }
      }
      await armed!.kill();
      response.destroy();
      armed!.done();
    });
  }

  /** With the same `Host`, which is signed. */
  #forward(request: http.IncomingMessage, body: readonly Uint8Array[]) {
    type Answer = { status: number; headers: http.IncomingHttpHeaders; body: Uint8Array };
    return new Promise<Answer>((resolve, reject) => {
      const { hostname, port } = this.#target;
      const { method, url: path, headers } = request;
      const forwarded = http.request({ hostname, port, method, path, headers }, (answer) => {
        const parts: Uint8Array[] = [];
        answer.on("data", (bytes: Uint8Array) => parts.push(bytes));
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 500,
            headers: answer.headers,
            body: joined(parts),
          }));
      });
      forwarded.on("error", reject);
      forwarded.end(joined(body));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
