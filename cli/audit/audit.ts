/**
 * The audit: every generation and topic that the ledger knows, compared with the store. What it reports as missing is
 * acknowledged by Kafka, in no document and in no dead letter; what it reports as doubled is in more than one document.
 */
import type { Client } from "@elastic/elasticsearch";
import { type Seal, sealKey } from "../../core/ledger/seal.ts";
import { wildcard } from "../../transfer/topics/drop.ts";
import {
  bytesOf,
  compareRanges,
  isComplete,
  type Range,
  subtract,
  type Total,
  united,
  within,
} from "./compare.ts";
import type { ArchiveFile } from "./archive.ts";
import type { Drops } from "./read_ledger.ts";
import { firstLines, ranges, type StoredRange, totals } from "./store.ts";

export interface AuditOptions {
  client: Client;
  /** Pattern over the indices of documents. */
  index: string;
  topic?: string;
  host?: string;
  /** Path, with * for any characters. */
  file?: string;
  /** Only what was sealed since, ms. */
  sinceMs?: number;
  /** Lists every document even where totals fit. */
  deep?: boolean;
  /** Ranges in the dead letters, by sealKey. */
  dead: ReadonlyMap<string, Range[]>;
  /** Ranges that rules of transfers dropped. @default {none} */
  drops?: Drops;
  /** Byte before which retention removed a file's lines, by sealKey. @default {none} */
  expired?: ReadonlyMap<string, number>;
}

export interface FileAudit {
  seal: Seal;
  /** Lines in the store. */
  indexed: number;
  acknowledgedBytes: number;
  missing: Range[];
  doubled: Range[];
  deadBytes: number;
  /** Bytes by the name of the rule that dropped their lines. */
  dropped: Record<string, number>;
  /** Bytes of lines whose index retention removed. */
  expiredBytes: number;
  unsealedBytes: number;
  /** Another generation that holds the same first lines: the file was taken anew and its lines are there twice. */
  twin: string;
  /** Its side of the archive; undefined where its topic has none, or nobody looked. */
  archive?: ArchiveFile;
  /** When the record before each missing range was made, for the day of its index. */
  createdMs: number[];
}

export interface Audit {
  files: FileAudit[];
  /** Documents of generations that the ledger does not know. */
  unknown: { key: string; lines: number }[];
}

const TWIN_BYTES = 4096;

/** Rejects with the store's error where it cannot be asked. */
export async function audit(
  seals: ReadonlyMap<string, Seal>,
  options: AuditOptions,
): Promise<Audit> {
  const { client, index, topic, host, dead, drops, expired } = options;
  const stored = await totals(client, index, { topic, host });
  const chosen = [...seals.values()].filter(chooser(options));
  const files: FileAudit[] = [];
  for (const seal of chosen) {
    const key = sealKey(seal);
    const others = {
      dead: dead.get(key) ?? [],
      dropped: drops?.get(key) ?? new Map(),
      expiredTo: expired?.get(key) ?? 0,
    };
    files.push(await auditFile(seal, stored.get(key), others, options));
  }
  await findTwins(files, client, index);
  const unknown = [...stored].filter(([key]) => !seals.has(key))
    .map(([key, { lines }]) => ({ key, lines }));
  return { files, unknown };
}

/** Whether the options ask for a seal. */
function chooser({ topic, host, file, sinceMs = 0 }: AuditOptions): (seal: Seal) => boolean {
  const path = file === undefined ? undefined : wildcard(file);
  return (seal) =>
    (topic === undefined || seal.topic === topic) && (host === undefined || seal.host === host) &&
    seal.atMs >= sinceMs && (path === undefined || path.test(seal.path));
}

/** What accounts for bytes of a file beside documents. */
interface Others {
  dead: readonly Range[];
  /** By rule. */
  dropped: ReadonlyMap<string, readonly Range[]>;
  /** Lines that begin before it are beyond retention. */
  expiredTo: number;
}

async function auditFile(
  seal: Seal,
  total: Total | undefined,
  { dead, dropped, expiredTo }: Others,
  { client, index, deep }: AuditOptions,
): Promise<FileAudit> {
  const acknowledged = { start: seal.from, end: seal.to };
  const told = united([...dead, ...[...dropped.values()].flat()]);
  const expired = { start: seal.from, end: Math.min(expiredTo, seal.to) };
  const hasExpired = expired.end > expired.start;
  const others = hasExpired ? united([...told, expired]) : told;
  const base = {
    seal,
    indexed: total?.lines ?? 0,
    acknowledgedBytes: seal.to - seal.from,
    deadBytes: bytesOf(united(dead)),
    dropped: Object.fromEntries(
      [...dropped].map(([rule, all]) => [rule, bytesOf(within(all, acknowledged))]),
    ),
    twin: "",
  };
  // These may have come again and be in the index: a letter after its cause was mended, a line once there was room.
  const mayOverlap = dead.length > 0 || hasExpired || dropped.has("quota");
  if (!deep && isComplete(total, acknowledged, others, mayOverlap)) {
    const expiredBytes = hasExpired ? bytesOf(subtract([expired], told)) : 0;
    return { ...base, expiredBytes, missing: [], doubled: [], unsealedBytes: 0, createdMs: [] };
  }
  const documents: StoredRange[] = [];
  if (total !== undefined) {
    for await (const range of ranges(client, index, seal.generation, seal.topic)) {
      documents.push(range);
    }
  }
  const compared = compareRanges(documents, acknowledged, others);
  const createdMs = compared.missing.map(({ start }) =>
    createdOf(documents.findLast(({ end }) => end <= start) ?? documents[0], seal)
  );
  const { missing: gone } = compareRanges(hasExpired ? documents : [], expired, told);
  return { ...base, expiredBytes: bytesOf(gone), ...compared, createdMs };
}

/** Documents that are minimal do not say when they were made. */
function createdOf(document: StoredRange | undefined, seal: Seal): number {
  return Number.isFinite(document?.createdMs) ? document!.createdMs : seal.atMs;
}

/** Two generations with one head on one host and topic are one file if their first lines are equal. */
async function findTwins(files: FileAudit[], client: Client, index: string): Promise<void> {
  const first = new Map<string, FileAudit>();
  for (const file of files) {
    const { host, topic, head, headLength, generation, from } = file.seal;
    if (file.indexed === 0) continue;
    const key = `${host}\n${topic}\n${headLength}\n${head}\n${from}`;
    const other = first.get(key);
    if (other === undefined) {
      first.set(key, file);
      continue;
    }
    const bytes = from + TWIN_BYTES;
    const [own, others] = [
      await firstLines(client, index, generation, topic, bytes),
      await firstLines(client, index, other.seal.generation, topic, bytes),
    ];
    const shared = Math.min(own.length, others.length);
    if (shared > 0 && own.slice(0, shared).join("\n") === others.slice(0, shared).join("\n")) {
      file.twin = other.seal.generation;
      const end = Math.min(file.seal.to, other.seal.to);
      file.doubled.push(...subtract([{ start: from, end }], file.doubled));
    }
  }
}

export interface AuditTotals {
  files: number;
  indexed: number;
  acknowledgedBytes: number;
  missingBytes: number;
  doubledBytes: number;
  deadBytes: number;
  /** Of lines that rules dropped. */
  droppedBytes: number;
  /** Of lines whose index retention removed. */
  expiredBytes: number;
  unreadBytes: number;
  unsealedBytes: number;
  /** Files that went while no agent ran. */
  away: number;
  /** Lines in the archive, and bytes that it lacks or has twice; undefined where nobody looked. */
  archived?: number;
  archiveMissingBytes?: number;
  archiveDoubledBytes?: number;
  archiveWaitingBytes?: number;
  archiveExpiredBytes?: number;
}

export function totalsOf({ files }: Audit): AuditTotals {
  const sum = (of: (file: FileAudit) => number) =>
    files.reduce((total, file) => total + of(file), 0);
  return {
    files: files.length,
    indexed: sum(({ indexed }) => indexed),
    acknowledgedBytes: sum(({ acknowledgedBytes }) => acknowledgedBytes),
    missingBytes: sum(({ missing }) => bytesOf(missing)),
    doubledBytes: sum(({ doubled }) => bytesOf(doubled)),
    deadBytes: sum(({ deadBytes }) => deadBytes),
    droppedBytes: sum(({ dropped }) => Object.values(dropped).reduce((a, b) => a + b, 0)),
    expiredBytes: sum(({ expiredBytes }) => expiredBytes),
    unreadBytes: sum(({ seal }) => seal.unread),
    unsealedBytes: sum(({ unsealedBytes }) => unsealedBytes),
    away: files.filter(({ seal }) => seal.away).length,
    ...archiveTotalsOf(files),
  };
}

function archiveTotalsOf(files: readonly FileAudit[]): Partial<AuditTotals> {
  const archives = files.flatMap(({ archive }) => archive ?? []);
  if (archives.length === 0) return {};
  const sum = (of: (archive: ArchiveFile) => number) =>
    archives.reduce((total, archive) => total + of(archive), 0);
  return {
    archived: sum(({ lines }) => lines),
    archiveMissingBytes: sum(({ missing }) => bytesOf(missing)),
    archiveDoubledBytes: sum(({ doubled }) => bytesOf(doubled)),
    archiveWaitingBytes: sum(({ waitingBytes }) => waitingBytes),
    archiveExpiredBytes: sum(({ expiredBytes }) => expiredBytes),
  };
}

/** Bytes that are missing or doubled, in the index or in the archive. */
export function faultyBytes(audit: Audit): number {
  const { missingBytes, doubledBytes, archiveMissingBytes = 0, archiveDoubledBytes = 0 } = totalsOf(
    audit,
  );
  return missingBytes + doubledBytes + archiveMissingBytes + archiveDoubledBytes;
}
