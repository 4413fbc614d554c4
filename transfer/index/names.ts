/**
 * Names of indices: one a topic and day, from a template. The same topic and day always give the
 * same name; what could make names without end (times of foreign records) shares one.
 */
import { WeirError } from "../../core/errors.ts";
import { dayOf } from "../../core/record/identity.ts";

const DAY_MS = 86_400_000;
const INDEX_BYTES_MAX = 255;

/** Where a document goes and what it looks like there. */
export interface IndexTarget {
  index: string;
  document: "full" | "minimal";
  /** True where `index` is a data stream. */
  dataStream?: boolean;
}

/**
 * Says where documents of a topic and day go. Another source (etcd) may fix them; this is the
 * built-in one.
 */
export interface IndexNames {
  /**
   * The target of a topic and day ("2026-11-21"). Rejects with a retriable WeirError while that
   * cannot be known.
   */
  targetOf(topic: string, day: string): IndexTarget | Promise<IndexTarget>;
  /** The day whose index takes lines of `day`: another one where that index was deleted. */
  dayFor(topic: string, day: string): string;
}

export interface NameOptions {
  /** Days beyond which a record's day is not believed. @default {36500} */
  daysBack?: number;
  document?: "full" | "minimal";
  dataStream?: boolean;
  /** @default the topic */
  dataset?: string;
  /** @default {"default"} */
  namespace?: string;
  /** Lines of an older day than this many days ago go to today's index: theirs is gone. 0: none is. */
  retentionDays?: number;
}

/** Names from a template with {topic} and {day}, {dataset} and {namespace}. */
export class TemplateNames implements IndexNames {
  readonly #template: string;
  readonly #options: NameOptions;
  readonly #nowMs: () => number;
  readonly #known = new Map<string, IndexTarget>();
  #knownDay = "";
  /** The newest day whose index was deleted to save room, by topic. */
  readonly #removed = new Map<string, string>();

  /** Throws CONFIG_INVALID where the template lacks {topic} or cannot be an index name. */
  constructor(template: string, options: NameOptions = {}, nowMs: () => number = () => Date.now()) {
    this.#template = template;
    this.#options = options;
    this.#nowMs = nowMs;
    const fault = templateFault(template, options.dataStream);
    if (fault !== undefined) {
      throw new WeirError("CONFIG_INVALID", `Cannot use index.name "${template}": ${fault}`, {
        hint: "Example: weir-{topic}-{day}",
      });
    }
  }

  /**
   * A pattern that the names of a topic fit, and those of other topics where they have a beginning
   * in common that nobody else's index has.
   */
  pattern(topic: string): string {
    const shared = this.#filled("*", "*");
    return (shared.startsWith("*") ? this.#filled(topic, "*") : shared).replace(/\*+/g, "*");
  }

  /** A pattern that all indices of a topic fit, and perhaps others. */
  patternOf(topic: string): string {
    return this.#filled(topic, "*").replace(/\*+/g, "*");
  }

  /** Topic (as names write it) and day ("2026-11-21") of an index that has such a name. */
  read(index: string): { topic: string; day: string } | undefined {
    const quoted = this.#filled("\0", "\x01").replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
    let times = 0;
    const source = quoted.replace(/\0/g, () => times++ === 0 ? "(?<topic>.+)" : "\\k<topic>")
      .replace(/\x01/, "(?<day>\\d{4}\\.\\d{2}\\.\\d{2})").replace(/\x01/g, "\\k<day>");
    const groups = new RegExp(`^${source}$`).exec(index)?.groups;
    if (groups?.day === undefined) return undefined;
    return { topic: groups.topic, day: groups.day.replaceAll(".", "-") };
  }

  targetOf(topic: string, day: string): IndexTarget {
    const today = dayOf(this.#nowMs());
    if (today !== this.#knownDay) {
      this.#knownDay = today;
      this.#known.clear();
    }
    const key = `${day} ${topic}`;
    let target = this.#known.get(key);
    if (target === undefined) {
      const { document = "full", dataStream } = this.#options;
      target = { index: this.#filled(topic, this.#dayText(topic, day)), document };
      if (dataStream) target.dataStream = true;
      if (this.#known.size > 10_000) this.#known.clear();
      this.#known.set(key, target);
    }
    return target;
  }

  dayFor(topic: string, day: string): string {
    return this.#isGone(topic, day) ? dayOf(this.#nowMs()) : day;
  }

  #isGone(topic: string, day: string): boolean {
    const { retentionDays = 0 } = this.#options;
    const oldest = dayOf(this.#nowMs() - retentionDays * DAY_MS);
    return (retentionDays > 0 && day < oldest) || day <= (this.#removed.get(topic) ?? "");
  }

  /** From now on lines of that day and older ones go to today's index; until the returned function is called. */
  remove(topic: string, day: string): () => void {
    const before = this.#removed.get(topic) ?? "";
    if (day <= before) return () => {};
    const set = (to: string) => {
      this.#removed.set(topic, to);
      this.#known.clear();
    };
    set(day);
    return () => set(before);
  }

  #filled(topic: string, day: string): string {
    const { dataset, namespace = "default" } = this.#options;
    const safe = topic === "\0" || topic === "*" ? topic : safeTopic(topic);
    return this.#template.replaceAll("{topic}", safe)
      .replaceAll("{dataset}", dataset ?? safe)
      .replaceAll("{namespace}", namespace)
      .replaceAll("{day}", day);
  }

  #dayText(topic: string, day: string): string {
    const now = this.#nowMs(), { daysBack = 36_500 } = this.#options;
    const inside = day >= dayOf(now - daysBack * DAY_MS) && day <= dayOf(now + DAY_MS);
    if (!inside) return "other-days";
    return this.dayFor(topic, day).replaceAll("-", ".");
  }
}

/** Why a text cannot be a template of index names; undefined where it can. */
export function templateFault(template: string, dataStream = false): string | undefined {
  if (!template.includes("{topic}")) return "{topic} must be in it";
  if (dataStream && template.includes("{day}")) {
    return "a data stream has no {day}: its indices follow one another by themselves";
  }
  const fixed = template.replaceAll("{topic}", "t").replaceAll("{day}", "2026.11.21")
    .replaceAll("{dataset}", "t").replaceAll("{namespace}", "n");
  if (/[{}]/.test(fixed)) return "only {topic}, {day}, {dataset} and {namespace} are known";
  if (fixed !== fixed.toLowerCase()) return "an index name has no capital letters";
  if (/[\\/*?"<>| ,#:]/.test(fixed)) {
    return 'an index name must not hold \\ / * ? " < > | space , # :';
  }
  if (/^[-_+.]/.test(fixed)) return "an index name must not begin with - _ + .";
  return undefined;
}

/**
 * A topic name as part of an index name: small letters; what an index cannot bear becomes a hyphen.
 */
function safeTopic(topic: string): string {
  const safe = topic.toLowerCase().replace(/[^a-z0-9._-]/g, "-");
  return safe.slice(0, INDEX_BYTES_MAX - 60);
}
