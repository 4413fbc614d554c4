/**
 * A way to a server that a test can break: open connections are reset at once, also those that wait for bytes, and new
 * ones are refused until it is whole again.
 */
import { connect, createServer, type Server, type Socket } from "node:net";

export class CutProxy {
  readonly #target: { host: string; port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  /** Connections taken so far. */
  connections = 0;

  /** @param target "HOST:PORT", loopback */
  constructor(target: string) {
    const { hostname, port } = new URL(`http://${target}`);
    this.#target = { host: hostname, port: Number(port) };
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Takes connections, after the first time on the same port. */
  async up(): Promise<void> {
    const server = createServer((near) => {
      this.connections++;
      const far = connect(this.#target);
      for (const [socket, other] of [[near, far], [far, near]]) {
        this.#sockets.add(socket);
        // An end of either side, also one that a test made, ends the other.
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (server.address() as { port: number }).port;
    this.#server = server;
  }

  /** Cuts what is open. */
  cut(): void {
    for (const socket of [...this.#sockets]) socket.destroy();
  }

  /** Cuts what is open and refuses what comes. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    this.cut();
    await closed;
  }
}
