/** The commands that the documents tell people to type: the `sh` blocks of README, CONTRIBUTING and docs/. */

const ROOT = new URL("../../", import.meta.url).pathname;

export interface DocCommand {
  /** Below the checkout. */
  file: string;
  line: number;
  /** Which block of the file, from 0: its commands are typed one after the other. */
  block: number;
  /** As it stands there, without the remark behind a `#`; may have several lines. */
  text: string;
}

/** All of them, in the order of the documents. */
export function docCommands(): DocCommand[] {
  return [...documents("")].sort().flatMap((file) =>
    commandsOf(file, Deno.readTextFileSync(ROOT + file))
  );
}

/** Places where a command stands outside an `sh` block, indented, where no test would find it. */
export function strayCommands(): string[] {
  const command = /^ {4}(?:weir(?:-\w+)?|npm|etcdctl|curl|sudo|docker|kubectl|kcat|chmod) /;
  return [...documents("")].flatMap((file) => {
    let fenced = false;
    return Deno.readTextFileSync(ROOT + file).split("\n").flatMap((line, at) => {
      if (line.startsWith("```")) fenced = !fenced;
      return !fenced && command.test(line) ? [`${file}:${at + 1}:${line}`] : [];
    });
  });
}

/** Text of the blocks of a language, such as the settings of a page. */
export function blocksOf(file: string, language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm");
  return [...Deno.readTextFileSync(ROOT + file).matchAll(pattern)].map(([, block]) => block);
}

/** Exported for its test. */
export function commandsOf(file: string, text: string): DocCommand[] {
  const found: DocCommand[] = [];
  let fence = "", block = -1, begun: DocCommand | undefined;
  text.split("\n").forEach((line, at) => {
    if (line.startsWith("```")) {
      fence = fence === "" ? line.slice(3) || "text" : "";
      if (fence !== "") block++;
    } else if (fence === "sh") {
      if (begun === undefined) found.push(begun = { file, line: at + 1, block, text: line });
      else begun.text += `\n${line}`;
      if (!goesOn(withoutRemark(begun.text))) begun = undefined;
    }
  });
  for (const command of found) command.text = withoutRemark(command.text).trim();
  return found.filter(({ text }) => text !== "" && !text.startsWith("#"));
}

/** Without a remark at the end; a `#` inside quotes is none. */
function withoutRemark(text: string): string {
  for (const { index } of text.matchAll(/\s+#\s/g)) {
    if (!isOpen(text.slice(0, index))) return text.slice(0, index);
  }
  return text;
}

function isOpen(text: string): boolean {
  return (text.match(/'/g)?.length ?? 0) % 2 === 1;
}

/** True where a quote is open, or the line ends with a pipe or backslash. */
function goesOn(text: string): boolean {
  return /[|\\]$/.test(text) || isOpen(text);
}

/** Paths of README and its like, and of everything in docs/. */
export function* documents(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(ROOT + folder)) {
    if (isDirectory && (folder !== "" || name === "docs")) yield* documents(`${folder}${name}/`);
    else if (name.endsWith(".md")) yield folder + name;
  }
}
