/**
 * What is generated from a specification: JSON Schema for editors, the reference page, and the settings in force
 * with secrets hidden.
 */
import { z } from "zod";

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

/** A copy with every field that is marked secret shown as ***. */
export function hideSecrets(schema: z.ZodType, value: unknown): unknown {
  return hide(jsonSchema(schema, ""), value);
}

function hide(node: any, value: unknown): unknown {
  if (node?.secret === true && value !== "" && value !== undefined) return "***";
  if (Array.isArray(value)) return value.map((item) => hide(node?.items, item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, hide(node?.properties?.[key], item)]),
  );
}
