/** Faults of files: rotations in their kinds, also while nobody looks, deletion, and a state folder without room. */
import type { Random } from "../support/random.ts";
import type { FaultChain } from "./chain.ts";
import { endProgram, type Fault, freeze, type Heal } from "./fault.ts";

const BURST = 10, PAUSE_MS = 100;

/** Rotates each file once. */
function rotateAll({ workload }: FaultChain, how: "rotate" | "copyTruncate"): void {
  for (let at = 0; at < workload.files.length; at++) workload[how](at);
}

/** Rotates any file at each beat, until healed. */
function rotateOften({ workload }: FaultChain, random: Random): Heal {
  let left = BURST;
  const timer = setInterval(() => {
    if (left-- > 0) workload.rotate(random.below(workload.files.length));
  }, PAUSE_MS);
  return () => clearInterval(timer);
}

/** A copy may be one of a file that is about to be truncated: the agent waits for that so long (tail.copyHold). */
const COPY_HOLD_MS = 10_000;

/** Fills the disk to its last byte. */
function fill(path: string): void {
  using file = Deno.openSync(path, { write: true, create: true });
  try {
    for (const size of [4096, 1]) {
      const bytes = new Uint8Array(size);
      while (file.writeSync(bytes) > 0);
    }
  } catch {
    // full
  }
}

export const FILE_FAULTS: readonly Fault[] = [
  {
    name: "rotation by rename, all files",
    hits: "files",
    cases: [2, 3],
    begin: (chain) => {
      rotateAll(chain, "rotate");
      return () => {};
    },
  },
  {
    name: `rotation by rename, ${BURST} times a second`,
    hits: "files",
    cases: [3, 15],
    begin: rotateOften,
  },
  {
    name: "rotation by copytruncate, all files",
    hits: "files",
    cases: [5, 6],
    moreMs: COPY_HOLD_MS,
    begin: (chain) => {
      rotateAll(chain, "copyTruncate");
      return () => {};
    },
  },
  ...(["rotate", "copyTruncate"] as const).map((how): Fault => ({
    name: `rotation by ${how === "rotate" ? "rename" : "copytruncate"} while the agent is dead`,
    hits: "weir-agent",
    cases: how === "rotate" ? [4] : [4, 5],
    moreMs: how === "rotate" ? 0 : COPY_HOLD_MS,
    begin: async (chain, random) => {
      const heal = await endProgram(chain, "weir-agent", "SIGKILL");
      rotateAll(chain, how);
      chain.workload.write(random.below(chain.workload.files.length * 100));
      rotateAll(chain, "rotate");
      return heal;
    },
  })),
  {
    name: "rotation by rename while the agent stands still",
    hits: "weir-agent",
    cases: [3, 58],
    begin: (chain) => {
      const heal = freeze([chain.program("weir-agent")]);
      rotateAll(chain, "rotate");
      rotateAll(chain, "rotate");
      return heal;
    },
  },
  {
    name: "no room in the state folder",
    hits: "state",
    cases: [18],
    begin: (chain) => {
      const path = chain.disk.join("ballast");
      fill(path);
      return () => Deno.removeSync(path);
    },
  },
  {
    name: "no room in the state folder, and agent SIGKILL",
    hits: "weir-agent",
    also: ["state"],
    cases: [16, 18],
    begin: async (chain) => {
      const path = chain.disk.join("ballast");
      fill(path);
      const start = await endProgram(chain, "weir-agent", "SIGKILL");
      return async () => {
        Deno.removeSync(path);
        await start();
      };
    },
  },
  {
    name: "the newest checkpoint is torn, and agent SIGKILL",
    hits: "weir-agent",
    also: ["state"],
    cases: [17],
    begin: async (chain) => {
      const heal = await endProgram(chain, "weir-agent", "SIGKILL");
      const names = ["a", "b"].map((end) => chain.disk.join(`state/checkpoint.${end}`));
      const ages = names.map((name) => Deno.statSync(name).mtime?.getTime() ?? 0);
      const newest = names[ages[0] > ages[1] ? 0 : 1];
      Deno.truncateSync(newest, Math.floor(Deno.statSync(newest).size / 2));
      return heal;
    },
  },
];
