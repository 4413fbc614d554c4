/**
 * The lines of a self-test: numbered, into files that are rotated by rename with the handle open, as services do; and
 * the count of what is read back of them.
 */
import { SeenLines } from "./seen_lines.ts";

/** A line as it was read back. */
export interface ReadLine {
  text: string;
  generation: string;
  offset: number;
}

export interface Tally {
  lost: number;
  /** Lines too many. */
  doubled: number;
  /** Lines whose place in their file is not that of their number. */
  reordered: number;
  /** Texts that were never written so. */
  damaged: number;
}

interface OneFile {
  name: string;
  path: string;
  handle: Deno.FsFile;
  lines: number;
  rotations: number;
}

export class NumberedFiles {
  readonly #files: OneFile[];
  readonly #rotateEvery: number;
  #next = 0;
  rotations = 0;

  /** @param rotateEvery lines of a file between two rotations */
  constructor(folder: string, files: number, rotateEvery: number) {
    Deno.mkdirSync(folder, { recursive: true });
    this.#rotateEvery = rotateEvery;
    this.#files = Array.from({ length: files }, (_, i) => {
      const path = `${folder}/selftest${i}.log`;
      return { name: `selftest${i}`, path, handle: open(path), lines: 0, rotations: 0 };
    });
  }

  get written(): number {
    return this.#files.reduce((sum, { lines }) => sum + lines, 0);
  }

  /** Writes so many lines, a hundred a file in turn. Throws the file system's error. */
  write(lines: number): void {
    for (let left = lines; left > 0;) {
      const count = Math.min(100, left), file = this.#files[this.#next++ % this.#files.length];
      let text = "";
      for (let i = 0; i < count; i++) text += `${lineOf(file.name, ++file.lines)}\n`;
      writeAll(file.handle, new TextEncoder().encode(text));
      left -= count;
      if (file.lines > (file.rotations + 1) * this.#rotateEvery) this.#rotate(file);
    }
  }

  /** Counts what was read back, in whatever order it comes. */
  tally(found: Iterable<ReadLine>): Tally {
    const seen = new SeenLines(this.#files, lineOf);
    let lost = 0, reordered = 0;
    const places = new Map<string, { offset: number; n: number }[]>();
    for (const { text, generation, offset } of found) {
      const line = seen.take(text);
      if (line === undefined) continue;
      const { n } = line, list = places.get(generation);
      if (list === undefined) places.set(generation, [{ offset, n }]);
      else list.push({ offset, n });
    }
    for (const { name, lines } of this.#files) {
      for (const _ of seen.lost(name, lines)) lost++;
    }
    for (const list of places.values()) {
      list.sort((a, b) => a.offset - b.offset);
      for (let i = 1; i < list.length; i++) if (list[i].n < list[i - 1].n) reordered++;
    }
    return { lost, doubled: seen.doubled, reordered, damaged: seen.damaged };
  }

  close(): void {
    for (const { handle } of this.#files.splice(0)) handle.close();
  }

  #rotate(file: OneFile): void {
    Deno.renameSync(file.path, `${file.path}.${++file.rotations}`);
    file.handle.close();
    file.handle = open(file.path);
    this.rotations++;
  }
}

const FILLER = "x".repeat(80);

function lineOf(name: string, n: number): string {
  return `${name} ${n} ${FILLER}`;
}

function open(path: string): Deno.FsFile {
  return Deno.openSync(path, { append: true, create: true });
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}
