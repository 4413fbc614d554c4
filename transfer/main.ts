/**
 * weir-transfer: reads topics from Kafka as a consumer group and writes each line to Elasticsearch
 * once.
 */
import { runProgram } from "../core/program.ts";
import { transferCommand } from "./command.ts";
import { transferSettings } from "./config.ts";
import { createTransferParts } from "./transfer.ts";

await runProgram({
  command: transferCommand(),
  schema: transferSettings,
  defaultConfig: "/etc/weir/transfer.yaml",
  parts: createTransferParts,
});
