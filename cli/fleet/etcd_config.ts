/** Configurations in etcd as the page changes them: the same checks, history, plan and trial as `weir config`. */
import type { Etcd3 } from "etcd3";
import { WeirError } from "../../core/errors.ts";
import type { WellEtcd } from "../../core/etcd/well_etcd.ts";
import { ConfigStore } from "../../core/fleet/config_store.ts";
import { parseTarget, targetName } from "../../core/fleet/keys.ts";
import { concernedBy, readLive } from "../../core/fleet/live.ts";
import { createKafka } from "../../core/kafka/client.ts";
import type { PageSettings } from "../../search/config.ts";
import type {
  ChangeRequest,
  ConfigAnswer,
  FleetConfig,
  PlanAnswer,
} from "../../search/fleet/fleet_config.ts";
import { applyValue } from "../config/apply.ts";
import { askHosts } from "../config/ask_hosts.ts";
import { checkValue } from "../config/values.ts";

const PLAN_SECONDS = 10, PLAN_FILES = 50, PLAN_LINES = 3, PLAN_HOSTS_MAX = 100;
const WAIT_MS = 60_000;

export class EtcdConfig implements FleetConfig {
  readonly #etcd: WellEtcd;
  readonly #settings: PageSettings;

  constructor(etcd: WellEtcd, settings: PageSettings) {
    this.#etcd = etcd;
    this.#settings = settings;
  }

  #storeOn(client: Etcd3): ConfigStore {
    return new ConfigStore(client, this.#settings.keys, this.#settings.etcd.timeout);
  }

  read(name: string): Promise<ConfigAnswer> {
    const target = parseTarget(name);
    return this.#etcd.read(async (client) => {
      const store = this.#storeOn(client), history = await store.history(target);
      return { target: name, key: store.keyOf(target), ...await store.get(target), history };
    });
  }

  check(name: string, text: string): number {
    return checkValue(parseTarget(name), text, name);
  }

  async plan(name: string, text: string, who: string): Promise<PlanAnswer> {
    const target = parseTarget(name);
    this.check(name, text);
    if (target.kind === "topics") {
      throw new WeirError("USAGE_TARGET", "Hosts do not follow the rules of topics", {
        hint: "See what they do to records: weir transfer --dry-run",
      });
    }
    const { kafka } = this.#settings;
    if (kafka.brokers.length === 0) {
      throw new WeirError("FLEET_NO_PLAN", "Hosts answer by Kafka, and this page knows none", {
        hint: "Set kafka.brokers in its settings file.",
      });
    }
    const live = await this.#etcd.read((client) => this.#live(client));
    const hosts = concernedBy(target, live).slice(0, PLAN_HOSTS_MAX);
    if (hosts.length === 0) return { answers: [], silent: [] };
    const ask = (client: Etcd3) =>
      askHosts({
        client,
        kafka: createKafka(kafka, "page.plan"),
        topic: kafka.answersTopic,
        ...{ target, text, hosts, who },
        seconds: PLAN_SECONDS,
        files: PLAN_FILES,
        lines: PLAN_LINES,
      });
    const { answers, silent } = await this.#etcd.use(ask);
    return { answers, silent: silent.map(({ host }) => host) };
  }

  set({ target, text, base, who, why }: ChangeRequest): Promise<number> {
    this.check(target, text);
    const change = { base, who, why, how: "set" } as const;
    return this.#etcd.use((client) =>
      this.#storeOn(client).write(parseTarget(target), text, change)
    );
  }

  rollback(given: Omit<ChangeRequest, "text">, to: number | undefined): Promise<number> {
    return this.#etcd.use((client) => this.#rollback(this.#storeOn(client), given, to));
  }

  async #rollback(
    store: ConfigStore,
    { target: name, base, who, why }: Omit<ChangeRequest, "text">,
    to: number | undefined,
  ): Promise<number> {
    const target = parseTarget(name), changes = await store.history(target);
    const change = to === undefined ? changes.at(-1) : changes.find(({ n }) => n === to);
    if (change === undefined) {
      throw new WeirError("CONFIG_NO_HISTORY", `${targetName(target)} has no such change`, {
        hint: "Look at its history again.",
      });
    }
    const text = (to === undefined ? change.before : change.after) ?? "[]";
    this.check(name, text);
    const reason = why || `back ${to === undefined ? "from" : "to"} ${change.n}`;
    return await store.write(target, text, { base, who, why: reason, how: "rollback" });
  }

  async apply(
    { target: name, holdMs, ...given }: ChangeRequest & { canary: string; holdMs: number },
    say: (text: string) => void,
    signal: AbortSignal,
  ): Promise<number> {
    this.check(name, given.text);
    const { revision } = await this.#etcd.use((client) =>
      applyValue({
        ...{ client, store: this.#storeOn(client), live: () => this.#live(client) },
        target: parseTarget(name),
        ...given,
        ...{ say, signal, holdMs },
        waitMs: WAIT_MS,
      })
    );
    return revision;
  }

  #live(client: Etcd3) {
    const { keys, etcd } = this.#settings;
    return readLive(client, keys.live, etcd.timeout);
  }
}
