/**
 * The page of all error codes, read from the sources: every code that a WeirError is made with, and
 * every row of a table of codes.
 */

/** A code with its hint, where the source gives one as plain text. */
export interface ErrorCode {
  code: string;
  hint: string;
  folder: string;
}

/** Codes in one source text. */
export function codesIn(path: string, text: string): ErrorCode[] {
  const found = new Map<string, string>();
  const literal =
    /(?:new (?:Weir|Query)Error\(|code: |\["?|\? \[)\s*"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"(?=([\s\S]{0,600}))/g;
  for (const [, code, after] of text.matchAll(literal)) {
    const call = after.slice(0, after.search(/\n\s*\}\s*\)|\);|\},\n/) + 1 || 300);
    const hint = /hint:\s*"([^"]*)"/.exec(call)?.[1] ?? "";
    if (!found.has(code) || found.get(code) === "") found.set(code, hint);
  }
  const folder = path.split("/").slice(0, 2).join("/").replace(/\/[a-z_]+\.tsx?$/, "");
  return [...found].map(([code, hint]) => ({ code, hint, folder }));
}

/** The page, sorted by code. */
export function errorPage(sources: ReadonlyMap<string, string>): string {
  const all = new Map<string, { hint: string; folders: Set<string> }>();
  for (const [path, text] of sources) {
    for (const { code, hint, folder } of codesIn(path, text)) {
      const known = all.get(code) ?? { hint: "", folders: new Set() };
      if (known.hint === "") known.hint = hint;
      known.folders.add(folder);
      all.set(code, known);
    }
  }
  const rows = [...all].sort(([a], [b]) => a < b ? -1 : 1).map(([code, { hint, folders }]) => {
    return `| \`${code}\` | ${[...folders].sort().join(", ")} | ${hint.replaceAll("|", "\\|")} |`;
  });
  return `# Error codes

Every condition that an operator meets has a code that does not change. The message says what
happened and where; the hint says what to do, and stands with the message wherever it is shown.
Hints that depend on the case are left out here.

| code | from | hint |
| --- | --- | --- |
${rows.join("\n")}
`;
}
