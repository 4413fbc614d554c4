/**
 * Where the readers get their texts: /proc and /sys below folders of the operator's choice, and the
 * sizes of mounted filesystems. Files of /proc are made by the kernel while they are read, so
 * reading them at once is both cheaper than a promise (10 µs against 80) and never waits for a
 * disk; statfs can wait for a dead server and is therefore always a promise.
 */
import { promises as fs } from "node:fs";
import type { VolumeCounts } from "./host_sample.ts";

export interface HostFiles {
  /** Text of a file below /proc. Throws where it is missing or refused. */
  proc(path: string): string;
  /** Text of a file below /proc, undefined where it is missing or refused. */
  tryProc(path: string): string | undefined;
  /**
   * Trimmed text of a sysfs attribute, undefined where it is missing, refused, or the driver has no
   * value.
   */
  trySys(path: string): string | undefined;
  /**
   * The same for an attribute that is read at every look: its file stays open, which makes it five
   * times cheaper.
   */
  keptSys(path: string): string | undefined;
  /** Closes the kept files below a folder of /sys, because another device has its name now. */
  forgetSys(folder: string): void;
  /** Closes every kept file. */
  close(): void;
  /** Names in a folder below /proc or /sys, sorted; empty where there is no such folder. */
  listProc(path: string): string[];
  listSys(path: string): string[];
  /** The folders among them; a link to one is none. */
  foldersSys(path: string): string[];
  /** What a symbolic link below /sys points to, undefined where it is none. */
  sysLink(path: string): string | undefined;
  /** Text of a file below the root of the host, undefined where it is missing or refused. */
  tryRoot(path: string): string | undefined;
  tryRootBytes(path: string): Uint8Array | undefined;
  /** Sizes of the filesystem that is mounted at a path of the host. May take for ever. */
  statfs(mountPoint: string): Promise<VolumeCounts>;
}

export interface HostFolders {
  procDir: string;
  sysDir: string;
  /** Where the host's root is seen; "/" outside of containers. */
  rootDir: string;
}

/** The files of this machine. */
export function hostFiles(folders: HostFolders): HostFiles {
  const { procDir, sysDir } = folders;
  const kept = new KeptFiles();
  const root = folders.rootDir.replace(/\/+$/, "");
  return {
    proc: (path) => kept.read(`${procDir}/${path}`),
    tryProc: (path) => readOr(`${procDir}/${path}`),
    trySys: (path) => readOr(`${sysDir}/${path}`)?.trim(),
    keptSys: (path) => {
      try {
        return kept.read(`${sysDir}/${path}`, true).trim();
      } catch {
        return undefined; // as for trySys
      }
    },
    forgetSys: (folder) => kept.forget(`${sysDir}/${folder}/`),
    close: () => kept.forget(""),
    listProc: (path) => list(`${procDir}/${path}`),
    listSys: (path) => list(`${sysDir}/${path}`),
    foldersSys: (path) => list(`${sysDir}/${path}`, true),
    sysLink: (path) => {
      try {
        return Deno.readLinkSync(`${sysDir}/${path}`);
      } catch {
        return undefined; // not a link: the caller goes by the name instead
      }
    },
    tryRoot: (path) => readOr(`${root}${path}`),
    tryRootBytes: (path) => {
      try {
        return Deno.readFileSync(`${root}${path}`);
      } catch {
        return undefined; // missing or refused: the reader goes without
      }
    },
    statfs: async (mountPoint) => {
      const found = await fs.statfs(root === "" ? mountPoint : `${root}${mountPoint}`);
      return {
        sizeBytes: found.blocks * found.bsize,
        freeBytes: found.bfree * found.bsize,
        availableBytes: found.bavail * found.bsize,
        files: found.files,
        filesFree: found.ffree,
      };
    },
  };
}

const decoder = new TextDecoder();
let buffer = new Uint8Array(64 * 1024);

/**
 * Reads a file of the kernel: its size is said to be 0, so it is read until it ends. Half the cost
 * of Deno.readTextFileSync.
 */
function readText(path: string): string {
  const file = Deno.openSync(path);
  try {
    return readAll(file);
  } finally {
    file.close();
  }
}

/** `whole`: one answer is everything, as for attributes of sysfs, which are at most a page. */
function readAll(file: Deno.FsFile, whole = false): string {
  let length = 0;
  for (;;) {
    const count = file.readSync(length === 0 ? buffer : buffer.subarray(length));
    if (count === null || count === 0) break;
    length += count;
    if (whole) break;
    if (length === buffer.length) buffer = grown();
  }
  return decoder.decode(buffer.subarray(0, length));
}

/** Most files that are kept open; others are opened at every look. */
const KEPT_MAX = 256;

/** Files of the kernel that stay open: read again from their beginning, they say what is so now. */
class KeptFiles {
  #open = new Map<string, Deno.FsFile>();

  /** Throws where the file is missing or refused. */
  read(path: string, whole = false): string {
    const file = this.#open.get(path);
    if (file === undefined) {
      if (this.#open.size >= KEPT_MAX) return readText(path);
      return this.#first(path);
    }
    try {
      file.seekSync(0, Deno.SeekMode.Start);
      return readAll(file, whole);
    } catch {
      // The device is gone, or came back as another one under the same name.
      file.close();
      this.#open.delete(path);
      return this.#first(path);
    }
  }

  #first(path: string): string {
    const file = Deno.openSync(path);
    try {
      const text = readAll(file);
      this.#open.set(path, file);
      return text;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  forget(prefix: string): void {
    for (const [path, file] of this.#open) {
      if (!path.startsWith(prefix)) continue;
      file.close();
      this.#open.delete(path);
    }
  }
}

function grown(): Uint8Array<ArrayBuffer> {
  if (buffer.length >= READ_BYTES_MAX) throw new Error(`longer than ${READ_BYTES_MAX} bytes`);
  const larger = new Uint8Array(buffer.length * 2);
  larger.set(buffer);
  return larger;
}

/** No file that is read here comes near it: /proc/stat of 4096 CPUs is 2 MB. */
const READ_BYTES_MAX = 64 * 1024 * 1024;

/**
 * An attribute that is absent, or that the driver refuses with EINVAL or EOPNOTSUPP, is no value;
 * that is all a reader needs.
 */
function readOr(path: string): string | undefined {
  try {
    return readText(path);
  } catch {
    return undefined;
  }
}

function list(path: string, foldersOnly = false): string[] {
  try {
    const entries = [...Deno.readDirSync(path)];
    const wanted = foldersOnly ? entries.filter((entry) => entry.isDirectory) : entries;
    return wanted.map((entry) => entry.name).sort();
  } catch {
    return [];
  }
}
