/**
 * Log text made safe to look at: colours of terminals become classes, everything else that could act (cursor moves,
 * links, titles, bidirectional marks, control characters) becomes visible or vanishes. Never HTML.
 */

/** A piece of text with the classes of its colour; `start` is its place in the plain text. */
export interface Span {
  text: string;
  start: number;
  className: string;
}

// deno-lint-ignore no-control-regex
const ESCAPES =
  /\u001b(?:\[([0-9;:<=>?]*)[ -/]*([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g;
// deno-lint-ignore no-control-regex
const ACTING =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Cuts a message into spans. */
export function spansOf(message: string): Span[] {
  const spans: Span[] = [];
  let at = 0, start = 0, style = new Set<string>();
  const add = (raw: string) => {
    if (raw === "") return;
    const text = visible(raw);
    spans.push({ text, start, className: [...style].join(" ") });
    start += text.length;
  };
  if (message.includes("\u001b")) {
    for (const match of message.matchAll(ESCAPES)) {
      add(message.slice(at, match.index));
      at = match.index + match[0].length;
      if (match[2] === "m") style = styled(style, match[1]);
    }
  }
  add(message.slice(at));
  return spans;
}

/** The text without escapes, as it is shown. */
export function plainText(message: string): string {
  return spansOf(message).map((span) => span.text).join("");
}

/** Control characters as their pictures, marks that turn text around as their code. */
function visible(text: string): string {
  return text.replace(ACTING, (char) => {
    const code = char.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return "\u2421";
    return `\u27e8U+${code.toString(16).toUpperCase().padStart(4, "0")}\u27e9`;
  });
}

function styled(before: ReadonlySet<string>, codes: string): Set<string> {
  const style = new Set(before);
  const numbers = codes === "" ? [0] : codes.split(/[;:]/).map(Number);
  const drop = (prefix: string) => {
    for (const name of style) if (name.startsWith(prefix)) style.delete(name);
  };
  for (let i = 0; i < numbers.length; i++) {
    const code = numbers[i];
    if (code === 0) style.clear();
    else if (code === 1) style.add("ansi-bold");
    else if (code === 4) style.add("ansi-line");
    else if (code === 22) style.delete("ansi-bold");
    else if (code === 24) style.delete("ansi-line");
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
      drop("ansi-c");
      style.add(`ansi-c${code % 10}`);
    } else if (code === 39) drop("ansi-c");
    else if (code === 38 || code === 48) i += numbers[i + 1] === 5 ? 2 : 4;
  }
  return style;
}
