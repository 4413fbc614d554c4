/** The fleet of `weir up`: this host alone, from its own process. */
import type { Agent } from "../../agent/agent.ts";
import { boundedDetail, type FleetDetail } from "../../core/fleet/detail.ts";
import type { LiveProgram } from "../../core/fleet/live_table.ts";
import { VERSION } from "../../core/metrics/registry.ts";
import { systemClock } from "../../core/ports/clock.ts";
import type { FleetView } from "../../search/fleet/fleet_view.ts";

/** Shortest time over which a rate is told. */
const RATE_MS = 1000;
const ID = "this-host";

export class LocalFleet implements FleetView {
  readonly #agent: Agent;
  readonly #status: () => string;
  readonly #started = new Date(systemClock.wallMs()).toISOString();
  #lines = new Map<string, number>();
  #rates = new Map<string, number>();
  #lookedMs = -Infinity;
  #last = { lines: 0, bytes: 0 };
  #total: Record<string, number> = {};

  /** @param status where the page is */
  constructor(agent: Agent, status: () => string) {
    this.#agent = agent;
    this.#status = status;
  }

  programs(): Promise<LiveProgram[]> {
    this.#look();
    const host = Deno.hostname();
    return Promise.resolve([{
      v: 1,
      program: "agent",
      id: ID,
      instance: ID,
      host,
      version: VERSION,
      started: this.#started,
      labels: {},
      groups: [],
      ip: "",
      status: this.#status(),
      ...this.#agent.state(),
      rates: this.#total,
    }]);
  }

  detail(id: string): FleetDetail | undefined {
    if (id !== ID) return undefined;
    this.#look();
    const state = this.#agent.detail();
    return boundedDetail({
      id,
      instance: ID,
      host: Deno.hostname(),
      program: "agent",
      atMs: systemClock.wallMs(),
    }, {
      ...state,
      files: state.files?.map((file) => ({ ...file, rate: this.#rates.get(keyOf(file)) ?? 0 })),
    });
  }

  details(): Iterable<FleetDetail> {
    const detail = this.detail(ID);
    return detail === undefined ? [] : [detail];
  }

  detailFault(): string {
    return "";
  }

  /** Rates since the last look; one that is asked sooner gets those of before. */
  #look(): void {
    const now = systemClock.monotonicMs(), apartMs = now - this.#lookedMs;
    if (apartMs < RATE_MS) return;
    const lines = new Map<string, number>();
    this.#rates.clear();
    for (const file of this.#agent.detail().files ?? []) {
      const key = keyOf(file), grown = file.lines - (this.#lines.get(key) ?? file.lines);
      lines.set(key, file.lines);
      this.#rates.set(key, Math.round(Math.max(0, grown) / apartMs * 10_000) / 10);
    }
    const { lines: all = 0, bytes = 0 } = this.#agent.state().summary;
    this.#total = {
      lines: Math.max(0, all - this.#last.lines) / apartMs * 1000,
      bytes: Math.max(0, bytes - this.#last.bytes) / apartMs * 1000,
    };
    this.#last = { lines: all, bytes };
    this.#lines = lines;
    this.#lookedMs = now;
  }
}

function keyOf({ generation, topic }: { generation: string; topic: string }): string {
  return `${generation} ${topic}`;
}
