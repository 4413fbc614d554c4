/** The command line of weir-monitor; completions and the man page are made from it too. */
import { Command } from "commander";
import { programCommand } from "../core/program.ts";

export function monitorCommand(): Command {
  return programCommand(
    new Command("weir-monitor").description(
      "Host metrics with node_exporter's names on /metrics, with Telegraf's in InfluxDB.",
    ),
  );
}
