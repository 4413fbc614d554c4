/** What of the stack runs and is ready, and how many lines have come how far. Asks only; changes nothing. */
import { messageOf } from "../../core/errors.ts";
import { isAlive, isReady, type StackState } from "./state.ts";
import { TOPICS } from "./plan.ts";

export interface StackStatus {
  processes: { name: string; pid: number; alive: boolean; ready: boolean }[];
  /** Documents in Elasticsearch; undefined where it could not be asked, and why. */
  documents?: number;
  fault?: string;
}

export async function stackStatus(state: StackState): Promise<StackStatus> {
  const processes = await Promise.all(state.processes.map(async (process) => {
    const alive = isAlive(process);
    const ready = alive && await isReady(process).catch(() => false);
    return { name: process.name, pid: process.pid, alive, ready };
  }));
  try {
    const url = `${state.links.Elasticsearch}/weir-${TOPICS.logs}-*/_count`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });
    const { count } = await answer.json();
    return { processes, documents: count };
  } catch (error) {
    return { processes, fault: `Elasticsearch cannot be asked: ${messageOf(error)}` };
  }
}

export function statusText({ processes, documents, fault }: StackStatus): string {
  const lines = processes.map(({ name, pid, alive, ready }) => {
    const state = ready ? "ready" : alive ? "runs, not ready" : "ended";
    return `  ${name.padEnd(20)} ${String(pid).padEnd(8)} ${state}`;
  });
  return [...lines, "", `  documents: ${documents ?? fault}`].join("\n");
}
