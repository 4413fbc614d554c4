/**
 * `weir selftest`: whether this host, this disk and these servers keep the promise. It writes numbered lines, ships them
 * and reads them back, with names of its own, and removes all of it at its end, also when it is interrupted.
 */
import { Command, Option } from "commander";
import { agentSettings } from "../../agent/config.ts";
import { createAgentParts } from "../../agent/program.ts";
import { loadSettings } from "../../core/config/load.ts";
import { readSettingsFile } from "../../core/config/settings_file.ts";
import { EXIT } from "../../core/errors.ts";
import { runParts } from "../../core/lifecycle.ts";
import { startLog } from "../../core/log.ts";
import { transferSettings } from "../../transfer/config.ts";
import { createTransferParts } from "../../transfer/transfer.ts";
import { runAndExit } from "../api_client.ts";
import { whole } from "../transfer.ts";
import { type ChainSettings, KafkaSite, ownSettings } from "./kafka_site.ts";
import { reportText } from "./report.ts";
import { isWell, runSelftest, type SelftestReport } from "./run.ts";
import { EmbeddedSite, type SelftestSite } from "./site.ts";
import { takeWays, Ways } from "./ways.ts";

interface Options {
  lines: number;
  chaos?: boolean;
  agentConfig?: string;
  transferConfig?: string;
  kafka?: string;
  elasticsearch?: string;
  folder?: string;
  patience: number;
  json?: boolean;
  part?: "agent" | "transfer";
  id?: string;
  ways?: string;
}

const SHUTDOWN_MS = 10_000;

export function selftestCommand(): Command {
  return new Command("selftest")
    .description("write numbered lines, ship them, read them back, and say what became of them")
    .option("--lines <n>", "lines to write", whole, 100_000)
    .option("--chaos", "meanwhile kill and stop the programs and cut their connections, in turn")
    .option("--kafka <host:port,…>", "through these brokers (default: `weir up` alone, no server)")
    .option("--elasticsearch <url>", "and into this index (default: http://127.0.0.1:9200)")
    .option("--agent-config <file>", "settings of weir-agent, for TLS and login of Kafka")
    .option("--transfer-config <file>", "settings of weir-transfer, for TLS and login")
    .option("--folder <dir>", "on this disk (default: the temporary folder)")
    .option("--patience <seconds>", "longest wait for lines to arrive", whole, 120)
    .option("--json", "one JSON object")
    .addOption(new Option("--part <name>").hideHelp())
    .addOption(new Option("--id <name>").hideHelp())
    .addOption(new Option("--ways <json>").hideHelp())
    .action((options: Options) => runAndExit(() => selftest(options)));
}

async function selftest(options: Options): Promise<void> {
  if (options.part !== undefined) return await runPart(options);
  const folder = await Deno.makeTempDir({ prefix: "weir-selftest-", dir: options.folder });
  const id = `weir-selftest-${crypto.randomUUID().slice(0, 8)}`;
  const chain = chainSettings(options, folder, id);
  const ways = chain !== undefined && options.chaos ? await Ways.open(chain) : undefined;
  for (const server of ways?.straight ?? []) console.error(`not cut: connections to ${server}`);
  const site: SelftestSite = chain === undefined
    ? new EmbeddedSite(folder)
    : new KafkaSite(chain, folder, id, { args: settingsArguments(options), ways });
  const clean = async () => {
    for (const child of site.children) await child.kill();
    const left = await site.clean();
    ways?.close();
    await Deno.remove(folder, { recursive: true });
    return left;
  };
  const interrupted = () => void clean().finally(() => Deno.exit(130));
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, interrupted);
  let report: SelftestReport | undefined, leftBehind: string[] = [];
  try {
    await site.prepare();
    report = await runSelftest(site, folder, {
      lines: options.lines,
      chaos: options.chaos ?? false,
      patienceMs: options.patience * 1000,
      say: (text) => console.error(text),
    });
  } finally {
    leftBehind = await clean();
  }
  report = { ...report, leftBehind };
  console.log(options.json ? JSON.stringify(report) : reportText(report));
  if (!isWell(report)) Deno.exit(EXIT.runtime);
}

/** One of the children: the agent or the transfer with the operator's settings and this test's names. */
async function runPart({ part, folder, id, ...options }: Options): Promise<void> {
  const chain = chainSettings(options, folder!, id!)!;
  if (options.ways !== undefined) takeWays(chain, JSON.parse(options.ways));
  startLog({ level: "warning", format: "text" });
  const parts = part === "agent"
    ? await createAgentParts(chain.agent)
    : createTransferParts(chain.transfer);
  Deno.exit(await runParts(parts, SHUTDOWN_MS));
}

/** Undefined where no broker is given. */
function chainSettings(
  options: Pick<Options, "agentConfig" | "transferConfig" | "kafka" | "elasticsearch">,
  folder: string,
  id: string,
): ChainSettings | undefined {
  const { agentConfig, transferConfig, kafka, elasticsearch } = options;
  if ([agentConfig, transferConfig, kafka, elasticsearch].every((one) => one === undefined)) {
    return undefined;
  }
  const agent = agentConfig === undefined
    ? loadSettings(agentSettings, "", { name: "agent" })
    : readSettingsFile(agentSettings, agentConfig, "--agent-config FILE");
  const transfer = transferConfig === undefined
    ? loadSettings(transferSettings, "", { name: "transfer" })
    : readSettingsFile(transferSettings, transferConfig, "--transfer-config FILE");
  if (kafka !== undefined) agent.kafka.brokers = transfer.kafka.brokers = kafka.split(",");
  if (elasticsearch !== undefined) transfer.elasticsearch.nodes = [elasticsearch];
  return ownSettings({ agent, transfer }, folder, id);
}

/** The same settings for a child. */
function settingsArguments(options: Options): string[] {
  const { agentConfig, transferConfig, kafka, elasticsearch } = options;
  const given: [string, string | undefined][] = [
    ["--agent-config", agentConfig],
    ["--transfer-config", transferConfig],
    ["--kafka", kafka],
    ["--elasticsearch", elasticsearch],
  ];
  return given.flatMap(([name, value]) => value === undefined ? [] : [name, value]);
}
