/**
 * The LineSink over Kafka: chunks are grouped by partition, each partition has a few batches on their way, batches that
 * are due for one broker go in one request. Retries what can pass, for ever, with back-off; other partitions and topics
 * go on meanwhile. Rejects only what the broker refuses for good.
 */
import { messageOf, WeirError } from "../../core/errors.ts";
import type { ProduceClient } from "../../core/kafka/produce.ts";
import type { Codec } from "../../core/kafka/record_batch.ts";
import { logOf } from "../../core/log.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { LineChunk, LineSink } from "../../core/ports/line_sink.ts";
import { BuilderPool } from "./builder_pool.ts";
import type { Batch, Pending, Producer } from "./partition_queue.ts";
import { PartitionQueue } from "./partition_queue.ts";
import { type Partitioning, Places } from "./partitioning.ts";

export interface KafkaLineSinkOptions {
  client: Pick<
    ProduceClient,
    "partitionsOf" | "leaderOf" | "refresh" | "forget" | "produce" | "newProducer" | "disconnect"
  >;
  clock: Clock;
  acks: -1 | 0 | 1;
  codec: Codec;
  /** Level of zstd or gzip. */
  level: number;
  /** Longest wait for more lines before a batch goes. */
  lingerMs: number;
  batchBytesMax: number;
  /** Batches of a partition without an answer at most, 1 to 5; without acks=all always 1. @default {5} */
  inFlightMax?: number;
  /** @default {{ by: "key" }} */
  partitioning?: Partitioning;
  /** A topic that is sent to is asked so often whether it has more partitions. @default {300_000} */
  countEveryMs?: number;
  /** Memory for buffers that lines are read into and sent from without a copy. @default {0} */
  bufferBytes?: number;
  /** Hears of each batch that was acknowledged, of each failure, and of each line that only went cut. */
  onBatch?: (topic: string, lines: number, bytes: number, ms: number) => void;
  onFailure?: (topic: string, error: WeirError) => void;
  onCut?: (topic: string, bytes: number) => void;
}

/** Compressed batches in flight at most, over all partitions. */
const BATCHES_IN_FLIGHT = 32;
/** Batches in one request at most; a request stays under 16 MiB with the default batch size. */
const BATCHES_PER_REQUEST = 16;
/** A broker remembers the last five batches of a producer in a partition. */
const IN_FLIGHT_MAX = 5;
const RETRY_FIRST_MS = 100;
/** Failures in a row from which on lines count as held back. */
const TOLD_FROM = 3;
/** Short: so much later than Kafka lines go on at most. */
const RETRY_MAX_MS = 2000;

const COUNT_EVERY_MS = 300_000;

interface TopicState {
  partitions: number;
  /** When they were counted. */
  countedAt: number;
  places: Places;
  waiting: Pending[];
  retryAt: number;
  resolving: boolean;
  failures: number;
}

export class KafkaLineSink implements LineSink {
  readonly guarantee: string;
  readonly #options: KafkaLineSinkOptions;
  readonly #topics = new Map<string, TopicState>();
  readonly #queues = new Map<string, PartitionQueue>();
  readonly #log = logOf("agent.ship");
  readonly #builders: BuilderPool;
  readonly #countEveryMs: number;
  /** Whose numbers new partitions take; undefined before it is known that there is one, null where there is none. */
  #producer: Producer | null | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #requests = 0;
  #inFlight = 0;
  #refreshing = false;
  #stopping = false;
  #stopped = false;
  #drained: (() => void) | undefined;
  /** By topic: since it was delivered to. */
  readonly #failing = new Map<string, { error: WeirError; times: number }>();

  constructor(options: KafkaLineSinkOptions) {
    this.#options = options;
    this.#countEveryMs = options.countEveryMs ?? COUNT_EVERY_MS;
    this.#builders = new BuilderPool(options.batchBytesMax, options.bufferBytes ?? 0);
    if (options.acks !== -1) this.#producer = null;
    this.guarantee = {
      "-1": "all in-sync replicas",
      "1": "leader only",
      "0": "none",
    }[`${options.acks}`]!;
  }

  /** The failure of a topic that was not delivered to since, if any. */
  get lastError(): WeirError | undefined {
    const [first] = this.#failing.values();
    return first?.error;
  }

  holding(): { topic: string; error: WeirError }[] {
    const waiting = new Set<string>();
    for (const [topic, state] of this.#topics) if (state.waiting.length > 0) waiting.add(topic);
    for (const queue of this.#queues.values()) if (!queue.empty) waiting.add(queue.topic);
    return [...this.#failing].filter(([topic, { times }]) =>
      times >= TOLD_FROM && waiting.has(topic)
    )
      .map(([topic, { error }]) => ({ topic, error }));
  }

  send(chunk: LineChunk): Promise<void> {
    if (this.#stopping) return Promise.reject(stoppedError());
    return new Promise((resolve, reject) => {
      const since = this.#options.clock.monotonicMs();
      const pending: Pending = { chunk, next: 0, done: 0, since, resolve, reject };
      const topic = this.#topicOf(chunk.topic);
      if (topic.partitions > 0 && since - topic.countedAt >= this.#countEveryMs) {
        topic.countedAt = since;
        void this.#countAgain(chunk.topic, topic);
      }
      if (topic.partitions > 0) this.#enqueue(topic, pending);
      else topic.waiting.push(pending);
      this.#pump();
    });
  }

  buffer(bytes: number): Uint8Array | undefined {
    return this.#builders.buffer(bytes);
  }

  position(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** Sends what is queued without linger, waits for the answers, then rejects what is left. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    const drained = new Promise<void>((resolve) => this.#drained = resolve);
    this.#pump();
    const end = new AbortController();
    await Promise.race([drained, this.#options.clock.sleep(deadlineMs, end.signal)]);
    end.abort();
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const topic of this.#topics.values()) {
      for (const pending of topic.waiting.splice(0)) pending.reject(stoppedError());
    }
    for (const queue of this.#queues.values()) queue.refuseAll(stoppedError());
    await this.#options.client.disconnect();
  }

  #topicOf(name: string): TopicState {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = {
        ...{ partitions: 0, countedAt: 0, waiting: [], retryAt: 0, resolving: false, failures: 0 },
        places: new Places(this.#options.partitioning ?? { by: "key" }),
      };
      this.#topics.set(name, topic);
    }
    return topic;
  }

  #enqueue(topic: TopicState, pending: Pending): void {
    const { chunk } = pending, { places } = topic;
    const partition = places.enter(chunk.generation, topic.partitions);
    const key = `${chunk.topic}/${partition}`;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      const { batchBytesMax } = this.#options;
      queue = new PartitionQueue(chunk.topic, partition, batchBytesMax, this.#builders);
      queue.producer = this.#producer ?? undefined;
      this.#queues.set(key, queue);
    }
    const leave = () => places.leave(chunk.generation);
    queue.push({
      ...pending,
      resolve() {
        leave();
        pending.resolve();
      },
      reject(error) {
        leave();
        pending.reject(error);
      },
    });
  }

  async #resolve(name: string, topic: TopicState): Promise<void> {
    topic.resolving = true;
    try {
      const partitions = await this.#options.client.partitionsOf(name);
      this.#checkPartition(name, partitions);
      if (this.#producer === undefined) this.#producer = await this.#newProducer();
      topic.partitions = partitions;
      topic.countedAt = this.#options.clock.monotonicMs();
      topic.failures = 0;
      for (const pending of topic.waiting.splice(0)) this.#enqueue(topic, pending);
    } catch (error) {
      const failure = this.#failed(name, error);
      if (failure.retriable) topic.retryAt = this.#backoff(++topic.failures);
      else for (const pending of topic.waiting.splice(0)) pending.reject(failure);
    } finally {
      topic.resolving = false;
    }
    this.#pump();
  }

  /** Partitions that were added are used from now on. Fewer are learnt of where one has no leader. */
  async #countAgain(name: string, topic: TopicState): Promise<void> {
    const { client } = this.#options, before = topic.partitions;
    try {
      await client.refresh();
      const partitions = await client.partitionsOf(name);
      if (partitions <= before || topic.partitions !== before) return;
      topic.partitions = partitions;
      this.#log.info("The topic has more partitions: files are spread over all of them", {
        ...{ topic: name, before, partitions },
      });
    } catch (error) {
      this.#log.debug("Partitions not counted", { topic: name, reason: messageOf(error) });
    }
  }

  #checkPartition(topic: string, partitions: number): void {
    const { partitioning } = this.#options;
    if (partitioning?.by !== "fixed" || partitioning.partition < partitions) return;
    throw new WeirError(
      "KAFKA_PARTITION_MISSING",
      `Topic "${topic}" has ${partitions} partitions: no ${partitioning.partition}`,
      { hint: "Add partitions to the topic, or change kafka.partition.", retriable: true },
    );
  }

  async #newProducer(): Promise<Producer | null> {
    const producer = await this.#options.client.newProducer();
    if (producer !== undefined) return producer;
    this.#log.warn("The broker gives no producer id: one batch at a time a partition", {
      hint:
        "Allow this user IdempotentWrite on the cluster, or Write on a topic from Kafka 2.8 on.",
    });
    return null;
  }

  /** Starts everything that is due, and sets the timer for what is due next. */
  #pump(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    const now = this.#options.clock.monotonicMs();
    let next = Infinity;
    for (const [name, topic] of this.#topics) {
      if (topic.waiting.length === 0 || topic.resolving) continue;
      if (topic.retryAt <= now) void this.#resolve(name, topic);
      else next = Math.min(next, topic.retryAt);
    }
    next = Math.min(next, this.#sendDue(now));
    if (next !== Infinity) this.#timer = setTimeout(() => this.#pump(), Math.max(1, next - now));
    if (this.#stopping && this.#isDrained()) this.#drained?.();
  }

  /** Sends what is due, a batch of each partition in turn. Returns when more is due: Infinity, after an answer. */
  #sendDue(now: number): number {
    const { client, lingerMs } = this.#options;
    const inFlightMax = this.#producer ? this.#options.inFlightMax ?? IN_FLIGHT_MAX : 1;
    for (;;) {
      let next = Infinity;
      const byNode = new Map<string, PartitionQueue[]>();
      let room = Math.min(BATCHES_IN_FLIGHT - this.#inFlight, this.#builders.free);
      for (const queue of this.#queues.values()) {
        const due = queue.dueAt(this.#stopping ? 0 : lingerMs, inFlightMax);
        if (due > now) {
          next = Math.min(next, due);
          continue;
        }
        if (room <= 0) break; // the next answer pumps again
        const node = client.leaderOf(queue.topic, queue.partition);
        if (node === undefined) {
          this.#noLeader(queue);
          next = Math.min(next, queue.retryAt);
          continue;
        }
        // A new leader knows nothing of what the old one has not answered yet, and takes what is behind it.
        if (queue.flying > 0 && queue.node !== node) continue;
        queue.node = node;
        room--;
        const group = byNode.get(node);
        if (group === undefined) byNode.set(node, [queue]);
        else group.push(queue);
      }
      if (byNode.size === 0) return next;
      for (const [node, group] of byNode) {
        for (let i = 0; i < group.length; i += BATCHES_PER_REQUEST) {
          void this.#dispatch(node, group.slice(i, i + BATCHES_PER_REQUEST));
        }
      }
    }
  }

  #isDrained(): boolean {
    if (this.#requests > 0) return false;
    for (const topic of this.#topics.values()) if (topic.waiting.length > 0) return false;
    for (const queue of this.#queues.values()) if (!queue.empty) return false;
    return true;
  }

  async #dispatch(node: string, queues: PartitionQueue[]): Promise<void> {
    const { client, clock, codec, level } = this.#options;
    const timestampMs = clock.wallMs();
    const batches = queues.map((queue) => queue.take(timestampMs, codec, level));
    this.#requests++;
    this.#inFlight += batches.length;
    const since = clock.monotonicMs();
    let results: (WeirError | null)[];
    try {
      results = await client.produce(
        node,
        batches.map(({ queue: { topic, partition }, bytes }) => ({
          topic,
          partition,
          batch: bytes,
        })),
      );
    } catch (error) {
      results = batches.map(() => asWeirError(error));
    }
    this.#requests--;
    this.#inFlight -= batches.length;
    if (this.#stopped) return;
    const ms = clock.monotonicMs() - since;
    const told = new Set<string>();
    batches.forEach((batch, i) => {
      const error = results[i];
      if (error === null) return this.#delivered(batch, ms);
      // What flew behind a batch that failed fails too: that is told once.
      const isFirst = batch.queue.isOldest(batch), what = `${batch.queue.topic} ${error.code}`;
      if (isFirst && !told.has(what)) this.#failed(batch.queue.topic, error);
      told.add(what);
      this.#settleFailure(batch, error, isFirst);
    });
    for (const { queue } of batches) this.#judge(queue);
    this.#pump();
  }

  #delivered(batch: Batch, ms: number): void {
    batch.queue.delivered(batch);
    this.#failing.delete(batch.queue.topic);
    this.#options.onBatch?.(batch.queue.topic, batch.lines, batch.bytes.length, ms);
  }

  #settleFailure(batch: Batch, error: WeirError, isFirst: boolean): void {
    const { queue } = batch;
    // Out of order behind a batch that failed is what had to come.
    if (error.code === "KAFKA_SEQUENCE" && !isFirst) return queue.again(batch, 0);
    if (!error.retriable || error.code === "KAFKA_SEQUENCE" || error.code === "KAFKA_CLOCK") {
      return queue.hold(batch, error);
    }
    if (isFirst) queue.failures++;
    queue.again(batch, this.#backoff(Math.max(1, queue.failures)));
    const isOfTopic = error.code === "KAFKA_TOPIC_MISSING" || error.code === "KAFKA_NOT_AUTHORISED";
    if (isOfTopic) this.#options.client.forget(queue.topic);
    else this.#refresh();
  }

  /** Does what has to be done about a batch that cannot go as it is. */
  #judge(queue: PartitionQueue): void {
    if (queue.held === undefined) return;
    const { batch, error } = queue.held;
    queue.retryAt = this.#backoff(++queue.failures);
    if (error.code === "KAFKA_SEQUENCE") void this.#renumber(queue);
    else if (error.code === "KAFKA_CLOCK") {
      queue.rebuild(batch); // with another time
    } else if (error.code === "KAFKA_MESSAGE_TOO_LARGE") {
      const cut = queue.shrink(batch);
      if (cut === undefined) return queue.refuse(batch, error);
      queue.retryAt = 0;
      if (cut > 0) this.#options.onCut?.(queue.topic, cut);
    } else queue.refuse(batch, error);
  }

  async #renumber(queue: PartitionQueue): Promise<void> {
    for (let failures = 1; !this.#stopped; failures++) {
      try {
        const producer = await this.#newProducer();
        if (!this.#stopped) queue.renumber(producer ?? undefined);
        break;
      } catch (error) {
        this.#failed(queue.topic, error);
        const wait = this.#backoff(failures) - this.#options.clock.monotonicMs();
        await this.#options.clock.sleep(wait);
      }
    }
    this.#pump();
  }

  /** Asks for the topic anew: it may have another leader, or be gone, and is made again then. */
  #noLeader(queue: PartitionQueue): void {
    queue.failures++;
    queue.retryAt = this.#backoff(queue.failures);
    const topic = this.#topicOf(queue.topic);
    if (topic.resolving) return;
    topic.resolving = true;
    void this.#findLeader(queue).catch((error) => this.#failed(queue.topic, error)).finally(() => {
      topic.resolving = false;
      this.#pump();
    });
  }

  async #findLeader({ topic, partition }: PartitionQueue): Promise<void> {
    const { client } = this.#options;
    const partitions = await client.partitionsOf(topic);
    if (partition >= partitions) return this.#leave(topic, partition, partitions);
    if (client.leaderOf(topic, partition) !== undefined) return;
    await client.refresh();
    if (client.leaderOf(topic, partition) !== undefined) return;
    throw new WeirError("KAFKA_NO_LEADER", `No leader for ${topic}/${partition}`, {
      hint: "Bring the brokers back that hold the partition's replicas.",
      retriable: true,
    });
  }

  /**
   * The topic was made anew with fewer partitions: what was for this one is refused, is read again, and goes to where
   * its file belongs now.
   */
  #leave(name: string, partition: number, partitions: number): void {
    const key = `${name}/${partition}`, queue = this.#queues.get(key);
    this.#queues.delete(key);
    this.#topicOf(name).partitions = 0; // to be asked for
    const error = new WeirError(
      "KAFKA_PARTITION_GONE",
      `Topic "${name}" has ${partitions} partitions now: no ${partition}`,
      { hint: "Passes by itself: the lines go to the partitions that there are.", retriable: true },
    );
    this.#failed(name, error);
    queue?.refuseAll(error);
  }

  /** Fresh metadata: a changed leader is found that way. */
  #refresh(): void {
    if (this.#refreshing) return;
    this.#refreshing = true;
    this.#options.client.refresh().catch((failure) => {
      this.#log.debug("Metadata not refreshed", { reason: messageOf(failure) });
    }).finally(() => this.#refreshing = false);
  }

  #failed(topic: string, error: unknown): WeirError {
    const failure = asWeirError(error);
    this.#failing.set(topic, { error: failure, times: (this.#failing.get(topic)?.times ?? 0) + 1 });
    this.#options.onFailure?.(topic, failure);
    this.#log.warn("Cannot deliver", {
      topic,
      code: failure.code,
      reason: failure.message,
      hint: failure.hint,
    });
    return failure;
  }

  #backoff(failures: number): number {
    const wait = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(failures - 1, 10));
    return this.#options.clock.monotonicMs() + wait;
  }
}

function asWeirError(error: unknown): WeirError {
  return error instanceof WeirError
    ? error
    : new WeirError("KAFKA_FAILED", messageOf(error), { retriable: true, cause: error });
}

function stoppedError(): WeirError {
  return new WeirError("SINK_STOPPED", "Cannot deliver: the sink is stopped", { retriable: true });
}
