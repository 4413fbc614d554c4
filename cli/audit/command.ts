/**
 * `weir audit`: is every line that was acknowledged in the index, once? It compares the agents' ledger with
 * Elasticsearch and the dead letters. `--repair`, on the host of the files, sends what is missing again; `weir resend`
 * sends a file or a range of it.
 */
import { Command } from "commander";
import { readSettingsFile } from "../../core/config/settings_file.ts";
import { EXIT, messageOf, WeirError } from "../../core/errors.ts";
import { createElastic } from "../../core/elastic/client.ts";
import { createKafka } from "../../core/kafka/client.ts";
import { byDay, LEDGER_TOPIC, type Seal, sealKey } from "../../core/ledger/seal.ts";
import { systemFiles } from "../../core/system_files.ts";
import { appliedEntries } from "../../agent/applied_copy.ts";
import { type AgentSettings, agentSettings } from "../../agent/config.ts";
import { createSink } from "../../agent/program.ts";
import type { Entry } from "../../agent/tail/entries.ts";
import { parseSpan } from "../../search/api/times.ts";
import { openObjects } from "../../core/archive/settings.ts";
import { positionsOf } from "../../transfer/archive/positions.ts";
import type { TransferSettings } from "../../transfer/config.ts";
import { rulesKnown } from "../../transfer/topics/rules_known.ts";
import { createTopicSettings } from "../../transfer/topics/source.ts";
import { wildcard } from "../../transfer/topics/drop.ts";
import { ApiClient, runAndExit } from "../api_client.ts";
import { auditEmbedded } from "./embedded.ts";
import { readTransferSettings } from "../transfer_settings.ts";
import { type ArchiveOptions, auditArchive } from "./archive.ts";
import { type Audit, audit, faultyBytes, totalsOf } from "./audit.ts";
import type { Range } from "./compare.ts";
import { deadRanges, readLedger, readWholeLedger } from "./read_ledger.ts";
import { auditJson, auditText } from "./report.ts";
import { type DatedRange, datedRanges, entryOf, openSealed, resendRange } from "./resend.ts";

interface AuditCommandOptions {
  config: string;
  agentConfig: string;
  index: string;
  ledger: string;
  topic?: string;
  host?: string;
  file?: string;
  since?: string;
  deep?: boolean;
  json?: boolean;
  archive: boolean;
  repair?: boolean;
  url?: string;
  tokenFile?: string;
  passwordFile?: string;
}

const TRANSFER_CONFIG = "/etc/weir/transfer.yaml", AGENT_CONFIG = "/etc/weir/agent.yaml";
const REPAIR_WAIT_MS = 60_000, LOOK_MS = 1000;

export function auditCommand(): Command {
  return new Command("audit")
    .description("compare what agents shipped with what the index has: missing, doubled, unread")
    .option("-c, --config <file>", "settings of weir-transfer", TRANSFER_CONFIG)
    .option("--index <pattern>", "indices of the documents", "weir-*")
    .option("--ledger <topic>", "topic of the ledger", LEDGER_TOPIC)
    .option("--topic <name>", "only this topic")
    .option("--host <name>", "only this host")
    .option("--file <path>", "only this file; * stands for any characters")
    .option("--since <time>", "only what was shipped since, such as 2h, 7d or 2026-11-21")
    .option("--deep", "look at every document, even where the sums fit")
    .option("--no-archive", "leave out the archive, all objects of whose topics are read")
    .option("--repair", "send what is missing again; on the host of the files")
    .option("--agent-config <file>", "settings of weir-agent, for --repair", AGENT_CONFIG)
    .option("--url <url>", "of a `weir up` instead: its agent against its own store")
    .option("--token-file <file>", "file with that server's token (or WEIR_TOKEN)")
    .option("--password-file <file>", "file with that server's password")
    .option("--json", "one JSON object")
    .action((options: AuditCommandOptions) =>
      runAndExit(() => options.url === undefined ? auditMain(options) : auditUp(options))
    );
}

export function resendCommand(): Command {
  return new Command("resend")
    .description("send a file's lines, or a range of it, to Kafka again; the index takes each once")
    .argument("<file>", "path of the file, as the ledger has it")
    .argument(
      "[range]",
      "bytes START-END that begin and end at lines; without it, all that was shipped",
    )
    .option("-c, --agent-config <file>", "settings of weir-agent", AGENT_CONFIG)
    .option("--ledger <topic>", "topic of the ledger", LEDGER_TOPIC)
    .option("--topic <name>", "only this topic")
    .option("--day <day>", "day of the index of lines of which the ledger does not know it")
    .action((file: string, range: string | undefined, options: ResendCommandOptions) =>
      runAndExit(() => resendMain(file, range, options))
    );
}

interface ResendCommandOptions {
  agentConfig: string;
  ledger: string;
  topic?: string;
  day?: string;
}

/** The same for a `weir up` that runs. */
async function auditUp(options: AuditCommandOptions): Promise<void> {
  const { url = "", tokenFile, passwordFile, topic, file, json } = options;
  const client = new ApiClient({ url, tokenFile, passwordFile }, Deno.env.get("WEIR_TOKEN"));
  const path = file === undefined ? undefined : wildcard(file);
  const found = await auditEmbedded(client, { topic, fits: (one) => path?.test(one) ?? true });
  const { notes } = found;
  console.log(json ? JSON.stringify({ ...auditJson(found), notes }) : auditText(found));
  if (!json) { for (const note of notes) console.log(note); }
  const { missingBytes, doubledBytes } = totalsOf(found);
  if (missingBytes + doubledBytes > 0) Deno.exit(EXIT.runtime);
}

/** Exit code 0 where nothing is missing and nothing doubled, else 1. */
async function auditMain(options: AuditCommandOptions): Promise<void> {
  const settings = readTransferSettings(options.config);
  const kafka = createKafka(settings.kafka, "audit");
  const client = createElastic(settings.elasticsearch);
  try {
    // A repair looks at the store again and again, at what was acknowledged and refused only once.
    const { seals, drops, expired } = await readWholeLedger(kafka, options.ledger);
    const { index, topic, host, file, deep } = options;
    const since = sinceMs(options.since, Date.now());
    const dead = await deadRanges(kafka, settings.dead.topic);
    const asked = { client, index, topic, host, file, sinceMs: since, deep };
    const look = () => audit(seals, { ...asked, dead, drops, expired });
    let found = await look();
    if (options.repair && totalsOf(found).missingBytes > 0) {
      if (!options.json) console.log(`${auditText(found)}\n`);
      await repair(found, readAgentSettings(options.agentConfig), (text) => console.error(text));
      found = await settled(look);
    }
    if (options.archive && settings.archive.location !== "") {
      await lookIntoArchive(found, settings, kafka, { dead, drops });
    }
    console.log(options.json ? JSON.stringify(auditJson(found)) : auditText(found));
    if (faultyBytes(found) > 0) Deno.exit(EXIT.runtime);
  } finally {
    await client.close();
  }
}

/** Adds what the archive has to each file, by the rules of topics that are in force. */
async function lookIntoArchive(
  found: Audit,
  settings: TransferSettings,
  kafka: ReturnType<typeof createKafka>,
  ledger: Pick<ArchiveOptions, "dead" | "drops">,
): Promise<void> {
  const rules = createTopicSettings(settings, {}), admin = kafka.admin();
  const store = openObjects(settings.archive);
  rules.start();
  try {
    await rulesKnown(rules);
    const archived = await auditArchive(found.files.map(({ seal }) => seal), {
      store,
      days(topic) {
        const { formats, days } = rules.of(topic).archive;
        return formats.length === 0 ? undefined : days;
      },
      async lags(topic) {
        const positions = await positionsOf(admin, settings.archive.groupId, topic);
        return positions.some(({ low, high, committed }) => high > Math.max(low, committed));
      },
      ...ledger,
    });
    for (const file of found.files) file.archive = archived.get(sealKey(file.seal));
  } finally {
    store.close();
    await admin.disconnect();
    await rules.stop();
  }
}

/** Looks again until nothing is missing: what was sent goes through Kafka and the transfer. */
async function settled(look: () => Promise<Audit>): Promise<Audit> {
  const end = performance.now() + REPAIR_WAIT_MS;
  for (;;) {
    const found = await look();
    if (totalsOf(found).missingBytes === 0 || performance.now() > end) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function repair(
  found: Audit,
  settings: AgentSettings,
  say: (text: string) => void,
): Promise<void> {
  const host = settings.host === "" ? Deno.hostname() : settings.host;
  const entries = await appliedEntries(systemFiles, settings.state);
  const sink = createSink(settings);
  try {
    for (const { seal, missing, createdMs } of found.files) {
      if (missing.length === 0) continue;
      if (seal.host !== host) {
        say(`${seal.path} is on ${seal.host}: run this there`);
        continue;
      }
      const ranges = datedRanges(seal, missing, createdMs);
      await resendAll(seal, ranges, { settings, entries, sink, say });
    }
  } finally {
    await sink.stop(settings.shutdown);
  }
}

interface Resending {
  settings: AgentSettings;
  /** By which this host's agent sends lines now. */
  entries: readonly Entry[];
  sink: ReturnType<typeof createSink>;
  say: (text: string) => void;
}

async function resendAll(
  seal: Seal,
  ranges: readonly DatedRange[],
  { settings: { timezone, tail }, entries, sink, say }: Resending,
): Promise<void> {
  const tz = timezone === "" ? Intl.DateTimeFormat().resolvedOptions().timeZone : timezone;
  try {
    const options = { sink, tz, entry: entryOf(seal, entries), lineBytesMax: tail.lineBytesMax };
    const handle = await openSealed(systemFiles, seal);
    let lines = 0;
    try {
      for (const range of ranges) lines += await resendRange(handle, seal, range, options);
    } finally {
      handle.close();
    }
    say(`${seal.path} → ${seal.topic}: ${lines} lines sent again`);
  } catch (error) {
    say(`${seal.path} → ${seal.topic}: ${messageOf(error)}`);
  }
}

async function resendMain(
  path: string,
  range: string | undefined,
  options: ResendCommandOptions,
): Promise<void> {
  const { day } = options;
  if (day !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(day)) {
    throw new WeirError("USAGE_DAY", `Cannot read --day ${day}`, {
      hint: "Write it as 2026-11-21.",
    });
  }
  const settings = readAgentSettings(options.agentConfig);
  const seals = await readLedger(createKafka(settings.kafka, "resend"), options.ledger);
  const host = settings.host === "" ? Deno.hostname() : settings.host;
  const found = [...seals.values()].filter((seal) =>
    seal.path === path && seal.host === host &&
    (options.topic === undefined || seal.topic === options.topic)
  );
  if (found.length === 0) {
    throw new WeirError("RESEND_NO_FILE", `The ledger knows no file ${path} of host ${host}`, {
      hint: "Give the path as `weir audit` shows it, on the host that has the file.",
    });
  }
  const entries = await appliedEntries(systemFiles, settings.state);
  const sink = createSink(settings), say = (text: string) => console.log(text);
  try {
    for (const seal of found) {
      const wanted = range === undefined
        ? { start: seal.from, end: seal.to }
        : rangeOf(range, seal);
      await resendDays(seal, wanted, options.day, { settings, entries, sink, say });
    }
  } finally {
    await sink.stop(settings.shutdown);
  }
}

/** Each line goes to the index that it was for: in another one it would be there twice. */
async function resendDays(
  seal: Seal,
  wanted: Range,
  otherwise: string | undefined,
  resending: Resending,
): Promise<void> {
  const known: DatedRange[] = [];
  for (const { start, end, day = otherwise } of byDay(seal.days, wanted)) {
    if (day !== undefined) known.push({ start, end, day });
    else {
      const range = `${seal.path}: bytes ${start}-${end}`;
      resending.say(`${range} left out, the day of their index is not known: --day`);
    }
  }
  if (known.length > 0) await resendAll(seal, known, resending);
}

function rangeOf(text: string, seal: Seal): Range {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(text);
  const start = Number(match?.[1]), end = Number(match?.[2]);
  if (match !== null && start < end && end <= seal.to) return { start, end };
  throw new WeirError("USAGE_RANGE", `Cannot use the range ${text}`, {
    hint: `Write START-END in bytes, within 0-${seal.to}, such as \`weir audit\` shows.`,
  });
}

function readAgentSettings(file: string): AgentSettings {
  const hint = "Give the settings of weir-agent: --agent-config FILE";
  return readSettingsFile(agentSettings, file, hint);
}

/** Throws USAGE_TIME where the text is neither a span nor a time. */
export function sinceMs(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}[mhd]$/.test(text)) return nowMs - parseSpan(text)!;
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new WeirError("USAGE_TIME", `Cannot read --since ${text}`, {
    hint: "Examples: 30m, 2h, 7d, 2026-11-21, 2026-11-21T10:00:00Z",
  });
}
