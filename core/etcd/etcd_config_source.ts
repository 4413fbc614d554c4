/**
 * The ConfigSource over one etcd key: a watch for speed, a full read behind it at a fixed period for everything that a
 * watch can miss (a stream that hangs silently, compaction, a restored store).
 */
import type { Etcd3, Watcher } from "etcd3";
import type { Clock } from "../ports/clock.ts";
import type { ConfigSnapshot, ConfigSource } from "../ports/config_source.ts";
import { beginWatch } from "./begin_watch.ts";
import { bounded } from "./bounded.ts";
import { etcdError } from "./client.ts";

export interface EtcdConfigSourceOptions {
  /** Makes a client; called again after a failure, for the next host where there are several. */
  connect: () => Etcd3;
  key: string;
  clock: Clock;
  /** Longest wait for an answer or for the begin of a watch. */
  timeoutMs: number;
  /** Between two full reads. */
  rereadMs: number;
}

export class EtcdConfigSource implements ConfigSource {
  readonly name: string;
  readonly #options: EtcdConfigSourceOptions;
  #client: Etcd3;
  #clusterId = "";

  constructor(options: EtcdConfigSourceOptions) {
    this.#options = options;
    this.#client = options.connect();
    this.name = `etcd ${options.key}`;
  }

  async read(): Promise<ConfigSnapshot> {
    return (await this.#read()).snapshot;
  }

  /** The value, and the revision of the whole store at which it was read. */
  async #read(): Promise<{ snapshot: ConfigSnapshot; storeRevision: number }> {
    const { key, timeoutMs } = this.#options;
    try {
      const answer = await this.#within(this.#client.get(key).exec(), timeoutMs, "read");
      this.#clusterId = answer.header.cluster_id;
      const storeRevision = Number(answer.header.revision);
      const kv = answer.kvs[0];
      if (kv === undefined) {
        return { snapshot: { text: null, revision: storeRevision, deleted: false }, storeRevision };
      }
      return {
        snapshot: { text: kv.value.toString(), revision: Number(kv.mod_revision), deleted: false },
        storeRevision,
      };
    } catch (error) {
      throw etcdError(error, `Cannot read ${key} from etcd`);
    }
  }

  async watch(
    changed: (snapshot: ConfigSnapshot) => void,
    failed: (error: Error) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, rereadMs } = this.#options;
    let last: ConfigSnapshot | undefined;
    const deliver = (snapshot: ConfigSnapshot) => {
      if (
        last !== undefined && last.text === snapshot.text && last.revision === snapshot.revision
      ) return;
      if (last?.text === null && snapshot.text === null && last.deleted) return; // the same deletion, read again
      last = snapshot;
      changed(snapshot);
    };
    for (let failures = 0; !signal.aborted;) {
      const ended = new AbortController();
      let watcher: Watcher | undefined;
      try {
        const { snapshot, storeRevision } = await this.#read();
        deliver(snapshot);
        watcher = await this.#follow(storeRevision + 1, deliver, ended);
        failures = 0;
        // The same watch for as long as it tells all: each that is begun and ended costs the runtime memory for good.
        for (let tellsAll = true; tellsAll;) {
          await clock.sleep(rereadMs, AbortSignal.any([signal, ended.signal]));
          if (signal.aborted || ended.signal.aborted) break;
          const before = last, { snapshot } = await this.#read();
          if (last !== before) continue; // it told something meanwhile
          deliver(snapshot);
          tellsAll = last === before;
        }
      } catch (error) {
        last = undefined; // told again, so that the failure is known to be over
        failed(etcdError(error, `Cannot watch ${this.#options.key}`));
        this.#reconnect();
        await clock.sleep(Math.min(10_000, 250 * 2 ** Math.min(failures++, 6)), signal);
      } finally {
        if (watcher !== undefined) {
          await this.#within(watcher.cancel(), 1000, "cancel").catch(() => {});
        }
      }
    }
  }

  async #follow(
    revision: number,
    deliver: (snapshot: ConfigSnapshot) => void,
    ended: AbortController,
  ): Promise<Watcher> {
    const { key, timeoutMs } = this.#options;
    const builder = this.#client.watch().key(key).startRevision(String(revision));
    const watching = beginWatch(builder, (watcher) => this.#listen(watcher, deliver, ended));
    return await this.#within(watching, timeoutMs, "watch");
  }

  #listen(
    watcher: Watcher,
    deliver: (snapshot: ConfigSnapshot) => void,
    ended: AbortController,
  ): void {
    const clusterId = this.#clusterId;
    watcher.on(
      "put",
      (kv) =>
        deliver({ text: kv.value.toString(), revision: Number(kv.mod_revision), deleted: false }),
    );
    watcher.on("data", (answer) => {
      for (const event of answer.events) {
        if (event.type !== "Delete") continue;
        deliver({
          text: null,
          revision: Number(event.kv.mod_revision),
          deleted: answer.header.cluster_id === clusterId,
        });
      }
    });
    watcher.on("error", () => ended.abort());
    watcher.on("disconnected", () => ended.abort());
  }

  #within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
    return bounded(work, this.#options.clock, ms, `Cannot ${what} ${this.#options.key}`);
  }

  #reconnect(): void {
    this.#client.close();
    this.#client = this.#options.connect();
  }

  close(): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }
}
