/**
 * What is done with the lines of a topic, compiled from its rule and the settings file: where they
 * go, how they are read, what is dropped. A plan never changes; a new list of rules makes new plans,
 * and only where nothing in it is wrong.
 */
import type { DocumentShape } from "../index/document.ts";
import { type IndexNames, type IndexTarget, TemplateNames } from "../index/names.ts";
import type { ArchiveFormat } from "../../core/archive/names.ts";
import { DropRules, wildcard } from "./drop.ts";
import { LineParser } from "./line_parser.ts";
import { type ArchiveRule, NO_RULE, type Quota, type Retention, type TopicRule } from "./rules.ts";

/** Of the settings file, for topics and keys that no rule speaks of. */
export interface PlanDefaults {
  /** Template of index names; empty: by the document. */
  index: string;
  document: "full" | "minimal";
  fields: "auto" | "none";
  daysBack: number;
  retentionDays: number;
  retentionBytes: number;
  /** Topic of the dead letters. */
  dead: string;
  /** Undefined: there is no archive. */
  archive?: { format: ArchiveRule; days: number };
}

export interface TopicPlan {
  readonly topic: string;
  readonly names: TemplateNames;
  readonly document: "full" | "minimal";
  readonly dataStream: boolean;
  readonly shape: DocumentShape;
  readonly drops: DropRules;
  readonly quota: Quota;
  readonly retention: Retention;
  /** False: its lines are for the archive alone. */
  readonly indexed: boolean;
  /** Empty formats: nothing of it is archived. */
  readonly archive: { formats: ArchiveFormat[]; days: number };
  /** True where the index template of the settings file would not do. */
  readonly own: boolean;
}

/** The template of index names where nobody wrote one. */
export function defaultIndex(document: "full" | "minimal", dataStream: boolean): string {
  if (dataStream) return "logs-{topic}-{namespace}";
  return document === "full" ? "weir-{topic}-{day}" : "{topic}";
}

/** Dead letters are shown as they are: what is in them was refused once. */
const DEAD_RULE: TopicRule = {
  ...NO_RULE,
  index: "{topic}-{day}",
  document: "full",
  fields: "auto",
  parse: { ...NO_RULE.parse, format: "none" },
};

const PLANS_KEPT = 10_000;

/** The plans of all topics, by one list of rules. */
export class TopicPlans {
  readonly #defaults: PlanDefaults;
  readonly #rules: { fits: RegExp; rule: TopicRule }[];
  readonly #plans = new Map<string, TopicPlan>();

  constructor(defaults: PlanDefaults, rules: readonly TopicRule[]) {
    this.#defaults = defaults;
    const all = [{ ...DEAD_RULE, topic: defaults.dead }, ...rules];
    this.#rules = all.map((rule) => ({ fits: wildcard(rule.topic), rule }));
  }

  of(topic: string): TopicPlan {
    let plan = this.#plans.get(topic);
    if (plan === undefined) {
      plan = this.#make(topic, this.#rules.find(({ fits }) => fits.test(topic))?.rule ?? NO_RULE);
      if (this.#plans.size >= PLANS_KEPT) this.#plans.clear();
      this.#plans.set(topic, plan);
    }
    return plan;
  }

  #make(topic: string, rule: TopicRule): TopicPlan {
    const { index, daysBack, retentionDays, retentionBytes } = this.#defaults;
    const document = rule.dataStream ? "full" : rule.document ?? this.#defaults.document;
    const own = rule.index !== "" || rule.dataStream || document !== this.#defaults.document ||
      rule.dataset !== undefined || rule.namespace !== undefined;
    const template = rule.index !== ""
      ? rule.index
      : index !== "" && document === this.#defaults.document && !rule.dataStream
      ? index
      : defaultIndex(document, rule.dataStream);
    const retention = {
      days: rule.retention.days || retentionDays,
      bytes: rule.retention.bytes || retentionBytes,
    };
    const { dataset, namespace, dataStream } = rule;
    const names = new TemplateNames(template, {
      daysBack,
      document,
      dataStream,
      retentionDays: retention.days,
      ...(dataset === undefined ? {} : { dataset }),
      ...(namespace === undefined ? {} : { namespace }),
    });
    const parser = new LineParser(rule.parse);
    return {
      topic,
      names,
      document,
      dataStream,
      shape: {
        dataset: dataset ?? topic,
        namespace: namespace ?? (dataStream ? "default" : ""),
        dataStream,
        fields: (rule.fields ?? this.#defaults.fields) === "auto",
        parser: isAuto(rule.parse) ? undefined : parser,
      },
      drops: new DropRules(rule.drop, parser),
      quota: rule.quota,
      retention,
      // Without an archive such a rule would lose lines.
      indexed: rule.indexed || this.#defaults.archive === undefined,
      archive: this.#archiveOf(rule),
      own,
    };
  }

  #archiveOf(rule: TopicRule): TopicPlan["archive"] {
    const { archive } = this.#defaults;
    if (archive === undefined) return { formats: [], days: 0 };
    const wanted = rule.archive ?? archive.format;
    // Lines that go nowhere would be lost.
    const format = wanted === "none" && !rule.indexed ? "parquet" : wanted;
    return {
      formats: format === "both" ? ["parquet", "ndjson"] : format === "none" ? [] : [format],
      days: rule.archiveDays || archive.days,
    };
  }
}

function isAuto(parse: TopicRule["parse"]): boolean {
  return parse.format === "auto" && parse.time === "" && parse.level === "" &&
    parse.timezone === "";
}

/** Index names by the plans that are in force when they are asked for. */
export class PlanNames implements IndexNames {
  readonly #plan: (topic: string) => TopicPlan;

  constructor(plan: (topic: string) => TopicPlan) {
    this.#plan = plan;
  }

  targetOf(topic: string, day: string): IndexTarget {
    return this.#plan(topic).names.targetOf(topic, day);
  }

  dayFor(topic: string, day: string): string {
    return this.#plan(topic).names.dayFor(topic, day);
  }
}
