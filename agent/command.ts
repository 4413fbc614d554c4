/** The command line of weir-agent; completions and the man page are made from it too. */
import { Command } from "commander";
import { programCommand } from "../core/program.ts";

export function agentCommand(): Command {
  return programCommand(
    new Command("weir-agent").description(
      "Tails log files as etcd tells it and ships each line to Kafka.",
    ),
  );
}
