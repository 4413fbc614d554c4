/** What a tail is given, what it tells, and what its files share. */
import type { Clock } from "../../core/ports/clock.ts";
import type { Files } from "../../core/ports/files.ts";
import type { LineSink } from "../../core/ports/line_sink.ts";
import type { CheckpointStore } from "../checkpoint/checkpoint_store.ts";
import type { FileState } from "../checkpoint/state.ts";
import type { Counted } from "../lines/shaper.ts";
import type { BufferPool } from "./buffers.ts";
import type { Entry } from "./entries.ts";
import type { LaneEvents } from "./lane.ts";
import type { TailedFile } from "./tailed_file.ts";

export interface TailSetOptions {
  files: Files;
  checkpoint: CheckpointStore;
  /** Absolute directories; nothing outside them is read. */
  roots: readonly string[];
  filesMax: number;
  /** Files that are open at once, beside those that were renamed or removed and are not read to their end. */
  openMax: number;
  /** A file with something to read makes room for others that wait after this time. */
  turnMs: number;
  /** Between two looks at everything, whether the system told of a change or not. */
  sweepMs: number;
  /** How long a file that no path leads to stays open after its last growth: 5 s where it has no name left. */
  detachedMs: number;
  /** How long a new file that looks like a copy of a known one waits for the truncation of that one. */
  copyHoldMs: number;
  /** Bytes in flight over all topics. */
  bufferBytesMax: number;
  /** States of files that are not there any more are kept this long. */
  forgetMs: number;
  /** Leave out files that begin with a NUL byte in their first 512 bytes. */
  skipBinary: boolean;
  /** What the first search finds wrong is told by whoever runs the tail, and not in the log. @default {false} */
  firstIsTold?: boolean;
}

export interface TailSetEvents {
  added(path: string): void;
  resumed(path: string): void;
  rotated(path: string): void;
  removed(path: string, unreadBytes: number): void;
  truncated(path: string): void;
  /** A packed file cannot be unpacked to its end; what could be is read. */
  broken(path: string, reason: string): void;
  cut(lines: number): void;
  counted(what: Counted, name: string, number: number): void;
  acknowledged(topic: string, lines: number, bytes: number): void;
}

export interface TailContext {
  clock: Clock;
  sink: LineSink;
  buffers: BufferPool;
  host: string;
  /** Zone of times without one, where the entry names none. */
  tz: string;
  lineBytesMax: number;
  /** How long a last line without line end may stand before it is sent. */
  partialFlushMs: number;
  /** A file that was not written for so long when it is first looked at has its last line sent at once. @default {Infinity} */
  restedMs?: number;
  events: Omit<LaneEvents, "settled"> & {
    settled(file: TailedFile, failed: boolean): void;
    truncated(path: string): void;
    cut(lines: number): void;
    /** Something that an entry's options, or bytes that are no text, did to lines; `name`: of a rule or mask. */
    counted(what: Counted, name: string, number: number): void;
    /** A file gave up this generation: keep its state for a copy that may turn up. */
    retired(state: FileState): void;
  };
  /** Bytes that a topic may have in flight now. */
  roomFor(topic: string): number;
  took(topic: string, bytes: number): void;
  /** The entries that want a file of this name. */
  entriesFor(path: string): readonly Entry[];
  /** What no entry wants under its present name is done with when its file did not grow for so long. */
  detachedMs: number;
  /** Syncs the checkpoint with all that is noted. */
  sync(): Promise<void>;
}

/** more: look again soon; blocked: after something settled; idle: when the file changes; waiting: at a time. */
export type LookResult = "more" | "blocked" | "idle" | "waiting";

/** A file that may be a copy: since when, when it last grew and to what. */
export interface Hold {
  sinceMs: number;
  grownMs: number;
  size: number;
}
