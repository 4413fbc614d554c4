/**
 * Man pages in roff, made from the command line and the specification of the settings. `man --warnings` finds no fault
 * in them.
 */
import type { Command } from "commander";
import type { z } from "zod";
import { EXIT } from "../../core/errors.ts";
import { jsonSchema } from "../../core/config/reference.ts";
import { VERSION } from "../../core/metrics/registry.ts";

export interface ManPage {
  section: 1 | 8;
  command: Command;
  /** Its settings are listed. @default none */
  settings?: z.ZodType;
  /** Files that it reads and writes, and what they are. */
  files?: Readonly<Record<string, string>>;
}

/** The page's source. */
export function manPage({ section, command, settings, files = {} }: ManPage): string {
  const name = command.name();
  const parts = [
    `.TH ${name.toUpperCase()} ${section} "" "Weir ${VERSION}" "Weir"`,
    `.SH NAME\n${text(name)} \\- ${text(command.description().replace(/\.$/, ""))}`,
    `.SH SYNOPSIS\n.B ${text(name)}\n${text(command.usage())}`,
    ...commands(command),
    `.SH OPTIONS\n${options(command)}`,
    settings === undefined ? "" : `.SH SETTINGS\n${settingsOf(settings)}`,
    Object.keys(files).length === 0 ? "" : `.SH FILES\n${listOf(files)}`,
    `.SH EXIT STATUS\n${
      listOf(Object.fromEntries(Object.entries(EXIT).map(([key, code]) => [String(code), key])))
    }`,
  ];
  return parts.filter((part) => part !== "").join("\n") + "\n";
}

function commands(command: Command): string[] {
  if (command.commands.length === 0) return [];
  const parts = command.commands.map((sub) =>
    `.SS ${text(sub.name())} ${text(sub.usage())}\n${text(sub.description())}\n${options(sub)}`
  );
  return [`.SH COMMANDS\n${parts.join("\n")}`];
}

function options(command: Command): string {
  return command.createHelp().visibleOptions(command).map((option) =>
    `.TP\n.B ${text(option.flags)}\n${text(option.description)}`
  ).join("\n");
}

function settingsOf(schema: z.ZodType): string {
  const rows: string[] = [];
  walk(jsonSchema(schema, ""), "", rows);
  return rows.join("\n");
}

// deno-lint-ignore no-explicit-any
function walk(node: any, prefix: string, rows: string[]): void {
  // deno-lint-ignore no-explicit-any
  for (const [key, field] of Object.entries<any>(node.properties ?? {})) {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    if (field.properties !== undefined) walk(field, path, rows);
    else {
      const initial = field.default === undefined
        ? ""
        : ` Default: ${JSON.stringify(field.default)}.`;
      rows.push(`.TP\n.B ${text(path)}\n${text((field.description ?? "") + initial)}`);
    }
  }
}

function listOf(entries: Readonly<Record<string, string>>): string {
  return Object.entries(entries).map(([key, value]) => `.TP\n.B ${text(key)}\n${text(value)}`)
    .join("\n");
}

/** Plain text for roff: hyphens that can be copied, no line that begins a request. */
function text(plain: string): string {
  return plain.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^(?=[.'])/gm, "\\&");
}
