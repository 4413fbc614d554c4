/** What a self-test found, for a person. */
import { isWell, type SelftestReport } from "./run.ts";

/** One thing a line, and the verdict as the last. */
export function reportText(report: SelftestReport): string {
  const { disturbances, rssBytesMax, leftBehind, failure } = report;
  const times = disturbances.map(({ recoveryMs }) => recoveryMs).sort((a, b) => a - b);
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  const rows: [string, string][] = [
    ["through", report.site],
    [
      "lines",
      `${report.lines} written in ${report.seconds.toFixed(1)} s, ${report.rotations} rotations`,
    ],
    ["lost", String(report.lost)],
    ["doubled", String(report.doubled)],
    ["reordered", String(report.reordered)],
    ["damaged", String(report.damaged)],
    ["lag", `at most ${report.lagMax} lines`],
  ];
  if (times.length > 0) {
    const median = times[Math.floor(times.length / 2)];
    const text = `${times.length} times, median ${seconds(median)} s, longest ${
      seconds(times.at(-1)!)
    } s`;
    rows.push(["recovery", text]);
  }
  for (const [name, bytes] of Object.entries(rssBytesMax)) {
    if (bytes > 0) rows.push(["memory", `${name} at most ${Math.round(bytes / 2 ** 20)} MiB`]);
  }
  for (const text of leftBehind) rows.push(["not removed", text]);
  if (failure !== "") rows.push(["failed", failure]);
  const verdict = isWell(report)
    ? "Every line is accounted for."
    : "The promise was not kept here.";
  return [...rows.map(([name, text]) => `${name.padEnd(12)}  ${text}`), verdict].join("\n");
}
