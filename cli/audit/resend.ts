/**
 * Sends ranges of a file to Kafka again, under the generation that they had: the same lines, so the index takes each
 * once, however often this runs. They are masked, joined and chosen as the file's entry asks now. Only a file whose
 * first bytes, and those before its acknowledged end, are those of the ledger is read: another one that took its name
 * is left alone. What is in memory is bounded.
 */
import { dirname } from "node:path";
import { messageOf, WeirError } from "../../core/errors.ts";
import { byDay, type Seal } from "../../core/ledger/seal.ts";
import { type FileHandle, type Files, isNotFound, readFully } from "../../core/ports/files.ts";
import type { LineChunk, LineSink } from "../../core/ports/line_sink.ts";
import { dayOf } from "../../core/record/identity.ts";
import { LaneShape, markOf } from "../../agent/lines/lane_shape.ts";
import type { Shaper } from "../../agent/lines/shaper.ts";
import { entriesFor } from "../../agent/tail/discovery.ts";
import type { Entry } from "../../agent/tail/entries.ts";
import { hashOf, HEAD_BYTES, prefixOf } from "../../agent/tail/fingerprint.ts";
import {
  LINES_MAX,
  shiftMarks,
  splitLines,
  startsWith,
  UTF8_MARK,
} from "../../agent/tail/splitter.ts";
import type { Range } from "./compare.ts";

export interface ResendOptions {
  sink: LineSink;
  /** By which the file's lines are sent. */
  entry: Entry;
  /** Where the entry names none. */
  tz: string;
  lineBytesMax: number;
}

/** A range of lines that are in the index of one day. */
export interface DatedRange extends Range {
  day: string;
}

const CHUNK_BYTES = 1 << 20;
/** Chunks on their way at once. */
const FLIGHTS_MAX = 8;

/**
 * The entry by which the agent sends this file's lines. Throws RESEND_NO_ENTRY where there is none: what is to be
 * masked or left out is not known then.
 */
export function entryOf({ path, topic }: Seal, entries: readonly Entry[]): Entry {
  const entry = entriesFor(path, entries).find((one) => one.topic === topic);
  if (entry !== undefined) return entry;
  throw new WeirError("RESEND_NO_ENTRY", `No entry of this host sends ${path} to ${topic} now`, {
    hint: "Put the entry back: without it nobody knows what of the lines is to be masked.",
  });
}

/**
 * The ranges by the day of their index, as the seal tells it. Where it does not know, the record before the range says
 * it: `createdMs`, one for each range.
 */
export function datedRanges(
  { days }: Seal,
  ranges: readonly Range[],
  createdMs: readonly number[],
): DatedRange[] {
  return ranges.flatMap((range, i) =>
    byDay(days, range).map(({ start, end, day }) => ({
      ...{ start, end, day: day ?? dayOf(createdMs[i]) },
    }))
  );
}

/** Opens the file that a seal is about: by its path, else by its inode in the same folder. Rejects with RESEND_NO_FILE. */
export async function openSealed(files: Files, seal: Seal): Promise<FileHandle> {
  for await (const path of candidates(files, seal)) {
    const file = await openIfSame(files, path, seal);
    if (file !== undefined) return file;
  }
  throw new WeirError(
    "RESEND_NO_FILE",
    `${seal.path} does not hold generation ${seal.generation} any more, and no file beside it does`,
    { hint: "It was removed, rotated elsewhere or written anew: what is missing cannot be read." },
  );
}

async function* candidates(files: Files, { path, inode }: Seal): AsyncGenerator<string> {
  yield path;
  const folder = dirname(path);
  try {
    for (const { name, kind } of await files.readDir(folder)) {
      const other = `${folder}/${name}`;
      if (kind !== "file" || other === path) continue;
      if ((await files.stat(other)).inode === inode) yield other;
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function openIfSame(
  files: Files,
  path: string,
  { head, headLength, to, mark, markLength = 0 }: Seal,
): Promise<FileHandle | undefined> {
  let file: FileHandle;
  try {
    file = await files.open(await files.realPath(path));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw new WeirError("RESEND_DENIED", `Cannot read ${path}: ${messageOf(error)}`, {
      hint: "Run it as a user that may read the file.",
    });
  }
  const isThere = async (start: number, length: number, hash: string) => {
    const bytes = await readFully(file, start, length);
    return bytes.length === length && hashOf(bytes).hash === hash;
  };
  try {
    const same = await isThere(0, headLength, head) && (await file.stat()).size >= to &&
      (mark === undefined || await isThere(to - markLength, markLength, mark));
    if (same) return file;
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return undefined;
}

/** Sends the lines of `range`; resolves with how many when all are acknowledged. */
export async function resendRange(
  file: FileHandle,
  seal: Seal,
  range: DatedRange,
  { sink, entry, tz, lineBytesMax }: ResendOptions,
): Promise<number> {
  const { topic, generation, path, host } = seal;
  const prefix = prefixOf(await readFully(file, 0, HEAD_BYTES)), shape = new LaneShape();
  const shaper = shape.shaper(shape.wanted(entry, markOf(prefix.text)), lineBytesMax);
  const sent: Promise<void>[] = [];
  // What was dropped between two records belongs to the later one.
  let lines = 0, start = range.start;
  for (let at = range.start; at < range.end;) {
    const size = Math.min(Math.max(CHUNK_BYTES, 2 * lineBytesMax), range.end - at);
    const bytes = await readFully(file, at, size);
    // What ends the range without a line end was a line of its own.
    const isLast = at + bytes.length >= range.end;
    const cut = cutRecords(shaper, bytes, at, isLast, lineBytesMax);
    if (cut.scanned === 0) {
      throw new WeirError("RESEND_LONG_LINE", `A line of ${path} at ${at} is too long`, {
        hint: "It cannot be sent again by this command.",
      });
    }
    if (cut.lines > 0) {
      const end = at + cut.consumed;
      shiftMarks(cut.marks, at - start);
      const chunk: LineChunk = {
        ...{ topic, generation, path, host, start, end, day: range.day },
        ...{ bytes: cut.bytes, marks: cut.marks, lines: cut.lines },
        tz: entry.timezone === "" ? tz : entry.timezone,
        fields: shape.fields(entry, path),
      };
      if (sent.length >= FLIGHTS_MAX) await sent.shift();
      const one = sink.send(chunk);
      one.catch(() => {}); // its rejection is met by the one who waits for it
      sent.push(one);
      lines += cut.lines;
      start = end;
    }
    at += cut.scanned;
  }
  await Promise.all(sent);
  return lines;
}

interface CutRecords {
  bytes: Uint8Array;
  marks: Int32Array;
  lines: number;
  /** Bytes that the records account for, and bytes that are done with. */
  consumed: number;
  scanned: number;
}

function cutRecords(
  shaper: Shaper | undefined,
  bytes: Uint8Array,
  at: number,
  isLast: boolean,
  lineBytesMax: number,
): CutRecords {
  if (shaper !== undefined) return shaper.shape(bytes, 0, bytes.length, at, isLast, LINES_MAX);
  const marks = new Int32Array(3 * LINES_MAX);
  const { lines, consumed } = splitLines(bytes, 0, bytes.length, marks, lineBytesMax, isLast);
  if (at === 0 && startsWith(bytes, UTF8_MARK)) marks[0] = Math.min(3, marks[1]);
  return { bytes, marks, lines, consumed, scanned: consumed };
}
