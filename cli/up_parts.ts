/** The parts of `weir up`, put together: the agent and the journal over the embedded store, and what they say. */
import { Agent } from "../agent/agent.ts";
import { agentSettings } from "../agent/config.ts";
import { JournalTail } from "../agent/journal/journal_tail.ts";
import { loadSettings } from "../core/config/load.ts";
import { messageOf } from "../core/errors.ts";
import type { Part } from "../core/lifecycle.ts";
import { logOf } from "../core/log.ts";
import type { Registry } from "../core/metrics/registry.ts";
import { systemClock } from "../core/ports/clock.ts";
import { MemoryConfigSource } from "../core/ports/memory_config_source.ts";
import { systemFiles } from "../core/system_files.ts";
import { TimelyFiles } from "../core/timely_files.ts";
import { EmbeddedStore } from "../search/store/embedded_store.ts";
import { StoreLineSink } from "../search/store/line_sink.ts";
import type { Retention } from "../search/store/retention.ts";
import type { Standing } from "./progress.ts";
import type { UpSources } from "./sources.ts";
import type { JournalPlan } from "./up_journal.ts";

const UPKEEP_MS = 10_000;
/** The journal is behind while it reads entries older than this. */
const JOURNAL_BEHIND_MS = 5000;

/** The embedded store, opened when it starts; retention is applied now and then. */
export class StorePart implements Part {
  readonly name = "store";
  readonly #folder: string;
  readonly #retention: Retention;
  #store: EmbeddedStore | undefined;
  #upkeep: ReturnType<typeof setInterval> | undefined;
  /** Raw bytes that it held when it started. */
  rawBytesBefore = 0;

  constructor(folder: string, retention: Retention) {
    this.#folder = folder;
    this.#retention = retention;
  }

  get store(): EmbeddedStore {
    if (this.#store === undefined) throw new Error("The store has not started");
    return this.#store;
  }

  start(): void {
    Deno.mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const store = this.#store = new EmbeddedStore({
      folder: this.#folder,
      retention: this.#retention,
    });
    this.rawBytesBefore = store.stats().rawBytes;
    this.#upkeep = setInterval(() => {
      try {
        store.maintain();
      } catch (error) {
        // A full disk may not let even this happen; it is tried again.
        logOf("store").error("Old lines could not be dropped", { reason: messageOf(error) });
      }
    }, UPKEEP_MS);
  }

  /** Why no lines are taken in now; empty where they are. */
  notReady(): string[] {
    const { intake, reason } = this.store.stats();
    return intake === "open" ? [] : [`store: ${reason}`];
  }

  async stop(): Promise<void> {
    clearInterval(this.#upkeep);
    await this.#store?.close();
  }
}

export function createAgent(
  data: string,
  sources: UpSources,
  store: StorePart,
  registry: Registry,
): Agent {
  return new Agent({
    state: `${data}/agent`,
    host: Deno.hostname(),
    tz: Intl.DateTimeFormat().resolvedOptions().timeZone,
    tail: {
      ...loadSettings(agentSettings, "", { name: "defaults" }).tail,
      roots: sources.roots,
      partialFlush: 1000,
      skipBinary: true,
    },
    restedMs: 10_000,
    // The report names them, and what helps.
    firstIsTold: true,
    source: new MemoryConfigSource(JSON.stringify(sources.entries)),
    sink: () => new StoreLineSink(store.store),
    registry,
    clock: systemClock,
    files: new TimelyFiles(systemFiles, { clock: systemClock }),
  });
}

export function createJournal(
  data: string,
  plan: JournalPlan,
  store: StorePart,
  registry: Registry,
): JournalTail {
  return new JournalTail({
    state: `${data}/agent`,
    topic: "journal",
    host: Deno.hostname(),
    directory: plan.directory,
    units: [],
    sink: () => new StoreLineSink(store.store),
    registry,
    clock: systemClock,
    files: systemFiles,
  });
}

/** What is read and what is not, with the reason: for /api/sources and the report. */
export function sourcesOf(agent: Agent, journal?: JournalTail, plan?: JournalPlan) {
  const status = agent.status();
  if (journal === undefined) return status;
  const now = journal.status(), { path, topic } = now;
  const first = now.readMs === 0 || plan?.fault?.code === "JOURNAL_PARTLY"
    ? plan?.fault
    : undefined;
  const fault = now.fault ?? first;
  return {
    ...status,
    files: fault === undefined || fault.code === "JOURNAL_PARTLY"
      ? [...status.files, { path, topic }]
      : status.files,
    problems: fault === undefined ? status.problems : [...status.problems, { path, ...fault }],
  };
}

/** How far reading is. */
export function standingOf(
  store: StorePart,
  agent: Agent,
  journal?: JournalTail,
  plan?: JournalPlan,
): Standing {
  const { lines, rawBytes } = store.store.stats();
  const bytesLeft = agent.status().files.reduce((sum, file) => sum + file.lagBytes, 0);
  const { lastMs } = plan ?? {}, journalMs = journal?.status().readMs ?? 0;
  const behind = journal !== undefined && lastMs !== undefined &&
    journalMs < lastMs - JOURNAL_BEHIND_MS;
  return {
    lines,
    bytes: rawBytes - store.rawBytesBefore,
    bytesLeft,
    ...(behind && { journalMs }),
  };
}
