/**
 * The whole chain as executables with real servers: a file told of in etcd, its lines in Kafka, in Elasticsearch each
 * once, the host's figures in InfluxDB and Prometheus; kill -9 of agent and transfer in the middle of 100,000 lines.
 */
import assert from "node:assert/strict";
import { Random } from "../support/random.ts";
import { startPrometheus } from "../support/servers.ts";
import { waitFor } from "../support/wait.ts";
import { Chain } from "./chain.ts";

/** Client libraries keep sockets and timers for a while after they are closed. */
const lenient = { sanitizeOps: false, sanitizeResources: false };

const HOP_MS = 60_000;

Deno.test({
  name:
    "chain: etcd → agent → Kafka → transfer → Elasticsearch, rotation and a change of what to tail",
  ...lenient,
  async fn() {
    await using chain = await Chain.open();
    const log = chain.folder.join("logs/app.log");
    await Deno.mkdir(chain.folder.join("logs"));
    await Deno.writeTextFile(
      log,
      "2026-11-20 10:00:00,000 INFO first line\n2026-11-20 10:00:01,500 ERROR second: äöü 日志\n",
    );
    await chain.tail([{ path: log, topic: chain.topic, fields: { env: "test" } }]);
    chain.say("etcd", `/logagent/${chain.ip}/collect_config says ${log} → ${chain.topic}`);
    const agent = await chain.startAgent();
    chain.say("weir-agent", await chain.addressOf(agent));
    await waitFor("two records in Kafka", async () => await chain.recordsInKafka() === 2, {
      timeoutMs: HOP_MS,
    });
    chain.say("Kafka", "2 records");
    const transfer = await chain.startTransfer();
    chain.say("weir-transfer", await chain.addressOf(transfer));
    await waitFor("two documents", async () => await chain.documents() === 2, {
      timeoutMs: HOP_MS,
    });
    const { hits } = await chain.elastic.search<Record<string, unknown>>({
      index: chain.indices,
      sort: ["log.offset"],
    });
    const second = hits.hits[1];
    chain.say("Elasticsearch", `${second._index} ${second._id} ${JSON.stringify(second._source)}`);
    checkDocument(second, chain, log);

    await Deno.rename(log, `${log}.1`);
    await Deno.writeTextFile(log, "third, after the rotation\n");
    await Deno.writeTextFile(`${log}.1`, "fourth, a late write to the old file\n", {
      append: true,
    });
    await waitFor("four documents", async () => await chain.documents() === 4, {
      timeoutMs: HOP_MS,
    });
    chain.say("rotation", "4 documents: the old file's late line and the new file's first");

    const other = chain.folder.join("logs/other.log");
    await Deno.writeTextFile(other, "fifth, of a file that etcd named later\n");
    await chain.tail([{ path: other, topic: chain.topic }]);
    await waitFor("five documents", async () => await chain.documents() === 5, {
      timeoutMs: HOP_MS,
    });
    await waitFor("only the other file tailed", async () => {
      const status = await (await fetch(`${await chain.addressOf(agent)}/api/status`)).json();
      return status.files.length === 1 && status.files[0].path === other;
    });
    chain.say("etcd", "an edit ended the first file and began the other");
    await Deno.writeTextFile(log, "never sent: nobody tails it any more\n", { append: true });

    for (const program of [agent, transfer]) {
      const answer = await fetch(`${await chain.addressOf(program)}/metrics`);
      const text = await answer.text();
      assert.equal(answer.status, 200, text);
      assert.match(text, /^process_cpu_seconds_total /m);
    }

    assert.equal((await agent.stop()).code, 0, "the agent ends with 0 on SIGTERM");
    assert.equal((await transfer.stop()).code, 0, "the transfer ends with 0 on SIGTERM");
    assert.equal(await chain.documents(), 5);
  },
});

function checkDocument(
  hit: { _id?: string; _index: string; _source?: Record<string, unknown> },
  chain: Chain,
  log: string,
): void {
  const source = hit._source!;
  const generation = String(source["log.file.generation"] ?? (source as any).log?.file?.generation);
  assert.match(generation, /^[A-Za-z0-9_-]{16}$/);
  assert.equal(hit._id, `${generation}:40-92`);
  assert.equal(
    hit._index,
    `weir-${chain.topic}-${new Date().toISOString().slice(0, 10).replaceAll("-", ".")}`,
  );
  const flat = flatten(source);
  assert.deepEqual(
    {
      message: flat.message,
      time: flat["@timestamp"],
      level: flat["log.level"],
      topic: flat.topic,
      host: flat["host.name"],
      path: flat["log.file.path"],
      offset: flat["log.offset"],
      length: flat["log.length"],
    },
    {
      message: "2026-11-20 10:00:01,500 ERROR second: äöü 日志",
      time: "2026-11-20T10:00:01.500Z",
      level: "error",
      topic: chain.topic,
      host: "e2e-host",
      path: log,
      offset: 40,
      length: 52,
    },
  );
}

function flatten(value: Record<string, unknown>, prefix = ""): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const path = prefix === "" ? key : `${prefix}.${key}`;
      return typeof item === "object" && item !== null && !Array.isArray(item)
        ? Object.entries(flatten(item as Record<string, unknown>, path))
        : [[path, item]];
    }),
  );
}

Deno.test({
  name:
    "chain: kill -9 of agent and transfer in the middle of 100,000 lines, each is in the index once",
  ...lenient,
  async fn() {
    const seed = Number(Deno.env.get("WEIR_SEED") ?? Date.now() % 1_000_000);
    console.log(`seed ${seed}; play it again: WEIR_SEED=${seed} npm test -- e2e`);
    const random = new Random(seed);
    await using chain = await Chain.open();
    const total = 100_000;
    const folder = chain.folder.join("logs");
    await Deno.mkdir(folder);
    await chain.tail([{ path: `${folder}/*.log*`, topic: chain.topic }]);
    const writing = writeLines(folder, total, random);
    let agent = await chain.startAgent(), transfer = await chain.startTransfer();
    let agentKills = 0, transferKills = 0;
    for (let indexed = 0, next = 0; indexed < total;) {
      indexed = await waitFor("more documents", async () => {
        const now = await chain.documents();
        return now >= Math.min(next, total) ? now || undefined : undefined;
      }, { timeoutMs: HOP_MS, everyMs: 100 });
      next = indexed + 8000 + random.below(8000);
      if (indexed >= total * 0.9) next = total;
      else if (random.chance(0.5)) {
        await agent.kill9();
        agentKills++;
        agent = await chain.startAgent();
      } else {
        await transfer.kill9();
        transferKills++;
        transfer = await chain.startTransfer();
      }
    }
    await writing;
    chain.say("kill -9", `${agentKills} of the agent, ${transferKills} of the transfer`);
    chain.say("Kafka", `${await chain.recordsInKafka()} records, repeats included`);
    const counts = new Map<string, number>();
    for (const message of await chain.messages()) {
      counts.set(message, (counts.get(message) ?? 0) + 1);
    }
    let lost = 0;
    for (let i = 1; i <= total; i++) if (!counts.has(lineOf(i))) lost++;
    const doubled = [...counts.values()].filter((count) => count > 1).length;
    chain.say(
      "Elasticsearch",
      `${await chain.documents()} documents, ${lost} lost, ${doubled} doubled`,
    );
    assert.deepEqual({ documents: await chain.documents(), texts: counts.size, lost, doubled }, {
      documents: total,
      texts: total,
      lost: 0,
      doubled: 0,
    });
    assert(agentKills + transferKills >= 3, "there were kills");
  },
});

function lineOf(number: number): string {
  return `2026-11-21 04:00:00,000 INFO line ${
    String(number).padStart(6, "0")
  } of a hundred thousand`;
}

/** Writes all lines over five files, each rotated by rename now and then, line by line in bursts. */
async function writeLines(folder: string, total: number, random: Random): Promise<void> {
  const rotations = new Map<string, number>();
  for (let number = 1; number <= total;) {
    const name = `${folder}/app${random.below(5)}.log`;
    let text = "";
    for (const end = Math.min(total, number + random.below(400)); number <= end; number++) {
      text += `${lineOf(number)}\n`;
    }
    const cut = random.below(text.length);
    await Deno.writeTextFile(name, text.slice(0, cut), { append: true });
    await Deno.writeTextFile(name, text.slice(cut), { append: true });
    if (random.chance(0.01)) {
      const count = (rotations.get(name) ?? 0) + 1;
      rotations.set(name, count);
      await Deno.rename(name, `${name}.${count}`);
    }
  }
}

Deno.test({
  name: "chain: the host's CPU, memory and disk in InfluxDB and in Prometheus",
  ...lenient,
  async fn() {
    await using chain = await Chain.open();
    const monitor = await chain.startMonitor();
    const address = (await chain.addressOf(monitor)).replace("http://", "");
    const prometheus = await startPrometheus({ targets: [address] });
    try {
      for (
        const metric of [
          "node_cpu_seconds_total",
          "node_memory_MemAvailable_bytes",
          "node_filesystem_avail_bytes",
        ]
      ) {
        const series = await waitFor(`${metric} in Prometheus`, async () => {
          const answer = await fetch(`${prometheus.address}/api/v1/query?query=${metric}`);
          const { data } = await answer.json();
          return data.result.length || undefined;
        });
        chain.say("Prometheus", `${metric}: ${series} series`);
      }
      for (const measurement of ["cpu", "mem", "disk"]) {
        const { url, org, bucket, token } = chain.servers.influxdb;
        const rows = await waitFor(`${measurement} in InfluxDB`, async () => {
          const query =
            `from(bucket: "${bucket}") |> range(start: -5m) |> filter(fn: (r) => r._measurement == "${measurement}") |> last()`;
          const answer = await fetch(`${url}/api/v2/query?org=${org}`, {
            method: "POST",
            headers: {
              authorization: `Token ${token}`,
              "content-type": "application/vnd.flux",
              accept: "application/csv",
            },
            body: query,
          });
          return (await answer.text()).split("\n").filter((line) => line.startsWith(",_result"))
            .length || undefined;
        });
        chain.say("InfluxDB", `${measurement}: ${rows} fields`);
      }
      assert.equal((await monitor.stop()).code, 0, "the monitor ends with 0 on SIGTERM");
    } finally {
      await prometheus.remove();
    }
  },
});
