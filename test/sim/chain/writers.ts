/**
 * The programs that write logs on a simulated host: they append, tear lines in two, print stack traces whose lines come
 * together or one after the other, and rotate by rename, by copy and truncate, or empty a file of which everything has
 * arrived, also in the middle of a trace. Every line has a number of its own; each life of a file begins with the same
 * banner.
 */
import type { Random } from "../../support/random.ts";
import { LINE_BYTES_MAX, PATHS, type SimHost } from "./agent_process.ts";
import { POISON } from "./sim_index.ts";
import { NOISE } from "./transfer_process.ts";
import { WrittenLife } from "./written_life.ts";

export const BANNER = "=== service started, version 1.0 ===";

export class Writers {
  /** Texts of all lines, in the order in which they were begun; banners are not among them. */
  readonly written: string[] = [];
  /** What was ever in a file. */
  readonly lives: WrittenLife[] = [];
  readonly #host: SimHost;
  readonly #random: Random;
  /** The rest of a line that was torn, by path. */
  readonly #torn = new Map<string, string>();
  /** By path. */
  readonly #living = new Map<string, WrittenLife>();
  #rotations = 0;

  constructor(host: SimHost, random: Random) {
    this.#host = host;
    this.#random = random;
  }

  get #files() {
    return this.#host.files;
  }

  #line(path: string, goesOnWith?: boolean): string {
    const random = this.#random, number = String(this.written.length + 1).padStart(5, "0");
    const isJoined = this.#host.joinings.has(path);
    const word = random.chance(0.005)
      ? POISON
      : random.chance(isJoined ? 0.02 : 0.05)
      ? NOISE
      : "x".repeat(random.below(isJoined ? 12 : 40));
    const goesOn = goesOnWith ?? (isJoined && random.chance(0.6)) ? "\tat " : "";
    const text = `${goesOn}${this.#host.name} ${number} ${
      random.chance(0.01) ? word.padEnd(300, "y") : word
    }`;
    this.written.push(text.slice(0, LINE_BYTES_MAX));
    return text;
  }

  append(path: string = this.#random.pick(PATHS)): void {
    const isNew = !this.#files.paths().includes(path) || this.#files.content(path).length === 0;
    let text = isNew ? `${BANNER}\n` : `${this.#torn.get(path) ?? ""}`;
    if (!isNew && this.#torn.has(path)) text += "\n";
    this.#torn.delete(path);
    // Now and then so many that several batches of them are on their way at once.
    const lines = this.#random.chance(0.04) ? 100 + this.#random.below(100) : this.#random.below(8);
    for (let i = lines; i >= 0; i--) text += `${this.#line(path)}\n`;
    if (this.#random.chance(0.2)) {
      const line = this.#line(path), cut = this.#random.below(line.length);
      // What is known by a word, or by its length, comes whole.
      const isWhole = /[A-Z]/.test(line) || line.length > LINE_BYTES_MAX;
      text += isWhole ? `${line}\n` : line.slice(0, cut);
      if (!isWhole) this.#torn.set(path, line.slice(cut));
    }
    if (isNew) this.#begin(path);
    this.#write(path, text);
  }

  /** The lines of one trace, or those that come later of it. */
  trace(path: string, isBegin: boolean): void {
    this.finish(path);
    if (!this.#living.has(path) || !this.#files.paths().includes(path)) return this.append(path);
    const count = 1 + this.#random.below(3);
    const lines = Array.from({ length: count }, (_, i) => this.#line(path, i > 0 || !isBegin));
    this.#write(path, lines.map((line) => `${line}\n`).join(""));
  }

  #begin(path: string): void {
    const life = new WrittenLife(this.#host.name, path, this.#host.joinings.get(path));
    this.lives.push(life);
    this.#living.set(path, life);
  }

  #write(path: string, text: string): void {
    this.#living.get(path)!.append(text);
    this.#files.append(path, text);
  }

  rotate(): void {
    const path = this.#random.pick(PATHS);
    if (!this.#files.paths().includes(path)) return this.append(path);
    this.finish(path);
    const to = `${path}.${++this.#rotations}`;
    // Nobody keeps a copy, but all of it has arrived.
    if (this.#host.isSaved(path) && this.#random.chance(0.3)) this.#files.truncate(path);
    else if (this.#random.chance(0.5)) this.#files.rename(path, to);
    else {
      this.#files.copy(path, to);
      this.#files.truncate(path);
    }
    this.append(path);
  }

  /** No line stays torn. */
  finish(only?: string): void {
    for (const [path, rest] of [...this.#torn]) {
      if (only !== undefined && only !== path) continue;
      this.#write(path, `${rest}\n`);
      this.#torn.delete(path);
    }
  }
}
