/** Prometheus of Debian, and promtool: one on loopback for one test. */
import { freePort } from "../temp.ts";
import { run } from "../process.ts";
import { type Say, sayOnStderr, unpackedCommand } from "./install.ts";
import { answers, runFolder, Server, type StartOptions } from "./instance.ts";

export interface PrometheusOptions extends StartOptions {
  /** host:port of what it scrapes. */
  targets: readonly string[];
  /** The job of them all. @default {"test"} */
  job?: string;
  /** Further jobs, and what they scrape. */
  jobs?: Readonly<Record<string, readonly string[]>>;
  /** host:port of an Alertmanager. */
  alertmanager?: string;
  /** Text of a rule file. */
  rules?: string;
  /** Seconds between two scrapes, and two looks at the rules. @default {1} */
  intervalS?: number;
}

/** Gets Prometheus where it is not yet; returns its path. */
export async function installPrometheus(say: Say): Promise<string> {
  return await unpackedCommand("prometheus", "prometheus", say);
}

/** Starts one on a port and data of its own. `address` is its URL. */
export async function startPrometheus(options: PrometheusOptions): Promise<Server> {
  const { targets, job = "test", jobs = {}, alertmanager, rules, intervalS = 1 } = options;
  const { say = sayOnStderr } = options;
  const prometheus = await installPrometheus(say);
  const folder = await runFolder("prometheus");
  const listen = `127.0.0.1:${freePort()}`, interval = `${intervalS}s`;
  if (rules !== undefined) await Deno.writeTextFile(`${folder}/rules.yml`, rules);
  const config = {
    global: {
      scrape_interval: interval,
      scrape_timeout: interval,
      evaluation_interval: interval,
    },
    rule_files: rules === undefined ? [] : [`${folder}/rules.yml`],
    ...(alertmanager === undefined ? {} : {
      alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    }),
    scrape_configs: Object.entries({ [job]: targets, ...jobs })
      .map(([job_name, targets]) => ({ job_name, static_configs: [{ targets }] })),
  };
  // YAML holds JSON.
  await Deno.writeTextFile(`${folder}/prometheus.yml`, JSON.stringify(config));
  return await Server.start({
    name: "prometheus",
    address: `http://${listen}`,
    folder,
    command: [
      prometheus,
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=${listen}`,
      "--web.enable-lifecycle",
    ],
    keep: options.keep,
    ready: () => answers(`http://${listen}/-/ready`),
    readyTimeoutMs: 30_000,
    stopTimeoutMs: 5_000,
  });
}

/** Runs promtool and returns its standard output; throws with both streams where it finds fault. */
export async function promtool(args: readonly string[], input?: string): Promise<string> {
  return await run(await unpackedCommand("promtool", "prometheus", sayOnStderr), args, { input });
}
