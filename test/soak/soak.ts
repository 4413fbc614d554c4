/**
 * `npm run soak -- --minutes 60`: a steady rate with bursts of twenty times as much, through the whole chain, and a chart
 * of what each program takes. Memory, handles and threads must be flat: the verdict is computed from their slopes. Ends
 * with 1 where they are not, or a line is lost or doubled. `--chart FILE` (default soak.svg), `--rate N` lines a second,
 * `--seed N`. Timers cannot be counted from outside; one that leaks shows as memory.
 */
import { Random } from "../support/random.ts";
import { waitFor } from "../support/wait.ts";
import { FaultChain } from "../faults/chain.ts";
import { check, type Verdict } from "../faults/check.ts";
import { chartSvg } from "./chart.ts";
import { slopesOf, type Trend } from "./trend.ts";
import { type Usage, usageOf } from "../faults/usage.ts";

export interface SoakOptions {
  minutes: number;
  /** Lines a second between bursts. */
  rate: number;
  seed: number;
  say?: (text: string) => void;
}

export interface Sample extends Usage {
  seconds: number;
}

export interface SoakOutcome {
  lines: number;
  verdict: Verdict;
  trends: Trend[];
  svg: string;
}

/** Each half minute, for two seconds. */
const BURST_EVERY_S = 30, BURST_S = 2, BURST_TIMES = 20;
const ROTATIONS = 20, KEPT = 2;
const TICK_MS = 100, ARRIVE_MS = 300_000;

export async function soak(options: SoakOptions): Promise<SoakOutcome> {
  const { minutes, rate, seed, say = console.log } = options;
  const lines = Math.ceil(minutes * 60 * rate * (1 + BURST_S / BURST_EVERY_S * BURST_TIMES) * 1.1);
  say(
    `${minutes} minutes, ${rate} lines a second, bursts of ${BURST_TIMES} times that, seed ${seed}`,
  );
  await using chain = await FaultChain.start(lines, new Random(seed));
  const periodS = minutes * 60 / ROTATIONS;
  const samples = new Map<string, Sample[]>();
  const since = performance.now(), elapsedS = () => (performance.now() - since) / 1000;
  const timer = setInterval(() => {
    for (const [name, { pid }] of chain.running) {
      const usage = usageOf(pid), list = samples.get(name) ?? [];
      if (usage !== undefined) list.push({ seconds: elapsedS(), ...usage });
      samples.set(name, list);
    }
  }, 1000);
  try {
    let turned = 0, due = 0, beforeS = 0;
    while (elapsedS() < minutes * 60) {
      const nowS = elapsedS(), isBurst = nowS % BURST_EVERY_S < BURST_S;
      due += (nowS - beforeS) * rate * (isBurst ? BURST_TIMES : 1);
      beforeS = nowS;
      chain.workload.write(Math.floor(due) - chain.workload.written);
      // Each file is rotated twenty times, in turn; two old ones are kept.
      const { files } = chain.workload, turns = Math.floor(nowS / periodS * files.length);
      for (; turned < turns; turned++) {
        chain.workload.rotate(turned % files.length);
        chain.workload.forget(turned % files.length, KEPT);
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    const { written } = chain.workload;
    await waitFor(`${written} documents`, async () => await chain.documents() >= written, {
      timeoutMs: ARRIVE_MS,
      everyMs: 250,
      detail: () => chain.tail(),
    });
  } finally {
    clearInterval(timer);
  }
  const verdict = await check(chain), trends = slopesOf(samples);
  return { lines: chain.workload.written, verdict, trends, svg: chartSvg(samples) };
}

/** Faults of a soak: lines, and what was not flat. */
export function soakFaults({ verdict, trends }: SoakOutcome): string[] {
  const { lost, doubled, reordered, damaged } = verdict;
  const counts = { lost, doubled, reordered, damaged };
  return [
    ...Object.entries(counts).filter(([, count]) => count > 0).map(([what, n]) => `${n} ${what}`),
    ...trends.filter(({ isFlat }) => !isFlat).map(({ text }) => text),
  ];
}

if (import.meta.main) {
  const option = (name: string, initial: number) => {
    const at = Deno.args.indexOf(name);
    return at < 0 ? initial : Number(Deno.args[at + 1]);
  };
  const chart = Deno.args.indexOf("--chart");
  const path = chart < 0 ? "soak.svg" : Deno.args[chart + 1];
  const outcome = await soak({
    minutes: option("--minutes", 60),
    rate: option("--rate", 500),
    seed: option("--seed", Date.now() % 1_000_000),
  });
  await Deno.writeTextFile(path, outcome.svg);
  for (const { text } of outcome.trends) console.log(text);
  const faults = soakFaults(outcome);
  console.log(
    `${outcome.lines} lines, chart in ${path}: ${faults.join("; ") || "flat, all there"}`,
  );
  Deno.exit(faults.length === 0 ? 0 : 1);
}
