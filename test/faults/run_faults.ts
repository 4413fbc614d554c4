/**
 * Plays faults against the chain while lines are written, measures each recovery, and checks every line at the end.
 * Recovery is the time from the moment when every server answers and the group is stable until each line that was
 * written is in the index. What is chosen by chance comes from the seed.
 */
import { Random } from "../support/random.ts";
import { waitFor } from "../support/wait.ts";
import { FaultChain, GROUP } from "./chain.ts";
import { check, type Verdict } from "./check.ts";
import { areIndependent, type Fault, type Heal, together } from "./fault.ts";
import { FAULT_LISTS } from "./faults.ts";
import { Peaks, type Usage } from "./usage.ts";

export interface Options {
  lines: number;
  faults: number;
  seed: number;
  /** Names that faults must contain; none: all of them. */
  only?: string;
  /** Two: each step has two faults that have nothing to do with one another. @default {1} */
  atOnce?: 1 | 2;
  /** How long a recovery is waited for before the run has failed. @default {180000} */
  giveUpMs?: number;
  /** Plays no more faults after so many minutes. @default {Infinity} */
  minutes?: number;
  say?: (text: string) => void;
}

export interface Played {
  fault: Fault;
  heldMs: number;
  /** Until every server answered and the group was stable. */
  stableMs: number;
  recoveryMs: number;
  /** Lines written and not in the index when it was healed. */
  lag: number;
}

export interface Outcome {
  options: Options;
  played: Played[];
  lines: number;
  verdict: Verdict;
  minutes: number;
  /** What the programs took at most, looked at each second. */
  peaks: ReadonlyMap<string, Usage>;
  /** Why the run ended before all faults were played. */
  failure?: string;
}

/** Between two counts of documents: each makes Elasticsearch refresh, which is work too. */
const LOOK_MS = 300;
const BOUND_MS = 10_000, HOLD_MS_MIN = 500, HOLD_MS_MAX = 4000, PIECE_MS = 20;

/** Recovery that is promised of a fault. */
export function boundMs(fault: Fault): number {
  return BOUND_MS + (fault.moreMs ?? 0);
}

/**
 * The faults of a run: every kind in turn, in an order of the seed's, so that none is left out for long; two at a time
 * where that is asked for.
 */
export function plan(options: Options): Fault[] {
  const { faults, atOnce = 1 } = options;
  const random = new Random(options.seed), chosen: Fault[] = [];
  const lists = FAULT_LISTS.map((list) =>
    list.filter(({ name }) => name.includes(options.only ?? ""))
  );
  if (lists.flat().length === 0) throw new Error(`No fault has ${options.only} in its name`);
  while (chosen.length < faults * atOnce) {
    for (const list of lists) {
      const left = [...list];
      while (left.length > 0) chosen.push(left.splice(random.below(left.length), 1)[0]);
    }
  }
  return (atOnce === 1 ? chosen : inPairs(chosen)).slice(0, faults);
}

/** Each with the nearest behind it that has nothing to do with it; what finds none stays alone. */
function inPairs(faults: readonly Fault[]): Fault[] {
  const left = [...faults], pairs: Fault[] = [];
  while (left.length > 0) {
    const first = left.shift()!, at = left.findIndex((other) => areIndependent(first, other));
    pairs.push(at < 0 ? first : together(first, left.splice(at, 1)[0]));
  }
  return pairs;
}

export async function runFaults(options: Options): Promise<Outcome> {
  const { lines, seed, say = console.log } = options;
  const faults = plan(options), random = new Random(seed + 1), since = performance.now();
  say(`${lines} lines, ${faults.length} faults, seed ${seed}`);
  await using chain = await FaultChain.start(lines, random);
  const share = Math.floor(chain.workload.total / (faults.length + 1)), played: Played[] = [];
  const peaks = new Peaks(), timer = setInterval(() => peaks.take(chain.running), 1000);
  let failure: string | undefined;
  try {
    chain.workload.write(share);
    await allThere(chain, options);
    for (const fault of faults) {
      if (performance.now() - since > (options.minutes ?? Infinity) * 60_000) break;
      const one = await play(chain, fault, { share, random, options });
      played.push(one);
      say(
        `${played.length} ${fault.name}: held ${seconds(one.heldMs)} s, all stable after ` +
          `${seconds(one.stableMs)} s, then ${one.lag} lines in ${seconds(one.recoveryMs)} s`,
      );
    }
    if (played.length === faults.length) chain.workload.write(Infinity);
    await allThere(chain, options, "the last lines");
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
    say(failure);
  } finally {
    clearInterval(timer);
  }
  const verdict = await check(chain);
  const minutes = (performance.now() - since) / 60_000;
  const { written } = chain.workload;
  return { options, played, lines: written, verdict, minutes, peaks: peaks.of, failure };
}

interface Stage {
  /** Lines to write during this fault. */
  share: number;
  random: Random;
  options: Options;
}

async function play(chain: FaultChain, fault: Fault, stage: Stage): Promise<Played> {
  const { share, random, options } = stage, { workload } = chain;
  const holdMs = HOLD_MS_MIN + random.below(HOLD_MS_MAX - HOLD_MS_MIN);
  const upTo = workload.written + share;
  workload.write(Math.floor(share / 4)); // on their way when it begins
  const heal = await fault.begin(chain, random);
  await hold(chain, upTo, holdMs);
  return await recover(chain, fault, { heal, heldMs: holdMs, options });
}

/** Writes evenly while a fault lasts, up to that many lines. */
async function hold(chain: FaultChain, upTo: number, holdMs: number): Promise<void> {
  const { workload } = chain, from = workload.written, since = performance.now();
  for (let share = 0; share < 1;) {
    share = Math.min(1, (performance.now() - since) / holdMs);
    workload.write(from + Math.floor((upTo - from) * share) - workload.written);
    if (share < 1) await new Promise((resolve) => setTimeout(resolve, PIECE_MS));
  }
}

async function recover(
  chain: FaultChain,
  fault: Fault,
  { heal, heldMs, options }: { heal: Heal; heldMs: number; options: Options },
): Promise<Played> {
  await heal();
  const healedAt = performance.now();
  await waitFor(`servers and group after: ${fault.name}`, async () => {
    return await chain.servers.allAnswer() &&
      await chain.servers.groupIsStable(GROUP, chain.members);
  }, { timeoutMs: options.giveUpMs ?? 180_000, everyMs: 50, detail: () => chain.tail() });
  const stableAt = performance.now();
  const there = await waitFor("a count of documents", async () => ({
    documents: await chain.documents(),
  }), { timeoutMs: options.giveUpMs ?? 180_000, everyMs: LOOK_MS });
  const lag = Math.max(0, chain.workload.written - there.documents);
  await allThere(chain, options, fault.name);
  const recoveryMs = performance.now() - stableAt;
  return { fault, heldMs, stableMs: stableAt - healedAt, recoveryMs, lag };
}

/** Waits until each line that was written is in the index. */
async function allThere(chain: FaultChain, options: Options, after = "the start"): Promise<void> {
  const { written } = chain.workload;
  let seen = 0;
  await waitFor(`${written} documents after: ${after}`, async () => {
    seen = await chain.documents();
    return seen >= written;
  }, {
    timeoutMs: options.giveUpMs ?? 180_000,
    everyMs: LOOK_MS,
    detail: () => `${seen} documents\n${chain.tail()}`,
  });
}

export function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
