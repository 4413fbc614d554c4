/**
 * The client of the etcd host that answers first, for pages and commands that somebody waits for: with a slow and a
 * silent one among three hosts they work with the third, at once. It stays until a call on it fails; then all are
 * asked again. Programs that wait for nobody take the hosts in turn instead (`etcdInTurn`).
 */
import type { Etcd3 } from "etcd3";
import { WeirError } from "../errors.ts";
import { type Clock, systemClock } from "../ports/clock.ts";
import { bounded, isRefusal } from "./bounded.ts";
import { createEtcd, etcdError } from "./client.ts";
import type { EtcdSettings } from "./settings.ts";

/** Read to see whether a host answers for the cluster; nothing stands there. */
const PROBE_KEY = "/weir/probe";

export class WellEtcd {
  readonly #settings: EtcdSettings;
  readonly #clock: Clock;
  #chosen: Promise<Etcd3> | undefined;
  #closed = false;

  constructor(settings: EtcdSettings, clock: Clock = systemClock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Rejects with what the last host failed with where none answers in time. Throws SECRET_UNREADABLE. */
  client(): Promise<Etcd3> {
    if (this.#chosen === undefined) {
      const choosing = this.#choose();
      this.#chosen = choosing;
      choosing.catch(() => {
        if (this.#chosen === choosing) this.#chosen = undefined;
      });
    }
    return this.#chosen;
  }

  async #choose(): Promise<Etcd3> {
    const { hosts } = this.#settings;
    const clients = hosts.map((host) => createEtcd({ ...this.#settings, hosts: [host] }));
    let chosen: Etcd3 | undefined;
    try {
      // One host is asked nothing: the call that follows says what is wrong with it.
      chosen = clients.length === 1
        ? clients[0]
        : await Promise.any(clients.map((client) => this.#probe(client)));
      return chosen;
    } catch (error) {
      throw error instanceof AggregateError ? error.errors.at(-1) : error;
    } finally {
      for (const client of clients) if (client !== chosen || this.#closed) client.close();
    }
  }

  async #probe(client: Etcd3): Promise<Etcd3> {
    const what = "Cannot reach etcd";
    try {
      await bounded(client.get(PROBE_KEY).exec(), this.#clock, this.#settings.timeout, what);
    } catch (error) {
      if (!isRefusal(error)) throw etcdError(error, what); // refused: it answers
    }
    return client;
  }

  /** Runs the work with the client; one that fails as a host does is not used again. */
  async use<T>(work: (client: Etcd3) => Promise<T>): Promise<T> {
    const chosen = this.client(), client = await chosen;
    try {
      return await work(client);
    } catch (error) {
      if (isHostFault(error) && this.#chosen === chosen) {
        this.#chosen = undefined;
        client.close();
      }
      throw error;
    }
  }

  /** The same for work that changes nothing: tried once more, with another host, where there are several. */
  async read<T>(work: (client: Etcd3) => Promise<T>): Promise<T> {
    try {
      return await this.use(work);
    } catch (error) {
      if (this.#settings.hosts.length === 1 || !isHostFault(error)) throw error;
      return await this.use(work);
    }
  }

  close(): void {
    this.#closed = true;
    this.#chosen?.then((client) => client.close(), () => {}); // none answered: there is none
    this.#chosen = undefined;
  }
}

/** True where another host may do better. */
function isHostFault(error: unknown): boolean {
  if (!(error instanceof WeirError)) return !isRefusal(error);
  return error.code === "ETCD_UNREACHABLE" || error.code === "ETCD_TIMEOUT";
}
