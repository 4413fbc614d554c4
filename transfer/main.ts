/**
 * weir-transfer: reads topics from Kafka as a consumer group and writes each line to Elasticsearch
 * once.
 */
import { Command } from "commander";
import { runProgram } from "../core/program.ts";
import { transferSettings } from "./config.ts";
import { createTransferParts } from "./transfer.ts";

await runProgram({
  name: "weir-transfer",
  description:
    "Reads topics from Kafka as a consumer group and writes each line to Elasticsearch once.",
  command: new Command(),
  schema: transferSettings,
  defaultConfig: "/etc/weir/transfer.yaml",
  parts: createTransferParts,
});
