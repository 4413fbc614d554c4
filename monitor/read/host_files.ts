/**
 * Where the readers get their texts: /proc and /sys below folders of the operator's choice, and the sizes of mounted filesystems.
 * Files of /proc are made by the kernel while they are read, so reading them at once is both cheaper than a promise (10 µs
 * against 80) and never waits for a disk; statfs can wait for a dead server and is therefore always a promise.
 */
import { promises as fs } from "node:fs";
import type { VolumeCounts } from "./host_sample.ts";

export interface HostFiles {
  /** Text of a file below /proc. Throws where it is missing or refused. */
  proc(path: string): string;
  /** Text of a file below /proc, undefined where it is missing or refused. */
  tryProc(path: string): string | undefined;
  /** Trimmed text of a sysfs attribute, undefined where it is missing, refused, or the driver has no value. */
  trySys(path: string): string | undefined;
  /** Names in a folder below /proc or /sys, sorted; empty where there is no such folder. */
  listProc(path: string): string[];
  listSys(path: string): string[];
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
  const root = folders.rootDir.replace(/\/+$/, "");
  return {
    proc: (path) => Deno.readTextFileSync(`${procDir}/${path}`),
    tryProc: (path) => readOr(`${procDir}/${path}`),
    trySys: (path) => readOr(`${sysDir}/${path}`)?.trim(),
    listProc: (path) => list(`${procDir}/${path}`),
    listSys: (path) => list(`${sysDir}/${path}`),
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

/** An attribute that is absent, or that the driver refuses with EINVAL or EOPNOTSUPP, is no value; that is all a reader needs. */
function readOr(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

function list(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map((entry) => entry.name).sort();
  } catch {
    return [];
  }
}
