/** The topic that Flink's job `lines_once` writes by transactions, as one more output of the whole chain. */
import assert from "node:assert/strict";
import { type Admin, Kafka, logLevel } from "kafkajs";
import { countNumbered } from "../support/numbered.ts";
import { Flink } from "../support/real/flink.ts";
import { jobScript, readCommitted } from "./flink_jobs.ts";
import { FILES, type Output, type WholeChain } from "./whole_chain.ts";

const PARTITIONS = 4;

export class FlinkOutput implements Output, AsyncDisposable {
  readonly name = "Flink's job";
  readonly #flink: Flink;
  readonly #chain: WholeChain;
  readonly #admin: Admin;
  readonly #lines: number;
  #job = "";

  private constructor(flink: Flink, chain: WholeChain, lines: number) {
    this.#flink = flink;
    this.#chain = chain;
    this.#lines = lines;
    this.#admin = new Kafka({ brokers: [chain.kafka], logLevel: logLevel.NOTHING }).admin();
  }

  /** Starts a cluster, and the job on the chain's topic, which it makes; `lines` are to come. */
  static async start(chain: WholeChain, lines: number): Promise<FlinkOutput> {
    const output = new FlinkOutput(await Flink.start(), chain, lines);
    try {
      await output.#begin();
    } catch (error) {
      await output[Symbol.asyncDispose]();
      throw error;
    }
    return output;
  }

  async #begin(): Promise<void> {
    const { topic } = this.#chain;
    await this.#admin.connect();
    await this.#admin.createTopics({
      topics: [
        { topic, numPartitions: PARTITIONS, replicationFactor: 1 },
        { topic: this.#target, numPartitions: 1, replicationFactor: 1 },
      ],
    });
    const script = await jobScript("lines_once", { prefix: topic, topics: [topic] });
    [this.#job] = await this.#flink.submit(script);
    await this.#flink.until(this.#job, "RUNNING");
  }

  get #target(): string {
    return `${this.#chain.topic}-lines-once`;
  }

  get #group(): string {
    return `${this.#chain.topic}-flink-lines-once`;
  }

  /** What it has read and kept in a checkpoint; all lines only when it has read to the topic's end. */
  async lines(): Promise<number> {
    const { topic } = this.#chain;
    const ends = await this.#admin.fetchTopicOffsets(topic);
    const [{ partitions }] = await this.#admin.fetchOffsets({
      groupId: this.#group,
      topics: [topic],
    });
    const read = new Map(partitions.map((one) => [one.partition, Math.max(0, Number(one.offset))]));
    const sum = [...read.values()].reduce((all, one) => all + one, 0);
    const isAll = ends.every(({ partition, offset }) => read.get(partition) === Number(offset));
    return isAll ? sum : Math.min(sum, this.#lines - 1);
  }

  async kill(): Promise<void> {
    await this.#flink.taskManager.kill9();
    await this.#flink.taskManager.start();
  }

  async check(): Promise<void> {
    const { counts } = await this.#flink.rest(`/jobs/${this.#job}/checkpoints`);
    assert.ok(counts.restored > 0, JSON.stringify(counts));
    await this.#flink.stopWithSavepoint(this.#job);
    const rows = (await readCommitted(this.#target)).map(({ value }) => value);
    assert.equal(rows.length, this.#lines);
    assert.equal(new Set(rows.map(({ uid }) => uid)).size, this.#lines);
    const each = this.#lines / FILES;
    for (let file = 0; file < FILES; file++) {
      const name = `f${file}`;
      const texts = rows.map(({ line }) => line).filter((line) => line.startsWith(`${name} `));
      const { found, lost, doubled, damaged } = countNumbered(texts, name, each);
      assert.deepEqual([found, lost, doubled, damaged], [each, 0, 0, 0], name);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flink[Symbol.asyncDispose]();
    const topics = await this.#admin.listTopics().catch(() => [] as string[]);
    if (topics.includes(this.#target)) await this.#admin.deleteTopics({ topics: [this.#target] });
    await this.#admin.deleteGroups([this.#group]).catch(() => {}); // none where nothing was read
    await this.#admin.disconnect();
  }
}
