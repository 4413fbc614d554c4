/** A fleet of made-up programs for the tests of the fleet page: what etcd and Kafka would tell, without either. */
import { boundedDetail, type FileDetail, type FleetDetail } from "../../core/fleet/detail.ts";
import type { LiveProgram } from "../../core/fleet/live_table.ts";
import type { FleetView } from "../../search/fleet/fleet_view.ts";
import { START_MS } from "./site.ts";

export class MemoryFleet implements FleetView {
  all: LiveProgram[] = [];
  readonly known = new Map<string, FleetDetail>();
  fault = "";

  programs(): Promise<LiveProgram[]> {
    return Promise.resolve(this.all);
  }
  detail(id: string): FleetDetail | undefined {
    return this.known.get(id);
  }
  details(): Iterable<FleetDetail> {
    return this.known.values();
  }
  detailFault(): string {
    return this.fault;
  }

  /** Agents web-1 to web-`count`, the third refused and the fourth unwell; a transfer, a monitor, a page. */
  static of(count: number): MemoryFleet {
    const fleet = new MemoryFleet();
    for (let i = 1; i <= count; i++) fleet.all.push(agent(i));
    const others = { applied: { ...agent(1).applied, state: "NONE" as const, revision: 0 } };
    fleet.all.push({
      ...agent(1),
      ...others,
      program: "transfer",
      id: "t-1",
      host: "kafka-1",
      groups: [],
      summary: { partitions: 2, lagRecords: 1200, deadLetters: 3 },
      rates: {},
    });
    for (const program of ["monitor", "page"] as const) {
      const one = { program, id: `${program}-1`, groups: [], summary: {}, rates: {} };
      fleet.all.push({ ...agent(1), ...others, ...one });
    }
    fleet.known.set("a-1", detailOf("a-1", "web-1"));
    fleet.known.set("t-1", transferDetail());
    return fleet;
  }
}

export function agent(number: number): LiveProgram {
  const isRefused = number === 3, isUnwell = number === 4;
  return {
    v: 1,
    program: "agent",
    id: `a-${number}`,
    instance: "i",
    host: `web-${number}`,
    version: "0.1.0",
    started: new Date(START_MS).toISOString(),
    labels: { rack: String(number % 3) },
    groups: ["web"],
    ip: `10.0.0.${number}`,
    status: "http://127.0.0.1:9463/",
    applied: {
      revision: 40 + number,
      state: isRefused ? "FAILED" : "APPLIED",
      reason: isRefused ? 'group/web:1:12: Unknown key "pth", did you mean "path"?' : "",
      candidate: "",
      keys: {},
    },
    health: {
      ok: !isUnwell,
      reasons: isUnwell ? ["/var/log/secret.log: FILE_DENIED: permission denied"] : [],
      problems: isUnwell ? 1 : 0,
    },
    summary: { files: 2, lagBytes: number * 1000, failing: 0, lines: 1000, bytes: 90_000 },
    rates: { lines: number * 10, bytes: number * 1000 },
  };
}

function file(path: string, change: Partial<FileDetail> = {}): FileDetail {
  return {
    path,
    topic: "shop",
    generation: path.padEnd(16, "A").slice(-16),
    size: 4000,
    offset: 3000,
    lagBytes: 1000,
    lines: 200,
    rate: 12.5,
    lastLineMs: START_MS + 60_000,
    detached: false,
    failure: "",
    ...change,
  };
}

function detailOf(id: string, host: string): FleetDetail {
  const about = { id, instance: "i", host, program: "agent", atMs: START_MS + 90_000 } as const;
  return boundedDetail(about, {
    files: [
      file("/var/log/shop/app.log"),
      file("/var/log/shop/app.log.1", { detached: true, lagBytes: 0, offset: 4000, rate: 0 }),
      file("/var/log/shop/audit.log", {
        failure: "KAFKA_NOT_AUTHORISED: this user may not write to the topic",
        lastLineMs: 0,
      }),
    ],
    problems: [{
      path: "/var/log/secret.log",
      code: "FILE_DENIED",
      reason: "permission denied",
    }],
  });
}

function transferDetail(): FleetDetail {
  const about = { id: "t-1", instance: "i", host: "kafka-1", program: "transfer" } as const;
  return boundedDetail({ ...about, atMs: START_MS + 90_000 }, {
    partitions: [0, 1].map((partition) => ({
      topic: "shop",
      partition,
      committed: 5000,
      newest: 5000 + partition * 1200,
      lag: partition * 1200,
      paused: partition === 1,
    })),
  });
}
