/**
 * The settings file that a package installs: every setting with its meaning and default, commented out, so that what a
 * site changes is a line without a `#`. Made from the specification, so that it names no setting that is not there.
 */
import { stringify } from "yaml";
import type { z } from "zod";
import { jsonSchema } from "../../core/config/reference.ts";

const WIDTH = 100;

/** The YAML text. It is valid as it stands and means the defaults. */
export function exampleSettings(schema: z.ZodType, program: string): string {
  const lines = [
    `# Settings of ${program}. "#key: value" shows a default; take the # away to change it.`,
    `# Check a change: ${program} --config FILE --check-config. The same in detail: man ${program}.`,
    "# ${NAME} takes a variable of the environment, ${NAME:-text} with a default.",
    "",
  ];
  section(jsonSchema(schema, program), 0, lines);
  return lines.join("\n").trimEnd() + "\n";
}

// deno-lint-ignore no-explicit-any
function section(node: any, depth: number, lines: string[]): void {
  const indent = "  ".repeat(depth);
  // deno-lint-ignore no-explicit-any
  for (const [key, field] of Object.entries<any>(node.properties ?? {})) {
    for (const line of wrapped(describe(field), WIDTH - depth * 2 - 4)) {
      lines.push(depth === 0 ? `# ${line}` : `#${indent}# ${line}`);
    }
    if (field.properties === undefined) {
      const value = stringify({ [key]: field.default ?? "" }, { flowCollectionPadding: false });
      for (const line of flow(key, field, value)) lines.push(`#${indent}${line}`);
    } else {
      lines.push(`#${indent}${key}:`);
      section(field, depth + 1, lines);
    }
    if (depth === 0) lines.push("");
  }
}

// deno-lint-ignore no-explicit-any
function describe(field: any): string {
  const choices = field.enum === undefined ? "" : ` One of ${field.enum.join(", ")}.`;
  const bounds = field.minimum === undefined ? "" : ` ${field.minimum} to ${field.maximum}.`;
  return `${field.description ?? ""}${choices}${bounds}`.trim();
}

/** Lists in one line, as people write them in settings. */
// deno-lint-ignore no-explicit-any
function flow(key: string, field: any, block: string): string[] {
  return field.type === "array"
    ? [`${key}: ${JSON.stringify(field.default ?? [])}`]
    : block.trimEnd().split("\n");
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + word.length + 1 > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}
