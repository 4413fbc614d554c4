/** What docs/record-format.md tells other consumers to run, over a topic of real Kafka in which lines come twice. */
import assert from "node:assert/strict";
import { run, startProgram } from "../support/process.ts";
import { cached, kafkaJava, mavenJars, sayOnStderr } from "../support/real/install.ts";
import { tempDir } from "../support/temp.ts";
import { kafkaBroker } from "../transfer/servers.ts";
import { numberedLines, Site, until } from "../transfer/site.ts";

const lenient = { sanitizeOps: false, sanitizeResources: false }; // the clients keep sockets for a while
const EXAMPLES = new URL("../../docs/examples/", import.meta.url).pathname;
const COUNT = 3000;

Deno.test({
  name: "a plain kafkajs consumer prints each line of a topic once",
  ...lenient,
  async fn() {
    const site = await Site.open();
    try {
      const topic = await site.topic("consumers", 3);
      const { lines, uids } = numberedLines(topic, COUNT, 7);
      await site.send(lines.slice(0, COUNT / 2));
      await site.send(lines.slice(COUNT / 2 - 300));
      const broker = await kafkaBroker();
      const text = await run(Deno.execPath(), [
        "run",
        "-A",
        "-q",
        "--no-check",
        `${EXAMPLES}lines_of_topic.ts`,
        broker,
        topic,
      ]);
      const found = text.trim().split("\n").map((line) => JSON.parse(line));
      assert.deepEqual(found.map(({ uid }) => uid).sort(), uids.sort());
      assert.equal(new Set(found.map(({ line }) => line)).size, COUNT);
    } finally {
      await site.close();
    }
  },
});

/** Kafka Connect of the same version as the tests' Kafka, installed once. */
async function connectJars(): Promise<string> {
  const home = await cached("connect-4.3.1-1", sayOnStderr, async (folder) => {
    const jars = ["connect-runtime", "connect-file"].map((name) =>
      `org.apache.kafka:${name}:4.3.1`
    );
    await mavenJars(folder, jars, sayOnStderr);
  });
  return `${home}/lib`;
}

/** A file of docs/examples/connect with the values of this test. */
async function settingsOf(name: string, values: Record<string, string>): Promise<string> {
  const text = await Deno.readTextFile(`${EXAMPLES}connect/${name}`);
  return text.replace(
    /^([\w.]+)=.*$/gm,
    (line, key) => key in values ? `${key}=${values[key]}` : line,
  );
}

Deno.test({
  name: "Kafka Connect writes the lines of agents to a file, with its own connector",
  ...lenient,
  async fn() {
    const jars = await connectJars(), java = await kafkaJava(sayOnStderr);
    await using folder = await tempDir();
    const site = await Site.open();
    try {
      const topic = await site.topic("connect", 3), file = folder.join("lines.txt");
      const { lines } = numberedLines(topic, COUNT, 7);
      await site.send([...lines, { topic, value: "of another producer" }, ...lines.slice(-50)]);
      await Deno.writeTextFile(
        folder.join("worker.properties"),
        await settingsOf("worker.properties", {
          "bootstrap.servers": await kafkaBroker(),
          "offset.storage.file.filename": folder.join("offsets"),
          "listeners": "http://127.0.0.1:0",
          "offset.flush.interval.ms": "500",
          "plugin.path": jars,
        }),
      );
      const group = `${site.prefix}-lines`;
      await Deno.writeTextFile(
        folder.join("sink.properties"),
        await settingsOf("file_sink.properties", { name: group, topics: topic, file }),
      );
      const args = [
        "-Xmx256m",
        "-cp",
        `${jars}/*`,
        "org.apache.kafka.connect.cli.ConnectStandalone",
      ];
      await using connect = startProgram(java, [
        ...args,
        folder.join("worker.properties"),
        folder.join("sink.properties"),
      ]);
      const written = async () => {
        if (connect.ended) throw new Error(`Kafka Connect ended: ${connect.stdout.slice(-3000)}`);
        return (await Deno.readTextFile(file).catch(() => "")).split("\n").slice(0, -1);
      };
      await until("all lines", async () => (await written()).length >= COUNT + 50, 120_000, 200);
      const found = await written();
      assert.equal(found.length, COUNT + 50, "repeats come as often as they were sent");
      assert.deepEqual([...new Set(found)].sort(), lines.map(({ value }) => value).sort());
    } finally {
      await site.close();
    }
  },
});
