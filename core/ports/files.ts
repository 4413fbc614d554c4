/**
 * Port: the file system as a tail sees it. Adapters: the machine's, memory, the simulator's (which crashes
 * and forgets what was not synced).
 *
 * Promises: paths are absolute. `open` never follows a link in the last component (FILE_IS_LINK) and never
 * hangs on a FIFO. A handle goes on reading its file after rename and removal. `writeAtomic` leaves, after a
 * crash at any moment, the old content or the new, never a mixture, and when it resolves the new content is
 * on disk. Errors are WeirErrors: FILE_NOT_FOUND, FILE_DENIED, FILE_IS_LINK, FILE_FAILED (retriable).
 */
import { WeirError } from "../errors.ts";

export interface Files {
  open(path: string): Promise<FileHandle>;
  /** Follows links. */
  stat(path: string): Promise<FileStat>;
  /** The path with all links resolved. */
  realPath(path: string): Promise<string>;
  /** Entries of a directory, unordered, without . and .. */
  readDir(path: string): Promise<DirEntry[]>;
  readText(path: string): Promise<string>;
  /** Temporary file, fsync, rename, fsync of the directory; mode 0600; makes missing parent directories. */
  writeAtomic(path: string, content: Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
  /**
   * Says which paths changed below the directories, as soon as the system tells; events may be merged or
   * (rarely) lost, so callers sweep as well. Ends when `signal` aborts. Directories that vanish end silently.
   */
  watch(directories: readonly string[], changed: (path: string) => void, signal: AbortSignal): void;
}

export interface FileHandle {
  stat(): Promise<FileStat>;
  /** Reads at `position` into `into`; returns the bytes read, 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  close(): void;
}

export interface FileStat {
  kind: "file" | "directory" | "other";
  size: number;
  device: number;
  inode: number;
  /** Number of names; 0 after the last was removed. */
  links: number;
  modifiedMs: number;
}

export interface DirEntry {
  name: string;
  kind: "file" | "directory" | "link" | "other";
}

/** Nothing has that name. */
export function isNotFound(error: unknown): boolean {
  return error instanceof WeirError && error.code === "FILE_NOT_FOUND";
}

/** Reads `length` bytes at `position`, over as many reads as it takes; fewer at the end of the file. */
export async function readFully(
  handle: FileHandle,
  position: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, await readInto(handle, bytes, position));
}

/** Fills `bytes` from `position`; returns how many were there. */
export async function readInto(
  handle: FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<number> {
  let got = 0;
  while (got < bytes.length) {
    const count = await handle.read(bytes.subarray(got), position + got);
    if (count === 0) break;
    got += count;
  }
  return got;
}
