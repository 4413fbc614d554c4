/**
 * `weir up`: agent, embedded store, page and host metrics in one process, no server needed. It prints one address, what
 * it tails, and what it could not read with the remedy.
 */
import { Command } from "commander";
import { EXIT } from "../core/errors.ts";
import { loadSettings } from "../core/config/load.ts";
import { type Part, startParts, stopParts, waitForEnd } from "../core/lifecycle.ts";
import { startLog } from "../core/log.ts";
import { newRegistry } from "../core/metrics/registry.ts";
import { systemClock } from "../core/ports/clock.ts";
import type { DocumentReader } from "../core/ports/document_store.ts";
import { monitorSettings } from "../monitor/config.ts";
import { HostHistory } from "../monitor/history.ts";
import { createMonitor } from "../monitor/monitor.ts";
import { type ArchiveReadSettings, openArchive } from "../search/archive/settings.ts";
import { pageFiles } from "../search/page/embedded.ts";
import { checkAddress } from "../search/server.ts";
import { archiveSettingsOf } from "./archive/search_archive.ts";
import { localTrace } from "./explain/local_trace.ts";
import { LocalFleet } from "./fleet/local_fleet.ts";
import { ProgressPart } from "./progress_part.ts";
import { Runs } from "./runs.ts";
import { report } from "./report.ts";
import { SearchPart } from "./search_part.ts";
import { upSources } from "./sources.ts";
import { planJournal } from "./up_journal.ts";
import {
  authOf,
  dataFolder,
  logLevelOf,
  retentionOf,
  type UpOptions,
  withUpOptions,
} from "./up_options.ts";
import { createAgent, createJournal, sourcesOf, standingOf, StorePart } from "./up_parts.ts";

export type { UpOptions };

const SHUTDOWN_MS = 10_000;

export function upCommand(): Command {
  return withUpOptions(
    new Command("up")
      .description(
        "show this host's logs on a page: tail, store, search and metrics in one process",
      )
      .argument(
        "[path...]",
        "files, directories or patterns; without one, what is readable under /var/log, and the systemd journal",
      ),
  ).action(async (paths: string[], options: UpOptions) => {
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
  startLog({ level: logLevelOf(options) });
  const data = dataFolder(options);
  const sources = upSources(paths, Deno.cwd(), data);
  const retention = retentionOf(options);
  const auth = authOf(options, (name) => Deno.env.get(name));
  checkAddress(options.listen, auth);
  const archived = archiveSettingsOf(options.archive);
  const plan = await planJournal(options, paths);
  const registry = newRegistry("weir");
  const store = new StorePart(`${data}/store`, retention);
  const agent = createAgent(data, sources, store, registry);
  const journal = plan && createJournal(data, plan, store, registry);
  const history = new HostHistory();
  const runs = new Runs(`${data}/runs.json`, systemClock);
  const monitor = createMonitor(loadSettings(monitorSettings, "", { name: "defaults" }), {
    registry,
    statusServer: false,
    history,
  });
  const progress = new ProgressPart({
    clock: systemClock,
    terminal: Deno.stdout.isTerminal(),
    write: (text) => void Deno.stdout.writeSync(new TextEncoder().encode(text)),
    standing: () => standingOf(store, agent, journal, plan),
  });
  const search: SearchPart = new SearchPart(() => ({
    reader: store.store,
    ...beside(archived, store.store),
    listen: options.listen,
    registry,
    page: pageFiles,
    ...(auth && { auth }),
    hosts: (options.allowHost ?? []).map((name) => name.toLowerCase()),
    sources: () => sourcesOf(agent, journal, plan),
    fleet: new LocalFleet(agent, () => search.url),
    trace: localTrace(agent),
    expired: (generation, topic) => store.store.expired(generation, topic),
    host: (fromMs, stepMs, steps) => ({
      host: Deno.hostname(),
      runs: runs.runs,
      ...history.range(fromMs, stepMs, steps),
    }),
    status: () => ({
      agent: agent.status(),
      ...(journal && { journal: journal.status() }),
      progress: progress.progress,
      store: store.store.stats(),
      monitor: monitor.status(),
    }),
    notReady: () => [...agent.notReady(), ...store.notReady()],
    metrics: (request) => monitor.respond(request),
  }));
  const parts = [
    store,
    runs,
    search,
    ...monitor.parts,
    agent,
    ...(journal ? [journal] : []),
    ...more,
  ];
  await startParts(parts, SHUTDOWN_MS);
  await agent.discovered;
  // Whoever reads that it is up may end it at once.
  const ended = waitForEnd();
  console.log(report(search.url, data, sourcesOf(agent, journal, plan)));
  progress.start();
  await ended;
  await stopParts([...parts, progress], SHUTDOWN_MS);
  return EXIT.ok;
}

/** The archive as an option of the server. */
function beside(settings: ArchiveReadSettings, reader: DocumentReader) {
  const archive = openArchive(settings, reader);
  return archive && { archive };
}
