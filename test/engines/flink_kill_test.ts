/**
 * Flink's jobs over kill -9 of a TaskManager and over savepoints, beside a transfer on the same index: each line is
 * there once in the index, once in the topic that transactions write, and counted once.
 */
import assert from "node:assert/strict";
import { CompressionTypes } from "kafkajs";
import { Flink } from "../support/real/flink.ts";
import { type Line, numberedLines, Site, until } from "../transfer/site.ts";
import {
  forgetGroups,
  hasReadAll,
  idsOf,
  type Job,
  jobScript,
  readCommitted,
  useTemplate,
} from "./flink_jobs.ts";

const COUNT = 15_000;
/** Lines sent before the kill, before the savepoint, and behind it. */
const PARTS = [[0, 6000], [6000, 12_000], [12_000, COUNT]];
const REPEATS = 700;
const PATIENT_MS = 240_000;

/** Numbered lines over five minutes, one of ten an error. */
function linesOf(topic: string): { lines: Line[]; uids: string[]; errors: Map<string, number> } {
  const { lines, uids } = numberedLines(topic, COUNT, 12), errors = new Map<string, number>();
  const start = Math.floor(Date.now() / 60_000 - 30) * 60_000;
  const marked = lines.map((line, i): Line => {
    const value = String(line.value), timestampMs = start + (i % 5) * 60_000 + i % 60_000;
    if (i % 10 > 0) return { ...line, timestampMs };
    const minute = new Date(timestampMs).toISOString().slice(0, 16);
    errors.set(minute, (errors.get(minute) ?? 0) + 1);
    return { ...line, timestampMs, length: value.length + 1, value: `ERROR ${value}` };
  });
  return { lines: marked, uids: uids.sort(), errors };
}

/** The last count of each minute. */
function counts(rows: Iterable<{ minute: string; errors: number }>): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { minute, errors } of rows) found[minute.slice(0, 16).replace(" ", "T")] = errors;
  return found;
}

Deno.test({
  name:
    "Flink: each line once over kill -9 of the TaskManager and over a savepoint, beside a transfer",
  sanitizeOps: false, // the clients keep sockets for a while
  sanitizeResources: false,
  async fn(t) {
    await using flink = await Flink.start();
    const site = await Site.open();
    const topic = await site.topic("numbered", 3);
    const { lines, uids, errors } = linesOf(topic), indices = `${site.prefix}-${topic}-*`;
    const [first, second, third] = PARTS.map(([from, to]) => lines.slice(from, to));
    const jobs = new Map<Job, string>(), prefix = site.prefix;
    const submit = async (job: Job, from?: string) => {
      const [id] = await flink.submit(await jobScript(job, { prefix, topics: [topic], from }));
      jobs.set(job, id);
    };
    const send = (lines: Line[]) => site.send(lines, 100, CompressionTypes.ZSTD);
    const total = async () =>
      (await site.search({ size: 0, track_total_hits: true }, indices)).hits.total.value;
    try {
      await useTemplate(prefix);
      for (const name of ["lines-once", "error-counts"]) await site.topic(name);
      await t.step("kill -9 in the middle: the documents are there once", async () => {
        for (const job of ["transfer", "lines_once", "errors_per_minute"] as const) {
          await submit(job);
        }
        const sending = send([...first, ...first.slice(-REPEATS)]);
        await until("documents", async () => await total() > 500, PATIENT_MS);
        for (const job of jobs.values()) {
          await until("a checkpoint", async () => await flink.checkpoints(job) > 0, PATIENT_MS);
        }
        await flink.taskManager.kill9();
        await sending;
        await send([
          ...second.slice(0, 3000),
          ...first.slice(0, REPEATS),
          ...second.slice(3000),
        ]);
        await flink.taskManager.start();
        await until("all documents", async () => await total() >= PARTS[1][1], PATIENT_MS, 300);
        const sent = new Set(await idsOf(site, indices));
        assert.equal(sent.size, PARTS[1][1]);
        for (const job of jobs.values()) {
          const { counts } = await flink.rest(`/jobs/${job}/checkpoints`);
          assert.ok(counts.restored > 0, JSON.stringify(counts));
        }
      });
      await t.step("savepoints, and lines sent between; a transfer beside the job", async () => {
        const savepoints = new Map<Job, string>();
        for (const job of ["lines_once", "errors_per_minute"] as const) {
          savepoints.set(job, await flink.stopWithSavepoint(jobs.get(job)!));
        }
        const transfer = await site.transfer({ consumer: { topicPatterns: [topic] } });
        await send([...third, ...lines.slice(0, REPEATS)]);
        for (const [job, from] of savepoints) await submit(job, from);
        await until("all documents", async () => await total() >= COUNT, PATIENT_MS, 300);
        await until(
          "all partitions read by the transfer",
          async () => {
            const ends = await site.admin.fetchTopicOffsets(topic),
              done = await site.committed(topic);
            return ends.every(({ partition, offset }) => done[partition] === Number(offset));
          },
          PATIENT_MS,
          300,
        );
        const existing = () => flink.metric(jobs.get("transfer")!, "documentsExisting");
        await until(
          "repeats answered with 409",
          async () => await existing() >= REPEATS,
          PATIENT_MS,
          300,
        );
        assert.deepEqual(await idsOf(site, indices), uids);
        await transfer.stop();
      });
      await t.step("the topic of lines has each once, and each error is counted once", async () => {
        const index = async () => {
          const found = await site.documents(`${prefix}-error-counts`);
          return counts(
            found.map(({ _source }) => ({ ..._source, minute: _source["@timestamp"] })),
          );
        };
        const wanted = Object.fromEntries([...errors].sort());
        await until(
          "all counts",
          async () => {
            const found = await index();
            return Object.entries(wanted).every(([minute, count]) => found[minute] >= count);
          },
          PATIENT_MS,
          300,
        );
        await until(
          "all read",
          async () => {
            const done = [...jobs.keys()].map((job) => hasReadAll(site, job, topic));
            return (await Promise.all(done)).every((one) => one);
          },
          PATIENT_MS,
          300,
        );
        await Promise.all([...jobs.values()].map((job) => flink.stopWithSavepoint(job)));
        assert.deepEqual(await index(), wanted);
        const topicCounts = counts(
          (await readCommitted(`${prefix}-error-counts`)).map(({ value }) => value),
        );
        assert.deepEqual(topicCounts, wanted);
        const found = await readCommitted(`${prefix}-lines-once`);
        assert.deepEqual(found.map(({ value }) => value.uid).sort(), uids);
        const texts = new Set(found.map(({ value }) => value.line));
        for (const { value } of lines) assert.ok(texts.has(value), `${value} is there`);
      });
      await forgetGroups(site, jobs.keys());
    } finally {
      await site.close();
    }
  },
});
