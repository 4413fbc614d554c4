/**
 * The simulated network: connections that keep the order of requests, until one is lost; requests that are late,
 * answers that are lost, programs that are cut off, and programs that died: what they sent before may still arrive, an
 * answer reaches nobody.
 */
import type { Random } from "../../support/random.ts";

/** One process, from its start to its end. */
export class Life {
  dead = false;
  /** Cut off from everybody: nothing arrives, nothing is answered. */
  cut = false;

  constructor(readonly name: string) {}
}

/** Something that answers; its number grows with each start, so that what it had open ends with it. */
export interface Server {
  readonly name: string;
  up: boolean;
  starts: number;
}

export type NetworkFault = "refused" | "closed" | "timeout";

export interface CallOptions<T> {
  from: Life;
  to: Server;
  timeoutMs: number;
  /** Makes the error that the client of this protocol would throw. */
  fault: (what: NetworkFault) => Error;
  /** The far side; what it throws is its answer too. */
  serve: () => T | Promise<T>;
}

/** What TCP promises: what arrives, arrives in order; behind what is lost nothing arrives any more. */
interface Connection {
  broken: boolean;
  /** When the newest request arrives. */
  arrivesMs: number;
  /** Ends what waits for an answer on it. */
  open: Set<() => void>;
}

export class Network {
  readonly #random: Random;
  readonly #connections = new WeakMap<Life, Map<string, Connection>>();
  /** Shares of requests and of answers that are lost, and of requests that are very late, 0 to 1. */
  loss = { request: 0, answer: 0, late: 0 };
  latencyMs = 4;
  /** When the latest of all requests arrives, ms since 1970. */
  latestMs = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  call<T>({ from, to, timeoutMs, fault, serve }: CallOptions<T>): Promise<T> {
    if (from.dead) return Promise.reject(fault("closed"));
    const result = Promise.withResolvers<T>();
    const connections = this.#connectionsOf(from), key = `${to.name} ${to.starts}`;
    const connection = connectionIn(connections, key);
    const close = () => result.reject(fault("closed"));
    connection.open.add(close);
    const settle = (how: () => void) => {
      clearTimeout(timer);
      connection.open.delete(close);
      (from.dead ? close : how)();
    };
    // A client that waited in vain opens another connection; what else waits on this one has failed.
    const timer = setTimeout(() => {
      result.reject(fault("timeout"));
      if (connections.get(key) === connection) connections.delete(key);
      for (const end of connection.open) end();
      connection.broken = true;
    }, timeoutMs);
    const isLost = this.#random.chance(this.loss.request);
    const lateMs = this.#random.chance(this.loss.late) ? this.#random.below(15_000) : 0;
    const arrives = Date.now() + this.#delay() + lateMs;
    connection.arrivesMs = Math.max(connection.arrivesMs, arrives);
    this.latestMs = Math.max(this.latestMs, connection.arrivesMs);
    if (isLost || from.cut) connection.broken = true;
    if (connection.broken) return result.promise;
    setTimeout(() => {
      if (!to.up) return settle(() => result.reject(fault("refused")));
      const { starts } = to;
      const back = (how: () => void) => {
        if (!to.up || to.starts !== starts) return settle(close);
        if (from.cut || this.#random.chance(this.loss.answer)) connection.broken = true;
        if (connection.broken) return;
        setTimeout(() => settle(how), this.#delay());
      };
      Promise.resolve().then(serve).then(
        (value) => back(() => result.resolve(value)),
        (error) => back(() => result.reject(error)),
      );
    }, connection.arrivesMs - Date.now());
    return result.promise;
  }

  #connectionsOf(life: Life): Map<string, Connection> {
    let connections = this.#connections.get(life);
    if (connections === undefined) this.#connections.set(life, connections = new Map());
    return connections;
  }

  #delay(): number {
    return this.#random.next() * this.latencyMs;
  }
}

function connectionIn(connections: Map<string, Connection>, key: string): Connection {
  let connection = connections.get(key);
  if (connection === undefined) {
    connection = { broken: false, arrivesMs: 0, open: new Set() };
    connections.set(key, connection);
  }
  return connection;
}
