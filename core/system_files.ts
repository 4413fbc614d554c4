/**
 * The Files port over the machine's file system. Reads go through the thread pool; that a mount which hangs holds up
 * its own files alone is for TimelyFiles to see to. The size of an open file on a local disk is in memory and is asked
 * for at once.
 */
import fs from "node:fs";
import { dirname } from "node:path";
import { WeirError } from "./errors.ts";
import type { DirEntry, FileHandle, Files, FileStat } from "./ports/files.ts";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, S_IFMT, S_IFREG, S_IFDIR } = fs.constants;

class SystemFileHandle implements FileHandle {
  readonly #fd: number;
  readonly #path: string;
  /** Its inode is in memory as long as it is open; undefined: not known yet. */
  #isLocal: boolean | undefined;
  #open = true;
  /** Calls under way: while there are some, the number is not given back, or they would meet another file. */
  #calls = 0;

  constructor(fd: number, path: string) {
    this.#fd = fd;
    this.#path = path;
  }
  async stat(): Promise<FileStat> {
    if (!this.#open) throw closedError("stat", this.#path);
    this.#calls++;
    try {
      if (this.#isLocal) return statOf(fs.fstatSync(this.#fd));
      const stat = statOf(await fstat(this.#fd));
      this.#isLocal ??= await isLocal(stat.device, this.#path);
      return stat;
    } catch (error) {
      throw fileError(error, "stat", "open file");
    } finally {
      this.#called();
    }
  }
  read(into: Uint8Array, position: number): Promise<number> {
    if (!this.#open) return Promise.reject(closedError("read", this.#path));
    this.#calls++;
    return new Promise((resolve, reject) => {
      fs.read(this.#fd, into, 0, into.length, position, (error, bytes) => {
        this.#called();
        if (error) reject(fileError(error, "read", "open file"));
        else resolve(bytes);
      });
    });
  }
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#calls === 0) fs.closeSync(this.#fd);
  }

  #called(): void {
    if (--this.#calls === 0 && !this.#open) fs.closeSync(this.#fd);
  }
}

/** Its number may be another file's by now. */
function closedError(action: string, path: string): WeirError {
  return new WeirError("FILE_FAILED", `Cannot ${action} "${path}": it is closed`, {
    retriable: true,
  });
}

export const systemFiles: Files = {
  open(path) {
    return new Promise((resolve, reject) => {
      fs.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, (error, fd) => {
        if (error) reject(fileError(error, "open", path));
        else resolve(new SystemFileHandle(fd, path));
      });
    });
  },
  async stat(path) {
    try {
      return statOf(await fs.promises.stat(path));
    } catch (error) {
      throw fileError(error, "look at", path);
    }
  },
  async realPath(path) {
    try {
      return await Deno.realPath(path);
    } catch (error) {
      throw fileError(error, "resolve", path);
    }
  },
  async readDir(path) {
    const entries: DirEntry[] = [];
    try {
      for await (const entry of Deno.readDir(path)) {
        const kind = entry.isSymlink
          ? "link"
          : entry.isFile
          ? "file"
          : entry.isDirectory
          ? "directory"
          : "other";
        entries.push({ name: entry.name, kind });
      }
    } catch (error) {
      throw fileError(error, "list", path);
    }
    return entries;
  },
  async readText(path) {
    try {
      return await Deno.readTextFile(path);
    } catch (error) {
      throw fileError(error, "read", path);
    }
  },
  async writeAtomic(path, content) {
    const temporary = `${path}.new`;
    try {
      await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await Deno.open(temporary, {
        write: true,
        create: true,
        truncate: true,
        mode: 0o600,
      });
      try {
        for (let at = 0; at < content.length;) at += await file.write(content.subarray(at));
        await file.sync();
      } finally {
        file.close();
      }
      await Deno.rename(temporary, path);
      syncDirectory(dirname(path));
    } catch (error) {
      throw fileError(error, "write", path);
    }
  },
  async remove(path) {
    try {
      await Deno.remove(path);
    } catch (error) {
      throw fileError(error, "remove", path);
    }
  },
  watch(directories, changed, signal) {
    for (const directory of directories) void watchOne(directory, changed, signal);
  },
};

/** Without it the new name may be gone after a power cut. */
function syncDirectory(path: string): void {
  const fd = fs.openSync(path, O_RDONLY);
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

async function watchOne(
  directory: string,
  changed: (path: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let watcher: Deno.FsWatcher;
  try {
    watcher = Deno.watchFs(directory, { recursive: false });
  } catch {
    return; // it vanished, or inotify has no room: the sweep finds what changes there
  }
  const close = () => {
    try {
      watcher.close();
    } catch {
      // closed already
    }
  };
  if (signal.aborted) return close();
  signal.addEventListener("abort", close, { once: true });
  try {
    for await (const event of watcher) {
      if (event.kind === "access") continue;
      for (const path of event.paths) changed(path);
    }
  } catch {
    // the directory was removed under the watch
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

function fstat(fd: number): Promise<fs.Stats> {
  return new Promise((resolve, reject) => {
    fs.fstat(fd, (error, stats) => error ? reject(error) : resolve(stats));
  });
}

/** Numbers that Linux gives to file systems whose inodes no other machine or process keeps. */
const LOCAL_TYPES = new Set([
  0xef53, // ext2 to ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0xf2f52010, // F2FS
  0x2fc12fc1, // ZFS
  0x01021994, // tmpfs
  0x794c7630, // overlay
]);
/** By device: asked for once. */
const localDevices = new Map<number, boolean>();
const DEVICES_MAX = 10_000;

async function isLocal(device: number, path: string): Promise<boolean> {
  const known = localDevices.get(device);
  if (known !== undefined) return known;
  const type = await new Promise<number | undefined>((resolve) => {
    fs.statfs(path, (error, found) => resolve(error ? undefined : Number(found.type) >>> 0));
  });
  if (type === undefined) return false; // its name changed a moment ago
  if (localDevices.size >= DEVICES_MAX) localDevices.clear();
  localDevices.set(device, LOCAL_TYPES.has(type));
  return LOCAL_TYPES.has(type);
}

function statOf(stats: fs.Stats): FileStat {
  const type = stats.mode & S_IFMT;
  return {
    kind: type === S_IFREG ? "file" : type === S_IFDIR ? "directory" : "other",
    size: stats.size,
    device: stats.dev,
    inode: stats.ino,
    links: stats.nlink,
    modifiedMs: stats.mtimeMs,
  };
}

const CODES: Record<string, [code: string, hint: string, retriable: boolean]> = {
  ENOENT: ["FILE_NOT_FOUND", "Check the path.", false],
  ENOTDIR: ["FILE_NOT_FOUND", "Check the path.", false],
  EACCES: [
    "FILE_DENIED",
    "Let this program's user read it, for example through the group adm.",
    false,
  ],
  EPERM: [
    "FILE_DENIED",
    "Let this program's user read it, for example through the group adm.",
    false,
  ],
  ELOOP: ["FILE_IS_LINK", "Links are read by the path they lead to.", false],
  ENOSPC: ["DISK_FULL", "Make room; it goes on by itself.", true],
  EDQUOT: ["DISK_FULL", "Make room; it goes on by itself.", true],
};

function fileError(error: unknown, action: string, path: string): WeirError {
  const cause = error as { code?: string; name?: string; message: string };
  const byName = cause.name === "NotFound"
    ? "ENOENT"
    : cause.name === "PermissionDenied" || cause.name === "NotCapable"
    ? "EACCES"
    : "";
  const noRoom = /os error 28\b|os error 122\b/.test(cause.message ?? "") ? "ENOSPC" : "";
  const [code, hint, retriable] = CODES[cause.code ?? ""] ?? CODES[byName] ?? CODES[noRoom] ??
    ["FILE_FAILED", "See the message.", true];
  return new WeirError(code, `Cannot ${action} "${path}": ${cause.message}`, {
    hint,
    retriable,
    cause: error,
  });
}
