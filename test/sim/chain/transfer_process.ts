/**
 * A simulated transfer: the real consumer over kafkajs's own group code, the real channel, deliverer, bulk writer and
 * dead letters, put together as transfer/transfer.ts does.
 */
import { Serializer } from "@elastic/elasticsearch";
import type { Kafka } from "kafkajs";
import type { DropSeal } from "../../../core/ledger/drop_seal.ts";
import { LedgerLog } from "../../../core/ledger/ledger_log.ts";
import { LEDGER_TOPIC } from "../../../core/ledger/seal.ts";
import { systemClock } from "../../../core/ports/clock.ts";
import {
  type BatchSink,
  Consumer,
  type ConsumerEvents,
  type ConsumerOptions,
} from "../../../transfer/consume/consumer.ts";
import { Channel, type ChannelEvents } from "../../../transfer/deliver/channel.ts";
import { Deliverer, type DeliveryEvents } from "../../../transfer/deliver/deliverer.ts";
import { KafkaDeadLetters } from "../../../transfer/dead_letter.ts";
import { ElasticWriter } from "../../../transfer/index/elastic_writer.ts";
import { FixedNames } from "../../../transfer/index/fixed_names.ts";
import { DropLedger } from "../../../transfer/ledger/drop_ledger.ts";
import type { IndexNames } from "../../../transfer/index/names.ts";
import type { TemplateOptions } from "../../../transfer/index/template.ts";
import { parseRules } from "../../../transfer/topics/rules.ts";
import { PlanNames, TopicPlans } from "../../../transfer/topics/plan.ts";
import { Quotas } from "../../../transfer/topics/quota.ts";
import { TOPIC } from "./agent_process.ts";
import type { KafkaWorld } from "./kafka_world.ts";
import { Life } from "./network.ts";
import { simKafka } from "./sim_cluster.ts";
import type { SimEtcd } from "./sim_decisions.ts";
import { simElastic, type SimIndex } from "./sim_index.ts";

export const DEAD_TOPIC = "weir-dead";
/** Lines with this word are dropped by a rule of the topic. */
export const NOISE = "NOISE";
const RULES = parseRules(
  JSON.stringify([{ topic: "*", drop: [{ name: "noise", contains: NOISE }] }]),
  "simulation",
);

/** Where a planted bug takes hold of a transfer; the transfer itself knows nothing of it. */
export interface TransferSeams {
  batches?: (sink: BatchSink) => BatchSink;
  names?: (names: IndexNames, wanted: IndexNames) => IndexNames;
  /** What is written of dropped lines before a commit. */
  drops?: (ledger: DropLedger) => Pick<DropLedger, "add" | "flush">;
  /** What is counted of records that Kafka removed before they were read. */
  losses?: (count: (loss: Loss) => void) => (loss: Loss) => void;
}

/** Offsets that a transfer said Kafka had removed before it read them. */
export interface Loss {
  transfer: string;
  topic: string;
  partition: number;
  from: number;
  to: number;
}

export interface TransferSite {
  kafka: KafkaWorld;
  index: SimIndex;
  etcd: SimEtcd;
  seams: TransferSeams;
  /** Dropped ranges that the ledger was not told of in time. */
  untold: DropSeal[];
  /** What was counted. */
  losses: Loss[];
}

const DELIVERY_EVENTS: DeliveryEvents = {
  outcome() {},
  bulk() {},
  failed() {},
  dead() {},
  delay() {},
};

const CONSUMER: ConsumerOptions = {
  groupId: "weir",
  instanceId: "",
  choice: { names: [TOPIC], patterns: [], excluded: new Set() },
  topicsRefreshMs: 5000,
  sessionTimeoutMs: 6000,
  rebalanceTimeoutMs: 10_000,
  heartbeatMs: 1000,
  commitIntervalMs: 500,
  offsetsIntervalMs: 10_000,
  fetchWaitMs: 1500,
  fetchBytes: 16_384,
  partitionBytes: 8192,
  stuckAfterMs: 20_000,
};

const TEMPLATE: TemplateOptions = {
  pattern: "*",
  priority: 1,
  shards: 1,
  replicas: 1,
  refreshInterval: "",
  document: "full",
};

export class SimTransfer {
  readonly life: Life;
  readonly consumer: Consumer;
  readonly channel: Channel;
  readonly #deliverer: Deliverer;

  /** `indexName`: what this one would call an index if nobody had decided yet. */
  constructor(name: string, site: TransferSite, indexName: string) {
    const life = this.life = new Life(`transfer ${name}`);
    const kafka = simKafka(site.kafka, life);
    const plans = new TopicPlans({
      index: indexName,
      document: "full",
      fields: "auto",
      daysBack: 400,
      retentionDays: 0,
      retentionBytes: 0,
      dead: DEAD_TOPIC,
    }, RULES);
    const plan = (topic: string) => plans.of(topic);
    const wanted = new PlanNames(plan);
    const fixed = new FixedNames(wanted, site.etcd.decisions(site.kafka.network, life));
    const names = site.seams.names?.(fixed, wanted) ?? fixed;
    const writer = new ElasticWriter(
      simElastic(site.kafka.network, site.index, life, Serializer),
      names,
      (topic) => ({ shape: plan(topic).shape, template: TEMPLATE }),
    );
    const dead = new KafkaDeadLetters(kafka, {
      topic: DEAD_TOPIC,
      partitions: 1,
      messageBytes: 1 << 20,
      retentionMs: 1e9,
    });
    this.#deliverer = new Deliverer(
      writer,
      dead,
      { bytesMax: 8192, documentsMax: 40, lingerMs: 50, workers: 4, retryMaxMs: 5000 },
      (entry) => this.channel.release(entry),
      DELIVERY_EVENTS,
    );
    const ledger = dropLedger(kafka, life, site.untold);
    const drops = site.seams.drops?.(ledger) ?? ledger;
    const channelEvents: ChannelEvents = {
      dropped() {},
      droppedRecord: (record, rule) => drops.add(record, rule),
      read() {},
      fieldsDropped() {},
    };
    this.channel = new Channel(
      { linesMax: 200, bytesMax: 1 << 20, batchBytesMax: 1 << 20 },
      plan,
      new Quotas(() => 1, systemClock),
      (entries) => this.#deliverer.push(entries),
      channelEvents,
    );
    this.consumer = new Consumer(
      kafka,
      CONSUMER,
      site.seams.batches?.(this.channel) ?? this.channel,
      { committing: () => drops.flush(), lost: this.#lossesTo(name, site) },
    );
  }

  #lossesTo(
    transfer: string,
    { seams, losses }: TransferSite,
  ): NonNullable<ConsumerEvents["lost"]> {
    const told = (loss: Loss) => void (this.life.dead || losses.push(loss));
    const count = seams.losses?.(told) ?? told;
    return (topic, partition, records, from) =>
      count({ transfer, topic, partition, from, to: from + records });
  }

  start(): void {
    this.consumer.start();
  }

  /** The process is gone at once. What is awaited is only that its loops have noticed. */
  kill(): Promise<unknown> {
    this.life.dead = true;
    return Promise.allSettled([this.consumer.stop(0), this.#deliverer.drain(0)]);
  }

  /** Finishes what is in memory, commits, leaves the group. */
  async stop(): Promise<void> {
    this.consumer.held = true;
    await this.#deliverer.drain(3000);
    await this.consumer.stop(2000);
    this.life.dead = true;
  }
}

/** A commit waits for it for five seconds; what a kill takes then is a loss that docs/audit.md names. */
function dropLedger(kafka: Kafka, life: Life, untold: DropSeal[]): DropLedger {
  const log = new LedgerLog(kafka, LEDGER_TOPIC);
  return new DropLedger({
    log: {
      async writeDrops(seals) {
        const tell = () => void (life.dead || untold.push(...seals));
        const late = setTimeout(tell, 5000);
        await log.writeDrops(seals).catch((error) => {
          tell();
          throw error;
        }).finally(() => clearTimeout(late));
      },
      close: () => log.close(),
    },
    wallMs: () => Date.now(),
    onLost() {},
  });
}
