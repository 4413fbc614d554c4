/** A query that cannot be read: WeirError QUERY_INVALID that also says where, with the line and a caret. */
import { WeirError } from "../../core/errors.ts";

/** QUERY_INVALID; never retriable. */
export class QueryError extends WeirError {
  /** First character at fault, counted from 1 in UTF-16 units. */
  readonly column: number;
  /** What is wrong, without column and caret. */
  readonly detail: string;

  constructor(query: string, at: number, detail: string, hint: string) {
    super("QUERY_INVALID", `Column ${at + 1}: ${detail}\n${caretLines(query, at)}`, { hint });
    this.column = at + 1;
    this.detail = detail;
  }
}

const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uff60]/u;

/** The query and, below it, a caret at the fault; a long query is cut to the part around it. */
export function caretLines(query: string, at: number): string {
  const from = Math.max(0, at - 60);
  // deno-lint-ignore no-control-regex
  const shown = query.slice(from, at + 40).replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
  const pad = Array.from(shown.slice(0, at - from))
    .map((char) => WIDE.test(char) ? "\u3000" : " ").join("");
  const head = from > 0 ? "…" : "";
  return `  ${head}${shown}\n  ${head === "" ? "" : " "}${pad}^`;
}
