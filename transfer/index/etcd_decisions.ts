/** The decisions about index names that all transfers share, kept in etcd: who writes a key first decides it. */
import type { Etcd3 } from "etcd3";
import { isRefusal } from "../../core/etcd/bounded.ts";
import { etcdError } from "../../core/etcd/client.ts";
import type { Decisions } from "./fixed_names.ts";

/** Decisions under a prefix in etcd. */
export class EtcdDecisions implements Decisions {
  readonly #connect: () => Etcd3;
  readonly #prefix: string;
  #client: Etcd3;

  /** @param connect makes a client; called again after a failure, for the next host where there are several */
  constructor(connect: () => Etcd3, prefix: string) {
    this.#connect = connect;
    this.#prefix = prefix;
    this.#client = connect();
  }

  async decide(key: string, value: string): Promise<string> {
    const full = `${this.#prefix}${key}`, client = this.#client;
    try {
      const answer = await client.if(full, "Create", "==", 0)
        .then(client.put(full).value(value))
        .else(client.get(full))
        .commit();
      if (answer.succeeded) return value;
      return String(answer.responses[0].response_range?.kvs[0]?.value ?? "");
    } catch (error) {
      this.#next(client, error);
      throw etcdError(error, `Cannot decide the index of ${key} in etcd`);
    }
  }

  /** The index is gone: what was decided of it is of no more use. */
  async forget(key: string): Promise<void> {
    const client = this.#client;
    try {
      await client.delete().key(`${this.#prefix}${key}`).exec();
    } catch (error) {
      this.#next(client, error);
      throw etcdError(error, `Cannot delete what was decided for ${key} in etcd`);
    }
  }

  /** Of calls that failed together the first one changes the client. */
  #next(failed: Etcd3, error: unknown): void {
    if (failed !== this.#client || isRefusal(error)) return;
    failed.close();
    this.#client = this.#connect();
  }
}
