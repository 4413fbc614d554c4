/**
 * A sample of `npm run test:faults`: ten faults while 200,000 lines are written. The same ten each time, so that a change
 * is judged by what it changes; WEIR_SEED plays others.
 */
import assert from "node:assert/strict";
import { areIndependent } from "./fault.ts";
import { FAULT_LISTS } from "./faults.ts";
import { plan, runFaults } from "./run_faults.ts";
import { faultsFound, tableText } from "./table.ts";

const LINES = 200_000, FAULTS_PLAYED = 10, SEED = 11;
const SAMPLE = [
  "way transfer to Elasticsearch: cut",
  "way transfer to Elasticsearch: reset again and again",
  "way transfer to Elasticsearch: half-open",
  "way transfer to Elasticsearch: answers lost",
  "no room in the state folder, and agent SIGKILL",
  "way transfer to Kafka: half-open",
  "weir-transfer SIGTERM",
  "way transfer to Kafka: answers lost",
  "way etcd: reset again and again",
  "way transfer to Kafka: cut",
];

Deno.test({
  name: `${FAULTS_PLAYED} faults under ${LINES} lines: each line is in the index once, in order`,
  ignore: Deno.uid() !== 0,
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    const seed = Number(Deno.env.get("WEIR_SEED") ?? SEED);
    const options = { lines: LINES, faults: FAULTS_PLAYED, seed, giveUpMs: 480_000 };
    console.log(
      `play it again: npm run test:faults -- --faults ${FAULTS_PLAYED} --lines ${LINES} --seed ${seed}`,
    );
    const outcome = await runFaults(options);
    console.log(tableText([outcome]));
    assert.equal(outcome.lines, LINES);
    assert.equal(outcome.played.length, FAULTS_PLAYED);
    assert.equal(faultsFound(outcome), 0, tableText([outcome]));
  },
});

if (Deno.uid() !== 0) console.log("skipped: a small disk is mounted as root alone");

Deno.test("a seed gives the same faults each time, and no kind twice before all were there", () => {
  const names = (seed: number) => plan({ lines: 1, faults: 15, seed }).map(({ name }) => name);
  assert.deepEqual(names(7), names(7));
  assert.notDeepEqual(names(7), names(8));
  assert.equal(new Set(names(7)).size, 15);
});

Deno.test("two at once have nothing to do with one another, and every kind is played", () => {
  const alone = plan({ lines: 1, faults: FAULT_LISTS.flat().length, seed: 7 });
  for (const seed of [7, 8, 9]) {
    const pairs = plan({ lines: 1, faults: 200, seed, atOnce: 2 });
    assert.equal(pairs.length, 200);
    for (const { name } of alone) {
      const others = pairs.filter((pair) => pair.name.includes(name));
      assert(others.length > 0, name);
    }
  }
  const named = (text: string) => alone.find(({ name }) => name === text)!;
  const isFree = (a: string, b: string) => areIndependent(named(a), named(b));
  assert(isFree("all Kafka brokers SIGKILL", "all of etcd SIGKILL"));
  assert(isFree("weir-agent SIGKILL", "rotation by rename, all files"));
  assert(!isFree("all Kafka brokers SIGKILL", "records of poison in each topic"));
  assert(!isFree("hostile configuration", "all of etcd SIGKILL"));
  assert(!isFree("way etcd: 10 % of packets lost", "way agent to Kafka: 10 % of packets lost"));
});

Deno.test("the ten faults of the sample are those that they were", () => {
  const sample = plan({ lines: LINES, faults: FAULTS_PLAYED, seed: SEED });
  assert.deepEqual(sample.map(({ name }) => name), SAMPLE);
});
