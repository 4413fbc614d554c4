/**
 * Metrics that other programs leave in files, `*.prom` in a folder of the operator's choice, as
 * node_exporter's textfile collector takes them: the text format without times. A file that cannot be
 * read or understood is left out whole and told; the others go on.
 */

export interface TextFamily {
  name: string;
  type: string;
  help: string;
  /** Samples as they stand in the file, without their metric's name before them changed. */
  samples: { name: string; labels: string; value: number }[];
}

export interface TextFiles {
  families: TextFamily[];
  /** Path → when it was changed, unix seconds. */
  changedAt: Map<string, number>;
  /** One for each file that was left out. */
  faults: string[];
}

/** Files of a folder, as the reader needs them. */
export interface TextFolder {
  /** Names in it. Throws where it cannot be read. */
  names(): string[];
  read(name: string): { text: string; changedAtSeconds: number };
  path: string;
}

const FILES_MAX = 1000;
/** Of one file; more is left out as not understood. */
const FILE_CHARACTERS_MAX = 4_000_000;
const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = `[a-zA-Z_][a-zA-Z0-9_]*\\s*=\\s*"(?:[^"\\\\]|\\\\.)*"`;
const SAMPLE = new RegExp(
  `^(${NAME})\\s*(?:\\{\\s*((?:${LABEL}\\s*,?\\s*)*)\\})?\\s+(\\S+)$`,
);
const ONE_LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*("(?:[^"\\]|\\.)*")/g;
const COMMENT = new RegExp(`^#\\s*(HELP|TYPE)\\s+(${NAME})(?:\\s+(.*))?$`);
const TYPES = new Set(["counter", "gauge", "histogram", "summary", "untyped"]);

/** Reads every file of the folder that ends in .prom. */
export function readTextFiles(folder: TextFolder): TextFiles {
  const found: TextFiles = { families: [], changedAt: new Map(), faults: [] };
  let names: string[];
  try {
    names = folder.names().filter((name) => name.endsWith(".prom")).sort();
    if (names.length > FILES_MAX) throw new Error(`more than ${FILES_MAX} files`);
  } catch (error) {
    found.faults.push(`${folder.path}: ${(error as Error).message}`);
    return found;
  }
  const known = new Map<string, TextFamily>();
  for (const name of names) {
    const path = `${folder.path}/${name}`;
    try {
      const { text, changedAtSeconds } = folder.read(name);
      const families = parseTextFile(text, path);
      for (const family of families) agrees(known.get(family.name), family);
      for (const family of families) merge(known, family);
      found.changedAt.set(path, changedAtSeconds);
    } catch (error) {
      found.faults.push(`${path}: ${(error as Error).message}`);
    }
  }
  found.families = [...known.values()];
  return found;
}

/** Families of one file in the order of their first line. Throws where a line is not understood. */
export function parseTextFile(text: string, path: string): TextFamily[] {
  if (text.length > FILE_CHARACTERS_MAX) throw new Error(`longer than ${FILE_CHARACTERS_MAX}`);
  const families = new Map<string, TextFamily>();
  const familyOf = (name: string) => {
    const help = `Metric read from ${path}`;
    const family = families.get(name) ?? { name, type: "untyped", help, samples: [] };
    families.set(name, family);
    return family;
  };
  const seen = new Set<string>();
  text.split("\n").forEach((raw, at) => {
    const line = raw.trim();
    const wrong = (why: string) => new Error(`line ${at + 1}: ${why}`);
    const comment = COMMENT.exec(line);
    if (comment !== null) {
      const [, kind, name, rest = ""] = comment;
      if (kind === "HELP") {
        familyOf(name).help = rest.replaceAll("\\n", "\n").replaceAll("\\\\", "\\");
      } else if (TYPES.has(rest)) familyOf(name).type = rest;
      else throw wrong(`"${rest.slice(0, 40)}" is no type`);
    }
    if (line === "" || line.startsWith("#")) return;
    const match = SAMPLE.exec(line);
    if (match === null) throw wrong("no sample, or one with a time");
    const [, name, given = "", text] = match;
    const labels = [...given.matchAll(ONE_LABEL)].map((one) => `${one[1]}=${one[2]}`).join(",");
    const value = numberOf(text);
    if (value === undefined) throw wrong(`"${text.slice(0, 40)}" is no number`);
    if (seen.has(`${name}{${labels}}`)) throw wrong("the same series twice");
    seen.add(`${name}{${labels}}`);
    (compoundOf(families, name) ?? familyOf(name)).samples.push({ name, labels, value });
  });
  return [...families.values()].filter((family) => family.samples.length > 0);
}

/** The histogram or summary that a sample is a part of. */
function compoundOf(families: Map<string, TextFamily>, name: string): TextFamily | undefined {
  const base = /^(.*)_(bucket|sum|count)$/.exec(name)?.[1];
  const family = base === undefined ? undefined : families.get(base);
  return family?.type === "histogram" || family?.type === "summary" ? family : undefined;
}

function numberOf(text: string): number | undefined {
  const infinity = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinity !== null) return infinity[1] === "-" ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return NaN;
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}

/** Throws where two files say different things of one family, or give the same series. */
function agrees(known: TextFamily | undefined, family: TextFamily): void {
  if (known === undefined) return;
  if (known.type !== family.type) {
    throw new Error(`${family.name} has another type in another file`);
  }
  const there = new Set(known.samples.map(({ name, labels }) => `${name}{${labels}}`));
  for (const { name, labels } of family.samples) {
    if (there.has(`${name}{${labels}}`)) throw new Error(`${name} is in another file too`);
  }
}

function merge(known: Map<string, TextFamily>, family: TextFamily): void {
  const before = known.get(family.name);
  if (before === undefined) known.set(family.name, family);
  else before.samples.push(...family.samples);
}

/** A folder of this machine. */
export function textFolder(path: string): TextFolder {
  return {
    path,
    names: () => [...Deno.readDirSync(path)].map((entry) => entry.name),
    read(name) {
      const file = `${path}/${name}`;
      const { size, mtime, isFile } = Deno.statSync(file);
      // Another kind, such as a pipe, could keep us waiting for ever.
      if (!isFile) throw new Error("no file");
      if (size > FILE_CHARACTERS_MAX) throw new Error(`longer than ${FILE_CHARACTERS_MAX} bytes`);
      return {
        text: Deno.readTextFileSync(file),
        changedAtSeconds: (mtime?.getTime() ?? 0) / 1000,
      };
    },
  };
}
