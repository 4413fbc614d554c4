/**
 * `weir doctor`: do the servers answer that the settings on this host name, and may the programs do what they need?
 * It changes nothing but one document in an index of its own, which it removes again.
 */
import { Command } from "commander";
import type { z } from "zod";
import { agentSettings } from "../../agent/config.ts";
import { loadSettings } from "../../core/config/load.ts";
import { EXIT, messageOf, WeirError } from "../../core/errors.ts";
import { monitorSettings } from "../../monitor/config.ts";
import { transferSettings } from "../../transfer/config.ts";
import { runAndExit } from "../api_client.ts";
import { wantsColour } from "../output.ts";
import { cross, type Finding, type Link, runChecks } from "./check.ts";
import { checksOf, type Site } from "./plan.ts";
import { countsOf, doctorJson, doctorText } from "./report.ts";

interface DoctorOptions {
  agentConfig?: string;
  transferConfig?: string;
  monitorConfig?: string;
  write: boolean;
  json?: boolean;
}

const TIMEOUT_MS = 10_000;

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("look at everything the chain needs: a tick or a cross and one remedy each")
    .option("--agent-config <file>", "settings of weir-agent (default: /etc/weir/agent.yaml)")
    .option("--transfer-config <file>", "settings of weir-transfer (/etc/weir/transfer.yaml)")
    .option("--monitor-config <file>", "settings of weir-monitor (/etc/weir/monitor.yaml)")
    .option("--no-write", "do not write a document to Elasticsearch")
    .option("--json", "one JSON object")
    .action((options: DoctorOptions) => runAndExit(() => doctorMain(options)));
}

/** Exit code 0 without a cross, 1 with one, 78 where no settings file is there. */
async function doctorMain(options: DoctorOptions): Promise<void> {
  const faults: Finding[] = [];
  const agent = read("agent", agentSettings, options.agentConfig, faults);
  const transfer = read("transfer", transferSettings, options.transferConfig, faults);
  const monitor = read("monitor", monitorSettings, options.monitorConfig, faults);
  const site: Site = { agent, transfer, monitor };
  if (!agent && !transfer && !monitor && faults.length === 0) {
    throw new WeirError("CONFIG_UNREADABLE", "No settings of any program in /etc/weir", {
      hint: "Name them: weir doctor --agent-config FILE --transfer-config FILE",
    });
  }
  const checks = checksOf(site, { write: options.write, timeoutMs: TIMEOUT_MS });
  const findings = [...faults, ...await runChecks(checks, TIMEOUT_MS)];
  if (options.json) console.log(JSON.stringify(doctorJson(findings)));
  else console.log(doctorText(findings, wantsColour()));
  if (countsOf(findings).crosses > 0) Deno.exit(EXIT.runtime);
}

/** Undefined where the file is not there and was not named, or where it is at fault: then that is a finding. */
function read<S extends z.ZodType>(
  link: Link & ("agent" | "transfer" | "monitor"),
  specification: S,
  named: string | undefined,
  faults: Finding[],
): z.output<S> | undefined {
  const name = named ?? `/etc/weir/${link}.yaml`;
  try {
    const source = Deno.readTextFileSync(name);
    return loadSettings(specification, source, { name, env: (key) => Deno.env.get(key) });
  } catch (error) {
    if (named === undefined && error instanceof Deno.errors.NotFound) return undefined;
    const hint = error instanceof WeirError ? error.hint : "Check the path and who may read it.";
    faults.push(cross(link, `${name}: ${messageOf(error)}`, hint));
    return undefined;
  }
}
