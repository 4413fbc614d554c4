/**
 * A TCP proxy whose far side a test can take away: refused, cut in the middle of a transfer, silent
 * while connections stay open, and back again.
 */

export class TcpProxy {
  readonly #hostname: string;
  readonly #port: number;
  #listener: Deno.TcpListener;
  readonly #connections = new Set<Deno.TcpConn>();
  /** While true bytes are taken and go nowhere, in either direction. */
  silent = false;
  readonly #lost = new WeakSet<Deno.TcpConn>();
  /** Connections made so far. */
  connections = 0;

  /** @param target "HOST:PORT", loopback */
  constructor(target: string) {
    const at = target.lastIndexOf(":");
    this.#hostname = target.slice(0, at);
    this.#port = Number(target.slice(at + 1));
    this.#listener = this.#listen(0);
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** Refuses new connections and cuts those that are open. */
  down(): void {
    this.#listener.close();
    this.cut();
  }

  /** Takes connections again, on the same port. */
  up(): void {
    this.#listener = this.#listen(this.port);
  }

  /** From now on bytes of the connections that are open go nowhere, and nobody is told; new connections work. */
  swallow(): void {
    for (const connection of this.#connections) this.#lost.add(connection);
  }

  /** Cuts what is open, wherever it is. */
  cut(): void {
    for (const connection of this.#connections) close(connection);
    this.#connections.clear();
  }

  close(): void {
    try {
      this.#listener.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error; // down already
    }
    this.cut();
  }

  #listen(port: number): Deno.TcpListener {
    const listener = Deno.listen({ hostname: "127.0.0.1", port });
    (async () => {
      for await (const near of listener) {
        this.connections++;
        this.#serve(near).catch(() => close(near)); // the far side refuses: so do we
      }
    })();
    return listener;
  }

  async #serve(near: Deno.TcpConn): Promise<void> {
    const far = await Deno.connect({ hostname: this.#hostname, port: this.#port });
    this.#connections.add(near).add(far);
    await Promise.all([this.#pump(near, far), this.#pump(far, near)]);
    this.#connections.delete(near);
    this.#connections.delete(far);
  }

  async #pump(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (;;) {
        const size = await from.read(buffer);
        if (size === null) break;
        for (let at = 0; at < size && !this.silent && !this.#lost.has(from);) {
          at += await to.write(buffer.subarray(at, size));
        }
      }
    } catch {
      // Cut, by a test or by either side: both ends are closed below.
    }
    close(from);
    close(to);
  }
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Closed before.
  }
}
