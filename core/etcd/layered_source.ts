/**
 * The ConfigSource over all keys that concern one host. A watch only says when to look; every look reads all keys in
 * one transaction, so that a promotion, which removes the candidate and writes the key, is seen as one change. Looks
 * at a fixed period find what a watch that hangs has missed; a connection that answers nothing is made anew.
 */
import type { Etcd3, IRangeResponse, Watcher } from "etcd3";
import { messageOf, WeirError } from "../errors.ts";
import { CANDIDATE_PREFIX, QUESTION_PREFIX } from "../fleet/keys.ts";
import { Layers, type RawKey, type RawState, type Resolved } from "../fleet/layers.ts";
import { logOf } from "../log.ts";
import type { Clock } from "../ports/clock.ts";
import type { ConfigSnapshot, ConfigSource } from "../ports/config_source.ts";
import { beginWatch } from "./begin_watch.ts";
import { bounded, isRefusal, isSilence } from "./bounded.ts";
import { etcdError } from "./client.ts";

export interface LayeredKey {
  /** `host/10.0.0.7`, `group/web`: the name of its candidate. */
  target: string;
  key: string;
}

export interface LayeredSourceOptions {
  connect: () => Etcd3;
  /** This host's own first, then those of its groups. */
  keys: readonly LayeredKey[];
  /** What all such keys begin with: where nothing of it is left, deletions do not count. */
  prefix: string;
  /** Id of this agent, as candidates name it. */
  id: string;
  clock: Clock;
  /** Longest wait for an answer or for the begin of a watch. */
  timeoutMs: number;
  /** Between two looks. */
  rereadMs: number;
  /** Hears of values under QUESTION_PREFIX for one of the keys; what is asked during an outage is not heard. */
  onQuestion?: (target: string, text: string) => void;
}

export class LayeredSource implements ConfigSource {
  readonly name: string;
  readonly #options: LayeredSourceOptions;
  readonly #layers: Layers;
  readonly #log = logOf("config");
  #client: Etcd3;
  #wake: () => void = () => {};
  #woken = false;
  #keptBefore = "";
  /** A watch brought something since the last look. */
  #told = false;
  #cancelled = false;
  /** May not look around its keys. */
  #narrow = false;
  /** Times that a watch had missed a change which a look then found. */
  missed = 0;

  constructor(options: LayeredSourceOptions) {
    this.#options = options;
    this.#layers = new Layers(options.id);
    this.#client = options.connect();
    this.name = `etcd ${options.keys.map(({ key }) => key).join(" ")}`;
  }

  async read(): Promise<ConfigSnapshot> {
    try {
      this.#layers.take(await this.#look());
      return this.#snapshot(this.#resolve());
    } catch (error) {
      throw etcdError(error, `Cannot read ${this.#options.keys[0].key} from etcd`);
    }
  }

  async watch(
    changed: (snapshot: ConfigSnapshot) => void,
    failed: (error: Error) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { rereadMs } = this.#options;
    let last: string | undefined, watchers: Watcher[] = [];
    let ended = true;
    const deliver = (again = false) => {
      const snapshot = this.#snapshot(this.#resolve());
      const form = JSON.stringify([snapshot.text, snapshot.revision, snapshot.candidate]);
      if (form === last && !again) return;
      last = form;
      changed(snapshot);
    };
    for (let failures = 0; !signal.aborted;) {
      let waitMs = rereadMs;
      this.#woken = false;
      try {
        if (ended) {
          await this.#endAll(watchers);
          watchers = [];
          watchers = await this.#follow(() => ended = true);
          ended = false;
        }
        const before = this.#layers.storeRevision;
        const told = this.#told;
        this.#told = false;
        if (!this.#layers.take(await this.#look())) this.#restored();
        if (!told && before > 0 && last !== undefined && this.#differs(last)) {
          this.missed++;
          ended = true; // that watch hangs: another one
          this.#woken = true;
        }
        deliver(failures > 0);
        this.#alarm(failed);
        failures = 0;
      } catch (error) {
        failures++;
        ended = true;
        if (last !== undefined) deliver(); // a candidate may have come to its deadline
        failed(etcdError(error, `Cannot watch ${this.#options.keys[0].key}`));
        await this.#endAll(watchers);
        watchers = [];
        this.#reconnect();
        waitMs = Math.min(5000, 250 * 2 ** Math.min(failures - 1, 6));
      }
      if (!this.#woken) await this.#pause(Math.min(waitMs, this.#resolve().expiresMs), signal);
    }
    await this.#endAll(watchers);
  }

  #differs(last: string): boolean {
    const { text, revision, candidate } = this.#snapshot(this.#resolve());
    return JSON.stringify([text, revision, candidate]) !== last;
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const wake = new AbortController();
    this.#wake = () => wake.abort();
    await this.#options.clock.sleep(ms, AbortSignal.any([wake.signal, signal]));
    this.#wake = () => {};
  }

  #resolve(): Resolved {
    return this.#layers.resolve(this.#options.clock.monotonicMs());
  }

  #snapshot({ layers, deleted, candidate }: Resolved): ConfigSnapshot {
    if (layers === undefined || layers.length === 0) {
      return { text: null, revision: this.#layers.storeRevision, deleted };
    }
    const named = layers.map((layer) => ({ name: `etcd ${layer.key}`, ...layer }));
    return {
      text: named.length === 1 ? named[0].text : JSON.stringify(named),
      revision: Math.max(...layers.map(({ revision }) => revision)),
      deleted: false,
      layers: named,
      candidate,
    };
  }

  /** All keys as of one revision. A role that is this host's alone may not see what is around them. */
  async #look(): Promise<RawState> {
    if (this.#narrow) return await this.#lookAt("");
    try {
      return await this.#lookAt(this.#options.prefix);
    } catch (error) {
      if (this.#options.prefix === "" || !isRefusal(error)) throw error;
      const state = await this.#lookAt("");
      this.#narrow = true;
      this.#log.info(
        "May read the keys of this host alone: a deletion of all of them does not count",
      );
      return state;
    }
  }

  /** @param prefix what is around the keys; "": nothing is */
  async #lookAt(prefix: string): Promise<RawState> {
    const { keys, clock, timeoutMs } = this.#options, client = this.#client;
    const gets = [
      ...keys.map(({ key }) => client.get(key)),
      ...keys.map(({ target }) => client.get(CANDIDATE_PREFIX + target)),
      ...prefix === "" ? [] : [anyUnder(client, prefix)],
    ];
    const answer = await bounded(
      client.if(keys[0].key, "Mod", ">", -1).then(...gets).commit(),
      clock,
      timeoutMs,
      "Cannot read",
    );
    const ranges = answer.responses.map((one) => one.response_range as IRangeResponse);
    const raw = (key: string, range: IRangeResponse): RawKey => ({
      key,
      text: range.kvs[0]?.value.toString() ?? null,
      revision: Number(range.kvs[0]?.mod_revision ?? 0),
    });
    return {
      clusterId: answer.header.cluster_id,
      storeRevision: Number(answer.header.revision),
      keys: keys.map(({ key }, i) => raw(key, ranges[i])),
      candidates: keys.map(({ target }, i) => raw(target, ranges[keys.length + i])),
      surroundings: this.#options.prefix === "" ||
        (prefix === "" ? ranges.slice(0, keys.length) : ranges.slice(2 * keys.length))
          .some(({ kvs }) => kvs.length > 0),
    };
  }

  /** Watches each key; from the last settled look on, so that a deletion during an outage is seen as one. */
  async #follow(ended: () => void): Promise<Watcher[]> {
    const since = this.#layers.settledRevision;
    if (since === 0 || this.#cancelled) return await this.#followFrom(0, ended);
    try {
      return await this.#followFrom(since + 1, ended);
    } catch (error) {
      if (isSilence(error)) throw error;
      return await this.#followFrom(0, ended); // what was since then is compacted
    }
  }

  /** @param revision the first that is told; 0: from now on */
  async #followFrom(revision: number, ended: () => void): Promise<Watcher[]> {
    const { keys, clock, timeoutMs } = this.#options;
    const builders = [
      ...keys.map(({ key }) => this.#client.watch().key(key)),
      this.#client.watch().prefix(CANDIDATE_PREFIX),
    ];
    this.#cancelled = false;
    const begun = await Promise.allSettled(builders.map((builder) => {
      if (revision > 0) builder.startRevision(String(revision));
      const watching = beginWatch(builder, (watcher) => this.#listen(watcher, ended));
      return bounded(watching, clock, timeoutMs, "Cannot watch");
    }));
    const questions = await this.#followQuestions();
    const watchers = begun.flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
    const failed = begun.find((one) => one.status === "rejected");
    watchers.push(...questions);
    if (failed === undefined) return watchers;
    await this.#endAll(watchers); // the others would tell everything twice
    throw failed.reason;
  }

  /** Questions are an extra: where they may not be watched, the configuration is followed all the same. */
  async #followQuestions(): Promise<Watcher[]> {
    const { keys, clock, timeoutMs, onQuestion } = this.#options;
    if (onQuestion === undefined) return [];
    const begun = await Promise.allSettled(keys.map(({ target }) => {
      const builder = this.#client.watch().prefix(`${QUESTION_PREFIX}${target}/`);
      const watching = beginWatch(builder, (watcher) =>
        watcher.on("data", ({ events }) => {
          for (const { type, kv } of events) {
            if (type === "Put") onQuestion(target, kv.value.toString());
          }
        }));
      return bounded(watching, clock, timeoutMs, "Cannot watch for questions");
    }));
    const failed = begun.find((one) => one.status === "rejected");
    if (failed !== undefined) {
      this.#log.info("Questions of `weir config plan` are not heard", {
        reason: messageOf(failed.reason),
      });
    }
    return begun.flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
  }

  #listen(watcher: Watcher, ended: () => void): void {
    const wake = () => {
      this.#woken = true;
      this.#wake();
    };
    watcher.on("data", ({ events }) => {
      for (const { type, kv } of events) {
        if (type === "Delete") this.#layers.sawDeletion(kv.key.toString());
      }
      if (events.length === 0) return; // a sign of life
      this.#told = true;
      wake();
    });
    watcher.on("error", () => { // etcd has ended it: compaction, or rights that were taken away
      this.#cancelled = true;
      ended();
      wake();
    });
    watcher.on("disconnected", () => {
      ended();
      wake();
    });
  }

  async #endAll(watchers: readonly Watcher[]): Promise<void> {
    await Promise.all(
      watchers.map((watcher) =>
        bounded(watcher.cancel(), this.#options.clock, 1000, "Cannot end a watch").catch(
          () => {}, // its connection is gone
        )
      ),
    );
  }

  /** After a failure all begins anew: a connection whose packets are swallowed looks open for ever. */
  #reconnect(): void {
    this.#client.close();
    this.#client = this.#options.connect();
  }

  #restored(): void {
    this.#log.error("etcd is another one, or an old state of it: only what is written now counts", {
      hint: "Look at what each host applied (weir fleet), and write again what is to hold.",
    });
  }

  /** Says of keys that vanished or went back that their last value is kept; at the second look, not in a race. */
  #alarm(failed: (error: Error) => void): void {
    const kept = this.#resolve().kept.join(" ");
    const before = this.#keptBefore;
    this.#keptBefore = kept;
    if (kept === "") return;
    if (kept !== before) {
      this.#woken = true;
      return;
    }
    failed(
      new WeirError("CONFIG_KEPT", `${kept} vanished, or is older than what is in force: kept`, {
        hint: "Write the key again; [] ends all its tails.",
        retriable: true,
      }),
    );
  }

  close(): Promise<void> {
    try {
      this.#client.close();
    } catch (error) {
      this.#log.debug("Closing", { reason: messageOf(error) });
    }
    return Promise.resolve();
  }
}

/** One key of a prefix, without its value: the client's builder has no name for that. */
function anyUnder(client: Etcd3, prefix: string) {
  const builder = client.getAll().prefix(prefix).limit(1);
  (builder as unknown as { request: { keys_only: boolean } }).request.keys_only = true;
  return builder;
}
