/** What `weir doctor` found, as text and as JSON, with the chain in one line. */
import type { Finding, Link, Verdict } from "./check.ts";

const CHAIN: readonly Link[] = ["files", "agent", "kafka", "transfer", "elasticsearch"];
const NAMES: Record<Link, string> = {
  files: "files",
  agent: "agent",
  kafka: "Kafka",
  transfer: "transfer",
  elasticsearch: "Elasticsearch",
  etcd: "etcd",
  influxdb: "InfluxDB",
  monitor: "monitor",
};
const SIGNS: Record<Verdict, string> = { ok: "✓", warning: "!", cross: "✗" };
const COLOURS: Record<Verdict, string> = { ok: "32", warning: "33", cross: "31" };
const RANK: Record<Verdict, number> = { ok: 0, warning: 1, cross: 2 };

/** The worst that was found at a link; undefined where nothing was looked at. */
export function verdictOf(findings: readonly Finding[], link: Link): Verdict | undefined {
  let worst: Verdict | undefined;
  for (const finding of findings) {
    if (finding.link !== link) continue;
    if (worst === undefined || RANK[finding.verdict] > RANK[worst]) worst = finding.verdict;
  }
  return worst;
}

/** `files → agent → Kafka ✗ → …`: a broken link carries its cross, one that was not looked at a `?`. */
export function chainLine(findings: readonly Finding[], colour: boolean): string {
  const parts = CHAIN.map((link) => {
    const verdict = verdictOf(findings, link);
    if (verdict === undefined) return `${NAMES[link]} ?`;
    const text = verdict === "ok" ? NAMES[link] : `${NAMES[link]} ${SIGNS[verdict]}`;
    return painted(text, COLOURS[verdict], colour);
  });
  return parts.join(" → ");
}

/** The chain, a line for each finding, its remedy below it, and the sum. */
export function doctorText(findings: readonly Finding[], colour: boolean): string {
  const lines = [chainLine(findings, colour), ""];
  for (const { link, verdict, what, remedy } of findings) {
    const sign = painted(SIGNS[verdict], COLOURS[verdict], colour);
    lines.push(`${sign} ${NAMES[link].padEnd(13)}  ${what}`);
    if (remedy !== "") lines.push(`${" ".repeat(17)}→ ${remedy}`);
  }
  const { crosses, warnings } = countsOf(findings);
  lines.push("", `${findings.length} looked at, ${crosses} crosses, ${warnings} warnings`);
  return lines.join("\n");
}

export function doctorJson(findings: readonly Finding[]) {
  const chain = CHAIN.map((link) => ({ link, verdict: verdictOf(findings, link) ?? "unknown" }));
  return { ...countsOf(findings), chain, findings };
}

export function countsOf(findings: readonly Finding[]): { crosses: number; warnings: number } {
  const count = (wanted: Verdict) => findings.filter(({ verdict }) => verdict === wanted).length;
  return { crosses: count("cross"), warnings: count("warning") };
}

function painted(text: string, code: string, colour: boolean): string {
  return colour ? `\x1b[${code}m${text}\x1b[0m` : text;
}
