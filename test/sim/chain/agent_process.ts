/**
 * A simulated host: its files outlive the agents that run on it, one after the other. The agent is the real tail, the
 * real checkpoint and the real Kafka sink. A write to the disk takes time; what a kill overtakes is not written.
 */
import { LedgerPart } from "../../../agent/ledger/ledger_part.ts";
import type { Progress } from "../../../agent/ledger/sealer.ts";
import { Buffer } from "node:buffer";
import { CheckpointStore } from "../../../agent/checkpoint/checkpoint_store.ts";
import { KafkaLineSink } from "../../../agent/ship/kafka_line_sink.ts";
import { BufferPool } from "../../../agent/tail/buffers.ts";
import { type Entry, parseEntries } from "../../../agent/tail/entries.ts";
import { TailSet } from "../../../agent/tail/tail_set.ts";
import { WeirError } from "../../../core/errors.ts";
import { type Clock, systemClock } from "../../../core/ports/clock.ts";
import { LedgerLog } from "../../../core/ledger/ledger_log.ts";
import { LEDGER_TOPIC } from "../../../core/ledger/seal.ts";
import type { Files } from "../../../core/ports/files.ts";
import type { LineSink } from "../../../core/ports/line_sink.ts";
import type { Random } from "../../support/random.ts";
import { SimFiles } from "../sim_files.ts";
import type { Joining } from "./joining.ts";
import type { KafkaWorld } from "./kafka_world.ts";
import { Life } from "./network.ts";
import { simKafka } from "./sim_cluster.ts";
import { simProduceClient } from "./sim_produce_client.ts";
import { sleep } from "./virtual_time.ts";

export const TOPIC = "t";
/** Of longer lines the first part is kept. */
export const LINE_BYTES_MAX = 200;
/** A record without an end is ended when its file did not grow for so long. */
export const PARTIAL_FLUSH_MS = 3000;
/** Between two seals of an agent. */
export const SEAL_INTERVAL_MS = 10_000;
/** By which each written line is known. */
export const LINE_NAME = /h\d \d{5}/g;
/** What programs write; their rotated files have names that begin so. */
export const PATHS = ["/log/a.log", "/log/b.log"] as const;

/** Where a planted bug takes hold of an agent; the agent itself knows nothing of it. */
export interface AgentSeams {
  sink?: (sink: LineSink, host: SimHost) => LineSink;
  checkpoint?: (files: Files, clock: Clock, host: SimHost) => CheckpointStore;
  acks?: -1 | 1;
  /** What the ledger is told. */
  shipped?: (rows: Progress[]) => Progress[];
}

function entriesOf(joinings: ReadonlyMap<string, Joining>) {
  const entries = PATHS.map((path) => ({
    path: `${path}*`,
    topic: TOPIC,
    ...(joinings.has(path) && { multiline: joinings.get(path) }),
  }));
  return parseEntries(JSON.stringify(entries), "simulation");
}

/** The host's files as one process sees them: a write takes time, and is there only if the process lives as long. */
function filesOf(host: SimHost, life: Life): Files {
  const { files, random } = host;
  const alive = () => {
    if (life.dead) throw new WeirError("FILE_FAILED", "killed");
  };
  return {
    open: (path) => files.open(path),
    stat: (path) => files.stat(path),
    realPath: (path) => files.realPath(path),
    readDir: (path) => files.readDir(path),
    readText: (path) => files.readText(path),
    watch: (directories, changed, signal) => files.watch(directories, changed, signal),
    async writeAtomic(path, content) {
      await sleep(random.next() * host.writeMs);
      alive();
      await files.writeAtomic(path, content);
    },
    async remove(path) {
      alive();
      await files.remove(path);
    },
  };
}

export class SimHost {
  /** What is tailed. */
  readonly entries: readonly Entry[];
  readonly files: SimFiles;
  readonly clock: Clock;
  jumpMs = 0;
  /** Longest time that a write to the disk takes. */
  writeMs = 30;
  #life: Life | undefined;
  #set: TailSet | undefined;
  #sink: LineSink | undefined;
  #ledger: LedgerPart | undefined;
  #saved = "";
  #changes = 0;

  constructor(
    readonly name: string,
    readonly random: Random,
    readonly kafka: KafkaWorld,
    readonly seams: AgentSeams,
    /** Of paths whose lines are joined. */
    readonly joinings: ReadonlyMap<string, Joining> = new Map(),
  ) {
    this.entries = entriesOf(joinings);
    this.files = new SimFiles(random);
    this.files.reuseInodes = random.chance(0.5);
    this.clock = { ...systemClock, wallMs: () => Date.now() + this.jumpMs };
  }

  get runs(): boolean {
    return this.#set !== undefined;
  }
  /** It is about to run, or has not ended yet. */
  get isChanging(): boolean {
    return this.#changes > 0;
  }
  get life(): Life | undefined {
    return this.#life;
  }

  /** False where the agent could not start. One at a time: a lock of the state folder sees to that. */
  async start(): Promise<boolean> {
    this.#changes++;
    return await this.#start().finally(() => this.#changes--);
  }

  async #start(): Promise<boolean> {
    const life = this.#life = new Life(`agent ${this.name}`);
    const { clock, seams } = this;
    const files = filesOf(this, life);
    const acks = seams.acks ?? -1;
    const kafkaSink = this.sink(life, acks);
    const sink = seams.sink?.(kafkaSink, this) ?? kafkaSink;
    const checkpoint = seams.checkpoint?.(files, clock, this) ??
      new CheckpointStore(files, clock, "/state");
    const set = new TailSet(
      {
        files,
        checkpoint,
        roots: ["/log"],
        filesMax: 1000,
        openMax: 1000,
        turnMs: 2000,
        sweepMs: 2000,
        detachedMs: 3600_000,
        copyHoldMs: 5000,
        bufferBytesMax: 16_384,
        forgetMs: 86_400_000,
        skipBinary: false,
      },
      {
        clock,
        sink,
        buffers: new BufferPool(1024),
        host: this.name,
        tz: "UTC",
        lineBytesMax: LINE_BYTES_MAX,
        partialFlushMs: PARTIAL_FLUSH_MS,
      },
      {
        added() {},
        resumed() {},
        rotated() {},
        removed() {},
        truncated() {},
        cut() {},
        counted() {},
        broken() {},
        acknowledged() {},
      },
    );
    try {
      await set.start();
    } catch {
      life.dead = true; // a disk that cannot be read: the next start may do
      await kafkaSink.stop(0);
      return false;
    }
    if (life.dead) return false;
    this.#set = set;
    this.#sink = kafkaSink;
    set.apply(this.entries);
    void this.#saveLoop(set, life);
    this.#startLedger(set, life);
    return true;
  }

  /** To the simulated brokers. */
  sink(life: Life, acks: -1 | 1): KafkaLineSink {
    return new KafkaLineSink({
      client: simProduceClient(this.kafka, life, acks),
      clock: this.clock,
      acks,
      codec: "none",
      level: 1,
      lingerMs: 5,
      batchBytesMax: 2048,
      countEveryMs: 2000,
    });
  }

  #startLedger(set: TailSet, life: Life): void {
    const { clock, seams: { shipped = (rows) => rows } } = this;
    this.#ledger = new LedgerPart({
      log: new LedgerLog(simKafka(this.kafka, life), LEDGER_TOPIC),
      host: this.name,
      guarantee: "all",
      intervalMs: SEAL_INTERVAL_MS,
      clock,
      progress: () => shipped(set.shipped()),
      sealed: (seals) => set.sealed(seals),
    });
    this.#ledger.start();
  }

  async #saveLoop(set: TailSet, life: Life): Promise<void> {
    for (let last = ""; !life.dead;) {
      await sleep(1000);
      const now = set.progress();
      if (life.dead || now === last) continue;
      await set.save().then(() => this.#saved = last = now, () => {}); // a full disk: the next one may do
    }
  }

  /** True where all there is in the host's files is acknowledged. */
  get settled(): boolean {
    return this.#set !== undefined &&
      this.#set.status(1000).every(({ lagBytes }) => lagBytes === 0);
  }

  /** True where all that is in the file now is acknowledged, and the checkpoint says so. */
  isSaved(path: string): boolean {
    if (this.#set === undefined || this.#set.progress() !== this.#saved) return false;
    const content = this.files.content(path), size = content.length;
    if (!this.#set.status(1000).some((row) => row.path === path && row.offset === size)) {
      return false;
    }
    // The row may be of an earlier life that was as long.
    const last = new TextDecoder().decode(content).match(LINE_NAME)?.at(-1);
    return last !== undefined &&
      this.kafka.brokers.partitions.some(({ readable }) =>
        readable.some(({ raw }) => Buffer.from(raw).includes(last))
      );
  }

  /** The process is gone at once. What is awaited is only that its loops have noticed. */
  kill(): Promise<unknown> {
    const set = this.#set, sink = this.#sink;
    this.#life!.dead = true;
    this.#set = undefined;
    return Promise.allSettled([this.#ledger?.stop(0), sink?.stop(0), set?.stop(0)]);
  }

  /** Acknowledges what it can, writes its checkpoint, ends. */
  async stop(): Promise<void> {
    this.#changes++;
    await this.#stop().finally(() => this.#changes--);
  }

  async #stop(): Promise<void> {
    const set = this.#set, sink = this.#sink, life = this.#life!;
    this.#set = undefined;
    await this.#ledger?.stop(2000);
    const sinkStopped = sink?.stop(3000);
    await set?.stop(4000).catch(() => {}); // a full disk: as if killed
    await sinkStopped;
    life.dead = true;
  }
}
