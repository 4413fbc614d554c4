/**
 * The LineSink over Kafka: chunks are grouped by partition, each partition has one batch in flight, batches that are
 * due for one broker go in one request. Retries what can pass, for ever, with back-off; other partitions and topics
 * go on meanwhile. Rejects only what the broker refuses for good.
 */
import { messageOf, WeirError } from "../../core/errors.ts";
import type { ProduceClient } from "../../core/kafka/produce.ts";
import type { Codec } from "../../core/kafka/record_batch.ts";
import { partitionOf } from "../../core/kafka/partition.ts";
import { logOf } from "../../core/log.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { LineChunk, LineSink } from "../../core/ports/line_sink.ts";
import type { Pending } from "./partition_queue.ts";
import { BuilderPool, PartitionQueue } from "./partition_queue.ts";

export interface KafkaLineSinkOptions {
  client: Pick<ProduceClient, "partitionsOf" | "leaderOf" | "refresh" | "produce" | "disconnect">;
  clock: Clock;
  acks: -1 | 0 | 1;
  codec: Codec;
  /** Level of zstd or gzip. */
  level: number;
  /** Longest wait for more lines before a batch goes. */
  lingerMs: number;
  batchBytesMax: number;
  /** Memory for buffers that lines are read into and sent from without a copy. @default {0} */
  bufferBytes?: number;
  /** Hears of each batch that was acknowledged and of each failure. */
  onBatch?: (topic: string, lines: number, bytes: number, ms: number) => void;
  onFailure?: (topic: string, error: WeirError) => void;
}

/** Batches in one request at most; a request stays under 16 MiB with the default batch size. */
const BATCHES_PER_REQUEST = 16;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 10_000;

interface TopicState {
  partitions: number;
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
  #timer: ReturnType<typeof setTimeout> | undefined;
  #requests = 0;
  #inFlight = 0;
  #stopping = false;
  #stopped = false;
  #drained: (() => void) | undefined;
  #lastError: WeirError | undefined;

  constructor(options: KafkaLineSinkOptions) {
    this.#options = options;
    this.#builders = new BuilderPool(options.batchBytesMax, options.bufferBytes ?? 0);
    this.guarantee = {
      "-1": "all in-sync replicas",
      "1": "leader only",
      "0": "none",
    }[`${options.acks}`]!;
  }

  /** The failure that holds lines back now, if any; for status and readiness. */
  get lastError(): WeirError | undefined {
    return this.#lastError;
  }

  send(chunk: LineChunk): Promise<void> {
    if (this.#stopping) return Promise.reject(stoppedError());
    return new Promise((resolve, reject) => {
      const since = this.#options.clock.monotonicMs();
      const pending: Pending = { chunk, next: 0, inFlight: 0, since, resolve, reject };
      const topic = this.#topicOf(chunk.topic);
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
      topic = { partitions: 0, waiting: [], retryAt: 0, resolving: false, failures: 0 };
      this.#topics.set(name, topic);
    }
    return topic;
  }

  #enqueue(topic: TopicState, pending: Pending): void {
    const name = pending.chunk.topic;
    const partition = partitionOf(pending.chunk.generation, topic.partitions);
    const key = `${name}/${partition}`;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = new PartitionQueue(name, partition, this.#options.batchBytesMax, this.#builders);
      this.#queues.set(key, queue);
    }
    queue.push(pending);
  }

  async #resolve(name: string, topic: TopicState): Promise<void> {
    topic.resolving = true;
    try {
      topic.partitions = await this.#options.client.partitionsOf(name);
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
    const byNode = new Map<string, PartitionQueue[]>();
    let room = this.#builders.size - this.#inFlight;
    for (const queue of this.#queues.values()) {
      const due = queue.dueAt(this.#stopping ? 0 : this.#options.lingerMs);
      if (due > now) {
        next = Math.min(next, due);
        continue;
      }
      if (room-- <= 0) break; // the next answer pumps again
      const node = this.#options.client.leaderOf(queue.topic, queue.partition);
      if (node === undefined) {
        this.#retryLater(
          [queue],
          new WeirError("KAFKA_NO_LEADER", `No leader for ${queue.topic}/${queue.partition}`, {
            retriable: true,
          }),
        );
        next = Math.min(next, queue.retryAt);
        continue;
      }
      const group = byNode.get(node);
      if (group === undefined) byNode.set(node, [queue]);
      else group.push(queue);
    }
    for (const [node, group] of byNode) {
      for (let i = 0; i < group.length; i += BATCHES_PER_REQUEST) {
        void this.#dispatch(node, group.slice(i, i + BATCHES_PER_REQUEST));
      }
    }
    if (next !== Infinity) this.#timer = setTimeout(() => this.#pump(), Math.max(1, next - now));
    if (this.#stopping && this.#isDrained()) this.#drained?.();
  }

  #isDrained(): boolean {
    if (this.#requests > 0) return false;
    for (const topic of this.#topics.values()) if (topic.waiting.length > 0) return false;
    for (const queue of this.#queues.values()) if (!queue.empty) return false;
    return true;
  }

  async #dispatch(node: string, queues: PartitionQueue[]): Promise<void> {
    const { client, clock, codec, level } = this.#options;
    this.#requests++;
    this.#inFlight += queues.length;
    const batches = queues.map((queue) => {
      queue.busy = true;
      return {
        topic: queue.topic,
        partition: queue.partition,
        batch: queue.take(clock.wallMs(), codec, level),
      };
    });
    const since = clock.monotonicMs();
    try {
      const results = await client.produce(node, batches);
      const ms = clock.monotonicMs() - since;
      results.forEach((error, i) => this.#settle(queues[i], error, batches[i].batch.length, ms));
    } catch (error) {
      this.#retryLater(queues, this.#failed(queues[0].topic, error));
    } finally {
      this.#requests--;
      this.#inFlight -= queues.length;
      for (const queue of queues) queue.busy = false;
      this.#pump();
    }
  }

  #settle(queue: PartitionQueue, error: WeirError | null, bytes: number, ms: number): void {
    if (this.#stopped) return;
    if (error === null) {
      const lines = queue.batchLines;
      queue.delivered();
      this.#lastError = undefined;
      this.#options.onBatch?.(queue.topic, lines, bytes, ms);
      return;
    }
    const failure = this.#failed(queue.topic, error);
    if (failure.retriable) this.#retryLater([queue], failure);
    else if (failure.code !== "KAFKA_MESSAGE_TOO_LARGE" || !queue.halve()) queue.refuse(failure);
  }

  /** The batches go again after a pause, with fresh metadata; a changed leader is found that way. */
  #retryLater(queues: PartitionQueue[], error: WeirError): void {
    for (const queue of queues) queue.again(this.#backoff(queue.failures + 1));
    this.#lastError = error;
    this.#options.client.refresh().catch((failure) => {
      this.#log.debug("Metadata not refreshed", { reason: messageOf(failure) });
    });
  }

  #failed(topic: string, error: unknown): WeirError {
    const failure = error instanceof WeirError
      ? error
      : new WeirError("KAFKA_FAILED", messageOf(error), { retriable: true, cause: error });
    this.#lastError = failure;
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

function stoppedError(): WeirError {
  return new WeirError("SINK_STOPPED", "Cannot deliver: the sink is stopped", { retriable: true });
}
