/**
 * What the documents tell people to type exists: every `weir…` command with its options, every npm script, every file of
 * the checkout that a command names. Commands that need servers are run by the tests of those parts.
 */
import assert from "node:assert/strict";
import type { Command } from "commander";
import { agentCommand } from "../../agent/command.ts";
import { weirCommand } from "../../cli/commands.ts";
import { monitorCommand } from "../../monitor/command.ts";
import { transferCommand } from "../../transfer/command.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const PROGRAMS: Record<string, Command> = {
  "weir": weirCommand(),
  "weir-agent": agentCommand(),
  "weir-transfer": transferCommand(),
  "weir-monitor": monitorCommand(),
};

function* documents(folder = ""): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(ROOT + folder)) {
    if (isDirectory && (folder !== "" || name === "docs")) yield* documents(`${folder}${name}/`);
    else if (name.endsWith(".md")) yield folder + name;
  }
}

/** Lines of code blocks, indented or fenced, without what follows a `#`. */
function commandsOf(text: string): string[] {
  const lines: string[] = [];
  let fenced = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) fenced = !fenced;
    else if (fenced || line.startsWith("    ")) lines.push(line.trim());
  }
  return lines.flatMap((line) => line.replace(/\s#\s.*$/, "").split(/\s*(?:&&|\|)\s*/))
    .map((command) =>
      command.replace(
        /^(sudo|\$|npm run -s weir --)\s+/,
        (_, word) => word.startsWith("npm") ? "weir " : "",
      )
    );
}

/** Undefined where the command is fine, else what is wrong. */
function faultOf(command: string): string | undefined {
  const words = command.match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
  let found = PROGRAMS[words[0] ?? ""], at = 1;
  if (found === undefined) return undefined;
  while (at < words.length) {
    const next: Command | undefined = found.commands.find((sub) => sub.name() === words[at]);
    if (next === undefined) break;
    found = next;
    at++;
  }
  const isTree = found.commands.length > 0 && words[at] !== undefined && !words[at].startsWith("-");
  if (isTree && words[at] !== "help") return `no command ${words[at]}`;
  const known = new Set(["--help", "-h", "--version"]);
  for (const { short, long } of found.options) {
    if (short) known.add(short);
    if (long) known.add(long);
  }
  const unknown = words.slice(at).find((word) =>
    /^--?[a-z]/.test(word) && !known.has(word.replace(/=.*/, ""))
  );
  return unknown === undefined ? undefined : `no option ${unknown} of ${found.name()}`;
}

Deno.test("documents: every command of ours exists, with its options", () => {
  const faults: string[] = [];
  let seen = 0;
  for (const path of documents()) {
    for (const command of commandsOf(Deno.readTextFileSync(ROOT + path))) {
      if (!/^weir(-\w+)?(\s|$)/.test(command)) continue;
      seen++;
      const fault = faultOf(command);
      if (fault !== undefined) faults.push(`${path}: ${command}: ${fault}`);
    }
  }
  assert.deepEqual(faults, []);
  assert.ok(seen >= 15, `${seen} commands found`);
});

Deno.test("documents: every npm script and every file of the checkout that a command names exists", () => {
  const { scripts } = JSON.parse(Deno.readTextFileSync(`${ROOT}package.json`));
  const faults: string[] = [];
  for (const path of documents()) {
    for (const command of commandsOf(Deno.readTextFileSync(ROOT + path))) {
      const script = /^npm run (?:-s )?([\w:]+)/.exec(command)?.[1];
      if (script !== undefined && !(script in scripts)) faults.push(`${path}: npm run ${script}`);
      for (
        const [, file] of command.matchAll(/(?:^|\s|@)((?:deploy|grafana|docs|test)\/[\w./-]+)/g)
      ) {
        try {
          Deno.statSync(ROOT + file);
        } catch {
          faults.push(`${path}: ${file}`);
        }
      }
    }
  }
  assert.deepEqual(faults, []);
});

Deno.test("docs/reliability.md: each of the 62 cases names its tests, which exist, or says that it is open", () => {
  const text = Deno.readTextFileSync(`${ROOT}docs/reliability.md`);
  const rows = [...text.matchAll(/^\| (\d+) \|[^|]*\| (.*) \|$/gm)];
  assert.deepEqual(
    rows.map(([, number]) => Number(number)),
    Array.from({ length: 62 }, (_, i) => i + 1),
  );
  const faults = rows.flatMap(([, number, tests]) => {
    const named = [...tests.matchAll(/`([^`]+\.ts)`/g)].map(([, file]) => file);
    if (named.length === 0 && !/\bopen\b/.test(tests)) return [`case ${number}: no test`];
    return named.filter((file) => !isFile(ROOT + file)).map((file) => `case ${number}: no ${file}`);
  });
  assert.deepEqual(faults, []);
});

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
