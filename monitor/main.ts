/** weir-monitor: the host's metrics for Prometheus and InfluxDB. What it does is in monitor.ts. */
import { Command } from "commander";
import { runProgram } from "../core/program.ts";
import { monitorSettings } from "./config.ts";
import { createMonitor } from "./monitor.ts";

await runProgram({
  name: "weir-monitor",
  description: "Host metrics with node_exporter's names on /metrics, with Telegraf's in InfluxDB.",
  command: new Command(),
  schema: monitorSettings,
  defaultConfig: "/etc/weir/monitor.yaml",
  parts: (settings) => createMonitor(settings).parts,
});
