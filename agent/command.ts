/** The command line of weir-agent; completions and the man page are made from it too. */
import { Command, InvalidArgumentError } from "commander";
import { programCommand } from "../core/program.ts";

export interface AgentArguments {
  dryRun?: boolean;
  entries?: string;
  lines: number;
  json?: boolean;
}

export function agentCommand(): Command {
  const command = new Command("weir-agent").description(
    "Tails log files as etcd tells it and ships each line to Kafka.",
  );
  return programCommand(command)
    .option("--dry-run", "say what would be read here, from where and as what, and end")
    .option("--entries <file>", "dry run: these entries instead of those that hold now")
    .option("--lines <n>", "dry run: first lines of a file that are shown, 0 to 20", lines, 3)
    .option("--json", "dry run: one JSON object");
}

function lines(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0 && value <= 20) return value;
  throw new InvalidArgumentError("Expected a whole number from 0 to 20.");
}
