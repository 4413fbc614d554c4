/** One seed of the simulated chain, run and checked; and its mark, by which two runs of a seed are compared. */
import { type ChainFound, checkChain, lookAt, watchCommits } from "./chain_check.ts";
import { ChainWorld, type Seams } from "./chain_world.ts";

export interface SeedResult {
  world: ChainWorld;
  /** What does not hold; undefined where all does. */
  fault: unknown;
}

export async function runSeed(seed: number, seams: Seams = {}): Promise<SeedResult> {
  const world = new ChainWorld(seed, seams);
  watchCommits(world);
  try {
    let found: ChainFound | undefined;
    await world.run(() => found = lookAt(world));
    checkChain(world, found!);
    return { world, fault: undefined };
  } catch (fault) {
    return { world, fault };
  }
}

/** Everything that another run of the same seed must do again: faults and their times, documents, commits. */
export function markOf(world: ChainWorld): string {
  const documents = [...world.index.indices].map(([name, all]) => [name, [...all.keys()]]);
  const { group } = world.kafka;
  return JSON.stringify([world.trace, documents, [...group.committed], world.time.rings]);
}
