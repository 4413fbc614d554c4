/**
 * Sends ranges of a file to Kafka again, under the generation that they had: the same lines, so the index takes each
 * once, however often this runs. Only a file whose first bytes, and those before its acknowledged end, are those of the
 * ledger is read: another one that took its name is left alone.
 */
import { dirname } from "node:path";
import { messageOf, WeirError } from "../../core/errors.ts";
import type { Seal } from "../../core/ledger/seal.ts";
import type { LineChunk, LineSink } from "../../core/ports/line_sink.ts";
import { dayOf } from "../../core/record/identity.ts";
import { hashOf } from "../../agent/tail/fingerprint.ts";
import { LINES_MAX, splitLines } from "../../agent/tail/splitter.ts";
import type { Range } from "./compare.ts";

export interface ResendOptions {
  sink: LineSink;
  tz: string;
  lineBytesMax: number;
}

const CHUNK_BYTES = 1 << 20;

/** Opens the file that a seal is about: by its path, else by its inode in the same folder. Rejects with RESEND_NO_FILE. */
export async function openSealed(seal: Seal): Promise<Deno.FsFile> {
  for await (const path of candidates(seal)) {
    const file = await openIfSame(path, seal);
    if (file !== undefined) return file;
  }
  throw new WeirError(
    "RESEND_NO_FILE",
    `${seal.path} does not hold generation ${seal.generation} any more, and no file beside it does`,
    { hint: "It was removed, rotated elsewhere or written anew: what is missing cannot be read." },
  );
}

async function* candidates({ path, inode }: Seal): AsyncGenerator<string> {
  yield path;
  const folder = dirname(path);
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      const other = `${folder}/${name}`;
      if (!isFile || other === path) continue;
      if ((await Deno.stat(other)).ino === inode) yield other;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function openIfSame(
  path: string,
  { head, headLength, to, mark, markLength = 0 }: Seal,
): Promise<Deno.FsFile | undefined> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new WeirError("RESEND_DENIED", `Cannot read ${path}: ${messageOf(error)}`, {
      hint: "Run it as a user that may read the file.",
    });
  }
  const isThere = async (start: number, length: number, hash: string) => {
    const bytes = await readRange(file, start, length);
    return bytes.length === length && hashOf(bytes).hash === hash;
  };
  const same = await isThere(0, headLength, head) && (await file.stat()).size >= to &&
    (mark === undefined || await isThere(to - markLength, markLength, mark));
  if (same) return file;
  file.close();
  return undefined;
}

async function readRange(file: Deno.FsFile, start: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await file.seek(start, Deno.SeekMode.Start);
  let got = 0;
  while (got < length) {
    const count = await file.read(bytes.subarray(got));
    if (count === null || count === 0) break;
    got += count;
  }
  return bytes.subarray(0, got);
}

/** Sends the lines of `range`; resolves with how many when all are acknowledged. `createdMs` tells the day of their index. */
export async function resendRange(
  file: Deno.FsFile,
  seal: Seal,
  range: Range,
  createdMs: number,
  { sink, tz, lineBytesMax }: ResendOptions,
): Promise<number> {
  const sent: Promise<void>[] = [];
  let lines = 0, at = range.start;
  while (at < range.end) {
    const bytes = await readRange(file, at, Math.min(CHUNK_BYTES, range.end - at));
    const marks = new Int32Array(3 * LINES_MAX);
    // What ends the range without a line end was a line of its own.
    const last = at + bytes.length >= range.end;
    const split = splitLines(bytes, 0, bytes.length, marks, lineBytesMax, last);
    if (split.lines === 0) {
      throw new WeirError("RESEND_LONG_LINE", `A line of ${seal.path} at ${at} is over 1 MiB`, {
        hint: "It cannot be sent again by this command.",
      });
    }
    const chunk: LineChunk = {
      topic: seal.topic,
      generation: seal.generation,
      path: seal.path,
      host: seal.host,
      start: at,
      end: at + split.consumed,
      bytes,
      marks,
      lines: split.lines,
      day: dayOf(createdMs),
      tz,
    };
    sent.push(sink.send(chunk));
    lines += split.lines;
    at += split.consumed;
  }
  await Promise.all(sent);
  return lines;
}
