/**
 * Reads a settings file: YAML (JSON is YAML too), `${VAR:-default}` from the environment, checked against a
 * specification. An error names file, line and column, shows the line with a caret and suggests the nearest
 * key. Nothing is returned unless everything is right.
 */
import { LineCounter, parseDocument } from "yaml";
import type { Document } from "yaml";
import type { z } from "zod";
import { messageOf, WeirError } from "../errors.ts";
import { nearest } from "./nearest.ts";

/** Faults that are shown; a text of megabytes could have as many. */
const FAULTS_MAX = 50;

export interface LoadOptions {
  /** Shown in errors. */
  name: string;
  /** Values for `${VAR}`; undefined where the variable is not set. @default {() => undefined} */
  env?: (name: string) => string | undefined;
}

/**
 * Parses and checks settings. Throws WeirError CONFIG_INVALID with one paragraph a fault; the first 50
 * are told at once.
 */
export function loadSettings<S extends z.ZodType>(
  schema: S,
  source: string,
  options: LoadOptions,
): z.output<S> {
  const expanded = expandVariables(source, options);
  const lines = new LineCounter();
  const { document, value, faults } = parse(expanded, lines);
  if (document !== undefined && faults.length === 0) {
    const result = schema.safeParse(value ?? {});
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      faults.push(...locate(document, issue as unknown as Issue, schema));
    }
  }
  const more = faults.length - FAULTS_MAX;
  throw new WeirError(
    "CONFIG_INVALID",
    `Cannot use the settings of ${options.name}:\n${
      faults.slice(0, FAULTS_MAX).map((fault) => show(fault, expanded, lines, options.name))
        .join("\n")
    }${more > 0 ? `\nand ${more} more` : ""}`,
    { hint: "Mend the lines above; nothing was changed." },
  );
}

/** What the YAML says; an alias without an anchor, one that multiplies, and nesting without end are faults too. */
function parse(
  source: string,
  lineCounter: LineCounter,
): { document?: Document; value?: unknown; faults: Fault[] } {
  try {
    const document = parseDocument(source, { lineCounter, prettyErrors: false, logLevel: "error" });
    const faults = document.errors.map((error) => ({ at: error.pos[0], message: error.message }));
    return faults.length > 0 ? { faults } : { document, value: document.toJS(), faults };
  } catch (error) {
    return { faults: [{ at: 0, message: messageOf(error) }] };
  }
}

/** Replaces `${NAME}` and `${NAME:-default}`; `$$` stands for `$`. Comments are left as they are. */
export function expandVariables(source: string, options: LoadOptions): string {
  return source.split("\n").map((line, index) => {
    if (line.trimStart().startsWith("#")) return line;
    return line.replace(
      /\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g,
      (whole, name, fallback, at) => {
        if (whole === "$$") return "$";
        const value = options.env?.(name) ?? fallback;
        if (value === undefined) {
          throw new WeirError(
            "CONFIG_INVALID",
            `${options.name}:${index + 1}:${
              at + 1
            }: The environment has no variable ${name}\n  ${line}\n  ${" ".repeat(at)}^`,
            { hint: `Set ${name}, or give a default: \${${name}:-value}` },
          );
        }
        return value;
      },
    );
  }).join("\n");
}

interface Issue {
  code: string;
  path: (string | number)[];
  message: string;
  keys?: string[];
  errors?: Issue[][];
}

interface Fault {
  at: number;
  message: string;
  /** It is about something that could be a secret: the value is not shown. */
  isSecret?: boolean;
}

/** Names under which somebody may write a secret itself, in the place of the name of its file. */
const SECRET = /passw|token|secret|api_?key|credential/i;

function locate(document: Document, issue: Issue, schema: unknown): Fault[] {
  if (issue.code === "unrecognized_keys") {
    return (issue.keys ?? []).map((key) => {
      const known = keysAt(schema, issue.path);
      const guess = nearest(key, known);
      const where = [...issue.path, key].join(".");
      return {
        isSecret: SECRET.test(where),
        at: positionOf(document, [...issue.path, key], true),
        message: `Unknown key "${where}"${
          guess === undefined ? `; known here: ${known.join(", ")}` : `, did you mean "${guess}"?`
        }`,
      };
    });
  }
  const where = issue.path.join(".");
  const text = issue.message.replace(/^Invalid input: /, "");
  return [{
    isSecret: SECRET.test(where),
    at: positionOf(document, issue.path, false),
    message: where === "" ? text : `${where}: ${text}`,
  }];
}

/** Names of the keys that the specification knows at a path. */
function keysAt(schema: unknown, path: (string | number)[]): string[] {
  let node: any = schema;
  const unwrap = (at: any): any => {
    while (at?.def?.innerType !== undefined || at?.def?.type === "pipe") {
      at = at.def.innerType ?? (at.def.out?.def?.shape ? at.def.out : at.def.in);
    }
    return at;
  };
  for (const part of path) {
    node = unwrap(node);
    node = typeof part === "number"
      ? node?.def?.element
      : node?.def?.shape?.[part] ?? node?.def?.valueType;
  }
  return Object.keys(unwrap(node)?.def?.shape ?? {});
}

function positionOf(document: Document, path: (string | number)[], key: boolean): number {
  for (let length = path.length; length > 0; length--) {
    const parent: any = length === 1
      ? document.contents
      : document.getIn(path.slice(0, length - 1), true);
    const pair = parent?.items?.find?.((item: any) => item?.key?.value === path[length - 1]);
    const node: any = pair === undefined
      ? document.getIn(path.slice(0, length), true)
      : (key || pair.value?.range == null ? pair.key : pair.value);
    if (node?.range != null) return node.range[0];
    key = true;
  }
  return 0;
}

function show(fault: Fault, source: string, lines: LineCounter, name: string): string {
  const { line, col } = lines.linePos(fault.at);
  const whole = source.split("\n")[line - 1] ?? "";
  const hidden = fault.isSecret === true || SECRET.test(whole);
  const text = (hidden ? whole.replace(/^([^:]*:)?.+/, "$1 ***") : whole).slice(0, 200);
  return `${name}:${line}:${col}: ${fault.message}\n  ${text}\n  ${
    " ".repeat(Math.max(0, Math.min(col - 1, 200)))
  }^`;
}
