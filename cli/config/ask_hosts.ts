/**
 * Asks hosts what a value would do there. The question is a key in etcd on a lease of this process, so that it ends
 * with it; the answers come by Kafka. Whoever does not answer in time is named.
 */
import type { Etcd3 } from "etcd3";
import type { Kafka } from "kafkajs";
import { etcdError } from "../../core/etcd/client.ts";
import { randomId } from "../../core/fleet/identity.ts";
import { QUESTION_PREFIX, type Target, targetName } from "../../core/fleet/keys.ts";
import { type Answer, decodeAnswer, type Question } from "../../core/fleet/question_schema.ts";
import type { Registered } from "../../core/fleet/registration_schema.ts";
import { kafkaError } from "../../core/kafka/errors.ts";
import { systemClock } from "../../core/ports/clock.ts";
import { type Fetcher, openFetcher } from "../../transfer/consume/kafkajs_group.ts";
import { isForReaders, RecordCursor } from "../../transfer/consume/record_batch.ts";

export interface AskOptions {
  client: Etcd3;
  kafka: Kafka;
  /** Topic of the answers. */
  topic: string;
  target: Target;
  text: string;
  /** Those that are asked. */
  hosts: readonly Registered[];
  seconds: number;
  /** Files listed in an answer, and first lines of a file. */
  files: number;
  lines: number;
  who: string;
}

export interface Asked {
  answers: Answer[];
  /** No answer came in time. */
  silent: Registered[];
}

const LOOK_MS = 200, FETCH_BYTES = 4 * 2 ** 20, UNPACKED_BYTES_MAX = 64 * 2 ** 20;
const decoder = new TextDecoder();

/** Rejects with ETCD_… and KAFKA_… errors where the question cannot be put or answers cannot be read. */
export async function askHosts(options: AskOptions): Promise<Asked> {
  const { client, kafka, topic, hosts, seconds } = options;
  const id = randomId(), end = systemClock.monotonicMs() + seconds * 1000;
  const from = await endOf(kafka, topic); // before the question: no answer can be before it
  const lease = client.lease(Math.ceil(seconds) + 5, { autoKeepAlive: false });
  try {
    await put(options, id, await lease.grant());
    const answers = new Map<string, Answer>();
    const awaited = new Set(hosts.map((one) => one.id));
    for await (const answer of answersFrom(kafka, topic, from ?? 0, end)) {
      if (answer.question !== id || !awaited.has(answer.agent)) continue;
      answers.set(answer.agent, answer);
      if (answers.size === awaited.size) break;
    }
    const order = (a: Answer, b: Answer) => a.host < b.host ? -1 : 1;
    return {
      answers: [...answers.values()].sort(order),
      silent: hosts.filter((one) => !answers.has(one.id)),
    };
  } catch (error) {
    throw kafkaError(error, `Cannot read the topic "${topic}"`);
  } finally {
    await lease.revoke().catch(() => {}); // else it ends by itself, and the question with it
  }
}

async function put(options: AskOptions, id: string, lease: string): Promise<void> {
  const { client, target, text, hosts, seconds, files, lines, who } = options;
  const agents = hosts.map((one) => one.id);
  const question: Question = { v: 1, id, text, agents, seconds, files, lines, who };
  try {
    const key = `${QUESTION_PREFIX}${targetName(target)}/${id}`;
    await client.put(key).value(JSON.stringify(question)).lease(lease);
  } catch (error) {
    throw etcdError(error, "Cannot ask the hosts");
  }
}

/** Where the topic ends now; undefined where there is none yet: the first answer makes it. */
async function endOf(kafka: Kafka, topic: string): Promise<number | undefined> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    if (!(await admin.listTopics()).includes(topic)) return undefined;
    return Number((await admin.fetchTopicOffsets(topic))[0].high);
  } finally {
    await admin.disconnect();
  }
}

/** Answers as they come, until `endMs` on the monotonic clock. */
async function* answersFrom(
  kafka: Kafka,
  topic: string,
  from: number,
  endMs: number,
): AsyncGenerator<Answer> {
  let fetcher: Fetcher | undefined, at = from;
  try {
    while (systemClock.monotonicMs() < endMs) {
      if (fetcher === undefined && await endOf(kafka, topic) !== undefined) {
        fetcher = await openFetcher(kafka, [topic]);
      }
      if (fetcher === undefined) {
        await systemClock.sleep(LOOK_MS);
        continue;
      }
      for (
        const { batch } of await fetcher.fetch({
          ...{ topic, partition: 0, fetchOffset: at, maxBytes: FETCH_BYTES },
        })
      ) {
        at = Math.max(at, batch.lastOffset + 1);
        if (!isForReaders(batch)) continue;
        const cursor = new RecordCursor(batch, UNPACKED_BYTES_MAX);
        while (cursor.next()) {
          if (cursor.offset < from || cursor.valueStart < 0) continue;
          const value = cursor.bytes.subarray(cursor.valueStart, cursor.valueEnd);
          const answer = decodeAnswer(decoder.decode(value));
          if (answer !== undefined) yield answer;
        }
      }
    }
  } finally {
    await fetcher?.disconnect().catch(() => {}); // its sockets are no longer used
  }
}
