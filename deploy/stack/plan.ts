/**
 * What the stack runs beside the servers: the generator of logs, the four programs and Prometheus, each with its
 * settings, its address and how it is known to be ready. Pure: no process is started here.
 */

/** Where the servers of the test set-up are. */
export interface StackServers {
  kafka: string;
  elasticsearch: string;
  etcd: string;
  influxdb: { url: string; org: string; bucket: string; token: string };
}

export type ProgramName = "agent" | "transfer" | "monitor" | "page";

/** Port of each program on loopback. */
export type Ports = Record<ProgramName | "prometheus", number>;

export const DEFAULT_PORTS: Ports = {
  page: 7700,
  agent: 9463,
  monitor: 9464,
  transfer: 9465,
  prometheus: 9490,
};

/** The host's name in keys, settings and documents. */
export const STACK_IP = "127.0.0.1";
export const TOPICS = { logs: "stack_logs" };

export interface Step {
  name: string;
  /** `weir`, `weir-agent`, …: from dist/ or from source. Undefined: a command of the system. */
  program?: string;
  args: string[];
  /** Files that it reads, by name in its folder; an object is written as YAML, which holds JSON. */
  files: Record<string, unknown>;
  /** URL that answers 200, or file that is there, when it is ready. */
  ready: string;
}

/** The value of the agent's key in etcd. */
export function collectConfig(data: string): unknown[] {
  return [{ path: `${data}/demo/logs/**/*.log`, topic: TOPICS.logs, fields: { env: "stack" } }];
}

/** The programs in the order in which they start. `data`: the stack's folder; a step's folder is `data`/NAME. */
export function steps(data: string, servers: StackServers, ports: Ports): Step[] {
  const listen = (name: ProgramName) => `127.0.0.1:${ports[name]}`;
  const kafka = { brokers: [servers.kafka] };
  const etcd = { hosts: [servers.etcd] };
  const elasticsearch = { nodes: [servers.elasticsearch] };
  const { token, ...influx } = servers.influxdb;
  const settings = (name: ProgramName, content: unknown): Step => ({
    name: `weir-${name}`,
    program: `weir-${name}`,
    args: ["--config", `${data}/weir-${name}/settings.yaml`],
    files: { "settings.yaml": content },
    ready: `http://${listen(name)}/readyz`,
  });
  return [
    {
      name: "demo",
      program: "weir",
      args: ["demo", "--only-logs", "--rate", "50", "--data", `${data}/demo`],
      files: {},
      ready: `${data}/demo/logs`,
    },
    settings("agent", {
      state: `${data}/weir-agent/state`,
      ip: STACK_IP,
      etcd,
      kafka,
      tail: { roots: [`${data}/demo/logs`] },
      listen: listen("agent"),
    }),
    settings("transfer", {
      kafka,
      etcd,
      consumer: { topicPatterns: ["stack_.*"], topicsRefresh: "2s" },
      elasticsearch,
      listen: listen("transfer"),
    }),
    withFile(
      settings("monitor", {
        listen: listen("monitor"),
        influx: { enabled: true, ...influx, tokenFile: `${data}/weir-monitor/token` },
      }),
      "token",
      token,
    ),
    {
      name: "weir-page",
      program: "weir",
      args: [
        "page",
        `--elasticsearch=${servers.elasticsearch}`,
        `--listen=${listen("page")}`,
      ],
      files: {},
      ready: `http://${listen("page")}/healthz`,
    },
  ];
}

function withFile(step: Step, name: string, content: unknown): Step {
  return { ...step, files: { ...step.files, [name]: content } };
}

/**
 * Prometheus's configuration: one job a program, the host's under the name that the world's rules expect; `rules` is
 * the folder of the shipped rules. What fires is seen at /alerts: there is no Alertmanager here.
 */
export function prometheusConfig(ports: Ports, rules: string): unknown {
  const job = (job_name: string, port: number) => ({
    job_name,
    static_configs: [{ targets: [`127.0.0.1:${port}`] }],
  });
  return {
    global: { scrape_interval: "5s", evaluation_interval: "5s" },
    rule_files: [`${rules}/*.rules.yaml`],
    scrape_configs: [
      job("weir-agent", ports.agent),
      job("weir-transfer", ports.transfer),
      job("node", ports.monitor),
      job("weir-page", ports.page),
    ],
  };
}
