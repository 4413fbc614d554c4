/**
 * What is generated from a specification: JSON Schema for editors, the reference page, and the settings in force
 * with secrets hidden.
 */
import { z } from "zod";
import { TIME, timeText } from "./fields.ts";

/** JSON Schema (draft 2020-12) of a settings file. */
export function jsonSchema(schema: z.ZodType, title: string): Record<string, unknown> {
  const result = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Record<
    string,
    unknown
  >;
  return { title, ...result };
}

/** One row a field: key, type, default, description. Markdown. */
export function referencePage(schema: z.ZodType, title: string): string {
  const rows: string[] = [];
  const root: any = jsonSchema(schema, title);
  if (root.items === undefined) walk(root, "", rows);
  else walk(root.items, "[]", rows);
  return `# ${title}\n\n| key | type | default | what it does |\n| --- | --- | --- | --- |\n${
    rows.join("\n")
  }\n`;
}

function walk(node: any, prefix: string, rows: string[]): void {
  for (const [key, field] of Object.entries<any>(node.properties ?? {})) {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    if (field.properties !== undefined) {
      rows.push(`| **${path}** | group | | ${field.description ?? ""} |`);
      walk(field, path, rows);
      continue;
    }
    const type = field.unit ??
      (field.enum?.map((option: string) => `\`${option}\``).join(", ") ?? typeName(field));
    const initial = field.default === undefined ? "" : `\`${JSON.stringify(field.default)}\``;
    rows.push(
      `| \`${path}\` | ${type} | ${initial} | ${
        (field.description ?? "").replaceAll("|", "\\|")
      } |`,
    );
    if (field.items?.properties !== undefined) walk(field.items, `${path}[]`, rows);
  }
}

function typeName(field: any): string {
  const bounds = field.minimum !== undefined ? `, ${field.minimum} to ${field.maximum}` : "";
  if (field.anyOf !== undefined) return field.anyOf.map(typeName).join(" or ");
  return `${field.type === "array" ? "list" : field.type ?? "any"}${bounds}`;
}

/** Checked settings as a file would hold them, which can be read again: times have their unit. */
export function asWritten(schema: z.ZodType, value: unknown): unknown {
  return shown(jsonSchema(schema, ""), value, () => false);
}

/** The same with every field that is marked secret shown as ***. */
export function hideSecrets(schema: z.ZodType, value: unknown): unknown {
  return shown(jsonSchema(schema, ""), value, (node) => node?.secret === true);
}

function shown(node: any, value: unknown, isHidden: (node: any) => boolean): unknown {
  if (isHidden(node) && value !== "" && value !== undefined) return "***";
  if (node?.unit === TIME && typeof value === "number") return timeText(value);
  if (Array.isArray(value)) return value.map((item) => shown(node?.items, item, isHidden));
  if (typeof value !== "object" || value === null) return value;
  const others = node?.additionalProperties;
  return Object.fromEntries(
    Object.entries(value).map((
      [key, item],
    ) => [key, shown(node?.properties?.[key] ?? others, item, isHidden)]),
  );
}
