/**
 * A transfer: its parts made from the settings and started in order. Where documents go is given,
 * so that another program can put its own store behind the same consumer.
 */
import type { Kafka } from "kafkajs";
import { DETAIL_TOPIC } from "../core/fleet/detail.ts";
import { statusPart } from "../core/http/status_server.ts";
import type { Part } from "../core/lifecycle.ts";
import { etcdInTurn } from "../core/etcd/client.ts";
import { createKafka } from "../core/kafka/client.ts";
import { WeirError } from "../core/errors.ts";
import { ANSWER_TOPIC } from "../core/fleet/question_schema.ts";
import { LedgerLog } from "../core/ledger/ledger_log.ts";
import { LEDGER_TOPIC } from "../core/ledger/seal.ts";
import { logOf } from "../core/log.ts";
import { Counter, newRegistry, type Registry } from "../core/metrics/registry.ts";
import type { DocumentWriter } from "../core/ports/document_store.ts";
import type { TransferSettings } from "./config.ts";
import { Archive } from "./archive/archive.ts";
import { Consumer, type ConsumerOptions } from "./consume/consumer.ts";
import { compilePatterns } from "./consume/topics.ts";
import { type DeadLetters, KafkaDeadLetters } from "./dead_letter.ts";
import { Channel } from "./deliver/channel.ts";
import { DropLedger } from "./ledger/drop_ledger.ts";
import { ExpiryLedger } from "./ledger/expiry_ledger.ts";
import { Deliverer } from "./deliver/deliverer.ts";
import { createElastic } from "./index/client.ts";
import { ElasticWriter, type WriterEvents, type WriterPlan } from "./index/elastic_writer.ts";
import { EtcdDecisions } from "./index/etcd_decisions.ts";
import { FixedNames } from "./index/fixed_names.ts";
import { Retention, type RetentionEvents } from "./index/retention.ts";
import { transferRegistration } from "./registration.ts";
import { type TransferEvents, transferMetrics } from "./metrics.ts";
import { systemClock } from "../core/ports/clock.ts";
import { Quotas } from "./topics/quota.ts";
import { PlanNames, type TopicPlan } from "./topics/plan.ts";
import { createTopicSettings } from "./topics/source.ts";
import type { TopicSettings } from "./topics/topic_settings.ts";

/** Attempts of the Kafka client by itself: few, because what it waits for is said only after the last. */
const KAFKA_RETRIES = 3;

export interface TransferDeps {
  /** @default one over Elasticsearch, from the settings */
  writer?: (events: WriterEvents, topics: TopicSettings) => DocumentWriter;
  /** @default a topic in Kafka, from the settings */
  deadLetters?: (kafka: Kafka) => DeadLetters;
  /** @default a new one */
  registry?: Registry;
}

export class Transfer {
  readonly settings: TransferSettings;
  readonly registry: Registry;
  readonly consumer: Consumer;
  readonly topics: TopicSettings;
  readonly quotas = new Quotas((topic) => this.#shareOf(topic), systemClock);
  readonly #channel: Channel;
  readonly #deliverer: Deliverer;
  readonly #writer: DocumentWriter;
  readonly #dead: DeadLetters;
  readonly #ledger: DropLedger | undefined;
  readonly #retention: Retention | undefined;
  readonly #expiry: ExpiryLedger | undefined;
  /** Undefined without archive.location. */
  readonly archive: Archive | undefined;
  readonly #log = logOf("transfer");
  /** Dead letters written since the start. */
  deadLetters = 0;
  #stopping = false;

  /**
   * Throws a WeirError (CONFIG_INVALID, SECRET_UNREADABLE) for settings that cannot work. Nothing
   * is connected yet.
   */
  constructor(settings: TransferSettings, deps: TransferDeps = {}) {
    this.settings = settings;
    this.registry = deps.registry ?? newRegistry("weir-transfer");
    const metrics = transferMetrics(this.registry, () => ({
      groupId: settings.consumer.groupId,
      lanes: () => this.consumer.lanes,
      archive: () => this.archive,
      channel: this.#channel,
      channelMax: { lines: settings.channel.linesMax, bytes: settings.channel.bytesMax },
      delivery: this.#deliverer,
      overQuota: () => this.quotas.exceeded.length,
    }));
    const events: TransferEvents = {
      ...metrics,
      dead: (code, count) => {
        this.deadLetters += count;
        metrics.dead(code, count);
      },
    };
    const kafka = createKafka(settings.kafka, "transfer", KAFKA_RETRIES);
    const lost = settings.ledger.enabled ? lostRanges(this.registry) : undefined;
    const ledger = this.#ledger = lost && newDropLedger(settings, lost);
    if (ledger !== undefined) {
      events.droppedRecord = (record, rule) => ledger.add(record, rule);
      events.committing = () => ledger.flush();
    }
    this.topics = createTopicSettings(settings, events);
    this.#writer = deps.writer?.(events, this.topics) ??
      elasticWriter(settings, events, this.topics.of);
    if (deps.writer === undefined) {
      const expiry = this.#expiry = lost && newExpiryLedger(settings, lost);
      const told = { answersFor: () => this.#answersFor(), expiry, events };
      this.#retention = newRetention(settings, this.topics, told);
    }
    this.#dead = deps.deadLetters?.(kafka) ?? new KafkaDeadLetters(kafka, {
      topic: settings.dead.topic,
      partitions: settings.dead.partitions,
      messageBytes: settings.dead.messageBytes,
      retentionMs: settings.dead.retention,
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
      this.topics.of,
      this.quotas,
      (entries) => this.#deliverer.push(entries),
      events,
    );
    this.consumer = newConsumer(kafka, settings, this.#channel, events);
    if (settings.archive.location !== "") {
      const options = consumerOptions(settings);
      this.archive = new Archive(kafka, settings, options, this.topics.of, events);
    }
  }

  /** In the order of starting. */
  parts(): Part[] {
    return [
      { name: "writer", start() {}, stop: () => this.#writer.close() },
      { name: "dead letters", start() {}, stop: () => this.#dead.close() },
      { name: "ledger", start() {}, stop: () => this.#ledger?.close() },
      { name: "ledger of expiry", start() {}, stop: () => this.#expiry?.close() },
      {
        name: "rules of topics",
        start: () => this.topics.start(),
        stop: () => this.topics.stop(),
      },
      {
        name: "consumer",
        start: () => this.#consume(),
        stop: (deadlineMs) => this.#stop(deadlineMs),
      },
      ...(this.#retention === undefined ? [] : [this.#retention]),
      ...(this.archive === undefined ? [] : [this.archive.part(this.topics.ready)]),
    ];
  }

  /** Part of a topic's partitions that is ours, 0 to 1; 1 while their number is not known. */
  #shareOf(topic: string): number {
    let ours = 0, all = 0;
    for (const lane of this.consumer.lanes) {
      if (lane.topic !== topic) continue;
      ours++;
      all = lane.siblings;
    }
    return all === 0 ? 1 : ours / all;
  }

  /** Topics whose indices this process looks after: of all transfers the one with partition 0. */
  #answersFor(): string[] {
    return [...this.consumer.lanes].filter((lane) => lane.partition === 0)
      .map((lane) => lane.topic);
  }

  /** Begins once the rules of topics are known: a line is not written without them. */
  #consume(): void {
    this.topics.ready.then(() => {
      if (!this.#stopping) this.consumer.start();
    });
  }

  /** Takes nothing new, finishes what is in memory, commits, leaves the group. */
  async #stop(deadlineMs: number): Promise<void> {
    const until = performance.now() + deadlineMs;
    this.#stopping = true;
    this.consumer.held = true;
    const left = await this.#deliverer.drain(deadlineMs * 0.75);
    if (left > 0) {
      this.#log.info("Lines left in Kafka for the next start", { lines: left });
    }
    await this.consumer.stop(Math.max(1000, until - performance.now()));
  }

  /** Why lines of this transfer do not arrive; empty where they do. */
  notReady(): string[] {
    const reasons: string[] = [];
    const { state, lastError } = this.consumer;
    const { topics } = this;
    if (topics.state === "NONE" || (topics.state === "FAILED" && topics.revision < 0)) {
      reasons.push(`rules of topics are not known: ${topics.reason}`);
    }
    if (state !== "consuming") {
      reasons.push(`consumer is ${state}${lastError === "" ? "" : `: ${lastError}`}`);
    }
    return [...reasons, ...this.#deliverer.notReady(), ...this.archive?.notReady() ?? []];
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
      rules: {
        state: this.topics.state,
        reason: this.topics.reason,
        revision: this.topics.revision,
        count: this.topics.rules,
      },
      topicsMissing: consumer.missing,
      partitions: [...consumer.lanes].map((lane) => ({
        topic: lane.topic,
        partition: lane.partition,
        committed: lane.committed,
        oldest: lane.logStart,
        newest: lane.highWatermark,
        lines: lane.lines,
        paused: lane.paused,
        lossAhead: lane.lossAhead,
      })),
      retention: { lastError: this.#retention?.lastError ?? "" },
      ...(this.archive && { archive: this.archive.status() }),
      overQuota: this.quotas.exceeded,
      channel: { lines: this.#channel.lines, bytes: this.#channel.bytes },
      workers: { limit: this.#deliverer.limit, active: this.#deliverer.active },
      problems: [...this.#deliverer.problems].map(([code, problem]) => ({
        code,
        reason: problem.reason,
        hint: problem.hint,
        since: new Date(problem.sinceMs).toISOString(),
        lines: problem.lines,
        topics: problem.topics,
      })),
    };
  }
}

/**
 * The parts of weir-transfer in the order of their start. Throws WeirErrors for settings that
 * cannot work.
 */
export function createTransferParts(settings: TransferSettings): Part[] {
  if (settings.target === "store") {
    throw new WeirError("CONFIG_TARGET", "weir-transfer has no store of its own", {
      hint: "Run: weir transfer --config FILE, which has one; or set target: elasticsearch.",
    });
  }
  const transfer = new Transfer(settings);
  let url = settings.listen;
  const registration = transferRegistration(transfer, () => url);
  const status = statusPart(settings.listen, {
    registry: transfer.registry,
    notReady: () => transfer.notReady(),
    status: () => transfer.status(),
    listening: (address) => url = address,
  }, settings.listenNames);
  return [status, ...transfer.parts(), ...registration];
}

function lostRanges(registry: Registry): Counter {
  return new Counter({
    name: "weir_transfer_ledger_lost_ranges_total",
    help: "Ranges dropped by a rule, or removed by retention, that the ledger could not be told.",
    registers: [registry],
  });
}

/** What rules dropped, for the audit. */
function newDropLedger(settings: TransferSettings, lost: Counter): DropLedger {
  return new DropLedger({
    log: new LedgerLog(createKafka(settings.kafka, "transfer.ledger", 2), settings.ledger.topic),
    wallMs: () => systemClock.wallMs(),
    onLost: (ranges) => lost.inc(ranges),
  });
}

/** What retention removes, for the audit. */
function newExpiryLedger(settings: TransferSettings, lost: Counter): ExpiryLedger {
  return new ExpiryLedger({
    client: createElastic(settings.elasticsearch),
    log: new LedgerLog(createKafka(settings.kafka, "transfer.expiry", 2), settings.ledger.topic),
    wallMs: () => systemClock.wallMs(),
    onLost: (generations) => lost.inc(generations),
  });
}

interface RetentionTold {
  answersFor: () => Iterable<string>;
  expiry: ExpiryLedger | undefined;
  events: RetentionEvents;
}

function newRetention(
  settings: TransferSettings,
  topics: TopicSettings,
  { answersFor, expiry, events }: RetentionTold,
): Retention {
  const { index, etcd } = settings;
  const decisions = etcd.hosts.length === 0
    ? undefined
    : new EtcdDecisions(etcdInTurn(etcd), index.decisions);
  return new Retention(createElastic(settings.elasticsearch), {
    intervalMs: index.retentionInterval,
    rolloverBytes: index.rollover,
    topics: answersFor,
    plan: topics.of,
    ...(expiry && { expiring: (name: string) => expiry.expiring(name) }),
    ...(decisions && { forget: (topic, day) => decisions.forget(`${topic}/${day}`) }),
  }, events);
}

/** The writer over Elasticsearch that the settings ask for; `plan` gives the plans of topics. */
export function elasticWriter(
  settings: TransferSettings,
  events: WriterEvents,
  plan: (topic: string) => TopicPlan,
): DocumentWriter {
  const { index } = settings;
  const wanted = new PlanNames(plan);
  const names = settings.etcd.hosts.length === 0
    ? wanted
    : new FixedNames(wanted, new EtcdDecisions(etcdInTurn(settings.etcd), index.decisions));
  return new ElasticWriter(
    createElastic(settings.elasticsearch),
    names,
    (topic) => writerPlan(plan(topic), index),
    events,
  );
}

/** The part of a plan that a writer needs, and the template that its indices need. */
export function writerPlan(plan: TopicPlan, index: TransferSettings["index"]): WriterPlan {
  const { names, topic, own, document, dataStream, shape } = plan;
  if (!index.template) return { shape, template: undefined };
  return {
    shape,
    template: {
      pattern: own ? names.patternOf(topic) : names.pattern(topic),
      // Of two templates that fit an index, the higher priority holds.
      priority: index.templatePriority + (own ? 1 : 0),
      shards: index.shards,
      replicas: index.replicas,
      refreshInterval: index.refreshInterval,
      document,
      ...(dataStream ? { dataStream } : {}),
    },
  };
}

function newConsumer(
  kafka: Kafka,
  settings: TransferSettings,
  channel: Channel,
  events: TransferEvents,
): Consumer {
  return new Consumer(kafka, consumerOptions(settings), channel, events);
}

/** How topics are read for the index. */
function consumerOptions(settings: TransferSettings): ConsumerOptions {
  const { consumer } = settings;
  return {
    groupId: consumer.groupId,
    instanceId: consumer.instanceId,
    choice: {
      names: consumer.topics,
      patterns: compilePatterns(consumer.topicPatterns),
      excluded: new Set([
        ...consumer.topicsExcluded,
        settings.dead.topic,
        settings.detail.topic,
        settings.ledger.topic,
        ANSWER_TOPIC,
        DETAIL_TOPIC,
        LEDGER_TOPIC,
      ]),
      also: settings.dead.index ? [settings.dead.topic] : [],
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
  };
}
