/**
 * The audit of a `weir up` that runs: what its agent has acknowledged against the lines that its store holds, asked for
 * over its API. There is no ledger; the store keeps its marks in the transaction of the lines, so a hole is a fault of
 * the store or of its disk.
 */
import { readJson } from "./read_json.ts";
import type { ApiClient } from "../api_client.ts";
import type { FileAudit } from "./audit.ts";
import { compareRanges, type Range, subtract } from "./compare.ts";

const PAGE = 100_000, GENERATIONS_MAX = 1000, FIRST_LINES = 20;
/** Files that the status names. */
const TAILED_MAX = 1000;
const ASK_MS = 600_000;

interface AgentFile {
  path: string;
  topic: string;
  generation: string;
  size: number;
  offset: number;
  lines: number;
}

interface Status {
  agent?: { host: string; guarantee: string; files: AgentFile[] };
}

export interface EmbeddedAudit {
  files: FileAudit[];
  /** Lines of generations that are not tailed any more: how far they should go nobody keeps. */
  unknown: { key: string; lines: number }[];
  notes: string[];
}

export interface EmbeddedFilter {
  topic?: string;
  fits: (path: string) => boolean;
}

/** Rejects as the client does. */
export async function auditEmbedded(
  client: ApiClient,
  { topic, fits }: EmbeddedFilter,
): Promise<EmbeddedAudit> {
  const signal = AbortSignal.timeout(ASK_MS), notes: string[] = [];
  const { agent } = await readJson(client, "status", {}, signal) as Status;
  const tailed = new Map((agent?.files ?? []).map((file) => [file.generation, file]));
  const { values } = await readJson(client, "values", {
    ...{ field: "log.file.generation", limit: String(GENERATIONS_MAX) },
    ...(topic !== undefined && { q: `topic:"${topic}"` }),
  }, signal) as { values: { value: string; count: number }[] };
  if (values.length === GENERATIONS_MAX) {
    notes.push(`only the ${GENERATIONS_MAX} generations with the most lines were looked at`);
  }
  if (tailed.size >= TAILED_MAX) {
    notes.push(
      `more than ${TAILED_MAX} files are tailed: of the others only holes between lines were looked for`,
    );
  }
  const files: FileAudit[] = [], first = new Map<string, string>();
  const unknown: EmbeddedAudit["unknown"] = [];
  const asked = new Set(values.map(({ value }) => value));
  for (const { generation, offset } of tailed.values()) if (offset > 0) asked.add(generation);
  for (const generation of asked) {
    const found = await rangesOf(client, generation, signal);
    const file = tailed.get(generation), path = file?.path ?? found.path;
    if (!fits(path)) continue;
    const end = file?.offset ?? found.ranges.at(-1)?.end ?? 0;
    const topicOf = file?.topic ?? found.topic, begin = found.ranges[0]?.start ?? end;
    const isExpired = begin > 0 && await hasExpired(client, generation, topicOf, signal);
    const one = fileOf(found, { start: 0, end }, isExpired ? Math.min(begin, end) : 0, {
      ...{ generation, path, topic: topicOf, size: file?.size ?? end },
      ...{ host: agent?.host ?? "", guarantee: agent?.guarantee ?? "", closed: file === undefined },
    });
    const head = `${path}\n${found.first.join("\n")}`, twin = first.get(head);
    if (twin === undefined) first.set(head, generation);
    else if (found.first.length > 0) {
      one.twin = twin;
      one.doubled.push(...subtract([{ start: 0, end }], one.doubled));
    }
    files.push(one);
    if (file === undefined) {
      unknown.push({ key: `${generation}/${one.seal.topic}`, lines: one.indexed });
    }
  }
  return { files, unknown, notes };
}

/** Whether retention dropped the first lines of a file. */
async function hasExpired(
  client: ApiClient,
  generation: string,
  topic: string,
  signal: AbortSignal,
): Promise<boolean> {
  return (await readJson(client, "expired", { generation, topic }, signal)).expired === true;
}

interface FoundLines {
  ranges: Range[];
  first: string[];
  path: string;
  topic: string;
}

/** All lines of a generation, in the order of the file. */
async function rangesOf(
  client: ApiClient,
  generation: string,
  signal: AbortSignal,
): Promise<FoundLines> {
  const found: (Range & { text?: string })[] = [];
  let after: string | undefined, path = "", topic = "";
  for (let count = PAGE; count === PAGE;) {
    count = 0;
    const query = { q: `log.file.generation:"${generation}"`, order: "oldest", after };
    for await (
      const one of client.documents({ ...query, limit: String(PAGE), timeout: "10m" }, signal)
    ) {
      count++;
      const start = one["log.offset"] ?? 0;
      const length = Number((one as Record<string, unknown>)["log.length"] ?? 0);
      path = one["log.file.path"] ?? "";
      topic = one.topic ?? "";
      found.push({ start, end: start + length, text: start < 4096 ? one.message : undefined });
      after = `${Date.parse(one["@timestamp"] ?? "")}~${generation}~${start}~${topic}`;
    }
  }
  found.sort((a, b) => a.start - b.start);
  const first = found.slice(0, FIRST_LINES).map(({ start, text = "" }) => `${start} ${text}`);
  return { ranges: found.map(({ start, end }) => ({ start, end })), first, path, topic };
}

function fileOf(
  { ranges }: FoundLines,
  acknowledged: Range,
  expiredTo: number,
  about: Pick<
    FileAudit["seal"],
    "generation" | "path" | "topic" | "size" | "host" | "guarantee" | "closed"
  >,
): FileAudit {
  return {
    seal: {
      ...about,
      ...{ v: 1, device: 0, inode: 0, from: 0, to: acknowledged.end, lines: ranges.length },
      ...{ headLength: 0, head: "", unread: 0, atMs: Date.now() },
    },
    indexed: ranges.length,
    acknowledgedBytes: acknowledged.end,
    ...compareRanges(ranges, acknowledged, [{ start: 0, end: expiredTo }]),
    ...{ deadBytes: 0, dropped: {}, expiredBytes: expiredTo, twin: "", createdMs: [] },
  };
}
