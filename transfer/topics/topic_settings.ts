/**
 * The rules of topics as they are in force: read from etcd or a file, followed while the transfer
 * runs. It promises: a value that does not validate changes nothing and is reported; neither does one
 * that vanishes without having been deleted; nothing is read from Kafka before the first value is
 * known, because a line that a rule means must not be written without it.
 */
import { messageOf } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import type { ConfigSnapshot, ConfigSource } from "../../core/ports/config_source.ts";
import { type PlanDefaults, type TopicPlan, TopicPlans } from "./plan.ts";
import { parseRules } from "./rules.ts";

export interface SettingsEvents {
  /** A value came: taken over, or refused. */
  applied?(result: "applied" | "failed" | "vanished"): void;
}

export class TopicSettings {
  readonly #source: ConfigSource | undefined;
  readonly #defaults: PlanDefaults;
  readonly #events: SettingsEvents;
  readonly #log = logOf("transfer.topics");
  readonly #stopping = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  #plans: TopicPlans;
  #running: Promise<void> | undefined;
  /** A value is in force; without one there is nothing that could vanish. */
  #held = false;
  /** APPLIED, FAILED, or NONE before the first value; "" without a source. */
  state: "" | "NONE" | "APPLIED" | "FAILED";
  /** Why it failed; empty where it did not. */
  reason = "";
  /** Revision of the value in force, -1 for none. */
  revision = -1;
  /** Number of rules in force. */
  rules = 0;

  /** Without a source no topic has a rule. */
  constructor(
    source: ConfigSource | undefined,
    defaults: PlanDefaults,
    events: SettingsEvents = {},
  ) {
    this.#source = source;
    this.#defaults = defaults;
    this.#events = events;
    this.#plans = new TopicPlans(defaults, []);
    this.state = source === undefined ? "" : "NONE";
    if (source === undefined) this.#ready.resolve();
  }

  /** Resolves when the rules are known for the first time. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** The plan of a topic as of now. */
  readonly of = (topic: string): TopicPlan => this.#plans.of(topic);

  start(): void {
    const source = this.#source;
    if (source === undefined || this.#running !== undefined) return;
    this.#running = source.watch(
      (snapshot) => this.#changed(snapshot),
      (error) => {
        if (this.revision < 0 && this.state !== "FAILED") this.reason = messageOf(error);
        this.#log.warn("Cannot read the rules of topics", { reason: messageOf(error) });
      },
      this.#stopping.signal,
    );
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#source?.close();
  }

  /** Takes a value over, or says why not. */
  #changed(snapshot: ConfigSnapshot): void {
    const { text, revision, deleted } = snapshot;
    if (text === null && !deleted && this.#held) {
      this.#failed(
        "vanished",
        "The rules vanished without having been deleted; the last ones hold",
      );
      return;
    }
    if (text === null && !this.#held && this.state === "APPLIED") return; // still none
    try {
      const rules = text === null ? [] : parseRules(text, this.#source!.name);
      this.#plans = new TopicPlans(this.#defaults, rules);
      this.rules = rules.length;
    } catch (error) {
      this.#failed("failed", messageOf(error));
      return;
    }
    this.#held = text !== null;
    this.state = "APPLIED";
    this.reason = "";
    this.revision = Math.max(0, revision);
    this.#events.applied?.("applied");
    this.#log.info("Rules of topics applied", { rules: this.rules, revision });
    this.#ready.resolve();
  }

  #failed(result: "failed" | "vanished", reason: string): void {
    this.state = "FAILED";
    this.reason = reason;
    this.#events.applied?.(result);
    this.#log.error("Rules of topics not applied, the last ones hold", { reason });
  }
}
