/**
 * The shipped compose files in a real Docker engine: everything comes up healthy, logs written in one container are
 * documents of another, metrics are where they belong, every link answers; with three nodes each, lines go on while one
 * of each is gone; and all goes without a trace. Grafana and Kibana are stand-ins that only answer: what they show is
 * not tested here.
 */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { distFolder } from "../support/dist.ts";
import { run } from "../support/process.ts";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { DockerEngine } from "./engine.ts";
import { buildStandins, buildWeir } from "./standins.ts";

const FOLDER = new URL("../../deploy/", import.meta.url).pathname;
const WAIT = { timeoutMs: 90_000, everyMs: 500 };

interface Service {
  image: string;
  build?: { target: string };
}

Deno.test({
  name:
    "compose: the stack comes up, carries lines and metrics, and goes; so does that of three nodes",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const dist = distFolder("npm run test:docker");
    await using engine = await DockerEngine.open();
    const single = ["-f", `${FOLDER}docker-compose.yml`, "--profile", "full"];
    await makeImages(engine, single, dist);
    if (Deno.env.get("ONLY3") === undefined) {
      await t.step("profile full", () => whileUp(engine, single, () => smoke(engine)));
    }
    await t.step("three nodes", async () => {
      await using folder = await tempDir("weir-three-");
      const nodes = await elasticNodes();
      const files = ["docker-compose.yml", "docker-compose.three.yml"].map((name) => FOLDER + name);
      if (nodes === 1) {
        files.push(folder.join("one.yml"));
        await Deno.writeTextFile(folder.join("one.yml"), ONE_ELASTICSEARCH);
      }
      const three = [...files.flatMap((file) => ["-f", file]), "--profile", "core"];
      await whileUp(engine, three, () => threeNodes(engine, three, nodes));
    });
  },
});

/** What Elasticsearch asks for before it joins others that are not on its own machine. */
const OPEN_FILES_MIN = 65_536;

/** How many nodes of Elasticsearch can run here: 3, or 1 where nobody may open as many files as a cluster asks for. */
async function elasticNodes(): Promise<1 | 3> {
  const most = await run("sh", ["-c", "ulimit -H -n"]);
  if (most.trim() === "unlimited" || Number(most) >= OPEN_FILES_MIN) return 3;
  console.log(
    `skipped: three nodes of Elasticsearch: ${most.trim()} open files are allowed here, a cluster asks ` +
      `for ${OPEN_FILES_MIN}; one node instead`,
  );
  return 1;
}

/** Over the two others: one node of Elasticsearch again, the addresses of the other two lead nowhere. */
const ONE_ELASTICSEARCH = `services:
  elasticsearch:
    ulimits: !reset null
    environment: !override { discovery.type: single-node, xpack.security.enabled: "false" }
  elasticsearch2: { profiles: !override [never] }
  elasticsearch3: { profiles: !override [never] }
  weir-transfer:
    depends_on: !override
      etcd: { condition: service_healthy }
      kafka2: { condition: service_healthy }
      kafka3: { condition: service_healthy }
      elasticsearch: { condition: service_healthy }
`;

/** An image for every service: Weir's own from its Dockerfile, stand-ins for the others. */
async function makeImages(engine: DockerEngine, file: string[], dist: string): Promise<void> {
  const config = JSON.parse(await engine.compose([...file, "config", "--format", "json"]));
  const services: Record<string, Service> = config.services;
  const own = Object.values(services).filter(({ build }) => build !== undefined);
  const official = new Set(
    Object.values(services).filter(({ build }) => build === undefined).map(({ image }) => image),
  );
  console.log(`${await buildStandins(engine, [...official])} stand-ins`);
  await buildWeir(engine, dist, Object.fromEntries(own.map((s) => [s.build!.target, s.image])));
}

/** Brings a project up, looks at it, takes it down and checks that nothing is left; shows its logs where it fails. */
async function whileUp(
  engine: DockerEngine,
  file: string[],
  look: () => Promise<void>,
): Promise<void> {
  const up = [...file, "up", "--detach", "--wait", "--wait-timeout", "240", "--pull", "never"];
  try {
    await engine.compose([...up, "--no-build"]);
    await look();
  } catch (error) {
    console.log(await engine.compose([...file, "ps", "--all"]));
    console.log((await engine.compose([...file, "logs", "--tail", "15"])).slice(-12_000));
    throw error;
  }
  await engine.compose([...file, "down", "--volumes", "--timeout", "20"]);
  assert.equal((await engine.docker("ps", "-aq")).trim(), "", "no container is left");
  assert.equal((await engine.docker("volume", "ls", "-q")).trim(), "", "no volume is left");
}

async function smoke(engine: DockerEngine): Promise<void> {
  console.log(`${await documentsAbove(engine, 0, 9200)} documents`);

  const jobs = await waitFor("every job scraped", async () => {
    const { data } = JSON.parse(await engine.get("http://127.0.0.1:9090/api/v1/query?query=up"));
    const up = data.result.filter((one: { value: [number, string] }) => one.value[1] === "1");
    return up.length === 4
      ? up.map((one: { metric: { job: string } }) => one.metric.job)
      : undefined;
  }, WAIT);
  assert.deepEqual(jobs.sort(), ["node", "prometheus", "weir-agent", "weir-transfer"]);

  await alerts(engine);

  const points = await waitFor("points in InfluxDB", async () => {
    const answer = await engine.inside(
      "curl",
      "-fsS",
      "-H",
      "Authorization: Token weir-compose-token",
      "-H",
      "content-type: application/vnd.flux",
      "http://127.0.0.1:8086/api/v2/query?org=weir",
      "-d",
      'from(bucket: "weir") |> range(start: -5m) |> filter(fn: (r) => r._measurement == "cpu") |> count()',
    );
    return answer.split("\n").length > 3 ? answer.split("\n").length : undefined;
  }, WAIT);
  console.log(`${points} rows of cpu in InfluxDB`);

  const links = await waitFor("every link answers", async () => {
    const states = JSON.parse(await engine.get("http://127.0.0.1:7701/api/links"));
    const down = states.filter(({ ok }: { ok: boolean }) => !ok);
    if (down.length > 0) console.log(down.map((s: { link: { name: string } }) => s.link.name));
    return down.length === 0 ? states : undefined;
  }, WAIT);
  console.log(`${links.length} links answer`);
}

/** Every shipped rule is loaded and was evaluated, and alerts have somewhere to go. */
async function alerts(engine: DockerEngine): Promise<void> {
  const folder = new URL("../../grafana/prometheus/", import.meta.url).pathname;
  const shipped = ["hosts", "pipeline"].flatMap((name) => {
    const { groups } = parse(Deno.readTextFileSync(`${folder}${name}.rules.yaml`));
    return groups.flatMap((group: { rules: { alert?: string; record?: string }[] }) =>
      group.rules.map((rule) => rule.alert ?? rule.record!)
    );
  });
  const api = async (path: string) =>
    JSON.parse(await engine.get(`http://127.0.0.1:9090/api/v1/${path}`)).data;
  const loaded = await waitFor("every rule evaluated", async () => {
    const { groups } = await api("rules");
    const rules: { name: string; health: string }[] = groups.flatMap((group: {
      rules: { name: string; health: string }[];
    }) => group.rules);
    return rules.every(({ health }) => health !== "unknown") && rules.length > 0
      ? rules
      : undefined;
  }, WAIT);
  assert.deepEqual(loaded.map(({ name }) => name).sort(), shipped.sort());
  assert.deepEqual(loaded.filter(({ health }) => health !== "ok"), []);
  const { activeAlertmanagers } = await api("alertmanagers");
  assert.deepEqual(
    activeAlertmanagers.map(({ url }: { url: string }) => url),
    ["http://alertmanager:9093/api/v2/alerts"],
  );
  console.log(`${loaded.length} rules evaluated`);
}

/** Waits for more documents of the demo than `count`; returns how many there are. */
async function documentsAbove(engine: DockerEngine, count: number, port: number): Promise<number> {
  return await waitFor(`more than ${count} documents of the demo`, async () => {
    const text = await engine.get(`http://127.0.0.1:${port}/weir-demo_logs-*/_count`);
    const found: number = JSON.parse(text).count;
    return found > count ? found : undefined;
  }, WAIT);
}

/** Each cluster has its nodes, the agent's topic three replicas with two in sync; lines go on without one of each. */
async function threeNodes(engine: DockerEngine, file: string[], nodes: 1 | 3): Promise<void> {
  const before = await documentsAbove(engine, 0, 9200);
  const health = JSON.parse(await engine.get("http://127.0.0.1:9200/_cluster/health"));
  assert.equal(health.number_of_nodes, nodes);
  const exec = (service: string, ...command: string[]) =>
    engine.compose([...file, "exec", "-T", service, ...command]);
  const members = await exec("etcd", "/usr/local/bin/etcdctl", "member", "list");
  assert.equal(members.trim().split("\n").filter((line) => line.includes("started")).length, 3);
  const tool = "java -cp '/opt/kafka/lib/*' org.apache.kafka.tools.TopicCommand";
  const describe = `${tool} --bootstrap-server kafka:9092 --describe --topic demo_logs`;
  const [demo] = (await exec("kafka", "sh", "-c", describe)).split("\n").filter((line) =>
    line.startsWith("Topic: demo_logs")
  );
  assert.match(demo, /ReplicationFactor: 3\b/);
  assert.match(demo, /min\.insync\.replicas=2\b/);

  const gone = ["kafka2", "etcd3", ...(nodes === 3 ? ["elasticsearch"] : [])];
  await engine.compose([...file, "kill", ...gone]);
  // Lines that were on their way are not enough to pass.
  const after = await documentsAbove(engine, before + 500, nodes === 3 ? 9201 : 9200);
  console.log(`${before} documents, then ${after} without ${gone.join(", ")}`);
}
