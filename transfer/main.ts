/**
 * weir-transfer: from Kafka to Elasticsearch. Reads arguments and settings, starts the parts, waits for a signal, stops
 * them in reverse.
 */
import process from "node:process";
import { Command } from "commander";
import { loadSettings } from "../core/config/load.ts";
import { hideSecrets } from "../core/config/reference.ts";
import { EXIT, messageOf, WeirError } from "../core/errors.ts";
import { runParts } from "../core/lifecycle.ts";
import { logOf, startLog } from "../core/log.ts";
import { VERSION } from "../core/metrics/registry.ts";
import { transferSettings } from "./config.ts";
import { Transfer } from "./transfer.ts";

const command = new Command("weir-transfer")
  .description(
    "Reads topics from Kafka as a consumer group and writes each line to Elasticsearch once.",
  )
  .version(VERSION)
  .option("--config <file>", "settings, YAML")
  .option("--check-config", "check the settings and end")
  .option("--print-config", "print the settings in force, secrets hidden, and end")
  .parse(process.argv);
const options = command.opts<{ config?: string; checkConfig?: boolean; printConfig?: boolean }>();

try {
  const name = options.config ?? "(no file)";
  const source = options.config === undefined ? "" : Deno.readTextFileSync(options.config);
  const settings = loadSettings(transferSettings, source, {
    name,
    env: (key) => Deno.env.get(key),
  });
  if (options.printConfig) {
    console.log(JSON.stringify(hideSecrets(transferSettings, settings), null, 2));
    Deno.exit(EXIT.ok);
  }
  const { level, format } = settings.log;
  startLog({ level, ...(format === "auto" ? {} : { format }) });
  const transfer = new Transfer(settings);
  if (options.checkConfig) {
    console.log(`${name}: ok`);
    Deno.exit(EXIT.ok);
  }
  const parts = [...transfer.parts(), transfer.statusPart()];
  const code = await runParts(parts, settings.shutdownTimeout);
  logOf("transfer").info("Stopped");
  Deno.exit(code); // the clients keep the process alive after close
} catch (error) {
  const hint = error instanceof WeirError && error.hint !== "" ? `\n${error.hint}` : "";
  console.error(`${faultOf(error)}${hint}`);
  const config = error instanceof WeirError && error.code === "CONFIG_INVALID";
  Deno.exit(
    config ? EXIT.config : error instanceof Deno.errors.NotFound ? EXIT.usage : EXIT.runtime,
  );
}

/** Faults in settings span lines: they are shown as they are. */
function faultOf(error: unknown): string {
  return error instanceof WeirError ? error.message : messageOf(error);
}
