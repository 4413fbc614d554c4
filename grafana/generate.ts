/**
 * Writes everything below grafana/ that is generated: the dashboards' JSON, Grafana's
 * provisioning, Prometheus's rules and the examples beside them. `npm run generate` calls it.
 */
import { hostsInfluxdb } from "./hosts_influxdb.ts";
import { hostsPrometheus } from "./hosts_prometheus.ts";
import { logs } from "./logs.ts";
import { buildDashboard, type DashboardSpec } from "./panels.ts";
import { pipeline } from "./pipeline.ts";
import { datasources, providers } from "./provisioning.ts";
import { alertmanagerExample, prometheusExample } from "./rules/delivery.ts";
import { hostRules } from "./rules/hosts.ts";
import { ruleFile } from "./rules/model.ts";
import { pipelineRules } from "./rules/pipeline.ts";

/** Every dashboard. */
export const DASHBOARDS: readonly DashboardSpec[] = [
  hostsPrometheus,
  hostsInfluxdb,
  pipeline,
  logs,
];

/**
 * What is generated: path from the project's root → content. The same source gives the same text.
 */
export function generated(): Map<string, string> {
  const files = new Map<string, string>();
  for (const spec of DASHBOARDS) {
    const name = spec.uid.replace(/^weir-/, "").replaceAll("-", "_");
    const json = JSON.stringify(buildDashboard(spec), null, 2);
    files.set(`grafana/dashboards/${name}.json`, `${json}\n`);
  }
  files.set("grafana/provisioning/datasources/weir.yaml", datasources());
  files.set("grafana/provisioning/dashboards/weir.yaml", providers());
  files.set("grafana/prometheus/hosts.rules.yaml", ruleFile(hostRules));
  files.set("grafana/prometheus/pipeline.rules.yaml", ruleFile(pipelineRules));
  files.set("grafana/prometheus/prometheus.yaml", prometheusExample());
  files.set("grafana/prometheus/alertmanager.yaml", alertmanagerExample());
  return files;
}

/** Hands each generated file to `write`, in the order of their paths. */
export async function generate(
  write: (path: string, content: string) => Promise<void> | void,
): Promise<void> {
  for (const [path, content] of [...generated()].sort(([a], [b]) => a < b ? -1 : 1)) {
    await write(path, content);
  }
}

if (import.meta.main) {
  const root = new URL("../", import.meta.url);
  await generate(async (path, content) => {
    const target = new URL(path, root);
    await Deno.mkdir(new URL("./", target), { recursive: true });
    await Deno.writeTextFile(target, content);
    console.log(path);
  });
}
