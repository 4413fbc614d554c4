/** This host for `weir doctor`: roots, state folders, disk room, inotify limits. It reads and leaves nothing behind. */
import fs from "node:fs";
import { dirname } from "node:path";
import { messageOf } from "../../core/errors.ts";
import type { AgentSettings } from "../../agent/config.ts";
import { type Check, cross, type Finding, type Link, ok, warning } from "./check.ts";

const MIB = 2 ** 20;
const FREE_CROSS = 16 * MIB, FREE_WARN = 256 * MIB;

export function rootsCheck(roots: readonly string[]): Check {
  return {
    link: "files",
    name: "roots",
    remedy: "Check tail.roots; a mount may hang.",
    run: () => Promise.all(roots.map(rootFinding)),
  };
}

async function rootFinding(root: string): Promise<Finding> {
  const { R_OK, X_OK } = fs.constants;
  try {
    await fs.promises.access(root, R_OK | X_OK);
    return ok("files", `${root} can be read`);
  } catch (error) {
    const remedy = `Let the agent's user read it (usermod -aG adm weir), or mend tail.roots.`;
    return cross("files", `${root}: ${messageOf(error)}`, remedy);
  }
}

/** A folder that a program writes to. */
export function folderCheck(link: Link, folder: string): Check {
  return {
    link,
    name: folder,
    remedy: "Check the disk of this folder.",
    async run() {
      const there = existing(folder);
      try {
        await fs.promises.access(there, fs.constants.W_OK | fs.constants.X_OK);
      } catch (error) {
        const remedy = `Make it writable for the program's user: chown weir ${folder}`;
        return [cross(link, `${folder}: ${messageOf(error)}`, remedy)];
      }
      const { bavail, bsize } = await fs.promises.statfs(there);
      return [roomFinding(link, folder, bavail * bsize)];
    },
  };
}

/** The folder, or the nearest above it that is there: the rest would be made. */
function existing(folder: string): string {
  for (let path = folder;; path = dirname(path)) {
    if (fs.existsSync(path) || path === dirname(path)) return path;
  }
}

export function roomFinding(link: Link, folder: string, freeBytes: number): Finding {
  const what = `${folder} is writable, ${Math.floor(freeBytes / MIB)} MiB free`;
  const remedy = "Make room on this disk.";
  if (freeBytes < FREE_CROSS) return cross(link, what, remedy);
  return freeBytes < FREE_WARN ? warning(link, what, remedy) : ok(link, what);
}

export function inotifyCheck(tail: AgentSettings["tail"]): Check {
  const folder = "/proc/sys/fs/inotify";
  return {
    link: "agent",
    name: "inotify limits",
    remedy: `See ${folder}.`,
    async run() {
      if (!fs.existsSync(folder)) return [];
      const read = async (name: string) => Number(await Deno.readTextFile(`${folder}/${name}`));
      const [watches, instances] = [
        await read("max_user_watches"),
        await read("max_user_instances"),
      ];
      return inotifyFindings(watches, instances, tail.filesMax);
    },
  };
}

/** Without a watch a file is still found, by the sweep: later, not never. */
const INSTANCES = 128;

export function inotifyFindings(watches: number, instances: number, filesMax: number): Finding[] {
  const line = (name: string, has: number, wanted: number) => {
    const what = `fs.inotify.${name} is ${has}`;
    if (has >= wanted) return ok("agent", what);
    const remedy = `sysctl -w fs.inotify.${name}=${wanted}; until then the sweep finds changes.`;
    return warning("agent", what, remedy);
  };
  return [
    line("max_user_watches", watches, filesMax),
    line("max_user_instances", instances, INSTANCES),
  ];
}
