/** What `weir up` tells a person when it has looked around: the address, what it tails, what it cannot read and why. */
import { safeText } from "../core/log.ts";

export interface UpStatus {
  /** Without a size: a source that is no file. */
  files: readonly { path: string; size?: number }[];
  problems: readonly { path: string; code: string; reason: string }[];
}

const SHOWN = 8;
const REMEDY: Record<string, string> = {
  FILE_DENIED: "run as a user that may read it, for example in the group adm",
  BINARY_FILE: "it is not text; left out",
  PATH_OUTSIDE_ROOTS: "a link leads out of the folder; name its target as an argument",
  TOO_MANY_FILES: "name fewer files",
};

export function report(url: string, data: string, status: UpStatus): string {
  const files = status.files.filter((file) => file.size !== undefined);
  const paths = [...new Set(files.map((file) => file.path))].sort();
  const bytes = files.reduce((sum, file) => sum + file.size!, 0);
  const journal = status.files.find((file) => file.size === undefined);
  const lines = ["", `  Weir is at  ${reachable(url)}`, ""];
  if (paths.length > 0 || journal === undefined) {
    lines.push(`  Tailing ${count(paths.length, "file")}, ${megabytes(bytes)}:`);
    for (const path of paths.slice(0, SHOWN)) lines.push(`    ${safeText(path)}`);
    if (paths.length > SHOWN) lines.push(`    and ${paths.length - SHOWN} more`);
    if (paths.length === 0) lines.push("    nothing yet: what matches later is taken up by itself");
  }
  if (journal !== undefined) lines.push(`  Reading the systemd journal${ofFolder(journal.path)}.`);
  const problems = different(status.problems);
  if (problems.length > 0) {
    lines.push("", `  Not read, ${count(problems.length, "path")}:`);
    for (const { path, code, reason } of problems.slice(0, SHOWN)) {
      lines.push(`    ${safeText(path)}: ${REMEDY[code] ?? safeText(reason)} (${code})`);
    }
    if (problems.length > SHOWN) {
      lines.push(`    and ${problems.length - SHOWN} more, all under /api/sources`);
    }
  }
  lines.push("", `  Lines are kept in ${data}. End with Ctrl-C.`, "");
  return lines.join("\n");
}

/** An address that means all of this host's is none that can be opened. */
function reachable(url: string): string {
  const here = url.replace(/\/\/(0\.0\.0\.0|\[::\]):/, "//127.0.0.1:");
  return here === url ? url : `${here}  and at this host's other addresses`;
}

/** Each path once for each code: several patterns can lead to it. */
function different(problems: UpStatus["problems"]): UpStatus["problems"] {
  return [...new Map(problems.map((one) => [`${one.code} ${one.path}`, one])).values()];
}

function ofFolder(path: string): string {
  return path.includes(":") ? ` in ${safeText(path.slice(path.indexOf(":") + 1))}` : "";
}

function count(value: number, noun: string): string {
  return `${value.toLocaleString("en")} ${noun}${value === 1 ? "" : "s"}`;
}

function megabytes(value: number): string {
  return value < 1e6 ? `${(value / 1e3).toFixed(1)} kB` : `${(value / 1e6).toFixed(1)} MB`;
}
