/**
 * What the Fleet page reads: who runs, and what each works on. `weir page` has it from etcd and Kafka, `weir up` from its
 * own process. Answers are cut to what was asked for: a page never gets two thousand hosts at once.
 */
import type { FleetDetail } from "../../core/fleet/detail.ts";
import type { LiveProgram } from "../../core/fleet/live_table.ts";
import type { DeadLetters } from "./dead_letters.ts";
import type { FleetConfig } from "./fleet_config.ts";

export interface FleetView {
  /** Programs that are registered, a second old at most. Rejects where that cannot be known. */
  programs(): Promise<LiveProgram[]>;
  /** What one works on; undefined where nothing is known of it. */
  detail(id: string): FleetDetail | undefined;
  /** The last word of all that are known. */
  details(): Iterable<FleetDetail>;
  /** Why there is no detail; empty where there is. */
  detailFault(): string;
  /** What hosts are configured with; undefined where that cannot be changed. */
  readonly config?: FleetConfig | undefined;
  /** What was shipped, compared with the store; undefined where that cannot be done. */
  readonly audit?: ((request: AuditRequest) => Promise<AuditAnswer>) | undefined;
  /** Lines that the index refused; undefined where that cannot be known. */
  readonly dead?: DeadLetters | undefined;
}

export interface AuditRequest {
  host: string;
  /** Path, with * for any characters; empty: every file of the host. */
  file: string;
}

interface Bytes {
  start: number;
  end: number;
}

/** Sums over the files that were asked for, and those of them of which something is wrong. */
export interface AuditAnswer {
  files: number;
  /** Lines. */
  indexed: number;
  acknowledgedBytes: number;
  missingBytes: number;
  doubledBytes: number;
  deadBytes: number;
  /** Of lines that a rule dropped, and of lines whose index retention removed. */
  droppedBytes: number;
  expiredBytes: number;
  unreadBytes: number;
  unsealedBytes: number;
  faultsTotal: number;
  faults: {
    path: string;
    topic: string;
    generation: string;
    missing: Bytes[];
    doubled: Bytes[];
    /** The generation that holds the same lines; empty: none. */
    twin: string;
    unread: number;
  }[];
}

export const STATES = ["well", "unwell", "failed"] as const;
export type State = typeof STATES[number];

/** `failed`: the newest configuration was refused; `unwell`: it does not do all of its work. */
export function stateOf({ applied, health }: LiveProgram): State {
  if (applied.state === "FAILED") return "failed";
  return health.ok && health.problems === 0 ? "well" : "unwell";
}

export interface FleetRequest {
  program: string;
  /** Words that host, id, address, groups or labels must hold, all of them. */
  words: string;
  state: string;
  order: "host" | "lag" | "state";
  offset: number;
  limit: number;
}

export interface FleetAnswer {
  /** Programs that fit; `programs` has those of the page that was asked for. */
  matches: number;
  programs: (LiveProgram & { state: State })[];
  /** Of everything that is registered: how many of each program, in each state. */
  counts: Record<string, Record<State, number>>;
  totals: Record<string, number>;
  detailFault: string;
  /** Groups that agents are in, the first 500. */
  groups: string[];
}

/** The part of the fleet that was asked for, and sums over all of it. */
export function selectFleet(all: readonly LiveProgram[], request: FleetRequest): FleetAnswer {
  const counts: FleetAnswer["counts"] = {}, totals: Record<string, number> = {};
  const fitting: FleetAnswer["programs"] = [], groups = new Set<string>();
  const words = request.words.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const add = (name: string, value: number | undefined) =>
    totals[name] = (totals[name] ?? 0) + (value ?? 0);
  for (const program of all) {
    const state = stateOf(program);
    const count = counts[program.program] ??= { well: 0, unwell: 0, failed: 0 };
    count[state]++;
    for (const name of SUMMED) {
      if (program.summary[name] !== undefined) add(name, program.summary[name]);
    }
    add("linesPerSecond", program.program === "agent" ? program.rates.lines : 0);
    add("bytesPerSecond", program.program === "agent" ? program.rates.bytes : 0);
    for (const group of program.groups) if (groups.size < GROUPS_MAX) groups.add(group);
    if (fits(program, state, request, words)) fitting.push({ ...program, state });
  }
  const { offset, limit, order } = request;
  if (order !== "host") fitting.sort(order === "lag" ? byLag : byState);
  return {
    matches: fitting.length,
    programs: fitting.slice(offset, offset + limit),
    counts,
    totals,
    detailFault: "",
    groups: [...groups].sort(),
  };
}

const GROUPS_MAX = 500;
const SUMMED = ["files", "lagBytes", "failing", "partitions", "lagRecords", "deadLetters"];

const lagOf = ({ summary }: LiveProgram) => (summary.lagBytes ?? 0) + (summary.lagRecords ?? 0);
const byLag = (a: LiveProgram, b: LiveProgram) => lagOf(b) - lagOf(a);
const byState = (a: { state: State }, b: { state: State }) =>
  STATES.indexOf(b.state) - STATES.indexOf(a.state);

function fits(
  one: LiveProgram,
  state: State,
  { program, state: wanted }: FleetRequest,
  words: readonly string[],
): boolean {
  if (program !== "" && one.program !== program) return false;
  if (wanted !== "" && state !== wanted) return false;
  if (words.length === 0) return true;
  const labels = Object.entries(one.labels).map(([name, value]) => `${name}=${value}`);
  const text = [one.host, one.id, one.ip, one.version, ...one.groups, ...labels].join(" ")
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

export interface FileAnswer {
  matches: number;
  files: { id: string; host: string; path: string; topic: string; lagBytes: number }[];
}

/** Files of all hosts whose path holds the words, and of one host alone where it is named. */
export function findFiles(
  details: Iterable<FleetDetail>,
  { words, host, limit }: { words: string; host: string; limit: number },
): FileAnswer {
  const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const answer: FileAnswer = { matches: 0, files: [] };
  for (const detail of details) {
    if (host !== "" && detail.host !== host) continue;
    for (const { path, topic, lagBytes } of detail.files) {
      const text = path.toLowerCase();
      if (!wanted.every((word) => text.includes(word))) continue;
      if (++answer.matches > limit) continue;
      answer.files.push({ id: detail.id, host: detail.host, path, topic, lagBytes });
    }
  }
  return answer;
}
