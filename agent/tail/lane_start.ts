/** Where reading begins: at the acknowledged offset of a known generation, else where the entry says. */
import type { LineSink } from "../../core/ports/line_sink.ts";
import type { FileState } from "../checkpoint/state.ts";
import type { Entry } from "./entries.ts";
import { hashOf, MARK_BYTES } from "./fingerprint.ts";
import { Lane, settledState } from "./lane.ts";
import { newTopicState } from "./new_state.ts";

export interface LaneStart {
  entry: Entry;
  /** Of the life that the file is taken for. */
  state: FileState;
  size: number;
  /** The file came after its entry had been searched for: it is read from its begin. */
  isLater: boolean;
  /** It was recognised: where less is there than was read, it is a copy that ends early. */
  isCopy: boolean;
  /** Since it was written last. */
  ageMs: number;
  /** It is a packed file with the very bytes that the state tells of. */
  isAsPacked: boolean;
  position: LineSink["position"];
  read: (position: number, length: number) => Promise<Uint8Array>;
}

/** A lane of that life; undefined where the file does not hold what the state says. */
export async function startLane(start: LaneStart): Promise<Lane | undefined> {
  const { entry, state, size } = start, { topic } = entry;
  const known = state.topics[topic];
  const far = await start.position(state.generation, topic);
  const isNew = known === undefined && state.head.length === 0 && !start.isLater;
  const isOld = entry.ignoreOlder > 0 && start.ageMs > entry.ignoreOlder;
  const fromEnd = isNew && (entry.from === "end" || isOld);
  const acknowledged = known?.offset ?? 0;
  const wanted = far ?? (fromEnd ? size : acknowledged);
  const offset = wanted <= size ? wanted : acknowledged;
  const markStart = Math.max(0, offset - MARK_BYTES);
  if (known?.offset === offset && offset === size && start.isAsPacked) {
    return new Lane(topic, entry, known, new Uint8Array(0)); // its end need not be unpacked to see that
  }
  if (known !== undefined && offset > size && start.isCopy) {
    return new Lane(topic, entry, known, known.before ?? new Uint8Array(0));
  }
  const before = await start.read(markStart, offset - markStart);
  if (known !== undefined && known.offset !== acknowledged) return await startLane(start);
  if (known?.offset === offset && hashOf(before).hash !== settledState(known).mark.hash) {
    return undefined;
  }
  const topicState = known ?? { ...newTopicState(), from: offset };
  topicState.offset = offset;
  topicState.before = before;
  const lane = new Lane(topic, entry, topicState, before);
  if (known !== undefined) lane.dayUntil = size;
  return lane;
}
