/** Brokers, one group and the network to them: what all processes of a simulated world share of Kafka. */
import type { Network } from "./network.ts";
import type { SimBrokers } from "./sim_broker.ts";
import { SimGroup } from "./sim_group.ts";

export class KafkaWorld {
  readonly group = new SimGroup();
  /** Topics that take messages and are read by nobody here (dead letters). */
  readonly plain = new Map<string, unknown[]>();
  #coordinator = 1;

  constructor(readonly brokers: SimBrokers, readonly network: Network) {}

  /** The broker that coordinates the group: another one when it is down. */
  get coordinator(): number {
    if (!this.brokers.broker(this.#coordinator).up) {
      this.#coordinator = this.brokers.brokers.find(({ up }) => up)?.node ?? this.#coordinator;
    }
    return this.#coordinator;
  }
}
