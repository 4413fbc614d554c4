/**
 * Faults of upgrades: the programs are started one by one as another build, with the state of the one before, while
 * lines flow; healed, they go back to the first. WEIR_TEST_OTHER_DIST names a folder with the executables of another
 * release; without it another build of these sources is made, which differs in its version alone.
 */
import { run } from "../support/process.ts";
import { DIST, type FaultChain, type ProgramName } from "./chain.ts";
import type { Fault } from "./fault.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const OTHER_VERSION = "0.0.0-other";
const LINES_EACH = 500;

let built: Promise<string> | undefined;

/** The folder of the other executables. Throws where they say the same version. */
async function otherDist(): Promise<string> {
  built ??= makeOther();
  return await built;
}

async function makeOther(): Promise<string> {
  const given = Deno.env.get("WEIR_TEST_OTHER_DIST"), dist = given ?? `${DIST}/other`;
  if (given === undefined) {
    const what = [`--out=${dist}`, `--as-version=${OTHER_VERSION}`, "weir-agent", "weir-transfer"];
    await run(Deno.execPath(), ["run", "-A", "--quiet", `${ROOT}deploy/build.ts`, ...what]);
  }
  for (const name of ["weir-agent", "weir-transfer"]) {
    const versions = [DIST, dist].map((one) => run(`${one}/${name}`, ["--version"]));
    const [ours, theirs] = await Promise.all(versions);
    if (ours === theirs) throw new Error(`${dist}/${name} is of the same version, ${ours.trim()}`);
  }
  return dist;
}

/** One after the other, each only when the one before does its work; lines are written all the while. */
async function roll(chain: FaultChain, dist: string): Promise<void> {
  const names: readonly ProgramName[] = ["weir-transfer", "second-transfer", "weir-agent"];
  for (const name of names) {
    chain.workload.write(LINES_EACH);
    await chain.restart(name, { dist });
  }
  chain.workload.write(LINES_EACH);
}

export const UPGRADE_FAULTS: readonly Fault[] = [
  {
    name: "rolling upgrade of two transfers and the agent, and back",
    hits: "weir-agent",
    also: ["weir-transfer", "group"],
    needs: ["kafka", "etcd", "way etcd", "way transfer kafka"],
    cases: [61],
    begin: async (chain) => {
      const dist = await otherDist();
      chain.start("second-transfer");
      await chain.works("second-transfer");
      await roll(chain, dist);
      return async () => {
        await roll(chain, DIST);
        await chain.end("second-transfer", "SIGTERM");
      };
    },
  },
];
