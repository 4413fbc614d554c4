/**
 * Finds the files that the entries mean, inside the allowed roots. A path is opened only after it was resolved, without
 * following a link in its last part, and is compared with what the path leads to once more after opening: a link that
 * is swapped in between is refused, not read.
 */
import picomatch from "picomatch";
import { isRetriable, messageOf, WeirError } from "../../core/errors.ts";
import {
  type FileHandle,
  type Files,
  type FileStat,
  isNotFound,
  readFully,
} from "../../core/ports/files.ts";
import type { FileState } from "../checkpoint/state.ts";
import { type Entry, seenKey } from "./entries.ts";
import type { SeenFile } from "./fingerprint.ts";

/** Why something that matches is not read. */
export interface Problem {
  path: string;
  code: string;
  reason: string;
  /** It may pass by itself. */
  retriable: boolean;
}

export interface Found {
  /** Paths that match, with the entries that want them. */
  files: Map<string, Entry[]>;
  /** Directories in which a matching file may appear. */
  directories: Set<string>;
  problems: Problem[];
}

const DIRECTORIES_MAX = 20_000;

/** Looks through the file system once. `filesMax` bounds the matching files; beyond it the rest is a problem. */
export async function discover(
  entries: readonly Entry[],
  files: Files,
  filesMax: number,
): Promise<Found> {
  const found: Found = { files: new Map(), directories: new Set(), problems: [] };
  for (const entry of entries) {
    const walk = new Walk(files, found);
    const excluded = excluder(entry);
    for await (const path of walk.expand(entry.path)) {
      if (excluded(path)) continue;
      const wanting = found.files.get(path);
      if (wanting !== undefined) wanting.push(entry);
      else if (found.files.size < filesMax) found.files.set(path, [entry]);
      else {
        found.problems.push({
          path: entry.path,
          code: "TOO_MANY_FILES",
          reason: `more than ${filesMax} files match`,
          retriable: false,
        });
        break;
      }
    }
  }
  return found;
}

/** Entries that want a path. */
export function entriesFor(path: string, entries: readonly Entry[]): Entry[] {
  return entries.filter((entry) => picomatch(entry.path, MATCH)(path) && !excluder(entry)(path));
}

/**
 * Names (`seenKey`) of entries of which a file is known from before a restart: of these a file that is found now came
 * later, whatever they say about files that were there first.
 */
export function searchedBefore(entries: readonly Entry[], states: Iterable<FileState>): string[] {
  const asking = entries.filter(({ from, ignoreOlder }) => from === "end" || ignoreOlder > 0);
  const found = new Set<string>();
  for (const { path, topics } of asking.length === 0 ? [] : states) {
    if (found.size === asking.length) break;
    for (const entry of asking) {
      const key = seenKey(entry);
      if (found.has(key) || !(entry.topic in topics)) continue;
      if (entriesFor(path, [entry]).length > 0) found.add(key);
    }
  }
  return [...found];
}

const MATCH = { dot: false, nonegate: true } as const;

function excluder(entry: Entry): (path: string) => boolean {
  return entry.exclude.length === 0 ? () => false : picomatch(entry.exclude, MATCH);
}

class Walk {
  readonly #files: Files;
  readonly #found: Found;

  constructor(files: Files, found: Found) {
    this.#files = files;
    this.#found = found;
  }

  expand(pattern: string): AsyncGenerator<string> {
    return this.#walk("", pattern.split("/").slice(1), 0);
  }

  async *#walk(directory: string, parts: readonly string[], at: number): AsyncGenerator<string> {
    const part = parts[at], last = at === parts.length - 1;
    if (part === "**") {
      yield* this.#walk(directory, last ? ["*"] : parts, last ? 0 : at + 1);
      for (const entry of await this.#list(directory)) {
        const path = `${directory}/${entry.name}`;
        if (
          entry.kind === "directory" && !entry.name.startsWith(".") && await this.#isNamed(path)
        ) yield* this.#walk(path, parts, at);
      }
      return;
    }
    if (!/[*?[\]{}()!]/.test(part)) {
      const path = `${directory}/${part}`;
      if (!last) return yield* this.#walk(path, parts, at + 1);
      if (await this.#isFile(path, true)) yield path;
      await this.#watchNearest(directory);
      return;
    }
    const matches = picomatch(part, MATCH);
    for (const entry of await this.#list(directory)) {
      if (!matches(entry.name)) continue;
      const path = `${directory}/${entry.name}`;
      if (entry.kind !== "other" && !await this.#isNamed(path)) continue;
      if (!last) {
        if (entry.kind === "directory" || entry.kind === "link") {
          yield* this.#walk(path, parts, at + 1);
        }
      } else if (
        entry.kind === "file" || (entry.kind === "link" && await this.#isFile(path, false))
      ) yield path;
    }
  }

  /**
   * False where the name holds bytes that are no UTF-8: the system gives it with other characters in their place, by
   * which nothing can be opened. That is said: else its lines would be missing without a word.
   */
  async #isNamed(path: string): Promise<boolean> {
    if (!path.includes("\ufffd")) return true;
    try {
      await this.#files.stat(path);
    } catch (error) {
      if (isNotFound(error)) {
        this.#problem(path, "NAME_NOT_UTF8", "its name holds bytes that are no UTF-8: rename it");
        return false;
      }
    }
    return true; // any other fault is told by who reads it
  }

  async #isFile(path: string, report: boolean): Promise<boolean> {
    try {
      const stat = await this.#files.stat(path);
      if (stat.kind === "file") return true;
      if (report && stat.kind === "other") {
        this.#problem(path, "NOT_A_FILE", "it is a device, pipe or socket");
      }
    } catch (error) {
      if (!isNotFound(error)) {
        this.#problem(path, codeOf(error), messageOf(error), isRetriable(error));
      }
    }
    return false;
  }

  async #list(directory: string): ReturnType<Files["readDir"]> {
    const path = directory === "" ? "/" : directory;
    if (!this.#watch(directory)) return [];
    try {
      return await this.#files.readDir(path);
    } catch (error) {
      if (isNotFound(error)) {
        this.#found.directories.delete(path);
        await this.#watchNearest(directory);
      } else {
        this.#problem(path, codeOf(error), messageOf(error), isRetriable(error));
      }
      return [];
    }
  }

  /** Watches a directory, or the nearest one above it that is there: the missing ones are made in that. */
  async #watchNearest(directory: string): Promise<void> {
    for (let path = directory; path !== ""; path = path.slice(0, path.lastIndexOf("/"))) {
      try {
        if ((await this.#files.stat(path)).kind === "directory") return void this.#watch(path);
      } catch (error) {
        if (isRetriable(error)) this.#problem(path, codeOf(error), messageOf(error), true);
      }
    }
    this.#watch("");
  }

  #watch(directory: string): boolean {
    if (this.#found.directories.size >= DIRECTORIES_MAX) return false;
    this.#found.directories.add(directory === "" ? "/" : directory);
    return true;
  }

  #problem(path: string, code: string, reason: string, retriable = false): void {
    const { problems } = this.#found;
    if (problems.length < 1000) problems.push({ path, code, reason, retriable });
  }
}

function codeOf(error: unknown): string {
  return error instanceof WeirError ? error.code : "FILE_FAILED";
}

export interface Opened {
  handle: FileHandle;
  stat: FileStat;
  realPath: string;
}

/**
 * Opens a file inside the roots. Throws PATH_OUTSIDE_ROOTS for one that leads elsewhere by any link, PATH_CHANGED
 * (retriable) where it changed while it was being opened, NOT_A_FILE, and the errors of Files.
 * @param roots absolute directories, resolved; nothing outside them is ever read
 */
export async function openInside(
  path: string,
  roots: readonly string[],
  files: Files,
): Promise<Opened> {
  const realPath = await files.realPath(path);
  if (!isInside(realPath, roots)) {
    throw new WeirError(
      "PATH_OUTSIDE_ROOTS",
      `Cannot read "${path}": it leads to "${realPath}", outside the allowed roots`,
      {
        hint: `Allowed here: ${
          roots.join(", ")
        }. The host's own settings file says so (tail.roots).`,
      },
    );
  }
  const handle = await files.open(realPath);
  try {
    const stat = await handle.stat();
    if (stat.kind !== "file") {
      throw new WeirError("NOT_A_FILE", `Cannot read "${path}": it is no regular file`);
    }
    const again = await files.stat(path);
    const realAgain = await files.realPath(path);
    if (realAgain !== realPath || again.inode !== stat.inode || again.device !== stat.device) {
      throw new WeirError("PATH_CHANGED", `Cannot read "${path}": it changed while it was opened`, {
        retriable: true,
      });
    }
    return { handle, stat, realPath };
  } catch (error) {
    handle.close();
    throw error;
  }
}

/**
 * What `look` says of the file at a path, which is open only meanwhile; `otherwise` where there is none, or none that
 * may be read. A fault that passes says nothing of the file: it is thrown.
 */
export async function lookInside<T>(
  path: string,
  { roots, files }: { roots: readonly string[]; files: Files },
  otherwise: T,
  look: (file: FileStat & SeenFile) => T | Promise<T>,
): Promise<T> {
  try {
    const { handle, stat } = await openInside(path, roots, files);
    try {
      const read = (position: number, length: number) => readFully(handle, position, length);
      return await look({ ...stat, read });
    } finally {
      handle.close();
    }
  } catch (error) {
    if (error instanceof WeirError && !error.retriable) return otherwise;
    throw error;
  }
}

export function isInside(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => root === "/" || path === root || path.startsWith(`${root}/`));
}
