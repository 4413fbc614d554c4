/**
 * House rules that are neither form nor lint: sizes, first comments, folder names, nothing left over, nothing of one
 * person's machine, links that lead somewhere.
 */
import assert from "node:assert/strict";
import { functionsOf } from "./functions.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const GENERATED = [
  /^grafana\/dashboards\//,
  /^docs\/reference\//,
  /^search\/page\/dist\//,
  /^package-lock\.json$/,
];
const FILE_LINES_MAX = 700;
const FUNCTION_LINES_MAX = 70;
const LINE_CHARACTERS_MAX = 120;
const FORBIDDEN_FOLDERS = ["utils", "util", "helpers", "common", "misc"];

/** Tracked files, and new ones that git does not ignore. */
async function projectFiles(): Promise<string[]> {
  const { stdout, success } = await new Deno.Command("git", {
    args: ["ls-files", "--cached", "--others", "--exclude-standard"],
    cwd: ROOT,
  }).output();
  assert(success, "git lists the files");
  const names = new TextDecoder().decode(stdout).trim().split("\n");
  const there = await Promise.all(
    names.map((name) => Deno.stat(ROOT + name).then((stat) => stat.isFile, () => false)),
  );
  return names.filter((name, i) => there[i] && !GENERATED.some((pattern) => pattern.test(name)));
}

const files = await projectFiles();
const sources = files.filter((name) => /\.tsx?$/.test(name));
const texts = new Map<string, string>();
for (const name of files) {
  if (/\.(png|ico|gz|zst|woff2|bin)$/.test(name)) continue;
  texts.set(name, await Deno.readTextFile(ROOT + name));
}

function collect(find: (name: string, text: string) => string[], names = sources): void {
  const faults = names.flatMap((name) => find(name, texts.get(name) ?? ""));
  assert.deepEqual(faults, [], faults.slice(0, 20).join("\n"));
}

Deno.test("tidy: there are files to look at", () => {
  assert(sources.length > 50, `${sources.length} sources`);
});

Deno.test(`tidy: no source file has more than ${FILE_LINES_MAX} lines`, () =>
  collect((name, text) => {
    const lines = text.split("\n").length;
    return lines > FILE_LINES_MAX ? [`${name}: ${lines} lines`] : [];
  }));

Deno.test(`tidy: no function has more than ${FUNCTION_LINES_MAX} lines`, () =>
  collect(
    (name, text) =>
      functionsOf(text).filter((f) => f.lines > FUNCTION_LINES_MAX).map((f) =>
        `${name}:${f.line}: ${f.name}, ${f.lines} lines`
      ),
    sources.filter((name) => !/_test\.tsx?$/.test(name)),
  ));

Deno.test(`tidy: no line has more than ${LINE_CHARACTERS_MAX} characters, but for one long text`, () =>
  collect((name, text) =>
    text.split("\n").flatMap((line, i) => {
      // deno fmt breaks code at 100; what is longer is a text or a pattern that cannot be broken.
      const code = line.replace(/(["'`\/]).*\1/g, "");
      return code.length > LINE_CHARACTERS_MAX
        ? [`${name}:${i + 1}: ${line.length} characters`]
        : [];
    }), sources.filter((name) => !/_test\.tsx?$/.test(name))));

Deno.test("tidy: every source begins with a comment that says what it is for", () =>
  collect((name, text) =>
    /^\/\*\*/.test(text) || /_test\.tsx?$/.test(name) ? [] : [`${name}: no first comment`]
  ));

Deno.test("tidy: nothing is left over", () => {
  const marks = new RegExp(
    ["TO" + "DO", "FIX" + "ME", "X" + "XX"].map((mark) => `\\b${mark}\\b`).join("|"),
  );
  const only = new RegExp("\\.on" + "ly\\(");
  collect((name, text) =>
    text.split("\n").flatMap((line, i) =>
      marks.test(line) || only.test(line) ? [`${name}:${i + 1}: ${line.trim()}`] : []
    )
  );
});

Deno.test("tidy: a test that cannot run here is ignored, it does not pass", () => {
  const skips = /console\.log\([^;]*skipped:[^;]*;\s*return\b/g;
  collect((name, text) => [...text.matchAll(skips)].map(([found]) => `${name}: ${found}`));
});

Deno.test("tidy: no path of one person's machine", () => {
  const home = new RegExp(
    "(^|[\"'`\\s(=])/(" + ["work", "farm", "home/[a-z]", "root"].join("|") + ")/",
  );
  collect(
    (name, text) =>
      text.split("\n").flatMap((line, i) =>
        home.test(line) ? [`${name}:${i + 1}: ${line.trim().slice(0, 100)}`] : []
      ),
    [...texts.keys()],
  );
});

Deno.test("tidy: no folder is called after nothing in particular", () =>
  collect(
    (name) =>
      name.split("/").slice(0, -1).filter((part) => FORBIDDEN_FOLDERS.includes(part)).map((part) =>
        `${name}: folder ${part}`
      ),
    files,
  ));

Deno.test("tidy: a page has one title, and its links lead somewhere", async () => {
  const pages = files.filter((name) => name.endsWith(".md"));
  const faults: string[] = [];
  for (const name of pages) {
    const text = (texts.get(name) ?? "").replace(/^```[\s\S]*?^```/gm, "");
    const titles = text.match(/^# /gm)?.length ?? 0;
    if (titles !== 1) faults.push(`${name}: ${titles} titles`);
    for (const [, target] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const path = new URL(target, `file://${ROOT}${name}`).pathname;
      if (!(await Deno.stat(path).then(() => true, () => false))) {
        faults.push(`${name}: no ${target}`);
      }
    }
  }
  assert.deepEqual(faults, []);
});
