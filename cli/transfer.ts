/** `weir transfer --dry-run`: what weir-transfer would write, from a desk that has its settings. */
import { Command, InvalidArgumentError } from "commander";
import { WeirError } from "../core/errors.ts";
import { printDryRun } from "../transfer/dry_run.ts";
import { readTransferSettings } from "./transfer_settings.ts";

interface Options {
  config: string;
  dryRun?: boolean;
  topic?: string[];
  limit: number;
  newest?: boolean;
  json?: boolean;
}

export function transferCommand(): Command {
  return new Command("transfer")
    .description("show the first documents of topics as weir-transfer would write them")
    .option("-c, --config <file>", "settings of weir-transfer", "/etc/weir/transfer.yaml")
    .option("--dry-run", "write nothing; the only way here: weir-transfer does the work")
    .option("--topic <name...>", "of these topics; else of all that the settings name")
    .option("--limit <n>", "records a topic", whole, 3)
    .option("--newest", "the last records instead of the first")
    .option("--json", "one JSON object a line")
    .action(async (options: Options) => {
      const { config, dryRun, topic = [], limit, newest = false, json = false } = options;
      if (!dryRun) {
        throw new WeirError("USAGE_DRY_RUN", "Lines are transferred by the program weir-transfer", {
          hint: `Run: weir-transfer --config ${config}, or add --dry-run.`,
        });
      }
      await printDryRun(readTransferSettings(config), { topics: topic, limit, newest }, json);
    });
}

/** A number from 1 on, for an option. */
export function whole(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("Expected a whole number from 1 on.");
}
