/**
 * weir-transfer: reads topics from Kafka as a consumer group and writes each line to Elasticsearch
 * once.
 */
import { EXIT } from "../core/errors.ts";
import { runProgram } from "../core/program.ts";
import { type TransferArguments, transferCommand } from "./command.ts";
import { transferSettings } from "./config.ts";
import { printDryRun } from "./dry_run.ts";
import { createTransferParts } from "./transfer.ts";

const command = transferCommand();

await runProgram({
  command,
  schema: transferSettings,
  defaultConfig: "/etc/weir/transfer.yaml",
  async parts(settings) {
    const { dryRun, topic = [], limit, newest = false, json = false } = command.opts<
      TransferArguments
    >();
    if (dryRun) {
      await printDryRun(settings, { topics: topic, limit, newest }, json);
      Deno.exit(EXIT.ok);
    }
    return createTransferParts(settings);
  },
});
