/** weir-agent: tails files as etcd or a local file tells it, ships their lines to Kafka. */
import { runProgram } from "../core/program.ts";
import { agentCommand } from "./command.ts";
import { agentSettings } from "./config.ts";
import { createAgentParts } from "./program.ts";

await runProgram({
  command: agentCommand(),
  schema: agentSettings,
  defaultConfig: "/etc/weir/agent.yaml",
  parts: createAgentParts,
});
