/** The audit's result as a person reads it, and as one JSON object. */
import { safeText } from "../../core/log.ts";
import { type Audit, type FileAudit, totalsOf } from "./audit.ts";
import { bytesOf, type Range } from "./compare.ts";

const RANGES_SHOWN = 5;

/** One object for scripts; ranges are in full. */
export function auditJson(audit: Audit): Record<string, unknown> {
  return {
    ...totalsOf(audit),
    faults: audit.files.filter(isFaulty).map((
      { seal, missing, doubled, twin, deadBytes, archive },
    ) => ({
      host: seal.host,
      path: seal.path,
      generation: seal.generation,
      topic: seal.topic,
      missing,
      doubled,
      twin,
      dead: deadBytes,
      unread: seal.unread,
      away: seal.away ?? false,
      guarantee: seal.guarantee,
      ...(archive && { archive }),
    })),
    ...archivedByTopic(audit),
    droppedByRule: droppedByRule(audit),
    unknown: audit.unknown,
  };
}

/** Lines in the archive by topic; nothing where nobody looked. */
function archivedByTopic({ files }: Audit): { archivedByTopic?: Record<string, number> } {
  const sums: Record<string, number> = {};
  for (const { seal: { topic }, archive } of files) {
    if (archive !== undefined) sums[topic] = (sums[topic] ?? 0) + archive.lines;
  }
  return Object.keys(sums).length === 0 ? {} : { archivedByTopic: sums };
}

/** Bytes of lines that rules of transfers dropped, by rule. */
function droppedByRule({ files }: Audit): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { dropped } of files) {
    for (const [rule, bytes] of Object.entries(dropped)) sums[rule] = (sums[rule] ?? 0) + bytes;
  }
  return sums;
}

function rulesText(audit: Audit): string {
  const rules = Object.entries(droppedByRule(audit));
  if (rules.length === 0) return "";
  return `: ${rules.map(([rule, bytes]) => `${safeText(rule)} ${bytes}`).join(", ")}`;
}

export function isFaulty({ missing, doubled, seal, archive }: FileAudit): boolean {
  return missing.length > 0 || doubled.length > 0 || seal.unread > 0 ||
    (archive !== undefined && archive.missing.length + archive.doubled.length > 0);
}

function archiveLines({ archive }: FileAudit): string[] {
  if (archive === undefined) return [];
  const { missing, doubled } = archive, lines: string[] = [];
  if (missing.length > 0) lines.push(`  missing in the archive  ${rangesText(missing)}`);
  if (doubled.length > 0) lines.push(`  doubled in the archive  ${rangesText(doubled)}`);
  return lines;
}

/** The archive's part of the sums; nothing where nobody looked. */
function archiveSums(audit: Audit): string[] {
  const { archived, archiveMissingBytes = 0, archiveDoubledBytes = 0, ...rest } = totalsOf(audit);
  const { archiveWaitingBytes = 0, archiveExpiredBytes = 0 } = rest;
  if (archived === undefined) return [];
  const topics = Object.entries(archivedByTopic(audit).archivedByTopic ?? {})
    .map(([topic, lines]) => `${safeText(topic)} ${lines}`);
  const lines = [
    `archived      ${archived} lines${topics.length > 1 ? `: ${topics.join(", ")}` : ""}`,
    `  missing     ${archiveMissingBytes}${archiveMissingBytes === 0 ? "" : " bytes"}`,
    `  doubled     ${archiveDoubledBytes}${archiveDoubledBytes === 0 ? "" : " bytes"}`,
  ];
  if (archiveWaitingBytes > 0) {
    lines.push(
      `  waiting     ${archiveWaitingBytes} bytes, in Kafka until their segment is closed`,
    );
  }
  if (archiveExpiredBytes > 0) lines.push(`  expired     ${archiveExpiredBytes} bytes`);
  return lines;
}

export function auditText(audit: Audit): string {
  const lines: string[] = [];
  for (const file of audit.files.filter(isFaulty)) {
    const { seal, missing, doubled, twin } = file;
    lines.push(
      `${safeText(seal.host)}  ${safeText(seal.path)}  → ${
        safeText(seal.topic)
      }  (${seal.generation})`,
    );
    if (missing.length > 0) lines.push(`  missing  ${rangesText(missing)}`);
    if (doubled.length > 0) {
      const where = twin === "" ? "" : `, also under generation ${twin}`;
      lines.push(`  doubled  ${rangesText(doubled)}${where}`);
    }
    lines.push(...archiveLines(file));
    if (seal.unread > 0) {
      lines.push(
        `  unread   ${seal.unread} bytes when the file went${seal.away ? ", at least" : ""}`,
      );
    }
    if (seal.guarantee !== "all") {
      lines.push(`  acks=${seal.guarantee}: what is acknowledged can be lost`);
    }
    lines.push("");
  }
  const totals = totalsOf(audit);
  const unknown = audit.unknown.reduce((sum, one) => sum + one.lines, 0);
  lines.push(
    `files         ${totals.files}`,
    `indexed       ${totals.indexed} lines`,
    `acknowledged  ${totals.acknowledgedBytes} bytes`,
    `dead letters  ${totals.deadBytes} bytes`,
    `dropped       ${totals.droppedBytes} bytes${rulesText(audit)}`,
    `expired       ${totals.expiredBytes} bytes`,
    `missing       ${totals.missingBytes}${totals.missingBytes === 0 ? "" : " bytes"}`,
    `doubled       ${totals.doubledBytes}${totals.doubledBytes === 0 ? "" : " bytes"}`,
    `unread        ${totals.unreadBytes}${totals.unreadBytes === 0 ? "" : " bytes"}`,
  );
  lines.push(...archiveSums(audit));
  if (totals.away > 0) {
    lines.push(
      `gone unseen   ${totals.away} files, while no agent ran: what came after its last look is not known`,
    );
  }
  if (totals.unsealedBytes > 0) {
    lines.push(
      `not sealed    ${totals.unsealedBytes} bytes, shipped since the last look of the agents`,
    );
  }
  if (unknown > 0) {
    lines.push(`not in the ledger: ${unknown} lines of ${audit.unknown.length} files`);
  }
  return lines.join("\n");
}

function rangesText(ranges: readonly Range[]): string {
  const shown = ranges.slice(0, RANGES_SHOWN).map(({ start, end }) => `${start}-${end}`);
  const more = ranges.length > RANGES_SHOWN ? `, and ${ranges.length - RANGES_SHOWN} more` : "";
  return `${bytesOf(ranges)} bytes at ${shown.join(", ")}${more}`;
}
