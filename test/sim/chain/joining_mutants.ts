/** Planted bugs in how lines become one record; mutants.ts says what a planted bug is. */
import { CheckpointStore } from "../../../agent/checkpoint/checkpoint_store.ts";
import type { FileState, TopicState } from "../../../agent/checkpoint/state.ts";
import { hashOf, MARK_BYTES } from "../../../agent/tail/fingerprint.ts";
import type { LineChunk } from "../../../core/ports/line_sink.ts";
import type { SimHost } from "./agent_process.ts";
import { type Mutant, sending } from "./mutants.ts";

/** Writes a checkpoint of other states than those of the tail. */
class OtherStates extends CheckpointStore {
  readonly #host: SimHost;
  readonly #other: (state: TopicState, content: Uint8Array) => TopicState;

  constructor(
    [files, clock, host]: Parameters<NonNullable<ReturnType<Mutant["seams"]>["checkpoint"]>>,
    other: (state: TopicState, content: Uint8Array) => TopicState,
  ) {
    super(files, clock, "/state");
    this.#host = host;
    this.#other = other;
  }

  override save(states: () => FileState[]): Promise<void> {
    return super.save(() => states().map((state) => this.#changed(state)));
  }

  #changed(state: FileState): FileState {
    const { files, joinings } = this.#host;
    if (!joinings.has(state.path) || !files.paths().includes(state.path)) return state;
    const content = files.content(state.path);
    const topics = Object.entries(state.topics)
      .map(([name, of]) => [name, this.#other(of, content)]);
    return { ...state, topics: Object.fromEntries(topics) };
  }
}

/** The place behind the last whole line that was read, though its record is open and nobody has it. */
function atLastLine(state: TopicState, content: Uint8Array): TopicState {
  const offset = content.lastIndexOf(10) + 1;
  const isNext = state.offset > 0 && offset > state.offset && offset - state.offset < 100;
  if (!isNext) return state;
  const before = content.slice(Math.max(0, offset - MARK_BYTES), offset);
  return { ...state, offset, before, mark: hashOf(before) };
}

/** Without the ends of records that the time-out made behind whole lines. */
function withoutSplits(state: TopicState, content: Uint8Array): TopicState {
  return { ...state, cuts: state.cuts.filter((cut) => content[cut - 1] !== 10) };
}

/** Each line of a record of many is sent as one of its own. */
function lineByLine(chunk: LineChunk): LineChunk {
  const marks: number[] = [];
  for (let i = 0; i < chunk.lines; i++) {
    const [from, to, end] = chunk.marks.subarray(i * 3, i * 3 + 3);
    const feeds = [...chunk.bytes.subarray(from, to)].flatMap((byte, at) =>
      byte === 10 ? from + at : []
    );
    for (const [k, feed] of (feeds.length < 3 ? [] : feeds).entries()) {
      marks.push(k === 0 ? from : feeds[k - 1] + 1, feed, end - (to - feed));
    }
    marks.push(feeds.length < 3 ? from : feeds.at(-1)! + 1, to, end);
  }
  return { ...chunk, marks: Int32Array.from(marks), lines: marks.length / 3 };
}

export const JOINING_MUTANTS: readonly Mutant[] = [
  {
    name: "the checkpoint stands behind the last line of an open record",
    seams: () => ({ checkpoint: (...site) => new OtherStates(site, atLastLine) }),
    shows: ["lost"],
    seed: 4,
  },
  {
    name: "a record that its time-out split is told again whole after a restart",
    seams: () => ({ checkpoint: (...site) => new OtherStates(site, withoutSplits) }),
    shows: ["doubled"],
    seed: 29,
  },
  {
    name: "long records are told line by line",
    seams: () => ({ sink: (sink) => sending(sink, (chunk) => sink.send(lineByLine(chunk))) }),
    shows: ["misjoined"],
  },
];
