/**
 * Every target: its corpus, then inputs made from it by a seed, always the same one: a commit is judged by what it
 * changed. New inputs are for `npm run fuzz`. WEIR_SEED=n takes another seed.
 */
import assert from "node:assert/strict";
import { corpusOf } from "./corpus.ts";
import { type Finding, fuzz, runOnce } from "./fuzzer.ts";
import { Broken, must, type Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

const seed = Number(Deno.env.get("WEIR_SEED") ?? 1);

function told(finding: Finding): string {
  const bytes = finding.input.toBase64();
  return `${finding.what}\nseed ${seed}, case ${finding.case}; again: WEIR_SEED=${seed} npm test -- fuzz\n` +
    `input (base64): ${bytes}\n${finding.stack}`;
}

for (const target of TARGETS) {
  Deno.test(`${target.name}: the corpus, and ${target.cases} inputs of seed ${seed}`, async () => {
    const corpus = await corpusOf(target.name);
    assert(corpus.size >= 3, `${target.name} has a corpus of ${corpus.size} files`);
    try {
      for (const [name, input] of corpus) {
        const { error } = await runOnce(target, input);
        assert.equal(error, undefined, `corpus/${target.name}/${name}: ${error?.stack}`);
      }
      const options = { seed, cases: target.cases };
      const { cases, finding } = await fuzz(target, [...corpus.values()], options);
      if (finding !== undefined) assert.fail(told(finding));
      assert.equal(cases, target.cases);
    } finally {
      await target.close?.();
    }
  });
}

const planted: Target = {
  name: "planted",
  what: "a fault behind two words and a number",
  words: ["alpha", "beta"],
  bytesMax: 64,
  cases: 0,
  run(input) {
    const text = new TextDecoder().decode(input);
    const words = [/alpha/, /alpha.*beta/, /alpha.*beta.*\xff|alpha.*beta.*\d/].filter((one) =>
      one.test(text)
    );
    must(words.length < 3, () => "planted");
    return String(words.length);
  },
};

Deno.test("a planted fault is found, made small, and found again by its seed", async () => {
  const corpus = [new TextEncoder().encode("gamma 12")];
  const runs = [1, 1].map((seed) => fuzz(planted, corpus, { seed, cases: 100_000 }));
  const [first, second] = await Promise.all(runs);
  assert(first.finding !== undefined);
  assert.match(first.finding.what, /^Broken: planted/);
  assert.match(new TextDecoder().decode(first.finding.input), /^alphabeta\d$/);
  assert.deepEqual(second.finding?.input, first.finding.input);
  assert.equal(second.finding?.case, first.finding.case);
});

Deno.test("an input that throws what nobody documented, or takes too long, is a finding", async () => {
  const thrower = { ...planted, run: () => (undefined as unknown as string).length.toString() };
  const thrown = await runOnce(thrower, new Uint8Array(1));
  assert(thrown.error instanceof TypeError);
  const late = await runOnce({ ...planted, run: () => "fine" }, new Uint8Array(1), -1);
  assert(late.error instanceof Broken);
});
