/**
 * Reads topics as a member of a consumer group. It promises: a commit names only what the lane's
 * tracker says is finished, and only under the membership in which it was read, so that none is
 * made for a lost partition; while the sink is full, partitions are paused and the group is not
 * left; whatever fails, it comes back by itself; a consumer that is no longer answered is started
 * again.
 */
import type { Admin, Kafka } from "kafkajs";
import { messageOf } from "../../core/errors.ts";
import { kafkaError } from "../../core/kafka/errors.ts";
import { logOf } from "../../core/log.ts";
import { type Clock, systemClock } from "../../core/ports/clock.ts";
import { bounded } from "./bounded.ts";
import { type CommitEvents, committer } from "./commits.ts";
import { type End, endOf } from "./generation_end.ts";
import {
  AT_ONCE,
  type FetchedBatch,
  type Group,
  type GroupOptions,
  type OffsetManager,
  openGroup,
  type Session,
} from "./kafkajs_group.ts";
import { Lane, laneKey } from "./lane.ts";
import { LaneEnds } from "./lane_ends.ts";
import type { RecordBatch } from "./record_batch.ts";
import { Progress } from "./progress.ts";
import { chooseTopics, type TopicChoice } from "./topics.ts";
import { Watchdog } from "./watchdog.ts";

/** Where records go. */
export interface BatchSink {
  /** False pauses the lane. */
  wants(lane: Lane): boolean;
  /**
   * Takes records of the batch into the lane's tracker; false where it had to stop before the
   * batch's end.
   */
  take(lane: Lane, batch: RecordBatch): boolean;
  /** What was taken of a partition is known by its offset, for good: it cannot begin anew. @default {false} */
  readonly keepsPlace?: boolean;
}

export interface ConsumerOptions extends Omit<GroupOptions, "topics"> {
  choice: TopicChoice;
  heartbeatMs: number;
  commitIntervalMs: number;
  /** Between two looks at the ends of the partitions, paused ones included. */
  offsetsIntervalMs: number;
  stuckAfterMs: number;
}

export interface ConsumerEvents extends CommitEvents {
  /** Offsets that Kafka had removed before they were read, from `from` on. */
  lost?(topic: string, partition: number, records: number, from: number): void;
  rebalanced?(): void;
  restarted?(): void;
}

/** First wait of a fetch while a partition is paused; it doubles as long as nothing comes. */
const PAUSED_WAIT_MS = 5;

/** So much later than Kafka the consumer goes on at most. */
const RETRY_MAX_MS = 3000;

export type ConsumerState = "starting" | "joining" | "consuming" | "failed" | "stopped";

export class Consumer {
  readonly #kafka: Kafka;
  readonly #options: ConsumerOptions;
  readonly #sink: BatchSink;
  readonly #events: ConsumerEvents;
  readonly #clock: Clock;
  readonly #log = logOf("transfer.consume");
  readonly #lanes = new Map<string, Lane>();
  readonly #ends: LaneEnds;
  readonly #watchdog: Watchdog;
  readonly #stopping = new AbortController();
  #admin: Admin | undefined;
  #running: Promise<void> | undefined;
  #end: ((why: End) => void) | undefined;
  #commit: (() => Promise<void>) | undefined;
  /** Names read now. */
  topics: readonly string[] = [];
  /** Names that the settings list and Kafka does not have. */
  missing: readonly string[] = [];
  state: ConsumerState = "starting";
  /** Text of the last failure, empty after a success. */
  lastError = "";
  /** While true nothing new is taken; membership and commits go on. */
  held = false;

  constructor(
    kafka: Kafka,
    options: ConsumerOptions,
    sink: BatchSink,
    events: ConsumerEvents = {},
    clock: Clock = systemClock,
  ) {
    this.#kafka = kafka;
    this.#options = options;
    this.#sink = sink;
    this.#events = events;
    this.#clock = clock;
    this.#ends = new LaneEnds(this.#lanes, clock);
    this.#watchdog = new Watchdog(options.stuckAfterMs);
  }

  /** The partitions that are ours now. */
  get lanes(): Iterable<Lane> {
    return this.#lanes.values();
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Commits what is finished, leaves the group and disconnects, within the deadline. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping.abort();
    this.#end?.("stop");
    await bounded(this.#running ?? Promise.resolve(), deadlineMs).catch(() => {
      this.#log.warn("Consumer did not leave its group in time; the group notices by itself");
    });
    this.state = "stopped";
  }

  /** Commits what is finished now; resolves also where that failed. */
  async commit(): Promise<void> {
    await this.#commit?.();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#findTopics();
        if (this.topics.length === 0) {
          this.lastError = "no topic to read exists";
          await this.#clock.sleep(Math.min(5000, this.#options.topicsRefreshMs), signal);
          continue;
        }
        await this.#member(() => failures = 0);
      } catch (error) {
        const known = kafkaError(error, "Cannot read from Kafka");
        this.state = "failed";
        this.lastError = `${known.code}: ${known.message}`;
        this.#log.warn("Consumer failed, starting again", {
          code: known.code,
          reason: known.message,
          hint: known.hint,
        });
        this.#events.restarted?.();
        this.#dropAdmin();
        await this.#clock.sleep(Math.min(RETRY_MAX_MS, 500 * 2 ** Math.min(failures++, 6)), signal);
      }
    }
    await this.#admin?.disconnect().catch(() => {}); // nothing depends on it any more
  }

  /** What it learned of one connection may hold for its others: the next look at topics makes new ones. */
  #dropAdmin(): void {
    const admin = this.#admin;
    this.#admin = undefined;
    if (admin !== undefined) bounded(admin.disconnect(), 5000).catch(() => {}); // no longer used
  }

  async #findTopics(): Promise<void> {
    if (this.#admin === undefined) {
      const admin = this.#kafka.admin();
      await admin.connect();
      this.#admin = admin;
    }
    const found = chooseTopics(await this.#admin.listTopics(), this.#options.choice);
    this.topics = found.topics;
    this.missing = found.missing;
  }

  /** One membership, from joining to leaving. Rejects where it has to be made anew. */
  async #member(joined: () => void): Promise<void> {
    const limitMs = 2 * this.#options.rebalanceTimeoutMs + 30_000;
    const session = await openGroup(
      this.#kafka,
      { ...this.#options, topics: this.topics },
      (topic, partition, first) => this.#outOfRange(topic, partition, first),
    );
    const { group } = session;
    try {
      await group.connect();
      for (let why: End = "rebalance"; why !== "stop";) {
        this.state = "joining";
        if (why !== "rejoined") await bounded(group.joinAndSync(), limitMs);
        await group.offsetManager.resolveOffsets();
        this.#adopt(session);
        joined();
        why = await this.#generation(session);
        if (typeof why === "object") throw why.error;
        if (why === "expelled") this.#expelled(group);
        if (why === "topics") {
          this.state = "starting";
          if (this.topics.length === 0) return; // it waits outside the group for one
          await session.subscribe(this.topics);
        }
      }
    } catch (error) {
      if (!this.#stopping.signal.aborted) await bounded(session.renew(error), 5000).catch(() => {});
      throw error;
    } finally {
      this.#commit = undefined;
      // A member with a name keeps its partitions until it is back, or its session ends. Any other leaves, also after
      // a failure: else the next membership would wait for the end of this one's session.
      if (this.#options.instanceId === "") {
        await bounded(group.leave(), 5000).catch(() => {}); // the group notices by itself
      }
      this.#dropLanes(() => true);
      await bounded(session.disconnect(), 5000).catch(() => {}); // its sockets are no longer used
    }
  }

  #expelled(group: Group): void {
    group.memberId = null;
    this.#dropLanes(() => true);
  }

  #dropLanes(which: (lane: Lane) => boolean): void {
    for (const lane of [...this.#lanes.values()]) {
      if (!which(lane)) continue;
      lane.live = false;
      this.#lanes.delete(lane.key);
    }
  }

  /**
   * Takes over the new assignment. A partition that stays ours goes on behind what is in memory.
   */
  #adopt({ group, takesFirst }: Session): void {
    const manager = group.offsetManager, committed = manager.committedOffsets();
    const assigned = new Set<string>();
    for (const { topic, partitions } of group.assigned()) {
      for (const partition of partitions) {
        const key = laneKey(topic, partition);
        assigned.add(key);
        const kept = this.#lanes.get(key), begin = Number(committed[topic]?.[partition] ?? -1);
        // What was committed is forgotten with its topic: one of that name is another.
        if (kept !== undefined && !kept.isShort && begin >= kept.committed) {
          const { next } = kept.tracker;
          if (next >= 0) manager.resolveOffset({ topic, partition, offset: String(next - 1) });
          continue;
        }
        if (kept !== undefined && this.#sink.keepsPlace) kept.live = false;
        const lane = new Lane(topic, partition);
        // Where the group has no offset it gets one at once: what Kafka removes behind it shows as a gap then.
        if (takesFirst(topic, partition)) lane.tracker.skipTo(begin);
        else lane.committed = begin;
        this.#lanes.set(key, lane);
      }
    }
    this.#dropLanes((lane) => !assigned.has(lane.key));
    for (const lane of this.#lanes.values()) lane.paused = false;
    group.subscriptionState.resume(group.assigned());
    this.state = "consuming";
    this.lastError = "";
    this.#events.rebalanced?.();
    this.#log.info("Partitions assigned", { partitions: this.#lanes.size });
  }

  /**
   * Reads until the assignment ends; on return no request of it is open and what was finished is
   * committed.
   */
  async #generation(session: Session): Promise<End> {
    const { group } = session;
    const over = new AbortController();
    const ended = Promise.withResolvers<End>();
    const end = (why: End) => {
      over.abort();
      ended.resolve(why);
    };
    this.#end = end;
    if (this.#stopping.signal.aborted) end("stop");
    const seen = { answerMs: this.#clock.monotonicMs() };
    this.#commit = committer(group.offsetManager, this.#lanes, this.#events, end);
    const loops = [
      ...group.getNodeIds().map((node) => this.#fetchLoop(group, node, seen, over.signal, end)),
      this.#heartbeatLoop(group, over.signal, end),
      this.#commitLoop(over.signal),
      this.#topicsLoop(over.signal, end),
      this.#offsetsLoop(over.signal),
      this.#watchLoop(seen, over.signal, end),
    ];
    const why = await ended.promise;
    this.#end = undefined;
    await bounded(Promise.all(loops), this.#options.fetchWaitMs + 15_000);
    if (why !== "expelled" && typeof why !== "object") await this.#commit();
    return why;
  }

  async #fetchLoop(
    group: Group,
    node: number,
    seen: { answerMs: number },
    over: AbortSignal,
    end: (why: End) => void,
  ): Promise<void> {
    const manager = group.offsetManager;
    const nodes = String(group.getNodeIds());
    const { fetchWaitMs } = this.#options;
    let pausedWaitMs = PAUSED_WAIT_MS;
    try {
      while (!over.aborted) {
        // A partition that is paused may go on soon: a long wait for others would keep it back.
        group.maxWaitTime = this.#pause(group) ? Math.min(pausedWaitMs, fetchWaitMs) : fetchWaitMs;
        const batches = await group.fetch(node);
        if (over.aborted) return;
        seen.answerMs = this.#clock.monotonicMs();
        pausedWaitMs = batches.length > 0
          ? PAUSED_WAIT_MS
          : Math.min(pausedWaitMs * 2, fetchWaitMs);
        if (group.offsetManager !== manager) return end("rejoined");
        for (const batch of batches) this.#take(manager, batch);
        if (String(group.getNodeIds()) !== nodes) return end("rebalance");
      }
    } catch (error) {
      end(endOf(error));
    }
  }

  /** Pauses and resumes partitions; true where one is paused. */
  #pause(group: Group): boolean {
    let paused = false;
    for (const lane of this.#lanes.values()) {
      const pause = this.held || lane.isShort || !this.#sink.wants(lane);
      paused ||= pause;
      if (pause === lane.paused) continue;
      lane.paused = pause;
      const at = [{ topic: lane.topic, partitions: [lane.partition] }];
      if (pause) group.subscriptionState.pause(at);
      else group.subscriptionState.resume(at);
    }
    return paused;
  }

  #take(manager: OffsetManager, fetched: FetchedBatch): void {
    const { topic, partition } = fetched;
    let lane = this.#lanes.get(laneKey(topic, partition));
    if (lane === undefined || this.held || lane.isShort) return;
    if (isShorter(lane, fetched)) {
      lane = this.#shorter(lane);
      if (lane.isShort) return;
    }
    lane.highWatermark = Number(fetched.highWatermark);
    const resolve = (next: number) => {
      if (next > 0) manager.resolveOffset({ topic, partition, offset: String(next - 1) });
    };
    for (const { batch, logStart } of fetched.messages) {
      lane.logStart = logStart;
      if (lane.logStartFirst < 0) lane.logStartFirst = logStart;
      this.#noticeLoss(lane, logStart);
      lane.readMs = batch.maxTimestamp;
      if (!this.#sink.take(lane, batch)) return resolve(lane.tracker.next);
    }
    if (!fetched.isEmpty() || fetched.isEmptyDueToFiltering()) {
      lane.tracker.skipTo(Number(fetched.lastOffset()) + 1);
      resolve(lane.tracker.next);
    }
  }

  /**
   * Kafka has less than was read: the topic was made anew under its name, or its log was cut. It is read from its
   * begin where that can be; what is in memory of it is written all the same.
   */
  #shorter(before: Lane): Lane {
    const { topic, partition, tracker, committed, siblings } = before;
    before.isShort = this.#sink.keepsPlace === true;
    this.#log.error("Kafka has less of a partition than was read of it", {
      topic,
      partition,
      read: Math.max(tracker.next, committed),
      hint: before.isShort
        ? "Was the topic made anew? Nothing more of it is archived: give it another name, or the archive another place."
        : "Was the topic made anew, or its log cut? It is read from its begin.",
    });
    if (before.isShort) return before;
    const lane = new Lane(topic, partition);
    lane.siblings = siblings;
    this.#lanes.set(lane.key, lane);
    return lane;
  }

  /** A fetch found nothing at its offset: retention was quicker, or the partition is shorter than it was. */
  #outOfRange(topic: string, partition: number, first: number): void {
    const lane = this.#lanes.get(laneKey(topic, partition));
    if (lane === undefined || lane.isShort) return;
    if (first < Math.max(lane.tracker.next, lane.committed)) return void this.#shorter(lane);
    lane.logStart = first;
    if (lane.logStartFirst < 0) lane.logStartFirst = first;
    this.#noticeLoss(lane, first);
  }

  #noticeLoss(lane: Lane, logStart: number): void {
    const expected = Math.max(lane.tracker.next, lane.committed);
    if (expected < 0 || logStart <= expected) return;
    const records = logStart - expected;
    this.#log.error("Kafka removed records before they were read", {
      topic: lane.topic,
      partition: lane.partition,
      from: expected,
      to: logStart,
    });
    lane.tracker.skipTo(logStart);
    this.#events.lost?.(lane.topic, lane.partition, records, expected);
  }

  async #heartbeatLoop(group: Group, over: AbortSignal, end: (why: End) => void): Promise<void> {
    const { heartbeatMs, sessionTimeoutMs } = this.#options;
    let lastMs = this.#clock.monotonicMs();
    while (!over.aborted) {
      await this.#clock.sleep(heartbeatMs, over);
      if (over.aborted) return;
      try {
        await group.heartbeat({ interval: AT_ONCE });
        lastMs = this.#clock.monotonicMs();
      } catch (error) {
        const why = endOf(error);
        // A connection that broke: joining again finds the coordinator anew.
        const late = this.#clock.monotonicMs() - lastMs > sessionTimeoutMs / 3;
        if (typeof why !== "object") end(why);
        else if (late) end("rebalance");
        else this.#log.debug("Heartbeat failed", { reason: messageOf(error) });
      }
    }
  }

  async #commitLoop(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await this.#clock.sleep(this.#options.commitIntervalMs, over);
      if (!over.aborted) await this.#commit?.();
    }
  }

  async #topicsLoop(over: AbortSignal, end: (why: End) => void): Promise<void> {
    while (!over.aborted) {
      const { topicsRefreshMs } = this.#options;
      const waitMs = this.missing.length > 0 ? Math.min(5000, topicsRefreshMs) : topicsRefreshMs;
      await this.#clock.sleep(waitMs, over);
      if (over.aborted) return;
      const before = String(this.topics);
      try {
        await this.#findTopics();
      } catch (error) {
        this.#log.debug("Cannot list topics", { reason: messageOf(error) });
        continue;
      }
      if (String(this.topics) !== before) return end("topics");
    }
  }

  async #offsetsLoop(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await this.#clock.sleep(this.#options.offsetsIntervalMs, over);
      await this.#ends.look(this.#admin!, over);
    }
  }

  async #watchLoop(
    seen: { answerMs: number },
    over: AbortSignal,
    end: (why: End) => void,
  ): Promise<void> {
    const progress = new Progress(this.#clock.monotonicMs());
    while (!over.aborted) {
      await this.#clock.sleep(this.#options.stuckAfterMs / 4, over);
      if (over.aborted) return;
      const now = this.#clock.monotonicMs();
      const idleMs = this.held ? 0 : progress.idleMs(this.#lanes.values(), now);
      const error = this.#watchdog.faultOf(now - seen.answerMs, idleMs);
      if (error !== undefined) end({ error });
    }
  }
}

/** Whether a fetch brings what lies before what was read, and nothing lies behind it. */
function isShorter({ tracker }: Lane, { messages, highWatermark }: FetchedBatch): boolean {
  const first = messages.at(0);
  return first !== undefined && Number(first.offset) < tracker.next &&
    Number(highWatermark) < tracker.next;
}
