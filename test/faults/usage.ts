/** What programs take of a machine, read from /proc: memory, handles and threads, now and at most. */

export interface Usage {
  rssBytes: number;
  handles: number;
  threads: number;
}

/** Undefined where the process is gone. */
export function usageOf(pid: number): Usage | undefined {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    const number = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
    const handles = [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
    const rssBytes = number("VmRSS") * 1024;
    return Number.isNaN(rssBytes) ? undefined : { rssBytes, handles, threads: number("Threads") };
  } catch {
    return undefined; // gone
  }
}

/** The greatest of each, by program. */
export class Peaks {
  readonly of = new Map<string, Usage>();

  take(programs: Iterable<readonly [string, { pid: number }]>): void {
    for (const [name, { pid }] of programs) {
      const now = usageOf(pid), before = this.of.get(name);
      if (now === undefined) continue;
      this.of.set(name, {
        rssBytes: Math.max(now.rssBytes, before?.rssBytes ?? 0),
        handles: Math.max(now.handles, before?.handles ?? 0),
        threads: Math.max(now.threads, before?.threads ?? 0),
      });
    }
  }
}
