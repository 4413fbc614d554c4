/**
 * One target, fuzzed in a worker until its time is over or something breaks. Number and bytes of the input that runs
 * stand in shared memory, so that whoever started the worker has them where it never answers.
 */
import { corpusOf } from "./corpus.ts";
import { fuzz } from "./fuzzer.ts";
import { TARGETS } from "./targets.ts";

export interface Job {
  target: string;
  seed: number;
  ms: number;
}

export interface Told {
  cases: number;
  outcomes: number;
  /** What broke, if anything. */
  what?: string;
  stack?: string;
  input?: Uint8Array;
}

/** Longest time of one input. */
const INPUT_MS_MAX = 2000;

async function run({ target: name, seed, ms, shared }: Job & { shared: SharedArrayBuffer }) {
  const target = TARGETS.find((target) => target.name === name)!;
  const state = new Int32Array(shared, 0, 2), room = new Uint8Array(shared, 8);
  const untilMs = performance.now() + ms;
  const corpus = [...(await corpusOf(name)).values()];
  const { cases, outcomes, finding } = await fuzz(target, corpus, {
    seed,
    cases: Infinity,
    late: () => performance.now() > untilMs,
    inputMsMax: INPUT_MS_MAX,
    onInput(input, number) {
      room.set(input);
      state[1] = input.length;
      state[0] = number;
    },
  });
  await target.close?.();
  const told: Told = { cases, outcomes };
  if (finding !== undefined) {
    Object.assign(told, { what: finding.what, stack: finding.stack, input: finding.input });
  }
  self.postMessage(told);
}

self.onmessage = ({ data }: MessageEvent) => void run(data);
