/** weir-monitor: the host's metrics for Prometheus and InfluxDB. What it does is in monitor.ts. */
import { FileConfigSource } from "../core/config/file_source.ts";
import { systemClock } from "../core/ports/clock.ts";
import { runProgram } from "../core/program.ts";
import { systemFiles } from "../core/system_files.ts";
import { monitorCommand } from "./command.ts";
import { monitorSettings } from "./config.ts";
import { createMonitor } from "./monitor.ts";
import { monitorRegistration } from "./registration.ts";
import { reloadPart } from "./reload.ts";

await runProgram({
  command: monitorCommand(),
  schema: monitorSettings,
  defaultConfig: "/etc/weir/monitor.yaml",
  parts: (settings, file) => {
    const monitor = createMonitor(settings);
    const reload = reloadPart({
      source: new FileConfigSource(absolute(file.path), systemFiles, systemClock),
      begun: file.text,
      load: file.load,
      monitor,
      clock: systemClock,
    });
    const registration = monitorRegistration(settings, monitor);
    return [...monitor.parts, reload, ...(registration === undefined ? [] : [registration])];
  },
});

/** The watch names files by their whole path. */
function absolute(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}
