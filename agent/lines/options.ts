/**
 * What an entry may ask for beside whole lines: encodings, container formats, joined events, rules that drop, masks. An
 * entry that asks for nothing has no such work done at all.
 */
import { z } from "zod";
import { choice, flag, integer, text } from "../../core/config/fields.ts";

const patternText = z.string().min(1).max(1000).superRefine((source, context) => {
  try {
    new RegExp(source, "u");
  } catch (error) {
    const message = `Expected a regular expression: ${(error as Error).message}`;
    context.addIssue({ code: "custom", message });
  }
});

const rule = {
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, "Expected a short name: a-z 0-9 _ -"),
  pattern: patternText,
};

const rules = (description: string) =>
  z.array(z.strictObject(rule)).max(50).default([]).meta({ description });

export const MASKS = {
  password: String
    .raw`(?<=\b(?:password|passwd|pwd|secret|token|api[_-]?key)["']?\s*[:=]\s*["']?)[^\s"',;&]+`,
  bearer: String.raw`(?<=\b[Bb]earer\s+)[\w.~+/=-]+`,
  card: String.raw`\b\d(?:[ -]?\d){12,18}\b`,
  email: String.raw`\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b`,
} as const;

const isEncoding = (label: string): boolean => {
  try {
    new TextDecoder(label);
    return true;
  } catch {
    return false;
  }
};

export const PRESETS = ["java", "python", "go", "node", "dotnet"] as const;

/** Fields of an entry that say what becomes of its lines. */
export const lineFields = {
  encoding: text("", {
    description:
      "Encoding of the files, such as gbk or utf-16le; empty: UTF-8, or UTF-16 where a file begins so.",
  }).refine((label) => label === "" || isEncoding(label), "Expected an encoding, such as gbk"),
  overlong: choice(["cut", "skip"], "cut", {
    description: "What becomes of a line longer than tail.lineBytesMax; either is counted.",
  }),
  container: choice(["none", "docker", "cri"], "none", {
    description: "Format that a container engine wraps lines in: unwrapped, their parts joined.",
  }),
  multiline: z.strictObject({
    preset: z.enum(PRESETS).optional().meta({ description: "Stack traces of a language." }),
    start: patternText.optional().meta({ description: "A line that matches begins an event." }),
    continue: patternText.optional().meta({
      description: "A line that matches goes on the event before it.",
    }),
  }).refine(
    (value) => Object.values(value).filter((one) => one !== undefined).length === 1,
    "Expected one of preset, start, continue",
  ).optional().meta({
    description: "Lines that make one event are joined by line feeds.",
    example: { preset: "java" },
  }),
  include: rules("Only lines that match one of these are sent; the others are counted."),
  drop: rules("Lines that match are not sent; counted by the rule's name."),
  sample: z.array(z.strictObject({ ...rule, oneIn: z.number().int().min(2).max(1_000_000) })).max(
    50,
  )
    .default([]).meta({
      description: "Of lines that match only one in so many is sent; counted by name.",
    }),
  mask: z.array(
    z.strictObject({
      name: rule.name,
      pattern: patternText.optional(),
      preset: z.enum(Object.keys(MASKS) as [keyof typeof MASKS]).optional(),
      replace: z.string().max(100).default("***"),
    }).refine(
      (mask) => (mask.pattern === undefined) !== (mask.preset === undefined),
      "Expected pattern or preset",
    ),
  )
    .max(50).default([]).meta({
      description: "What matches is replaced before anything leaves the host.",
    }),
  linesPerSecond: integer(0, 10_000_000, 0, {
    description:
      "Lines of a file sent in a second at most; reading waits, nothing is dropped. 0: no limit.",
  }),
  kubernetes: flag(true, {
    description:
      "Namespace, pod and container from a path below /var/log/pods or /var/log/containers, as fields.",
  }),
};

/** Options that decide where records begin and end: they are noted before a line is sent under them. */
export interface ShapeOptions {
  encoding: string;
  overlong: "cut" | "skip";
  container: "none" | "docker" | "cri";
  multiline?: { preset?: typeof PRESETS[number]; start?: string; continue?: string };
  include: { name: string; pattern: string }[];
  drop: { name: string; pattern: string }[];
  sample: { name: string; pattern: string; oneIn: number }[];
}

export interface MaskOption {
  name: string;
  pattern?: string;
  preset?: keyof typeof MASKS;
  replace: string;
}

/** The shape as text, empty where lines are sent as they are. `mark`: encoding that the file itself tells. */
export function shapeText(entry: ShapeOptions, mark = ""): string {
  const { overlong, container, multiline, include, drop, sample } = entry;
  const encoding = entry.encoding === "" ? mark : entry.encoding;
  const isPlain = (encoding === "" || new TextDecoder(encoding).encoding === "utf-8") &&
    overlong === "cut" && container === "none" && multiline === undefined &&
    include.length + drop.length + sample.length === 0;
  if (isPlain) return "";
  return JSON.stringify({ encoding, overlong, container, multiline, include, drop, sample });
}

export const PLAIN: ShapeOptions = {
  encoding: "",
  overlong: "cut",
  container: "none",
  include: [],
  drop: [],
  sample: [],
};
