/** weir-agent: tails files as etcd or a local file tells it, ships their lines to Kafka. */
import { EXIT } from "../core/errors.ts";
import { isBlocked } from "../core/fleet/plan_text.ts";
import { runProgram } from "../core/program.ts";
import { type AgentArguments, agentCommand } from "./command.ts";
import { agentSettings } from "./config.ts";
import { dryRun, dryRunText } from "./dry_run.ts";
import { createAgentParts } from "./program.ts";

const command = agentCommand();

await runProgram({
  command,
  schema: agentSettings,
  defaultConfig: "/etc/weir/agent.yaml",
  async parts(settings) {
    const given = command.opts<AgentArguments>();
    if (given.dryRun) {
      const found = await dryRun(settings, given);
      console.log(given.json ? JSON.stringify(found) : dryRunText(found));
      Deno.exit(isBlocked(found.plan) ? EXIT.runtime : EXIT.ok);
    }
    return createAgentParts(settings);
  },
});
