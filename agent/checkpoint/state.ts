/**
 * What a checkpoint holds, and its form on disk: a first line with version, number and checksum,
 * then JSON. A file whose checksum fails is not used at all.
 */
import { createHash } from "node:crypto";
import { isGeneration } from "../../core/record/identity.ts";
import type { Hash } from "../tail/fingerprint.ts";
import type { Packed } from "../unpack/packed_file.ts";

export const CHECKPOINT_VERSION = 1;

/** One life of one file. */
export interface FileState {
  generation: string;
  path: string;
  device: number;
  inode: number;
  head: Hash;
  /** Wall ms of the last look, for pruning. */
  seenMs: number;
  /** Size at the last look, while the file was open; absent once it was closed. */
  size?: number;
  /** The file was truncated or replaced: only a copy of it can still be this generation. */
  retired?: boolean;
  /** It was removed with so few bytes that another file may be the same by chance: only a packed copy may be it. */
  brief?: boolean;
  /** Where the file is a packed one: what its packed bytes were. Offsets are those of the unpacked bytes. */
  packed?: Packed;
  /** Where it is a copy that ends before what was read of its original: its size, and the bytes before it. */
  ends?: { size: number; mark: Hash };
  /** Of a truncated or removed file: how a copy that ends earlier is known (agent/tail/trail.ts). */
  trail?: number[];
  topics: Record<string, TopicState>;
}

export interface TopicState {
  /** Everything before it is acknowledged. */
  offset: number;
  /** Of the bytes before `offset`. */
  mark: Hash;
  /** From which offset on which day counts; the last entry at or before an offset holds; at most 32 are kept. */
  days: { from: number; day: string }[];
  /** From which offset on which shape of lines counts (agent/lines/options.ts); absent where never any but plain. */
  shapes?: { from: number; shape: string }[];
  /** Where this topic's lines of this life begin: 0, or the size that it had; absent where an older agent began it. */
  from?: number;
  /** The ledger was told of everything before it. */
  sealed?: number;
  /** The name under which an entry wants it, where none does under the present one: it is read to its end. */
  path?: string;
  /** Forced line ends behind `offset`, ascending: a replay cuts there again. */
  cuts: number[];
  /** The bytes that `mark` is made of; not written, `mark` is made from it when it is there. */
  before?: Uint8Array;
}

export interface Checkpoint {
  /** Grows by one with each write. */
  number: number;
  files: FileState[];
}

export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const body = JSON.stringify({ files: checkpoint.files.map(written) });
  const first = JSON.stringify({
    weir: "checkpoint",
    version: CHECKPOINT_VERSION,
    number: checkpoint.number,
    sha256: digest(checkpoint.number, body),
  });
  return new TextEncoder().encode(`${first}\n${body}\n`);
}

/** A state without what is only kept in memory. */
function written(state: FileState): FileState {
  const topics: Record<string, TopicState> = {};
  for (const name in state.topics) {
    const { before: _, ...topic } = state.topics[name];
    topics[name] = topic;
  }
  return { ...state, topics };
}

/** The checkpoint in `text`, or why it cannot be used. */
export function decodeCheckpoint(text: string): Checkpoint | { fault: string } {
  const split = text.indexOf("\n");
  if (split < 0) return { fault: text === "" ? "the file is empty" : "the file is cut short" };
  let first: { weir?: string; version?: number; number?: number; sha256?: string };
  try {
    first = JSON.parse(text.slice(0, split));
  } catch {
    return { fault: "its first line is not JSON" };
  }
  if (first?.weir !== "checkpoint") return { fault: "it is not a checkpoint" };
  if (first.version !== CHECKPOINT_VERSION) {
    return { fault: `its version is ${first.version}, this program writes ${CHECKPOINT_VERSION}` };
  }
  const body = text.slice(split + 1).replace(/\n$/, "");
  if (digest(first.number, body) !== first.sha256) return { fault: "its checksum does not fit" };
  const { files } = JSON.parse(body) as { files: FileState[] };
  if (!Number.isSafeInteger(first.number) || !Array.isArray(files) || !files.every(isFileState)) {
    return { fault: "a field has the wrong form" };
  }
  return { number: first.number!, files };
}

function isFileState(value: FileState): boolean {
  return isGeneration(value?.generation) && typeof value.path === "string" &&
    typeof value.topics === "object" &&
    Object.values(value.topics).every((topic) =>
      Number.isSafeInteger(topic.offset) && topic.offset >= 0 && Array.isArray(topic.days)
    );
}

function digest(number: number | undefined, body: string): string {
  return createHash("sha256").update(`${number}\n${body}`).digest("base64url");
}
