/** Prometheus, promtool and node_exporter from Debian: tests start instances of their own, with their own targets. */
import { debian, type Say } from "./install.ts";

export async function installPrometheus(say: Say): Promise<void> {
  await debian({
    prometheus: "prometheus",
    promtool: "prometheus",
    "prometheus-node-exporter": "prometheus-node-exporter",
  }, say);
}
