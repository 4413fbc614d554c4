/** weir-monitor: arguments, settings, start, stop. What it does is in monitor.ts. */
import { Command } from "commander";
import { loadSettings } from "../core/config/load.ts";
import { hideSecrets } from "../core/config/reference.ts";
import { EXIT, messageOf, WeirError } from "../core/errors.ts";
import { runParts } from "../core/lifecycle.ts";
import { startLog } from "../core/log.ts";
import { VERSION } from "../core/metrics/registry.ts";
import { checkSettings, monitorSettings } from "./config.ts";
import { createMonitor } from "./monitor.ts";

const EXIT_CODES: Record<string, number> = {
  CONFIG_INVALID: EXIT.config,
  HTTP_LISTEN_ADDRESS: EXIT.config,
  HTTP_LISTEN_FAILED: EXIT.unavailable,
};

const program = new Command("weir-monitor")
  .description("Host metrics for Prometheus and InfluxDB")
  .version(VERSION)
  .option("--config <file>", "settings, YAML or JSON; without it the defaults hold")
  .option("--listen <address>", "HOST:PORT for /metrics, in place of the setting")
  .option("--check-config", "check the settings and exit")
  .option("--print-config", "print the settings in force, secrets hidden, and exit")
  .exitOverride((error) => Deno.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage))
  .parse(Deno.args, { from: "user" });

try {
  Deno.exit(await main(program.opts()));
} catch (error) {
  console.error(`weir-monitor: ${messageOf(error)}`);
  if (error instanceof WeirError && error.hint !== "") console.error(error.hint);
  Deno.exit(error instanceof WeirError ? EXIT_CODES[error.code] ?? EXIT.runtime : EXIT.runtime);
}

async function main(options: Record<string, string | boolean>): Promise<number> {
  const file = options.config as string | undefined;
  const source = file === undefined ? "" : await readSettings(file);
  const settings = loadSettings(monitorSettings, source, {
    name: file ?? "defaults",
    env: (name) => Deno.env.get(name),
  });
  if (options.listen !== undefined) settings.listen = String(options.listen);
  checkSettings(settings);
  if (options.printConfig) {
    console.log(JSON.stringify(hideSecrets(monitorSettings, settings), null, 2));
  }
  if (options.checkConfig || options.printConfig) return EXIT.ok;
  startLog({ level: settings.logLevel });
  return await runParts(createMonitor(settings).parts, settings.shutdownDeadline);
}

async function readSettings(file: string): Promise<string> {
  return await Deno.readTextFile(file).catch((error) => {
    throw new WeirError("CONFIG_INVALID", `Cannot read ${file}: ${messageOf(error)}`, { hint: "" });
  });
}
