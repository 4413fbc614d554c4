/** A small pipeline from source for the monitor's tests: agent, Kafka, transfer, Elasticsearch. */
import { Kafka, logLevel } from "kafkajs";
import { stringify } from "yaml";
import { servers } from "../support/servers.ts";
import { freePort, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import type { Site } from "./site.ts";

const HEADERS = { "content-type": "application/json" };

export interface Pipeline {
  /** host:port of the status servers. */
  agent: string;
  transfer: string;
  topic: string;
  /** Pattern of its indices. */
  indices: string;
  /** Appends lines of several levels; resolves when they are in the index. */
  write(count: number): Promise<void>;
  /** Sends records that Elasticsearch refuses for good. */
  refused(count: number): Promise<void>;
}

/** Starts it; everything goes with the site. */
export async function startPipeline(site: Site): Promise<Pipeline> {
  const { kafka, elasticsearch } = await servers("kafka", "elasticsearch");
  const topic = uniqueName("pl"), refusedTopic = `${topic}-refused`, dead = `${topic}-dead`;
  const client = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING });
  await prepare(site, client, elasticsearch, [topic, refusedTopic, dead]);
  await refuseWords(elasticsearch, topic);
  const log = `${site.folder}/app.log`;
  await Deno.writeTextFile(log, "");
  const agent = await start(site, "agent", {
    state: `${site.folder}/state`,
    source: { file: await collectFile(site, log, topic) },
    kafka: { brokers: [kafka] },
    tail: { roots: [site.folder], sweep: "500ms" },
  });
  const transfer = await start(site, "transfer", {
    kafka: { brokers: [kafka] },
    consumer: {
      groupId: topic,
      topics: [topic, refusedTopic],
      sessionTimeout: "6s",
      heartbeat: "500ms",
      commitInterval: "200ms",
      offsetsInterval: "200ms",
    },
    elasticsearch: { nodes: [elasticsearch] },
    index: { name: `${topic}-{topic}-{day}`, replicas: 0 },
    bulk: { linger: "20ms" },
    dead: { topic: dead },
  });
  let written = 0;
  return {
    agent,
    transfer,
    topic,
    indices: `${topic}-${topic}-*`,
    async write(count) {
      const lines = Array.from({ length: count }, (_, i) => line(written + i));
      await Deno.writeTextFile(log, lines.join(""), { append: true });
      written += count;
      await indexed(`${elasticsearch}/${topic}-${topic}-*`, written);
    },
    async refused(count) {
      const producer = client.producer();
      await producer.connect();
      const messages = Array.from({ length: count }, () => ({ value: "no number" }));
      await producer.send({ topic: refusedTopic, messages });
      await producer.disconnect();
    },
  };
}

/** Makes the topics; they, the template and the indices go with the site. */
async function prepare(
  site: Site,
  client: Kafka,
  elasticsearch: string,
  topics: string[],
): Promise<void> {
  const [prefix] = topics;
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: topics.map((topic) => ({ topic, numPartitions: 1, replicationFactor: 1 })),
  });
  site.onClose(async () => {
    await admin.deleteTopics({ topics });
    await admin.disconnect();
    await removed(`${elasticsearch}/_index_template/${prefix}`);
    const found = await (await fetch(`${elasticsearch}/${prefix}-*`)).json();
    for (const index of Object.keys(found)) {
      await removed(`${elasticsearch}/${index}`);
    }
  });
}

/** Waits until so many documents can be found. */
async function indexed(indices: string, count: number): Promise<void> {
  await waitFor(`${count} documents`, async () => {
    const refreshed = await fetch(`${indices}/_refresh`, { method: "POST" });
    await refreshed.body?.cancel();
    const answer = await fetch(`${indices}/_count?allow_no_indices=true`);
    return (await answer.json()).count === count;
  }, { timeoutMs: 60_000 });
}

function line(n: number): string {
  const level = ["INFO", "WARN", "ERROR", "DEBUG"][n % 4];
  return `${new Date().toISOString()} ${level} [worker-${n % 3}] request ${n} took ${n % 70} ms\n`;
}

/** In the index of the refused topic a message is a number, which text is not. */
async function refuseWords(elasticsearch: string, topic: string): Promise<void> {
  const answer = await fetch(`${elasticsearch}/_index_template/${topic}`, {
    method: "PUT",
    headers: HEADERS,
    body: JSON.stringify({
      index_patterns: [`${topic}-${topic}-refused-*`],
      priority: 1_000_000,
      template: {
        settings: { number_of_replicas: 0 },
        mappings: { properties: { message: { type: "integer" } } },
      },
    }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  await answer.body?.cancel();
}

async function collectFile(site: Site, path: string, topic: string): Promise<string> {
  const file = `${site.folder}/collect.json`;
  await Deno.writeTextFile(file, JSON.stringify([{ path, topic }]));
  return file;
}

/** Starts a program from source and waits until it answers; resolves with its host:port. */
async function start(site: Site, name: string, settings: unknown): Promise<string> {
  const listen = `127.0.0.1:${freePort()}`, file = `${site.folder}/${name}.yaml`;
  await Deno.writeTextFile(file, stringify({ ...settings as object, listen }));
  const args = ["run", "-A", "--quiet", `${name}/main.ts`, "--config", file];
  const program = site.start(Deno.execPath(), args);
  await waitFor(`weir-${name}'s /healthz`, async () => {
    const answer = await fetch(`http://${listen}/healthz`);
    await answer.body?.cancel();
    return answer.ok;
  }, { detail: () => program.tail() });
  return listen;
}

async function removed(url: string): Promise<void> {
  const answer = await fetch(url, { method: "DELETE" });
  await answer.body?.cancel();
}
