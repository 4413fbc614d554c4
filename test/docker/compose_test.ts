/**
 * The shipped compose file in a real Docker engine: everything comes up healthy, logs written in one container are
 * documents of another, metrics are where they belong, every link answers; and it goes without a trace. Grafana and
 * Kibana are stand-ins that only answer: what they show is not tested here.
 */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { waitFor } from "../support/wait.ts";
import { DockerEngine } from "./engine.ts";
import { buildStandins, buildWeir } from "./standins.ts";

const FILE = new URL("../../deploy/docker-compose.yml", import.meta.url).pathname;
const WAIT = { timeoutMs: 90_000, everyMs: 500 };

interface Service {
  image: string;
  build?: { target: string };
}

Deno.test({
  name: "compose: profile full comes up, carries lines and metrics, and goes",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const dist = Deno.env.get("WEIR_TEST_DIST");
    if (dist === undefined) throw new Error("WEIR_TEST_DIST is not set. Run: npm run test:docker");
    await using engine = await DockerEngine.open();
    const file = ["-f", FILE, "--profile", "full"];
    const config = JSON.parse(await engine.compose([...file, "config", "--format", "json"]));
    const services: Record<string, Service> = config.services;
    const own = Object.values(services).filter(({ build }) => build !== undefined);
    const official = new Set(
      Object.values(services).filter(({ build }) => build === undefined).map(({ image }) => image),
    );
    console.log(`${await buildStandins(engine, [...official])} stand-ins`);
    await buildWeir(engine, dist, Object.fromEntries(own.map((s) => [s.build!.target, s.image])));

    const up = [...file, "up", "--detach", "--wait", "--wait-timeout", "240", "--pull", "never"];
    try {
      await engine.compose([...up, "--no-build"]);
    } catch (error) {
      console.log(await engine.compose([...file, "ps", "--all"]));
      console.log((await engine.compose([...file, "logs", "--tail", "15"])).slice(-12_000));
      throw error;
    }
    try {
      await smoke(engine);
    } catch (error) {
      console.log((await engine.compose([...file, "logs", "--tail", "20"])).slice(-12_000));
      throw error;
    }
    await engine.compose([...file, "down", "--volumes", "--timeout", "20"]);
    assert.equal((await engine.docker("ps", "-aq")).trim(), "", "no container is left");
    assert.equal((await engine.docker("volume", "ls", "-q")).trim(), "", "no volume is left");
  },
});

async function smoke(engine: DockerEngine): Promise<void> {
  const documents = await waitFor("documents of the demo", async () => {
    const text = await engine.get("http://127.0.0.1:9200/weir-demo_logs-*/_count");
    return JSON.parse(text).count || undefined;
  }, WAIT);
  console.log(`${documents} documents`);

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
