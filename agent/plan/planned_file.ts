/**
 * What would become of one file: opened, recognised and looked at by the very code that tails it, with throwaway states
 * and a sink that keeps the first lines. Nothing is written, and the file is closed again.
 */
import { WeirError } from "../../core/errors.ts";
import {
  LINE_CHARACTERS_MAX,
  type PlannedFile,
  type PlannedLane,
} from "../../core/fleet/plan_schema.ts";
import type { LineChunk, LineSink } from "../../core/ports/line_sink.ts";
import type { FileStat } from "../../core/ports/files.ts";
import { openInside } from "../tail/discovery.ts";
import type { Entry } from "../tail/entries.ts";
import { MARK_BYTES, prefixOf } from "../tail/fingerprint.ts";
import type { KnownFiles } from "../tail/known_files.ts";
import { Lane } from "../tail/lane.ts";
import { newFileState, newTopicState } from "../tail/new_state.ts";
import { type Decision, Recognition } from "../tail/recognition.ts";
import type { TailContext } from "../tail/tail_context.ts";
import { TailedFile } from "../tail/tailed_file.ts";
import { PackedFile, patiently } from "../unpack/packed_file.ts";
import { UnpackPool } from "../unpack/unpack_pool.ts";
import type { PlanContext } from "./plan.ts";

/** Chunks of a file that are looked at for its first lines: a rule may drop all of the first ones. */
const LOOKS_MAX = 4;

/** Bytes at the end of a file that was read whole, of which some lines are shown. */
const EARLIER_BYTES = 4096;

/** An entry and its number in the plan. */
export interface Wanting {
  entry: Entry;
  number: number;
  /** It was searched for before: a file found now is read from its begin. */
  searched: boolean;
}

export interface Looked {
  file: PlannedFile;
  stat: FileStat;
}

/**
 * @param lines how many first lines are shown of each topic; 0: the file's content is looked at to recognise it alone
 * @throws the WeirErrors of `openInside`; BINARY_FILE
 */
export async function plannedFile(
  path: string,
  wanting: readonly Wanting[],
  known: Pick<KnownFiles, "candidates" | "delete">,
  context: PlanContext,
  lines: number,
  isLive: boolean,
): Promise<Looked> {
  const { files, roots, tail } = context;
  const { handle, stat } = await openInside(path, roots, files);
  const first = new FirstLines(lines);
  const view = path.endsWith(".gz") ? new PackedFile(handle, new UnpackPool()) : handle;
  const file = new TailedFile(tailContext(context, first), view, newFileState(path, stat), path);
  try {
    if (file.packed !== undefined) await unpack(file, stat, known);
    const begin = await file.read(0, 512), binary = begin.includes(0) && !isWide(begin);
    if (tail.skipBinary && begin.includes(0)) {
      throw new WeirError("BINARY_FILE", `Not read: "${path}" is not text`);
    }
    if (file.packed === undefined) file.size = stat.size;
    file.modifiedMs = stat.modifiedMs;
    file.life.prefix = prefixOf(begin);
    for (const { entry, searched } of wanting) await file.addLane(entry, file.size, searched);
    const decision = await patiently(() => recognitionOf(known, context).decide(file));
    if (isLive) { for (const lane of file.lanes.values()) lane.dayUntil = lane.readOffset; }
    const lanes = wanting.map(({ entry, number }) => laneOf(file, entry, number, decision));
    if (lines > 0 && decision !== "empty") await lookAt(file, first, lanes);
    const earlier = lanes.filter(({ unread }) => lines > 0 && unread === 0 && file.size > 0);
    if (earlier.length > 0 && !begin.includes(0)) await lookBack(file, first, earlier);
    const counts = Object.fromEntries(first.counts);
    return { file: { path, size: file.size, binary, counts, lanes }, stat };
  } finally {
    file.close();
  }
}

/** Finds out how long a packed file is, unless that is known of the same bytes. */
async function unpack(
  file: TailedFile,
  { device, inode, size }: FileStat,
  known: Pick<KnownFiles, "candidates">,
): Promise<void> {
  const read = () => Promise.resolve(new Uint8Array(0)); // by its inode alone
  for (const one of await known.candidates({ device, inode, size, read })) {
    if (one.inode === inode && one.packed !== undefined) await file.packed!.trust(one.packed);
  }
  do await file.measure(); while (!file.packed!.isScanned);
}

/** Reads on from where the lanes stand, for their first lines. */
async function lookAt(
  file: TailedFile,
  first: FirstLines,
  planned: readonly PlannedLane[],
): Promise<void> {
  file.decided = true;
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const result = await patiently(() => file.look());
    if (result !== "more" || planned.every(({ topic }) => first.isFull(topic))) break;
  }
  for (const one of planned) {
    one.lines = first.of(one.topic);
    one.looked = Math.max(0, (file.lanes.get(one.topic)?.place ?? 0) - one.from);
  }
}

/** Some of the last lines that were sent, as the entries would have them now. */
async function lookBack(
  file: TailedFile,
  first: FirstLines,
  planned: readonly PlannedLane[],
): Promise<void> {
  const start = Math.max(0, file.size - EARLIER_BYTES);
  const end = start === 0 ? undefined : await patiently(() => file.read(start, EARLIER_BYTES));
  const feed = end?.indexOf(10) ?? -1;
  const from = start + feed + 1;
  if (from >= file.size) return;
  const before = await patiently(() =>
    file.read(Math.max(0, from - MARK_BYTES), Math.min(MARK_BYTES, from))
  );
  for (const { topic } of planned) {
    const { entry } = file.lanes.get(topic)!;
    const state = { ...newTopicState(), offset: from, before };
    file.lanes.set(topic, new Lane(topic, entry, state, before));
  }
  await lookAt(file, first, planned);
  for (const one of planned) {
    one.earlier = one.lines.length > 0;
    one.looked = 0;
  }
}

function laneOf(
  file: TailedFile,
  { topic }: Entry,
  entry: number,
  decision: Decision,
): PlannedLane {
  const { readOffset: from, shape, entry: now } = file.lanes.get(topic)!;
  const fresh = from > 0 ? "end" : "new";
  const begin: Record<Decision, PlannedLane["begin"]> = {
    resumed: "known",
    empty: "empty",
    wait: "copy",
    unpack: "new",
    copy: "copy",
    new: fresh,
  };
  return {
    entry,
    topic,
    from,
    begin: begin[decision],
    unread: Math.max(0, file.size - from),
    lines: [],
    earlier: false,
    looked: 0,
    fields: shape.fields(now, file.path),
  };
}

function recognitionOf(
  known: Pick<KnownFiles, "candidates" | "delete">,
  { files, roots, clock, tail }: PlanContext,
): Recognition {
  return new Recognition({
    files,
    roots,
    clock,
    known,
    open: () => [],
    parked: () => [],
    round: () => 0,
    closed: () => {},
    copyHoldMs: tail.copyHold,
  });
}

function tailContext(context: PlanContext, sink: FirstLines): TailContext {
  const { clock, buffers, host, tz, tail } = context;
  return {
    clock,
    sink,
    buffers,
    host,
    tz,
    lineBytesMax: tail.lineBytesMax,
    partialFlushMs: 0, // a last line is shown as it goes when its time has come
    events: {
      acknowledged: () => {},
      settled: () => {},
      truncated: () => {},
      cut: (lines) => sink.count("cut", lines),
      counted: (what, name, number) => sink.count(name === "" ? what : `${what}:${name}`, number),
      retired: () => {},
    },
    roomFor: () => Infinity,
    took: () => {},
    entriesFor: () => [],
    detachedMs: 0,
    sync: () => Promise.resolve(),
  };
}

/** UTF-16 says so with its first two bytes: NUL bytes in it are text. */
function isWide(begin: Uint8Array): boolean {
  return (begin[0] === 0xff && begin[1] === 0xfe) || (begin[0] === 0xfe && begin[1] === 0xff);
}

/** Takes everything, and keeps the first lines of each topic. */
class FirstLines implements LineSink {
  readonly guarantee = "none";
  readonly counts = new Map<string, number>();
  readonly #max: number;
  readonly #topics = new Map<string, PlannedLane["lines"]>();

  constructor(max: number) {
    this.#max = max;
  }

  of(topic: string): PlannedLane["lines"] {
    let kept = this.#topics.get(topic);
    if (kept === undefined) this.#topics.set(topic, kept = []);
    return kept;
  }

  isFull(topic: string): boolean {
    return this.of(topic).length >= this.#max;
  }

  count(what: string, number: number): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + number);
  }

  send({ topic, start, bytes, marks, lines }: LineChunk): Promise<void> {
    const kept = this.of(topic), decoder = new TextDecoder();
    for (let i = 0; i < lines && kept.length < this.#max; i++) {
      const value = bytes.subarray(marks[3 * i], marks[3 * i + 1]);
      const text = decoder.decode(value.subarray(0, 4 * LINE_CHARACTERS_MAX));
      const offset = start + (i === 0 ? 0 : marks[3 * i - 1]);
      kept.push({ offset, text: text.slice(0, LINE_CHARACTERS_MAX) });
    }
    return Promise.resolve();
  }

  position(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
