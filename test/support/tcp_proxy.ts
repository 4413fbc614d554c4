/**
 * A way to a server that a test can break: refused, cut at once (connections that wait for bytes too), silent while
 * connections stay open, slow, late, one direction lost, and whole again on the same port.
 */
import { Buffer } from "node:buffer";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Where a connection leads or is taken: a port, or a socket in the file system. */
type Place = { host: string; port: number } | { path: string };

export class TcpProxy {
  #target: Place;
  #near: Place = { host: "127.0.0.1", port: 0 };
  readonly #sockets = new Set<Socket>();
  /** Those whose bytes go nowhere. */
  readonly #lost = new WeakSet<Socket>();
  #server: Server | undefined;
  /** While true bytes are taken and go nowhere, in either direction. */
  silent = false;
  /** While true what the far side says is lost. */
  deafToAnswers = false;
  /** Bytes a second and direction of each connection at most; 0: as fast as it goes. */
  bytesPerSecond = 0;
  /** Each piece of either direction comes so much later, in order. */
  delayMs = 0;
  /** Connections taken so far. */
  connections = 0;
  /** Bytes sent to the far side so far. */
  bytesSent = 0;

  private constructor(target: string) {
    this.#target = parse(target);
  }

  /**
   * A proxy that takes connections.
   * @param target "HOST:PORT", loopback, or "unix:PATH"
   * @param port 0: any that is free
   */
  static async to(target: string, port = 0): Promise<TcpProxy> {
    return await TcpProxy.between(`127.0.0.1:${port}`, target);
  }

  /** A proxy that takes connections at `near`: both are "HOST:PORT" or "unix:PATH". */
  static async between(near: string, target: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#near = parse(near);
    await proxy.up();
    return proxy;
  }

  /** 0 where it takes connections at a socket in the file system. */
  get port(): number {
    return "port" in this.#near ? this.#near.port : 0;
  }

  /** "127.0.0.1:PORT" */
  get address(): string {
    return textOf(this.#near);
  }

  get url(): string {
    return `http://${this.address}`;
  }

  get target(): string {
    return textOf(this.#target);
  }

  /** Where connections lead from now on. */
  set target(address: string) {
    this.#target = parse(address);
  }

  /** Takes connections, after the first time on the same port; while it does already, nothing happens. */
  async up(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((near) => {
      this.connections++;
      const far = connect(this.#target);
      this.#join(near, far, () => this.silent, (size) => this.bytesSent += size);
      this.#join(far, near, () => this.silent || this.deafToAnswers, () => {});
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#near, resolve);
    });
    if ("port" in this.#near) this.#near.port = (server.address() as { port: number }).port;
    this.#server = server;
  }

  /** From now on bytes of the connections that are open go nowhere, and nobody is told; new connections work. */
  swallow(): void {
    for (const socket of this.#sockets) this.#lost.add(socket);
  }

  /** Cuts what is open, wherever it is; new connections are taken. */
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

  /** Ends it; twice is no fault. */
  async close(): Promise<void> {
    await this.down();
  }

  #join(
    from: Socket,
    to: Socket,
    isLost: () => boolean,
    onBytes: (size: number) => void,
  ): void {
    this.#sockets.add(from);
    from.setMaxListeners(0); // slow ones have one for each wait
    // An end of either side, also one that a test made, ends the other.
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    const late = new LateBytes(to);
    from.on("close", () => late.drop());
    from.on("end", () => late.drop() || to.end());
    from.on("data", (bytes: Buffer) => {
      if (isLost() || this.#lost.has(from)) return;
      onBytes(bytes.length);
      const isFull = !late.write(bytes, this.delayMs);
      const waitMs = this.bytesPerSecond === 0 ? 0 : bytes.length / this.bytesPerSecond * 1000;
      if (!isFull && waitMs === 0) return;
      from.pause();
      if (waitMs > 0) {
        const timer = setTimeout(() => from.resume(), waitMs);
        from.once("close", () => clearTimeout(timer));
      } else to.once("drain", () => from.resume());
    });
  }
}

/** Writes pieces late and in order; what is late when the connection ends goes with it. */
class LateBytes {
  readonly #to: Socket;
  readonly #pieces: { bytes: Buffer; dueMs: number }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(to: Socket) {
    this.#to = to;
  }

  /** False where the other side is full and will say when it is not; pieces that wait are not counted. */
  write(bytes: Buffer, delayMs: number): boolean {
    if (delayMs === 0 && this.#pieces.length === 0) return this.#to.write(bytes);
    this.#pieces.push({ bytes, dueMs: performance.now() + delayMs });
    this.#timer ??= setTimeout(() => this.#flush(), delayMs);
    return true;
  }

  /** True where something was late. */
  drop(): boolean {
    clearTimeout(this.#timer);
    if (this.#pieces.splice(0).length === 0) return false;
    this.#to.destroy();
    return true;
  }

  #flush(): void {
    this.#timer = undefined;
    while (this.#pieces.length > 0) {
      const waitMs = this.#pieces[0].dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#flush(), Math.ceil(waitMs));
        return;
      }
      this.#to.write(this.#pieces.shift()!.bytes);
    }
  }
}

function parse(address: string): Place {
  if (address.startsWith("unix:")) return { path: address.slice("unix:".length) };
  const { hostname, port } = new URL(`http://${address}`);
  return { host: hostname, port: Number(port) };
}

function textOf(place: Place): string {
  return "path" in place ? `unix:${place.path}` : `${place.host}:${place.port}`;
}
