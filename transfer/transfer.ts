/**
 * A transfer: its parts made from the settings and started in order. Where documents go is given,
 * so that another program can put its own store behind the same consumer.
 */
import type { Kafka } from "kafkajs";
import { statusPart } from "../core/http/status_server.ts";
import type { Part } from "../core/lifecycle.ts";
import { createEtcd } from "../core/etcd/client.ts";
import { createKafka } from "../core/kafka/client.ts";
import { logOf } from "../core/log.ts";
import { newRegistry, type Registry } from "../core/metrics/registry.ts";
import type { DocumentWriter } from "../core/ports/document_store.ts";
import { indexTemplate, type TransferSettings } from "./config.ts";
import { Consumer } from "./consume/consumer.ts";
import { compilePatterns } from "./consume/topics.ts";
import { type DeadLetters, KafkaDeadLetters } from "./dead_letter.ts";
import { Channel } from "./deliver/channel.ts";
import { Deliverer } from "./deliver/deliverer.ts";
import { createElastic } from "./index/client.ts";
import { ElasticWriter, type WriterEvents } from "./index/elastic_writer.ts";
import { EtcdDecisions, FixedNames } from "./index/fixed_names.ts";
import { TemplateNames } from "./index/names.ts";
import { transferMetrics } from "./metrics.ts";

/** Failures in a row after which a transfer says that it is not ready. */
const FAILURES_NOT_READY = 3;

export interface TransferDeps {
  /** @default one over Elasticsearch, from the settings */
  writer?: (events: WriterEvents) => DocumentWriter;
  /** @default a topic in Kafka, from the settings */
  deadLetters?: (kafka: Kafka) => DeadLetters;
  /** @default a new one */
  registry?: Registry;
}

export class Transfer {
  readonly settings: TransferSettings;
  readonly registry: Registry;
  readonly consumer: Consumer;
  readonly #channel: Channel;
  readonly #deliverer: Deliverer;
  readonly #writer: DocumentWriter;
  readonly #dead: DeadLetters;
  readonly #log = logOf("transfer");

  /**
   * Throws a WeirError (CONFIG_INVALID, SECRET_UNREADABLE) for settings that cannot work. Nothing
   * is connected yet.
   */
  constructor(settings: TransferSettings, deps: TransferDeps = {}) {
    this.settings = settings;
    this.registry = deps.registry ?? newRegistry("weir-transfer");
    const events = transferMetrics(this.registry, () => ({
      groupId: settings.consumer.groupId,
      lanes: () => this.consumer.lanes,
      channel: this.#channel,
      channelMax: { lines: settings.channel.linesMax, bytes: settings.channel.bytesMax },
      delivery: this.#deliverer,
    }));
    const kafka = createKafka(settings.kafka, "transfer");
    this.#writer = deps.writer?.(events) ?? elasticWriter(settings, events);
    this.#dead = deps.deadLetters?.(kafka) ?? new KafkaDeadLetters(kafka, {
      topic: settings.dead.topic,
      partitions: settings.dead.partitions,
      messageBytes: settings.dead.messageBytes,
    });
    this.#deliverer = new Deliverer(
      this.#writer,
      this.#dead,
      {
        bytesMax: settings.bulk.bytesMax,
        documentsMax: settings.bulk.documentsMax,
        lingerMs: settings.bulk.linger,
        workers: settings.bulk.workers,
        retryMaxMs: settings.bulk.retryMax,
      },
      (entry) => this.#channel.release(entry),
      events,
    );
    this.#channel = new Channel(
      {
        linesMax: settings.channel.linesMax,
        bytesMax: settings.channel.bytesMax,
        batchBytesMax: settings.consumer.batchBytesMax,
      },
      (entries) => this.#deliverer.push(entries),
      events,
    );
    this.consumer = newConsumer(kafka, settings, this.#channel, events);
  }

  /** In the order of starting. */
  parts(): Part[] {
    return [
      { name: "writer", start() {}, stop: () => this.#writer.close() },
      { name: "dead letters", start() {}, stop: () => this.#dead.close() },
      {
        name: "consumer",
        start: () => this.consumer.start(),
        stop: (deadlineMs) => this.#stop(deadlineMs),
      },
    ];
  }

  /** Takes nothing new, finishes what is in memory, commits, leaves the group. */
  async #stop(deadlineMs: number): Promise<void> {
    const until = performance.now() + deadlineMs;
    this.consumer.held = true;
    const left = await this.#deliverer.drain(deadlineMs * 0.75);
    if (left > 0) {
      this.#log.info("Lines left in Kafka for the next start", { lines: left });
    }
    await this.consumer.stop(Math.max(1000, until - performance.now()));
  }

  /** Why no work is done; empty where it is. */
  notReady(): string[] {
    const reasons: string[] = [];
    const { state, lastError } = this.consumer;
    if (state !== "consuming") {
      reasons.push(`consumer is ${state}${lastError === "" ? "" : `: ${lastError}`}`);
    }
    if (this.#deliverer.failures >= FAILURES_NOT_READY) {
      for (const [code, { reason }] of this.#deliverer.problems) reasons.push(`${code}: ${reason}`);
    }
    return reasons;
  }

  /** For /api/status. */
  status(): Record<string, unknown> {
    const { consumer } = this;
    return {
      program: "weir-transfer",
      state: consumer.state,
      lastError: consumer.lastError,
      group: this.settings.consumer.groupId,
      topics: consumer.topics,
      topicsMissing: consumer.missing,
      partitions: [...consumer.lanes].map((lane) => ({
        topic: lane.topic,
        partition: lane.partition,
        committed: lane.committed,
        oldest: lane.logStart,
        newest: lane.highWatermark,
        lines: lane.lines,
        paused: lane.paused,
      })),
      channel: { lines: this.#channel.lines, bytes: this.#channel.bytes },
      workers: { limit: this.#deliverer.limit, active: this.#deliverer.active },
      problems: [...this.#deliverer.problems].map(([code, problem]) => ({
        code,
        reason: problem.reason,
        since: new Date(problem.sinceMs).toISOString(),
        lines: problem.lines,
      })),
    };
  }
}

/**
 * The parts of weir-transfer in the order of their start. Throws WeirErrors for settings that
 * cannot work.
 */
export function createTransferParts(settings: TransferSettings): Part[] {
  const transfer = new Transfer(settings);
  const status = statusPart(settings.listen, {
    registry: transfer.registry,
    notReady: () => transfer.notReady(),
    status: () => transfer.status(),
  }, settings.listenNames);
  return [status, ...transfer.parts()];
}

/** The writer over Elasticsearch that the settings ask for. */
export function elasticWriter(settings: TransferSettings, events: WriterEvents): DocumentWriter {
  const { index } = settings;
  const wanted = new TemplateNames(indexTemplate(index), index.daysBack, index.document);
  const names = settings.etcd.hosts.length === 0
    ? wanted
    : new FixedNames(wanted, new EtcdDecisions(createEtcd(settings.etcd), index.decisions));
  const patterns = names.patterns(settings.consumer.topics);
  return new ElasticWriter(createElastic(settings.elasticsearch), names, {
    fields: index.fields,
    template: index.template && patterns.length > 0
      ? {
        patterns,
        priority: index.templatePriority,
        shards: index.shards,
        replicas: index.replicas,
        refreshInterval: index.refreshInterval,
        document: index.document,
      }
      : undefined,
  }, events);
}

function newConsumer(
  kafka: Kafka,
  settings: TransferSettings,
  channel: Channel,
  events: ReturnType<typeof transferMetrics>,
): Consumer {
  const { consumer } = settings;
  return new Consumer(
    kafka,
    {
      groupId: consumer.groupId,
      instanceId: consumer.instanceId,
      choice: {
        names: consumer.topics,
        patterns: compilePatterns(consumer.topicPatterns),
        excluded: new Set([...consumer.topicsExcluded, settings.dead.topic]),
      },
      topicsRefreshMs: consumer.topicsRefresh,
      sessionTimeoutMs: consumer.sessionTimeout,
      rebalanceTimeoutMs: consumer.rebalanceTimeout,
      heartbeatMs: consumer.heartbeat,
      commitIntervalMs: consumer.commitInterval,
      offsetsIntervalMs: consumer.offsetsInterval,
      fetchWaitMs: consumer.fetchWait,
      fetchBytes: consumer.fetchBytes,
      partitionBytes: consumer.partitionBytes,
      stuckAfterMs: consumer.stuckAfter,
    },
    channel,
    events,
  );
}
