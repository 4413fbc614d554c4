/** The judgements of `weir doctor`, without a server. */
import assert from "node:assert/strict";
import { type Check, cross, ok, runChecks, warning } from "./check.ts";
import { blockFinding, diskFinding, versionFinding } from "./elastic.ts";
import { inotifyFindings, roomFinding } from "./host.ts";
import { topicFinding } from "./kafka.ts";
import { chainLine, countsOf, doctorText } from "./report.ts";
import { skewFinding, skewMs } from "./skew.ts";

const FOUND = [
  ok("files", "/var/log can be read"),
  warning("agent", "few watches", "sysctl"),
  ok("kafka", "one"),
  cross("kafka", "no answer", "Start it."),
  ok("transfer", "fine"),
];

Deno.test("the chain marks what is broken, what is doubtful and what nobody looked at", () => {
  assert.equal(
    chainLine(FOUND, false),
    "files → agent ! → Kafka ✗ → transfer → Elasticsearch ?",
  );
  assert.match(chainLine(FOUND, true), /\x1b\[31mKafka ✗\x1b\[0m/);
  assert.match(doctorText(FOUND, false), /✗ Kafka +no answer\n +→ Start it\./);
  assert.deepEqual(countsOf(FOUND), { crosses: 1, warnings: 1 });
});

Deno.test("a check that throws or hangs is a cross and holds up no other", async () => {
  const check = (name: string, run: Check["run"]): Check => ({
    link: "etcd",
    name,
    remedy: `mend ${name}`,
    run,
  });
  const found = await runChecks([
    check("a", () => Promise.reject(new Error("refused\nagain"))),
    check("b", () => new Promise(() => {})),
    check("c", () => Promise.resolve([ok("etcd", "c")])),
  ], 20);
  assert.deepEqual(found.map(({ verdict }) => verdict), ["cross", "cross", "ok"]);
  assert.equal(found[0].what, "a: refused again");
  assert.match(found[1].what, /^b: no answer within 20 ms$/);
  assert.equal(found[1].remedy, "mend b");
});

Deno.test("a clock is only wrong by more than a Date header can hide", () => {
  assert.equal(skewMs(10_000, 10_000, 10_050), 0);
  assert.equal(skewMs(10_000, 10_990, 11_000), 0, "the header knows whole seconds");
  assert.equal(skewMs(70_000, 10_000, 10_000), 60_000);
  assert.equal(skewMs(10_000, 71_000, 71_100), -60_000);
  const date = new Date(70_000).toUTCString();
  assert.match(skewFinding("influxdb", date, 10_000, 10_000)!.what, /60 s ahead of ours/);
  assert.equal(skewFinding("influxdb", date, 70_500, 70_600)!.verdict, "ok");
  assert.equal(skewFinding("influxdb", null, 1, 2), undefined);
});

Deno.test("a topic is judged by its replicas in sync", () => {
  const verdict = (replicas: number[], isr: number[], min: number, leader = 1, brokers = 3) => {
    const partition = { partitionErrorCode: 0, partitionId: 0, leader, replicas, isr };
    return topicFinding({ name: "t", partitions: [partition] }, min, brokers).verdict;
  };
  assert.equal(verdict([1, 2, 3], [1, 2, 3], 2), "ok");
  assert.equal(verdict([1, 2, 3], [1, 2], 2), "warning");
  assert.equal(verdict([1, 2, 3], [1], 2), "cross");
  assert.equal(verdict([1, 2, 3], [1, 2, 3], 2, -1), "cross");
  assert.equal(verdict([1, 2, 3], [1, 2, 3], 1), "warning");
  assert.equal(verdict([1], [1], 1, 1, 1), "ok", "one broker has no second copy");
});

Deno.test("versions, blocks, disks and limits have their bounds", () => {
  assert.equal(versionFinding("8.19.2", "es").verdict, "ok");
  assert.equal(versionFinding("9.0.0", "es").verdict, "ok");
  assert.equal(versionFinding("7.17.1", "es").verdict, "cross");
  assert.equal(versionFinding("", "es").verdict, "cross");
  assert.equal(blockFinding([]).verdict, "ok");
  assert.match(blockFinding(["a", "b", "c", "d"]).what, /^4 indices .*: a, b, c, …$/);
  assert.deepEqual([84, 85, 95].map((n) => diskFinding("n", n).verdict), [
    "ok",
    "warning",
    "warning",
  ]);
  assert.deepEqual([1, 100 * 2 ** 20, 2 ** 30].map((n) => roomFinding("agent", "/x", n).verdict), [
    "cross",
    "warning",
    "ok",
  ]);
  assert.deepEqual(inotifyFindings(8192, 128, 10_000).map(({ verdict }) => verdict), [
    "warning",
    "ok",
  ]);
});
