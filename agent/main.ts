/** weir-agent: tails files as etcd or a local file tells it, ships their lines to Kafka. */
import { Command } from "commander";
import { runProgram } from "../core/program.ts";
import { agentSettings } from "./config.ts";
import { createAgentParts } from "./program.ts";

await runProgram({
  name: "weir-agent",
  description: "Tails log files as etcd tells it and ships each line to Kafka.",
  command: new Command(),
  schema: agentSettings,
  defaultConfig: "/etc/weir/agent.yaml",
  parts: createAgentParts,
});
