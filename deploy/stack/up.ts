/**
 * Starts the stack: servers of the test set-up, then the generator, the programs and Prometheus, each when the one
 * before is ready. Where one does not come up, what was started is ended and the end of its log is in the error.
 */
import { Etcd3 } from "etcd3";
import { stringify } from "yaml";
import { messageOf, WeirError } from "../../core/errors.ts";
import { installPrometheus } from "../../test/support/real/prometheus.ts";
import { GuardedProcess, startTicksOf } from "../../test/support/real/guard.ts";
import { startSet } from "../../test/support/servers.ts";
import { NeverError, waitFor } from "../../test/support/wait.ts";
import {
  collectConfig,
  type Ports,
  prometheusConfig,
  STACK_IP,
  type StackServers,
  type Step,
  steps,
} from "./plan.ts";
import {
  isAlive,
  isReady,
  signal,
  type StackProcess,
  type StackState,
  writeState,
} from "./state.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const READY_MS = 60_000;
const SERVERS = ["etcd", "kafka", "elasticsearch", "influxdb"] as const;

export interface UpOptions {
  /** Folder of everything; made where it is not there. */
  data: string;
  ports: Ports;
  say: (text: string) => void;
}

/** Returns when every part is ready. Rejects with STACK_NOT_UP. */
export async function stackUp({ data, ports, say }: UpOptions): Promise<StackState> {
  const state: StackState = { processes: [], links: {}, startedMs: Date.now() };
  await Deno.mkdir(data, { recursive: true });
  try {
    const set = await startSet(SERVERS, say, true);
    SERVERS.forEach((name) => {
      const pid = set.pidOf[name]!;
      state.processes.push({ name, pid, startTicks: startTicksOf(pid) ?? "", log: "" });
    });
    const servers = serversOf(set.env);
    state.links = linksOf(servers, ports);
    await writeState(data, state);
    const etcd = new Etcd3({ hosts: servers.etcd });
    await etcd.put(`/logagent/${STACK_IP}/collect_config`).value(
      JSON.stringify(collectConfig(data)),
    );
    etcd.close();
    const prometheus = await prometheusStep(data, ports);
    for (const step of [...steps(data, servers, ports), prometheus]) {
      state.processes.push(await start(step, data));
      await writeState(data, state);
      say(`${step.name} is ready`);
    }
    return state;
  } catch (error) {
    for (const process of state.processes) signal(process, "SIGKILL");
    await writeState(data, { ...state, processes: [] });
    throw new WeirError("STACK_NOT_UP", `The stack did not come up: ${messageOf(error)}`, {
      hint: `The logs are in ${data}. A port that is taken: --free-ports`,
      cause: error,
    });
  }
}

function serversOf(env: Record<string, string>): StackServers {
  const [url, org, bucket, token] = env.WEIR_TEST_INFLUXDB.split("|");
  return {
    kafka: env.WEIR_TEST_KAFKA,
    elasticsearch: env.WEIR_TEST_ELASTICSEARCH,
    etcd: env.WEIR_TEST_ETCD,
    influxdb: { url, org, bucket, token },
  };
}

function linksOf(servers: StackServers, ports: Ports): Record<string, string> {
  const at = (port: number, path = "") => `http://127.0.0.1:${port}/${path}`;
  return {
    "search page": at(ports.page),
    "Prometheus": at(ports.prometheus),
    "agent's metrics": at(ports.agent, "metrics"),
    "transfer's metrics": at(ports.transfer, "metrics"),
    "host's metrics": at(ports.monitor, "metrics"),
    "Elasticsearch": servers.elasticsearch,
    "InfluxDB": servers.influxdb.url,
    "Kafka": servers.kafka,
    "etcd": servers.etcd,
  };
}

async function prometheusStep(data: string, ports: Ports): Promise<Step> {
  const address = `127.0.0.1:${ports.prometheus}`;
  return {
    name: "prometheus",
    args: [
      await installPrometheus(() => {}),
      `--config.file=${data}/prometheus/prometheus.yml`,
      `--storage.tsdb.path=${data}/prometheus/data`,
      `--web.listen-address=${address}`,
    ],
    files: { "prometheus.yml": prometheusConfig(ports, `${ROOT}grafana/prometheus`) },
    ready: `http://${address}/-/ready`,
  };
}

async function start(step: Step, data: string): Promise<StackProcess> {
  const folder = `${data}/${step.name}`, log = `${folder}/${step.name}.log`;
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(step.files)) {
    const text = typeof content === "string" ? content : stringify(content);
    await Deno.writeTextFile(`${folder}/${name}`, text, { mode: 0o600 });
  }
  await Deno.writeTextFile(log, "");
  // What is kept outlives this command; the folder given here goes with the process, so it is one of its own.
  const started = await GuardedProcess.start({
    folder: await Deno.makeTempDir({ prefix: "weir-stack-" }),
    log,
    command: await commandOf(step),
    env: Deno.env.toObject(),
    keep: true,
  });
  const process: StackProcess = {
    name: step.name,
    pid: started.pid,
    startTicks: startTicksOf(started.pid) ?? "",
    log,
    ready: step.ready,
  };
  try {
    await waitFor(`${step.name} to be ready`, async () => {
      if (!isAlive(process)) throw new NeverError(`${step.name} ended at its start`);
      return await isReady(process);
    }, { timeoutMs: READY_MS, everyMs: 100 });
  } catch (error) {
    signal(process, "SIGKILL");
    const end = (await Deno.readTextFile(log)).trimEnd().split("\n").slice(-5).join("; ");
    throw new Error(`${messageOf(error)}; the end of ${log}: ${end}`);
  }
  return process;
}

/** The executable where it was built, else the source. */
async function commandOf({ program, args }: Step): Promise<string[]> {
  if (program === undefined) return args;
  const executable = `${ROOT}dist/${program}`;
  if (await Deno.stat(executable).then(() => true, () => false)) return [executable, ...args];
  const entry = `${program === "weir" ? "cli" : program.replace("weir-", "")}/main.ts`;
  return [Deno.execPath(), "run", "-A", "--quiet", "--no-check", ROOT + entry, ...args];
}
