/** The command line of weir-transfer; completions and the man page are made from it too. */
import { Command, InvalidArgumentError } from "commander";
import { programCommand } from "../core/program.ts";

export interface TransferArguments {
  dryRun?: boolean;
  topic?: string[];
  limit: number;
  newest?: boolean;
  json?: boolean;
}

export function transferCommand(): Command {
  const command = new Command("weir-transfer").description(
    "Reads topics from Kafka as a consumer group and writes each line to Elasticsearch once.",
  );
  return programCommand(command)
    .option("--dry-run", "print the first documents as they would be written, and end")
    .option("--topic <name...>", "dry run: of these topics; else of all")
    .option("--limit <n>", "dry run: records a topic", count, 3)
    .option("--newest", "dry run: the last records instead of the first")
    .option("--json", "dry run: one JSON object a line");
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("Expected a whole number from 1 on.");
}
