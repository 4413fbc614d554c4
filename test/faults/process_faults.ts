/** Faults of processes: each of our programs and each server ended hard, ended softly, and standing still. */
import type { Server } from "../support/servers.ts";
import type { Random } from "../support/random.ts";
import { type FaultChain, SESSION_MS } from "./chain.ts";
import { endProgram, endServers, type Fault, freeze } from "./fault.ts";

const SIGNALS = ["SIGKILL", "SIGTERM"] as const;

/** Cases of B3 by program. */
const PROGRAM_CASES = {
  "weir-agent": { SIGKILL: [16], SIGTERM: [16, 29], SIGSTOP: [58] },
  "weir-transfer": { SIGKILL: [30, 34], SIGTERM: [34], SIGSTOP: [34, 58] },
} as const;

function programFaults(name: keyof typeof PROGRAM_CASES): Fault[] {
  const cases = PROGRAM_CASES[name];
  // Nobody else gets the partitions of a transfer that was killed before its session is over.
  const moreMs = name === "weir-transfer" ? SESSION_MS : 0;
  return [
    ...SIGNALS.map((signal): Fault => ({
      name: `${name} ${signal}`,
      hits: name,
      cases: cases[signal],
      moreMs: signal === "SIGKILL" ? moreMs : 0,
      begin: (chain) => endProgram(chain, name, signal),
    })),
    {
      name: `${name} SIGSTOP`,
      hits: name,
      cases: cases.SIGSTOP,
      moreMs,
      begin: (chain) => freeze([chain.program(name)]),
    },
  ];
}

type Choose = (chain: FaultChain, random: Random) => readonly Server[];

function serverFaults(
  name: string,
  hits: string,
  cases: readonly number[],
  choose: Choose,
): Fault[] {
  return [
    ...SIGNALS.map((signal): Fault => ({
      name: `${name} ${signal}`,
      hits,
      cases,
      begin: (chain, random) => endServers(choose(chain, random), signal),
    })),
    {
      name: `${name} SIGSTOP`,
      hits,
      cases,
      begin: (chain, random) => freeze(choose(chain, random)),
    },
  ];
}

export const PROCESS_FAULTS: readonly Fault[] = [
  ...programFaults("weir-agent"),
  ...programFaults("weir-transfer"),
  ...serverFaults("a Kafka broker", "kafka", [22, 27], (chain, random) => {
    return [random.pick(chain.servers.kafka.nodes)];
  }),
  {
    name: "all Kafka brokers SIGKILL",
    hits: "kafka",
    cases: [22],
    begin: (chain) => endServers(chain.servers.kafka.nodes, "SIGKILL"),
  },
  ...serverFaults("Elasticsearch", "elasticsearch", [33], (chain) => [chain.servers.elasticsearch]),
  ...serverFaults("a node of etcd", "etcd", [39], (chain, random) => {
    return [random.pick(chain.servers.etcd.nodes)];
  }),
  {
    name: "all of etcd SIGKILL",
    hits: "etcd",
    cases: [39],
    begin: (chain) => endServers(chain.servers.etcd.nodes, "SIGKILL"),
  },
];
