/**
 * Drop rules: lines that a topic's rules name are not written, and counted under the rule's name. A
 * rule drops a line where all its conditions hold. What looks at bytes comes first; the line is
 * parsed only where a condition asks for its level or a field.
 */
import { Buffer } from "node:buffer";
import type { LogRecord } from "../../core/ports/document_store.ts";
import type { LineFindings, LineParser } from "./line_parser.ts";
import { type DropRuleSettings, levelCode } from "./rules.ts";

const decoder = new TextDecoder();
/** Longer lines are matched by their beginning only. */
const MATCHED_BYTES_MAX = 65_536;

interface Rule {
  name: string;
  contains: Buffer | undefined;
  matches: RegExp | undefined;
  path: RegExp | undefined;
  below: number;
  field: string;
  equals: string;
}

/** `*` in a pattern stands for any characters. */
export function wildcard(pattern: string): RegExp {
  const source = pattern.split("*").map((one) => one.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"));
  return new RegExp(`^${source.join(".*")}$`, "s");
}

export class DropRules {
  readonly #rules: Rule[];
  readonly #parser: LineParser;

  constructor(rules: readonly DropRuleSettings[], parser: LineParser) {
    this.#parser = parser;
    this.#rules = rules.map((rule) => ({
      name: rule.name,
      contains: rule.contains === "" ? undefined : Buffer.from(rule.contains),
      matches: rule.matches === "" ? undefined : new RegExp(rule.matches),
      path: rule.path === "" ? undefined : wildcard(rule.path),
      below: rule.below === undefined ? 0 : levelCode(rule.below),
      field: rule.field,
      equals: rule.equals,
    }));
  }

  get empty(): boolean {
    return this.#rules.length === 0;
  }

  /** Name of the first rule that drops the record; undefined where it stays. */
  ruleFor(record: LogRecord): string | undefined {
    let findings: LineFindings | undefined, text: string | undefined;
    const line = record.value;
    const found = () => findings ??= this.#parser.read(line, record.tz, record.createdMs);
    for (const rule of this.#rules) {
      if (rule.path !== undefined && !rule.path.test(record.path)) continue;
      if (rule.contains !== undefined && !contains(line, rule.contains)) continue;
      if (rule.matches !== undefined) {
        text ??= decoder.decode(line.subarray(0, MATCHED_BYTES_MAX));
        if (!rule.matches.test(text)) continue;
      }
      if (rule.below > 0 && !(found().level > 0 && found().level < rule.below)) continue;
      if (rule.field !== "") {
        const value = record.fields?.[rule.field] ?? found().fields?.[rule.field];
        if (value !== rule.equals) continue;
      }
      return rule.name;
    }
    return undefined;
  }
}

function contains(line: Uint8Array, what: Buffer): boolean {
  return Buffer.from(line.buffer, line.byteOffset, line.byteLength).includes(what);
}
