/**
 * One self-test: lines are written with rotations, shipped and read back; with chaos each child is killed, and stopped
 * for a while, and connections are cut, in turn, while lines are written. Every wait has a bound.
 */
import { messageOf, WeirError } from "../../core/errors.ts";
import type { Child } from "./child.ts";
import { NumberedFiles, type ReadLine, type Tally } from "./numbered_files.ts";
import type { SelftestSite } from "./site.ts";

export interface SelftestOptions {
  lines: number;
  chaos: boolean;
  /** Longest wait for lines to arrive. */
  patienceMs: number;
  say(text: string): void;
}

export interface Disturbance {
  /** What was hit: a program, or "connections". */
  child: string;
  how: "killed" | "stopped" | "cut";
  /** From its being back until every line that was written had arrived. */
  recoveryMs: number;
}

export interface SelftestReport extends Tally {
  site: string;
  lines: number;
  rotations: number;
  seconds: number;
  /** Most lines that were written and had not arrived, as seen four times a second. */
  lagMax: number;
  disturbances: Disturbance[];
  /** Most memory of each child, bytes; 0 where it cannot be told. */
  rssBytesMax: Record<string, number>;
  /** Why it ended before all was done; empty: it did not. */
  failure: string;
  /** What could not be removed. */
  leftBehind: string[];
}

const FILES = 4, ROTATIONS = 5, LOOK_MS = 250, STOPPED_MS = 2000, ROUNDS = 2;
const CONNECTIONS = "connections";

export function isWell(report: SelftestReport): boolean {
  const { lost, doubled, reordered, damaged, failure } = report;
  return lost + doubled + reordered + damaged === 0 && failure === "";
}

export async function runSelftest(
  site: SelftestSite,
  folder: string,
  options: SelftestOptions,
): Promise<SelftestReport> {
  const files = new NumberedFiles(
    `${folder}/logs`,
    FILES,
    Math.ceil(options.lines / FILES / (ROTATIONS + 1)),
  );
  const since = performance.now(), run = new Run(site, files, options);
  let failure = "", tally: Tally = { lost: 0, doubled: 0, reordered: 0, damaged: 0 };
  try {
    for (const child of site.children) child.start();
    await run.play();
    tally = files.tally(await allOf(site.read()));
  } catch (error) {
    failure = messageOf(error);
    tally.lost = Math.max(0, files.written - run.arrived);
  } finally {
    run.end();
    for (const child of site.children) await child.stop();
  }
  const lines = files.written;
  files.close();
  return {
    site: site.name,
    lines,
    rotations: files.rotations,
    ...tally,
    seconds: (performance.now() - since) / 1000,
    lagMax: run.lagMax,
    disturbances: run.disturbances,
    rssBytesMax: Object.fromEntries(site.children.map((one) => [one.name, one.rssBytesMax])),
    failure,
    leftBehind: [],
  };
}

interface Step extends Omit<Disturbance, "recoveryMs"> {
  /** Resolves when all is as it was; calls `write` in the middle. */
  disturb(write: () => void): Promise<void>;
}

async function killed(child: Child, write: () => void): Promise<void> {
  await child.kill();
  write();
  child.start();
}

async function stopped(child: Child, write: () => void): Promise<void> {
  child.sleep();
  write();
  await pause(STOPPED_MS);
  child.wake();
}

class Run {
  readonly disturbances: Disturbance[] = [];
  lagMax = 0;
  arrived = 0;
  readonly #site: SelftestSite;
  readonly #files: NumberedFiles;
  readonly #options: SelftestOptions;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(site: SelftestSite, files: NumberedFiles, options: SelftestOptions) {
    this.#site = site;
    this.#files = files;
    this.#options = options;
    this.#timer = setInterval(() => site.children.forEach((one) => one.measure()), LOOK_MS);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  async play(): Promise<void> {
    const { chaos, lines, say } = this.#options;
    const steps = chaos ? Array.from({ length: ROUNDS }, () => this.#round()).flat() : [];
    const share = Math.floor(lines / (steps.length + 1));
    this.#files.write(lines - share * steps.length);
    await this.#allArrive();
    for (const { child, how, disturb } of steps) {
      this.#files.write(Math.floor(share / 2)); // on their way when it begins
      await disturb(() => this.#files.write(share - Math.floor(share / 2)));
      const since = performance.now();
      await this.#allArrive();
      const recoveryMs = performance.now() - since;
      this.disturbances.push({ child, how, recoveryMs });
      const seconds = (recoveryMs / 1000).toFixed(1);
      const back = child === CONNECTIONS ? "they were left alone" : "it was back";
      say(`${child} ${how}: all lines there ${seconds} s after ${back}`);
    }
  }

  #round(): Step[] {
    const { children, ways } = this.#site;
    const steps = children.flatMap((child): Step[] => [
      { child: child.name, how: "killed", disturb: (write) => killed(child, write) },
      { child: child.name, how: "stopped", disturb: (write) => stopped(child, write) },
    ]);
    if (ways === undefined) return steps;
    const disturb = async (write: () => void) => {
      const cutting = ways.cutFor(STOPPED_MS);
      write();
      await cutting;
    };
    return [...steps, { child: CONNECTIONS, how: "cut", disturb }];
  }

  /** Throws SELFTEST_LATE. */
  async #allArrive(): Promise<void> {
    const { patienceMs } = this.#options, since = performance.now();
    const { written } = this.#files;
    let fault = "";
    for (;;) {
      for (const child of this.#site.children) child.assertAlive();
      try {
        this.arrived = await this.#site.arrived();
        this.lagMax = Math.max(this.lagMax, written - this.arrived);
      } catch (error) {
        fault = `: ${messageOf(error)}`; // starting, or not to be reached: the time decides
      }
      if (this.arrived >= written) return;
      if (performance.now() - since > patienceMs) {
        const seconds = Math.round(patienceMs / 1000);
        throw new WeirError(
          "SELFTEST_LATE",
          `${
            written - this.arrived
          } of ${written} lines did not arrive within ${seconds} s${fault}`,
          { hint: "`weir doctor` looks at the servers; --patience waits longer." },
        );
      }
      await pause(LOOK_MS);
    }
  }
}

async function allOf(lines: AsyncIterable<ReadLine>): Promise<ReadLine[]> {
  const found: ReadLine[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
