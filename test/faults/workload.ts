/**
 * The one workload of the fault suite: numbered lines into several rotating files of several topics, as services write
 * them: a handle that stays open, and that a rotation leaves on the old file for a few lines more. Nothing is written
 * while a copytruncate copies, so that logrotate's own loss has no part in the count.
 */
import { numberedLine } from "../support/numbered.ts";
import type { Random } from "../support/random.ts";

/** Topics of the files, in turn. */
export const TOPICS = ["web", "app"];

export interface FileWritten {
  name: string;
  topic: string;
  /** Path without what rotation adds. */
  path: string;
  /** Lines written so far, numbered from 1. */
  lines: number;
  rotations: number;
}

const LATE_LINES_MAX = 3;

export class Workload {
  readonly files: readonly FileWritten[];
  /** Lines that each file gets: this number stands in every line. */
  readonly linesEach: number;
  readonly #handles: Deno.FsFile[] = [];
  readonly #random: Random;
  #written = 0;

  /** @param folder gets one folder a topic */
  constructor(folder: string, lines: number, random: Random, files = 8) {
    this.#random = random;
    this.linesEach = Math.ceil(lines / files);
    for (const topic of TOPICS) Deno.mkdirSync(`${folder}/${topic}`, { recursive: true });
    this.files = Array.from({ length: files }, (_, i) => {
      const topic = TOPICS[i % TOPICS.length], name = `f${i}`;
      return { name, topic, path: `${folder}/${topic}/${name}.log`, lines: 0, rotations: 0 };
    });
    for (const { path } of this.files) this.#handles.push(open(path));
  }

  get written(): number {
    return this.#written;
  }

  get total(): number {
    return this.linesEach * this.files.length;
  }

  /** Writes `lines` more, in pieces of up to 200 into files by chance; fewer where all are written. */
  write(lines: number): void {
    let left = Math.min(lines, this.total - this.#written);
    while (left > 0) {
      const at = this.#random.below(this.files.length);
      const count = Math.min(left, 1 + this.#random.below(200));
      left -= this.#writeTo(at, count);
    }
  }

  /** By rename; the service goes on in the old file for up to three lines. */
  rotate(at: number): void {
    const file = this.files[at];
    Deno.renameSync(file.path, `${file.path}.${++file.rotations}`);
    this.#writeTo(at, this.#random.below(LATE_LINES_MAX + 1));
    this.#handles[at].close();
    this.#handles[at] = open(file.path);
  }

  /** Removes the file that was rotated away so many rotations ago, as logrotate's `rotate` does. */
  forget(at: number, kept: number): void {
    const { path, rotations } = this.files[at];
    if (rotations > kept) Deno.removeSync(`${path}.${rotations - kept}`);
  }

  /** By copy and truncation; the service notices nothing. */
  copyTruncate(at: number): void {
    const file = this.files[at];
    Deno.copyFileSync(file.path, `${file.path}.${++file.rotations}`);
    this.#handles[at].truncateSync(0);
  }

  close(): void {
    for (const handle of this.#handles.splice(0)) handle.close();
  }

  #writeTo(at: number, wanted: number): number {
    const file = this.files[at], count = Math.min(wanted, this.linesEach - file.lines);
    let text = "";
    for (let i = 0; i < count; i++) {
      text += `${numberedLine(file.name, ++file.lines, this.linesEach)}\n`;
    }
    const bytes = new TextEncoder().encode(text);
    if (this.#handles[at].writeSync(bytes) !== bytes.length) throw new Error("A short write");
    this.#written += count;
    return count;
  }
}

function open(path: string): Deno.FsFile {
  return Deno.openSync(path, { append: true, create: true });
}
