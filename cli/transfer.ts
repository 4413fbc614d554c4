/**
 * `weir transfer`: from Kafka into the embedded store, with the page over it; and with --dry-run what weir-transfer would
 * write, from a desk that has its settings.
 */
import { Command, InvalidArgumentError } from "commander";
import { WeirError } from "../core/errors.ts";
import { printDryRun } from "../transfer/dry_run.ts";
import { transferToStore } from "./transfer_store.ts";
import { readTransferSettings } from "./transfer_settings.ts";

interface Options {
  config: string;
  dryRun?: boolean;
  topic?: string[];
  limit: number;
  newest?: boolean;
  json?: boolean;
  listen: string;
  passwordFile?: string;
  tokenFile?: string;
  usersFile?: string;
  allowHost?: string[];
}

export function transferCommand(): Command {
  return new Command("transfer")
    .description(
      "from Kafka into a store on this host, with the search page; or show what weir-transfer would write",
    )
    .option("-c, --config <file>", "settings of weir-transfer", "/etc/weir/transfer.yaml")
    .option(
      "--listen <host:port>",
      "address of the page; port 0 takes a free one",
      "127.0.0.1:7700",
    )
    .option("--password-file <file>", "file with the page's password (or WEIR_PASSWORD)")
    .option("--token-file <file>", "file with a token for programs (or WEIR_TOKEN)")
    .option("--users-file <file>", "file with users, their roles and topics: weir user")
    .option("--allow-host <name...>", "further names under which the page may be called")
    .option("--dry-run", "write nothing: show the first documents of topics")
    .option("--topic <name...>", "of these topics; else of all that the settings name")
    .option("--limit <n>", "records a topic", whole, 3)
    .option("--newest", "the last records instead of the first")
    .option("--json", "one JSON object a line")
    .action(async (options: Options) => {
      const { config, dryRun, topic = [], limit, newest = false, json = false } = options;
      const settings = readTransferSettings(config);
      if (!dryRun) {
        if (settings.target === "store") Deno.exit(await transferToStore(settings, options));
        throw new WeirError("USAGE_DRY_RUN", "weir-transfer is what writes to Elasticsearch", {
          hint:
            `Run: weir-transfer --config ${config}; or set target: store there, or add --dry-run.`,
        });
      }
      await printDryRun(settings, { topics: topic, limit, newest }, json);
    });
}

/** A number from 1 on, for an option. */
export function whole(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("Expected a whole number from 1 on.");
}
