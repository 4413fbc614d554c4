/** States of a file and of its way to a topic at their begin: a new generation, nothing acknowledged. */
import type { FileStat } from "../../core/ports/files.ts";
import { newGeneration } from "../../core/record/identity.ts";
import type { FileState } from "../checkpoint/state.ts";
import type { TopicState } from "../checkpoint/state.ts";
import { hashOf } from "./fingerprint.ts";

/** A new life of the file at `path`. */
export function newFileState(path: string, stat: FileStat): FileState {
  return {
    generation: newGeneration(),
    path,
    device: stat.device,
    inode: stat.inode,
    head: hashOf(new Uint8Array(0)),
    seenMs: 0,
    topics: {},
  };
}

/** Nothing of the file is acknowledged. */
export function newTopicState(): TopicState {
  return {
    from: 0,
    offset: 0,
    mark: hashOf(new Uint8Array(0)),
    days: [],
    cuts: [],
    before: new Uint8Array(0),
  };
}
