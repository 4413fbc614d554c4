/**
 * What a configuration would do on this host: found, opened, recognised and read by the code that tails, once, and
 * changed nowhere. The agent answers `weir config plan` with it, and --dry-run prints it.
 */
import { isRetriable, messageOf, WeirError } from "../../core/errors.ts";
import type { Plan } from "../../core/fleet/plan_schema.ts";
import type { Clock } from "../../core/ports/clock.ts";
import { type Files, isNotFound } from "../../core/ports/files.ts";
import type { TailSettings } from "../config.ts";
import type { BufferPool } from "../tail/buffers.ts";
import { discover, isInside, type Problem } from "../tail/discovery.ts";
import { type Entry, mergeEntries, seenKey } from "../tail/entries.ts";
import type { KnownFiles } from "../tail/known_files.ts";
import { Findings } from "./findings.ts";
import { plannedFile, type Wanting } from "./planned_file.ts";

export interface PlanContext {
  files: Files;
  clock: Clock;
  /** Resolved. */
  roots: readonly string[];
  tail: TailSettings;
  host: string;
  tz: string;
  buffers: BufferPool;
}

/** The entries of one key or file. */
export interface PlanLayer {
  name: string;
  entries: Entry[];
}

/** What the agent knows of files before. */
export interface Before {
  /** Generations, found by what they hold. They are not changed. */
  known: Pick<KnownFiles, "candidates">;
  /** Names (`seenKey`) of entries that were searched for. */
  searched: ReadonlySet<string>;
  /** It tails now, and knows what it has sent: a changed entry counts from there. */
  live: boolean;
}

export interface PlanBounds {
  /** Files that are listed. */
  files: number;
  /** Files that are opened at all; the others are counted. */
  opened: number;
  /** First lines of a file and topic. */
  lines: number;
  /** Files of an entry of which lines are shown. */
  sampled: number;
  signal?: AbortSignal;
}

/**
 * The layers in their order. Rejects with PLAN_ENDED (retriable) where `signal` aborts; what cannot be read is part of
 * the plan.
 */
export async function planOf(
  layers: readonly PlanLayer[],
  before: Before,
  bounds: PlanBounds,
  context: PlanContext,
): Promise<Plan> {
  const merged = mergeEntries(layers.map(({ entries }) => entries));
  const findings = new Findings(merged, layers);
  const known = copiesOf(before.known);
  const found = await filesOf(merged, findings, context);
  const inodes = new Map<string, string>();
  const sampled = new Array<number>(merged.length).fill(0);
  let opened = 0;
  for (const [path, numbers] of found) {
    if (bounds.signal?.aborted) throw ended();
    const wanting = findings.wanting(path, numbers).map((number): Wanting => ({
      entry: merged[number],
      number,
      searched: before.searched.has(seenKey(merged[number])),
    }));
    if (opened++ >= bounds.opened) {
      findings.leftOut(path, wanting);
      continue;
    }
    const isShown = wanting.some(({ number }) => sampled[number] < bounds.sampled);
    try {
      const { file, stat } = await plannedFile(
        path,
        wanting,
        known,
        context,
        isShown ? bounds.lines : 0,
        before.live,
      );
      const key = `${stat.device}:${stat.inode}`, first = inodes.get(key);
      if (first !== undefined) {
        findings.sameFile(path, first, wanting);
        continue;
      }
      inodes.set(key, path);
      for (const { number } of wanting) sampled[number]++;
      findings.file(file, bounds.files);
    } catch (error) {
      findings.problem(problemOf(path, error), wanting.map(({ number }) => number));
    }
  }
  return findings.plan();
}

/** The same, handed out as copies that may be changed: a file that goes on in one is not the last to ask for it. */
function copiesOf(known: Before["known"]): Pick<KnownFiles, "candidates" | "delete"> {
  return {
    async candidates(seen) {
      const found = await known.candidates(seen);
      return found.map((one) => ({ ...one, state: structuredClone(one.state) }));
    },
    delete: () => {},
  };
}

/** Which entries want which path; what cannot be looked at is found at each entry that looks there. */
async function filesOf(
  entries: readonly Entry[],
  findings: Findings,
  { files, roots, tail }: PlanContext,
): Promise<Map<string, number[]>> {
  const all = new Map<string, number[]>();
  for (const [number, entry] of entries.entries()) {
    const found = await discover([entry], files, tail.filesMax);
    for (const problem of found.problems) findings.problem(problem, [number]);
    for (const path of found.files.keys()) {
      const wanting = all.get(path);
      if (wanting !== undefined) wanting.push(number);
      else if (all.size < tail.filesMax) all.set(path, [number]);
      else {
        const reason = `more than ${tail.filesMax} files match`;
        const code = "TOO_MANY_FILES";
        findings.problem({ path: entry.path, code, reason, retriable: false }, [number]);
        break;
      }
    }
    if (found.files.size === 0 && found.problems.length === 0) {
      findings.problem(nothingOf(entry, found.directories, roots), [number]);
    }
  }
  return all;
}

/** Nothing is there for an entry: where it is looked for, and whether what will be there could be read. */
function nothingOf(
  entry: Entry,
  directories: ReadonlySet<string>,
  roots: readonly string[],
): Problem {
  const nearest = [...directories].sort((a, b) => b.length - a.length)[0] ?? "/";
  const fixed = entry.path.split(/[*?[\]{}()!]/)[0];
  const folder = fixed.endsWith("/") ? fixed.slice(0, -1) : fixed;
  if (!isInside(folder, roots) && !roots.some((root) => isInside(root, [folder]))) {
    return {
      path: entry.path,
      code: "PATH_OUTSIDE_ROOTS",
      reason: `nothing there now, and it would not be read: allowed here is ${roots.join(", ")}`,
      retriable: false,
    };
  }
  return {
    path: entry.path,
    code: "NOTHING_MATCHES",
    reason: `nothing matches now; ${nearest} is watched for it`,
    retriable: true,
  };
}

function problemOf(path: string, error: unknown): Problem {
  return {
    path,
    code: error instanceof WeirError ? error.code : "FILE_FAILED",
    reason: messageOf(error),
    retriable: isRetriable(error) || isNotFound(error),
  };
}

function ended(): WeirError {
  return new WeirError("PLAN_ENDED", "The plan took too long, or was not wanted any more", {
    hint: "Fewer files at once: plan the entries one by one.",
    retriable: true,
  });
}
