/**
 * Writes everything below grafana/ that is generated: the dashboards' JSON and Grafana's
 * provisioning. `npm run generate` calls it.
 */
import { hostsInfluxdb } from "./hosts_influxdb.ts";
import { hostsPrometheus } from "./hosts_prometheus.ts";
import { buildDashboard, type DashboardSpec } from "./panels.ts";
import { datasources, providers } from "./provisioning.ts";

/** Every dashboard. */
export const DASHBOARDS: readonly DashboardSpec[] = [hostsPrometheus, hostsInfluxdb];

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
