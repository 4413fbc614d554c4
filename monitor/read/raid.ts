/**
 * Software RAID out of /proc/mdstat, and bonded network devices out of sysfs: how many members there
 * should be, and how many work.
 */
import type { HostFiles } from "./host_files.ts";

export interface RaidArray {
  /** "md0". */
  device: string;
  /** active, inactive, recovering, resync or check. */
  state: string;
  /** Members that work, that failed, and that stand by. */
  active: number;
  failed: number;
  spare: number;
  /** Members that it is made of. */
  required: number;
  /** Blocks of 1 KiB, and how many of them are in sync. */
  blocks: number;
  blocksSynced: number;
}

export interface Bond {
  master: string;
  slaves: number;
  /** Slaves whose link is up. */
  active: number;
}

/** The kernel's words, as /proc/mdstat has them at the beginning of a line of progress. */
const AT_WORK: [word: string, state: string][] = [
  ["recovery", "recovering"],
  ["reshape", "recovering"],
  ["resync", "resync"],
  ["check", "check"],
];

/** Reads /proc/mdstat. An array whose lines are not understood is left out of nothing: it throws. */
export function parseMdstat(text: string): RaidArray[] {
  const found: RaidArray[] = [];
  for (const block of text.split(/\n(?=\S)/)) {
    const head = /^(md\S*) : (\S+)/.exec(block);
    if (head === null) continue;
    const [first, second = "", ...more] = block.split("\n");
    const blocks = /^\s*(\d+) blocks/.exec(second)?.[1];
    if (blocks === undefined) throw new Error(`Cannot read mdstat: unknown form of ${head[1]}`);
    const members = first.match(/\[\d+\]/g)?.length ?? 0;
    const failed = first.match(/\(F\)/g)?.length ?? 0;
    const spare = first.match(/\(S\)/g)?.length ?? 0;
    const [, total, active] = /\[(\d+)\/(\d+)\]/.exec(second) ?? [];
    const inactive = head[2] !== "active";
    const whole = /\b(raid0|linear)\b/.test(first);
    const array: RaidArray = {
      device: head[1],
      state: inactive ? "inactive" : "active",
      active: inactive ? 0 : whole ? members : Number(active ?? 0),
      failed,
      spare,
      required: inactive ? 0 : whole ? members : Number(total ?? 0),
      blocks: Number(blocks),
      blocksSynced: Number(blocks),
    };
    progress(array, more);
    found.push(array);
  }
  return found;
}

/** "[=>....]  recovery =  8.5% (16775552/195310144) finish=17.0min", or "resync=DELAYED". */
function progress(array: RaidArray, lines: readonly string[]): void {
  for (const line of lines) {
    const [, state] = AT_WORK.find(([word]) => new RegExp(`\\b${word}\\s*=`).test(line)) ?? [];
    if (state === undefined) continue;
    array.state = state;
    array.blocksSynced = Number(/\((\d+)\/\d+\)/.exec(line)?.[1] ?? 0);
  }
}

/** Every bond with its slaves; empty where there is no driver for them. */
export function readBonds(files: HostFiles): Bond[] {
  const words = (path: string) => (files.trySys(path) ?? "").split(/\s+/).filter((it) => it !== "");
  return words("class/net/bonding_masters").map((master) => {
    const slaves = words(`class/net/${master}/bonding/slaves`);
    const up = slaves.filter((slave) =>
      // Kernels before 3.9 have another name for the link.
      ["lower_", "slave_"].some((prefix) =>
        files.trySys(`class/net/${master}/${prefix}${slave}/bonding_slave/mii_status`) === "up"
      )
    );
    return { master, slaves: slaves.length, active: up.length };
  });
}
