/**
 * What the stack remembers between two commands: its processes and addresses, in one file of its folder. A process is
 * known by pid and start, so that a pid which somebody else has now is never signalled.
 */

import { answers } from "../../test/support/real/instance.ts";
import { startTicksOf } from "../../test/support/real/guard.ts";

export interface StackProcess {
  name: string;
  pid: number;
  /** Field 22 of /proc/PID/stat. */
  startTicks: string;
  log: string;
  /** URL that answers 200, or file that is there, when it is ready. Undefined: it is when it runs. */
  ready?: string;
}

export interface StackState {
  processes: StackProcess[];
  /** What a person opens, by name. */
  links: Record<string, string>;
  startedMs: number;
}

export async function readState(data: string): Promise<StackState | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(`${data}/stack.json`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Written whole, so that a command that is ended leaves the last one readable. */
export async function writeState(data: string, state: StackState): Promise<void> {
  const path = `${data}/stack.json`;
  await Deno.writeTextFile(`${path}.new`, JSON.stringify(state, null, 2));
  await Deno.rename(`${path}.new`, path);
}

export function isAlive({ pid, startTicks }: StackProcess): boolean {
  return startTicks !== "" && startTicksOf(pid) === startTicks;
}

/** Rejects where its URL cannot be asked yet. */
export async function isReady({ ready }: StackProcess): Promise<boolean> {
  if (ready === undefined) return true;
  if (ready.startsWith("http")) return await answers(ready);
  return await Deno.stat(ready).then(() => true, () => false);
}

/** Signals a process of the stack; one that is gone is no fault. */
export function signal(process: StackProcess, name: Deno.Signal): void {
  if (!isAlive(process)) return;
  try {
    Deno.kill(process.pid, name);
  } catch (error) {
    // It ended between the look and the call.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
