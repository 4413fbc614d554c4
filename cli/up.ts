/**
 * `weir up`: agent, embedded store, page and host metrics in one process, no server needed. It prints one address, what
 * it tails, and what it could not read with the remedy.
 */
import { Command } from "commander";
import { Agent } from "../agent/agent.ts";
import { agentSettings } from "../agent/config.ts";
import { loadSettings } from "../core/config/load.ts";
import { EXIT, WeirError } from "../core/errors.ts";
import { type Part, startParts, stopParts, waitForEnd } from "../core/lifecycle.ts";
import { startLog } from "../core/log.ts";
import { newRegistry } from "../core/metrics/registry.ts";
import { systemClock } from "../core/ports/clock.ts";
import { MemoryConfigSource } from "../core/ports/memory_config_source.ts";
import { systemFiles } from "../core/system_files.ts";
import { monitorSettings } from "../monitor/config.ts";
import { createMonitor } from "../monitor/monitor.ts";
import { pageFiles } from "../search/page/embedded.ts";
import { createSearchServer, type SearchServer } from "../search/server.ts";
import { EmbeddedStore } from "../search/store/embedded_store.ts";
import { StoreLineSink } from "../search/store/line_sink.ts";
import { report } from "./report.ts";
import { upSources } from "./sources.ts";

export interface UpOptions {
  listen: string;
  data?: string;
  keepDays: string;
  keepGb: string;
  logLevel: "debug" | "info" | "warning" | "error";
}

const SHUTDOWN_MS = 10_000;
const UPKEEP_MS = 60_000;

export function upCommand(): Command {
  return new Command("up")
    .description("show this host's logs on a page: tail, store, search and metrics in one process")
    .argument(
      "[path...]",
      "files, directories or patterns; without one, what is readable under /var/log",
    )
    .option(
      "--listen <host:port>",
      "address of the page; port 0 takes a free one",
      "127.0.0.1:7700",
    )
    .option("--data <dir>", "where the lines are kept (default: ~/.local/share/weir)")
    .option("--keep-days <n>", "how long lines are kept", "30")
    .option("--keep-gb <n>", "disk that the lines may take; the oldest go first", "10")
    .option("--log-level <level>", "what it says of itself: debug, info, warning, error", "warning")
    .action(async (paths: string[], options: UpOptions) => {
      Deno.exit(await up(paths, options));
    });
}

/**
 * Runs until a signal ends it and returns the exit code. `more`: parts that start last and stop first. Throws the
 * errors of the arguments, and of a part that does not start.
 */
export async function up(
  paths: string[],
  options: UpOptions,
  more: readonly Part[] = [],
): Promise<number> {
  startLog({ level: options.logLevel });
  const data = options.data ?? defaultData();
  const sources = upSources(paths, Deno.cwd(), data);
  const registry = newRegistry("weir");
  const retention = {
    ageMsMax: positive(options.keepDays, "--keep-days") * 86_400_000,
    diskBytesMax: positive(options.keepGb, "--keep-gb") * 1e9,
  };
  let store: EmbeddedStore | undefined;
  let upkeep: ReturnType<typeof setInterval> | undefined;
  const agent = new Agent({
    state: `${data}/agent`,
    host: Deno.hostname(),
    tz: Intl.DateTimeFormat().resolvedOptions().timeZone,
    tail: {
      ...loadSettings(agentSettings, "", { name: "defaults" }).tail,
      roots: sources.roots,
      partialFlush: 1000,
      skipBinary: true,
    },
    source: new MemoryConfigSource(JSON.stringify(sources.entries)),
    sink: () => new StoreLineSink(store!),
    registry,
    clock: systemClock,
    files: systemFiles,
  });
  const monitor = createMonitor(loadSettings(monitorSettings, "", { name: "defaults" }), {
    registry,
    statusServer: false,
  });
  let server: SearchServer | undefined;
  const parts: Part[] = [
    {
      name: "store",
      start: () => {
        Deno.mkdirSync(data, { recursive: true, mode: 0o700 });
        store = new EmbeddedStore({ folder: `${data}/store`, retention });
        upkeep = setInterval(() => store!.maintain(), UPKEEP_MS);
      },
      stop: () => {
        clearInterval(upkeep);
        return store?.close();
      },
    },
    {
      name: "search",
      start: () => {
        server = createSearchServer({
          reader: store!,
          listen: options.listen,
          registry,
          page: pageFiles,
          sources: () => agent.status(),
          status: () => ({
            agent: agent.status(),
            store: store!.stats(),
            monitor: monitor.status(),
          }),
          notReady: () => agent.notReady(),
          metrics: (request) => monitor.respond(request),
        });
        return server.start();
      },
      stop: (deadlineMs) => server?.stop(deadlineMs),
    },
    ...monitor.parts,
    agent,
    ...more,
  ];
  await startParts(parts, SHUTDOWN_MS);
  await agent.discovered;
  console.log(report(server!.url, data, agent.status()));
  await waitForEnd();
  await stopParts(parts, SHUTDOWN_MS);
  return EXIT.ok;
}

/** A number above 0, or USAGE_NUMBER. */
function positive(text: string, option: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new WeirError("USAGE_NUMBER", `Cannot use ${option} ${text}: expected a number above 0`, {
    hint: `Example: ${option} 7`,
  });
}

function defaultData(): string {
  const base = Deno.env.get("XDG_DATA_HOME") ?? `${Deno.env.get("HOME") ?? "."}/.local/share`;
  return `${base}/weir`;
}
