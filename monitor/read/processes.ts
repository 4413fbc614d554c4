/**
 * Counts processes by state. It reads one file a process, so it is not among the collectors of a
 * scrape by default.
 */
import type { HostFiles } from "./host_files.ts";
import type { ProcessCounts } from "./host_sample.ts";

/**
 * State letter and threads out of /proc/PID/stat; the name in parentheses may hold anything, even
 * ") R 1".
 */
export function parseProcessStat(text: string): { state: string; threads: number } | undefined {
  const words = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const threads = Number(words[17]);
  return words[0].length === 1 && threads >= 0 ? { state: words[0], threads } : undefined;
}

/**
 * All processes of the host; one that ends meanwhile is left out. With `threads` also the state of
 * every thread, which is a file for each that has more than one.
 */
export function readProcesses(files: HostFiles, threads = false): ProcessCounts {
  const counts: ProcessCounts = {
    states: new Map(),
    threadStates: new Map(),
    total: 0,
    threads: 0,
    threadsMax: Number(files.tryProc("sys/kernel/threads-max") ?? 0),
    pidMax: Number(files.tryProc("sys/kernel/pid_max") ?? 0),
  };
  for (const name of files.listProc("")) {
    const first = name.charCodeAt(0);
    if (first < 48 || first > 57) continue;
    const text = files.tryProc(`${name}/stat`);
    const found = text === undefined ? undefined : parseProcessStat(text);
    if (found === undefined) continue;
    counts.states.set(found.state, (counts.states.get(found.state) ?? 0) + 1);
    counts.total++;
    counts.threads += found.threads;
    if (threads) countThreads(files, name, found, counts.threadStates);
  }
  return counts;
}

function countThreads(
  files: HostFiles,
  pid: string,
  leader: { state: string; threads: number },
  states: Map<string, number>,
): void {
  const add = (state: string) => states.set(state, (states.get(state) ?? 0) + 1);
  add(leader.state);
  if (leader.threads < 2) return;
  for (const thread of files.listProc(`${pid}/task`)) {
    if (thread === pid) continue;
    const text = files.tryProc(`${pid}/task/${thread}/stat`);
    const found = text === undefined ? undefined : parseProcessStat(text);
    if (found !== undefined) add(found.state);
  }
}
