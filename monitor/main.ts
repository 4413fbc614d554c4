/** weir-monitor: the host's metrics for Prometheus and InfluxDB. What it does is in monitor.ts. */
import { runProgram } from "../core/program.ts";
import { monitorCommand } from "./command.ts";
import { monitorSettings } from "./config.ts";
import { createMonitor } from "./monitor.ts";
import { monitorRegistration } from "./registration.ts";

await runProgram({
  command: monitorCommand(),
  schema: monitorSettings,
  defaultConfig: "/etc/weir/monitor.yaml",
  parts: (settings) => {
    const monitor = createMonitor(settings), registration = monitorRegistration(settings, monitor);
    return registration === undefined ? monitor.parts : [...monitor.parts, registration];
  },
});
