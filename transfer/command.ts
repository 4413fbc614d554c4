/** The command line of weir-transfer; completions and the man page are made from it too. */
import { Command } from "commander";
import { programCommand } from "../core/program.ts";

export function transferCommand(): Command {
  return programCommand(
    new Command("weir-transfer").description(
      "Reads topics from Kafka as a consumer group and writes each line to Elasticsearch once.",
    ),
  );
}
