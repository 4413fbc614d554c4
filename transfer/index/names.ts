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
  /**
   * Patterns that all names fit, for the index template; empty where they would fit others' indices
   * as well.
   */
  patterns(topics: readonly string[]): string[];
}

/** Names from a template with {topic} and {day}. */
export class TemplateNames implements IndexNames {
  readonly #template: string;
  readonly #daysBack: number;
  readonly #document: "full" | "minimal";
  readonly #nowMs: () => number;
  readonly #known = new Map<string, IndexTarget>();

  /** Throws CONFIG_INVALID where the template lacks {topic} or cannot be an index name. */
  constructor(
    template: string,
    daysBack: number,
    document: "full" | "minimal" = "full",
    nowMs: () => number = () => Date.now(),
  ) {
    this.#template = template;
    this.#document = document;
    this.#daysBack = daysBack;
    this.#nowMs = nowMs;
    const fault = templateFault(template);
    if (fault !== undefined) {
      throw new WeirError("CONFIG_INVALID", `Cannot use index.name "${template}": ${fault}`, {
        hint: "Example: weir-{topic}-{day}",
      });
    }
  }

  patterns(topics: readonly string[]): string[] {
    const days = (name: string) => name.replaceAll("{day}", "*").replace(/\*+/g, "*");
    const all = days(this.#template.replaceAll("{topic}", "*"));
    if (!/^\*/.test(all)) return [all];
    return topics.map((topic) => days(this.#template.replaceAll("{topic}", safeTopic(topic))));
  }

  targetOf(topic: string, day: string): IndexTarget {
    const key = `${day} ${topic}`;
    let target = this.#known.get(key);
    if (target === undefined) {
      const index = this.#template.replaceAll("{topic}", safeTopic(topic))
        .replaceAll("{day}", this.#dayText(day));
      target = { index, document: this.#document };
      if (this.#known.size > 10_000) this.#known.clear();
      this.#known.set(key, target);
    }
    return target;
  }

  #dayText(day: string): string {
    const now = this.#nowMs();
    const inside = day >= dayOf(now - this.#daysBack * DAY_MS) && day <= dayOf(now + DAY_MS);
    return inside ? day.replaceAll("-", ".") : "other-days";
  }
}

function templateFault(template: string): string | undefined {
  if (!template.includes("{topic}")) return "{topic} must be in it";
  const fixed = template.replaceAll("{topic}", "t").replaceAll("{day}", "2026.11.21");
  if (/[{}]/.test(fixed)) return "only {topic} and {day} are known";
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
