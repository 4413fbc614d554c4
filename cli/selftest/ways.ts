/**
 * The ways from a self-test's programs to the servers, by relays of this process that it can cut: TCP connections
 * that end in the middle of whatever is on them. Brokers name one another, so a connection to Kafka says in its first
 * line where it leads; Elasticsearch has a relay for each node. What speaks TLS is reached straight: a certificate
 * bears the name of its server.
 */
import { Buffer } from "node:buffer";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { ChainSettings } from "./kafka_site.ts";

const FIRST_LINE_BYTES_MAX = 1000;
const CUT_EVERY_MS = 200;

/** What a child is told of the ways, as JSON. */
export interface WaysTaken {
  kafka: number;
  elasticsearch: string[];
}

export class Ways {
  /** For the children. */
  readonly taken: WaysTaken;
  /** What is reached straight. */
  readonly straight: readonly string[];
  readonly #relays: readonly Relay[];

  private constructor(taken: WaysTaken, straight: readonly string[], relays: readonly Relay[]) {
    this.taken = taken;
    this.straight = straight;
    this.#relays = relays;
  }

  static async open({ agent, transfer }: ChainSettings): Promise<Ways> {
    const relay = await Relay.open(), relays = [relay];
    const elasticsearch: string[] = [], straight: string[] = [];
    for (const [name, { kafka }] of Object.entries({ agent, transfer })) {
      if (kafka.tls.enabled) straight.push(`Kafka with TLS, of the ${name}`);
    }
    for (const node of transfer.elasticsearch.nodes) {
      const url = URL.canParse(node) ? new URL(node) : undefined;
      if (url?.protocol !== "http:") {
        elasticsearch.push(node);
        straight.push(node);
        continue;
      }
      const way = await Relay.open(`${url.hostname}:${url.port || 80}`);
      relays.push(way);
      url.host = `127.0.0.1:${way.port}`;
      elasticsearch.push(url.href);
    }
    return new Ways({ kafka: relay.port, elasticsearch }, straight, relays);
  }

  /** Cuts what is open again and again, for so long. */
  async cutFor(ms: number): Promise<void> {
    for (const since = performance.now(); performance.now() - since < ms;) {
      for (const relay of this.#relays) relay.cut();
      await new Promise((resolve) => setTimeout(resolve, CUT_EVERY_MS));
    }
  }

  close(): void {
    for (const relay of this.#relays) relay.close();
  }
}

/** Turns a child's settings to the ways. */
export function takeWays({ agent, transfer }: ChainSettings, taken: WaysTaken): void {
  for (const kafka of [agent.kafka, transfer.kafka]) Object.assign(kafka, { relay: taken.kafka });
  transfer.elasticsearch.nodes = taken.elasticsearch;
  transfer.elasticsearch.sniff = false; // it would find the nodes themselves
}

/** Takes connections on loopback and leads them on. */
export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: string | undefined) {
    this.#server = createServer((near) => {
      this.#keep(near);
      if (target === undefined) this.#readTarget(near);
      else this.#lead(near, target);
    });
  }

  /** @param target "HOST:PORT"; without it a connection's first line names it */
  static async open(target?: string): Promise<Relay> {
    const relay = new Relay(target);
    await new Promise<void>((resolve, reject) => {
      relay.#server.once("error", reject);
      relay.#server.listen(0, "127.0.0.1", resolve);
    });
    return relay;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Ends all connections that are open, wherever they are; new ones are taken. */
  cut(): void {
    for (const socket of [...this.#sockets]) socket.destroy();
  }

  close(): void {
    this.#server.close();
    this.cut();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy()); // whoever is at the other end notices
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #readTarget(near: Socket): void {
    let seen: Buffer = Buffer.alloc(0);
    const take = (bytes: Buffer) => {
      seen = Buffer.concat([seen, bytes]);
      const end = seen.indexOf(10);
      if (end < 0 && seen.length < FIRST_LINE_BYTES_MAX) return;
      near.off("data", take);
      if (end < 0) near.destroy();
      else this.#lead(near, seen.subarray(0, end).toString(), seen.subarray(end + 1));
    };
    near.on("data", take);
  }

  #lead(near: Socket, target: string, first?: Buffer): void {
    const colon = target.lastIndexOf(":"), host = target.slice(0, colon).replace(/^\[|\]$/g, "");
    const far = connect({ host, port: Number(target.slice(colon + 1)) });
    this.#keep(far);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
    if (first !== undefined && first.length > 0) far.write(first);
    near.pipe(far);
    far.pipe(near);
  }
}
