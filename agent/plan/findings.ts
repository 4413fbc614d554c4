/** Gathers what a plan finds, within its bounds: nothing that was left out goes uncounted. */
import type { Plan, PlannedFile } from "../../core/fleet/plan_schema.ts";
import type { Problem } from "../tail/discovery.ts";
import type { Entry } from "../tail/entries.ts";
import type { PlanLayer } from "./plan.ts";
import type { Wanting } from "./planned_file.ts";

const PROBLEMS_MAX = 1000, COLLISIONS_MAX = 1000;

export class Findings {
  readonly #plan: Plan;
  readonly #problems = new Map<string, Plan["problems"][number]>();

  /** @param entries the merged ones */
  constructor(entries: readonly Entry[], layers: readonly PlanLayer[]) {
    const nameOf = new Map<Entry, string>();
    for (const { name, entries } of layers) for (const entry of entries) nameOf.set(entry, name);
    this.#plan = {
      v: 1,
      entries: entries.map((entry) => ({
        path: entry.path,
        topic: entry.topic,
        from: nameOf.get(entry) ?? "",
        files: 0,
        unread: 0,
        failed: 0,
      })),
      files: [],
      filesLeftOut: 0,
      collisions: [],
      problems: [],
    };
    for (const { name, entries: own } of layers) {
      for (const entry of own.filter((one) => !entries.includes(one))) {
        const number = entries.findIndex(({ path, topic }) =>
          path === entry.path && topic === entry.topic
        );
        const says = `the one of ${name} does not count: ${
          this.#plan.entries[number].from
        } has it first`;
        this.#collision("overridden", entry.path, [entry.topic], [number], says);
      }
    }
  }

  /** Of the entries that match a file, those that hold: the first of each topic. */
  wanting(path: string, numbers: readonly number[]): number[] {
    const { entries } = this.#plan;
    const byTopic = new Map<string, number[]>();
    for (const number of numbers) {
      const { topic } = entries[number];
      byTopic.set(topic, [...byTopic.get(topic) ?? [], number]);
    }
    for (const [topic, all] of byTopic) {
      if (all.length === 1) continue;
      const says = `the first holds: ${entries[all[0]].path}`;
      this.#collision("same-topic", path, [topic], all, says);
    }
    const holding = [...byTopic.values()].map((all) => all[0]);
    if (holding.length > 1) {
      const says = "each of its lines goes to every one of these topics";
      this.#collision("two-topics", path, [...byTopic.keys()], holding, says);
    }
    return holding;
  }

  sameFile(path: string, first: string, wanting: readonly Wanting[]): void {
    const topics = wanting.map(({ entry }) => entry.topic);
    const numbers = wanting.map(({ number }) => number);
    this.#collision("same-file", path, topics, numbers, `it is ${first}, and is read once`);
  }

  file(file: PlannedFile, filesMax: number): void {
    for (const lane of file.lanes) {
      const entry = this.#plan.entries[lane.entry];
      entry.files++;
      entry.unread += lane.unread;
    }
    if (this.#plan.files.length < filesMax) this.#plan.files.push(file);
    else this.#plan.filesLeftOut++;
  }

  /** A file that was not opened. */
  leftOut(_path: string, wanting: readonly Wanting[]): void {
    for (const { number } of wanting) this.#plan.entries[number].files++;
    this.#plan.filesLeftOut++;
  }

  problem({ path, code, reason, retriable }: Problem, entries: readonly number[]): void {
    if (!retriable) { for (const number of entries) this.#plan.entries[number].failed++; }
    const key = `${code} ${path}`, known = this.#problems.get(key);
    if (known !== undefined) {
      known.entries = [...new Set([...known.entries, ...entries])];
    } else if (this.#problems.size < PROBLEMS_MAX) {
      const cut = reason.slice(0, 1000);
      this.#problems.set(key, {
        path,
        code,
        reason: cut,
        passes: retriable,
        entries: [...entries],
      });
    }
  }

  #collision(
    kind: Plan["collisions"][number]["kind"],
    path: string,
    topics: string[],
    entries: number[],
    says: string,
  ): void {
    const { collisions } = this.#plan;
    if (collisions.length < COLLISIONS_MAX) {
      collisions.push({ kind, path, topics, entries, says: says.slice(0, 1000) });
    }
  }

  plan(): Plan {
    this.#plan.files.sort((a, b) => a.path < b.path ? -1 : 1);
    this.#plan.problems = [...this.#problems.values()];
    return this.#plan;
  }
}
