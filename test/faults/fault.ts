/** What a fault is: data that the suite's runner plays, and what the table says of it. */
import type { Server } from "../support/servers.ts";
import type { Random } from "../support/random.ts";
import type { FaultChain, ProgramName } from "./chain.ts";

/** Ends the fault; resolves when nothing stands in the way any more. */
export type Heal = () => Promise<void> | void;

export interface Fault {
  /** Unique, and the row's name in the table. */
  name: string;
  /** What it hits; two faults of one step never hit the same. */
  hits: string;
  /** What it hits beside that. @default none */
  also?: readonly string[];
  /** What must be well for it to begin and to end. @default none */
  needs?: readonly string[];
  /** Numbers of the cases in docs/reliability.md that it plays. */
  cases: readonly number[];
  /** Added to the bound of recovery: what a setting makes everybody wait. @default {0} */
  moreMs?: number;
  /** Makes the fault; resolves when it is there. */
  begin(chain: FaultChain, random: Random): Promise<Heal> | Heal;
}

/** True where neither hits what the other hits or needs: both may be there at once. */
export function areIndependent(a: Fault, b: Fault): boolean {
  const hit = ({ hits, also = [] }: Fault) => [hits, ...also];
  const touched = (fault: Fault) => [...hit(fault), ...fault.needs ?? []];
  return !hit(a).some((one) => touched(b).includes(one)) &&
    !hit(b).some((one) => touched(a).includes(one));
}

/** Two faults as one: both last as long, the bound is both's, and they end in the other order. */
export function together(a: Fault, b: Fault): Fault {
  return {
    name: `${a.name}, and ${b.name}`,
    hits: `${a.hits} and ${b.hits}`,
    cases: [...new Set([...a.cases, ...b.cases])],
    moreMs: (a.moreMs ?? 0) + (b.moreMs ?? 0),
    async begin(chain, random) {
      const healA = await a.begin(chain, random), healB = await b.begin(chain, random);
      return async () => {
        await healB();
        await healA();
      };
    },
  };
}

/** A signal that a process does not notice: it stands still, its connections stay open. */
export function freeze(processes: readonly { pid: number }[]): Heal {
  const signal = (name: Deno.Signal) => {
    for (const { pid } of processes) Deno.kill(pid, name);
  };
  signal("SIGSTOP");
  return () => signal("SIGCONT");
}

/** Ends servers; healed, they run again and answer. */
export async function endServers(
  servers: readonly Server[],
  signal: "SIGKILL" | "SIGTERM",
): Promise<Heal> {
  await Promise.all(servers.map((one) => signal === "SIGKILL" ? one.kill9() : one.stop()));
  return async () => {
    await Promise.all(servers.map((one) => one.start()));
  };
}

/** Ends a program; healed, it runs again. */
export async function endProgram(
  chain: FaultChain,
  name: ProgramName,
  signal: "SIGKILL" | "SIGTERM",
): Promise<Heal> {
  await chain.end(name, signal);
  return () => chain.start(name);
}
