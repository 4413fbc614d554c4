/**
 * Finds functions and methods in TypeScript by their form after `deno fmt`: a header line that ends with `{` and the
 * closing `}` at the same indentation. Honest for formatted code, and no parser is needed.
 */

export interface FoundFunction {
  name: string;
  /** Line of the header, from 1. */
  line: number;
  /** Lines from header to closing brace, both counted. */
  lines: number;
}

const HEADER =
  /^(\s*)(?:export )?(?:default )?(?:async )?(?:function\*? ?([\w$]*)|(?:static |private |override |readonly |get |set |async |\*)*(#?[\w$]+)\s*(?:<[^>]*>)?\(.*\).*(?:=>|:.*)? ?|(?:const|let) ([\w$]+) = (?:async )?\(.*\).*=> ?).*\{$/;
const NOT_FUNCTIONS =
  /^\s*(?:if|for|while|switch|catch|return|else|do|try|with|new|throw|await|assert|\})\b/;

/** Functions of a formatted source, in order. */
export function functionsOf(text: string): FoundFunction[] {
  const lines = text.split("\n");
  const found: FoundFunction[] = [];
  for (let i = 0; i < lines.length; i++) {
    const match = HEADER.exec(lines[i]);
    if (match === null || NOT_FUNCTIONS.test(lines[i])) continue;
    const close = `${match[1]}}`;
    const end = lines.findIndex((line, at) =>
      at > i &&
      (line === close || line.startsWith(`${close};`) || line.startsWith(`${close},`) ||
        line.startsWith(`${close})`))
    );
    if (end < 0) continue;
    found.push({
      name: match[2] || match[3] || match[4] || "function",
      line: i + 1,
      lines: end - i + 1,
    });
  }
  return found;
}
