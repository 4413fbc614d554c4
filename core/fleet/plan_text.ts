/** A plan as text for a terminal: what a person wants to know first stands first. */
import { safeText } from "../log.ts";
import {
  LINE_CHARACTERS_MAX,
  type Plan,
  type PlannedFile,
  type PlannedLane,
} from "./plan_schema.ts";

/** `files`: how many files of an entry are shown with their lines; the others are summed up. */
export function planText(plan: Plan, files = 20): string[] {
  const lines: string[] = [];
  for (const [number, entry] of plan.entries.entries()) {
    const failed = entry.failed === 0 ? "" : `, ${entry.failed} that cannot be read`;
    lines.push(
      `${safePath(entry.path)} → ${entry.topic}: ${plural(entry.files, "file")}, ${
        bytesText(entry.unread)
      } to send${failed}  (${entry.from})`,
    );
    const own = plan.files.filter(({ lanes }) => lanes.some((lane) => lane.entry === number));
    for (const file of own.slice(0, files)) {
      lines.push(...fileText(file, file.lanes.find((lane) => lane.entry === number)!));
    }
    const more = entry.files - Math.min(own.length, files);
    if (more > 0) lines.push(`  … and ${plural(more, "file")} more`);
    for (const problem of plan.problems.filter(({ entries }) => entries.includes(number))) {
      const sign = problem.passes ? "–" : "✗";
      const path = problem.path === entry.path ? "" : `${safePath(problem.path)}: `;
      lines.push(`  ${sign} ${path}${problem.code}: ${safeText(problem.reason, 1000)}`);
    }
  }
  if (plan.entries.length === 0) lines.push("No entries: nothing is tailed");
  for (const { kind, path, topics, entries, says } of plan.collisions) {
    const which = entries.map((number) => number + 1).join(", ");
    lines.push(
      `! ${kind}: ${safePath(path)} (${topics.join(", ")}; entries ${which}): ${
        safeText(says, 1000)
      }`,
    );
  }
  return lines;
}

/** True where somebody has to do something before all of it can be read. */
export function isBlocked(plan: Plan): boolean {
  return plan.problems.some(({ passes }) => !passes);
}

const BEGINS: Record<PlannedLane["begin"], (lane: PlannedLane) => string> = {
  new: () => "new, from its begin",
  known: ({ from }) => `known, from ${from}`,
  end: ({ from }) => `from its end, ${from}`,
  copy: () => "held for tail.copyHold: it looks like a copy of a known file",
  empty: () => "empty",
};

function fileText({ path, size, binary, counts }: PlannedFile, lane: PlannedLane): string[] {
  const looked = lane.looked > 0 && Object.keys(counts).length > 0
    ? `  in the first ${bytesText(lane.looked)}: ${
      Object.entries(counts).map(([what, number]) => `${what} ${number}`).join(", ")
    }`
    : "";
  const begin = BEGINS[lane.begin](lane), unread = bytesText(lane.unread);
  const odd = binary ? "  binary data" : "";
  const lines = [
    `  ${safePath(path)}  ${bytesText(size)}, ${begin}, ${unread} to send${odd}${looked}`,
  ];
  if (lane.earlier) lines.push("    sent already; its last lines would go so:");
  for (const { offset, text } of lane.lines) {
    lines.push(`    ${offset} | ${printable(text)}`);
  }
  return lines;
}

/** Without what could move a terminal's cursor; the lines of a joined event one below the other. */
function printable(text: string): string {
  const lines = text.replaceAll("\t", "  ").split("\n");
  return lines.map((line) => safeText(line, LINE_CHARACTERS_MAX)).join("\n      | ");
}

function safePath(path: string): string {
  return safeText(path, 4096);
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  for (; bytes >= 1024 && at < units.length - 1; at++) bytes /= 1024;
  return `${at === 0 ? bytes : bytes.toFixed(1)} ${units[at]}`;
}
