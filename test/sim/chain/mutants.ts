/**
 * Planted bugs: each is one that a shipper could have, put between the real parts of the chain, which know nothing of
 * it. The simulator is worth as much as it finds of them.
 */
import { CheckpointStore } from "../../../agent/checkpoint/checkpoint_store.ts";
import type { FileState } from "../../../agent/checkpoint/state.ts";
import type { LineChunk, LineSink } from "../../../core/ports/line_sink.ts";
import { dayOf } from "../../../core/record/identity.ts";
import type { BatchSink } from "../../../transfer/consume/consumer.ts";
import type { Lane } from "../../../transfer/consume/lane.ts";
import type { DropLedger } from "../../../transfer/ledger/drop_ledger.ts";
import type { IndexNames } from "../../../transfer/index/names.ts";
import type { SimHost } from "./agent_process.ts";
import type { Seams } from "./chain_world.ts";

export interface Mutant {
  name: string;
  /** For one world. */
  seams: () => Seams;
  /** Of what chain_check.ts looks at: what this bug does, one of these at least. */
  shows: readonly string[];
  /** One of the first 200 seeds that is known to show it: it is looked at first. */
  seed?: number;
}

/** A sink with another `send`. */
export function sending(sink: LineSink, send: (chunk: LineChunk) => Promise<void>): LineSink {
  return {
    guarantee: sink.guarantee,
    send,
    position: (generation, topic) => sink.position(generation, topic),
    stop: (deadlineMs) => sink.stop(deadlineMs),
  };
}

function copyOf(chunk: LineChunk): LineChunk {
  return { ...chunk, bytes: chunk.bytes.slice(), marks: chunk.marks.slice() };
}

/** Says that a chunk is acknowledged as soon as it has it. */
function acknowledgedAtOnce(sink: LineSink): LineSink {
  return sending(sink, (chunk) => {
    void sink.send(copyOf(chunk)).catch(() => {});
    return Promise.resolve();
  });
}

/** Says that the checkpoint is on disk as soon as it is asked for it. */
class EarlyCheckpoint extends CheckpointStore {
  override save(states: () => FileState[]): Promise<void> {
    void super.save(states).catch(() => {});
    return Promise.resolve();
  }
}

/** Keeps in mind alone where it cut a line that had no end yet. */
class ForgottenCuts extends CheckpointStore {
  override save(states: () => FileState[]): Promise<void> {
    return super.save(() => states().map(withoutCuts));
  }
}

function withoutCuts(state: FileState): FileState {
  const topics = Object.entries(state.topics).map(([name, of]) => [name, { ...of, cuts: [] }]);
  return { ...state, topics: Object.fromEntries(topics) };
}

/** Takes a file that was truncated, and begins as it began before, for the same life. */
class ReusedGenerations {
  readonly #first = new Map<string, string>();
  readonly #instead = new Map<string, string>();
  #turn = Promise.resolve("");

  wrap(sink: LineSink, host: SimHost): LineSink {
    return sending(sink, (chunk) => {
      this.#turn = this.#turn.then(() => this.#generation(chunk, host));
      return this.#turn.then((generation) => sink.send({ ...chunk, generation }));
    });
  }

  async #generation({ generation, path, start }: LineChunk, host: SimHost): Promise<string> {
    if (start === 0 && !this.#instead.has(generation)) {
      const inode = await host.files.stat(path).then((stat) => stat.inode, () => generation);
      const file = `${host.name} ${path} ${inode}`;
      if (!this.#first.has(file)) this.#first.set(file, generation);
      this.#instead.set(generation, this.#first.get(file)!);
    }
    return this.#instead.get(generation) ?? generation;
  }
}

/** Commits behind the last record that is finished, whatever is still open before it. */
function commitsPastHoles(sink: BatchSink): BatchSink {
  const seen = new WeakSet<Lane>();
  return {
    wants: (lane) => sink.wants(lane),
    take(lane, batch) {
      if (!seen.has(lane)) {
        seen.add(lane);
        forgetHoles(lane);
      }
      return sink.take(lane, batch);
    },
  };
}

function forgetHoles({ tracker }: Lane): void {
  const behind = new Map<number, number>();
  const take = tracker.take.bind(tracker), finish = tracker.finish.bind(tracker);
  let furthest = tracker.position;
  tracker.take = (offset) => {
    const ticket = take(offset);
    behind.set(ticket, offset + 1);
    return ticket;
  };
  tracker.finish = (ticket) => {
    finish(ticket);
    furthest = Math.max(furthest, behind.get(ticket)!);
  };
  Object.defineProperty(tracker, "position", { get: () => furthest });
}

/** Takes each line for one of today. */
function namedByToday(names: IndexNames): IndexNames {
  return {
    targetOf: (topic) => names.targetOf(topic, dayOf(Date.now())),
    dayFor: (topic, day) => names.dayFor(topic, day),
  };
}

/** Commits at once, and tells the ledger of what was dropped a while later. */
function toldLater(ledger: DropLedger): Pick<DropLedger, "add" | "flush"> {
  return {
    add: (record, rule) => ledger.add(record, rule),
    flush() {
      setTimeout(() => void ledger.flush(), 20_000);
      return Promise.resolve();
    },
  };
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "what Kafka removed unread is passed without being counted",
    seams: () => ({ losses: () => () => {} }),
    shows: ["uncounted"],
    seed: 15,
  },
  {
    name: "of what Kafka removed unread the first record is not counted",
    seams: () => ({ losses: (count) => (loss) => count({ ...loss, from: loss.from + 1 }) }),
    shows: ["uncounted"],
    seed: 15,
  },
  {
    name: "committed before the ledger knows what was dropped",
    seams: () => ({ drops: toldLater }),
    shows: ["audit: missing"],
    seed: 1,
  },
  {
    name: "the ledger forgets lives that ended before it heard of them",
    seams: () => ({ shipped: (rows) => rows.filter(({ closed, away }) => !closed && !away) }),
    shows: ["audit: unknown", "audit: unsealed"],
    seed: 6,
  },
  {
    name: "the ledger begins where the newest run began",
    seams: () => ({ shipped: (rows) => rows.map((row) => ({ ...row, begin: undefined })) }),
    shows: ["audit: unsealed"],
  },
  {
    name: "the ledger is told of what was read",
    seams: () => ({
      shipped: (rows) => rows.map((row) => ({ ...row, offset: row.size + 10 })),
    }),
    shows: ["audit: missing"],
  },
  {
    name: "checkpoint before the acknowledgement",
    seams: () => ({ sink: acknowledgedAtOnce }),
    shows: ["lost"],
    seed: 25,
  },
  {
    name: "generation used before it is synced",
    seams: () => ({ checkpoint: (files, clock) => new EarlyCheckpoint(files, clock, "/state") }),
    shows: ["doubled", "lost"],
    seed: 11,
  },
  {
    name: "generation reused after a copytruncate with an equal banner",
    seams: () => {
      const reused = new ReusedGenerations();
      return { sink: (sink, host) => reused.wrap(sink, host) };
    },
    shows: ["lost", "doubled", "disordered"],
  },
  {
    name: "boundary decided anew on replay",
    seams: () => ({ checkpoint: (files, clock) => new ForgottenCuts(files, clock, "/state") }),
    shows: ["doubled", "lost"],
    seed: 10,
  },
  {
    name: "day decided anew on replay, by the agent",
    seams: () => ({
      sink: (sink, { clock }) =>
        sending(sink, (chunk) => sink.send({ ...chunk, day: dayOf(clock.wallMs()) })),
    }),
    shows: ["doubled"],
    seed: 7,
  },
  {
    name: "day decided anew on replay, by the transfer",
    seams: () => ({ names: namedByToday }),
    shows: ["doubled"],
    seed: 6,
  },
  {
    name: "name of an index decided anew by each transfer",
    seams: () => ({ names: (_fixed, wanted) => wanted }),
    shows: ["doubled"],
    seed: 3,
  },
  {
    name: "commit past a hole",
    seams: () => ({ batches: commitsPastHoles }),
    shows: ["violations"],
    seed: 3,
  },
  {
    name: "acknowledged by the leader alone, which then loses power",
    seams: () => ({ acks: 1 }),
    shows: ["lost"],
    seed: 21,
  },
];
