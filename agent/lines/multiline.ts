/** Which lines go on the event before them: by a pattern, or as a language prints its stack traces. */
import { continuationOf } from "../../core/reading/continuation.ts";
import type { ShapeOptions } from "./options.ts";

/** Says whether a line goes on the event that `first` began. */
export type Continues = (line: Uint8Array, text: () => string, first: string) => boolean;

const GO_PANIC = /^(?:panic: |fatal error: |goroutine \d+ \[)/;
const GO_FRAME =
  /^(?:$|\s|goroutine \d+ |\[signal |created by |exit status |panic: |[\w./*()·\-\[\]]+\([^)]*\)$)/;

export function continuesOf(option: NonNullable<ShapeOptions["multiline"]>): Continues {
  if (option.start !== undefined) {
    const start = new RegExp(option.start, "u");
    return (_line, text) => !start.test(text());
  }
  if (option.continue !== undefined) {
    const pattern = new RegExp(option.continue, "u");
    return (_line, text) => pattern.test(text());
  }
  if (option.preset === "go") {
    return (_line, text, first) =>
      GO_PANIC.test(first) ? GO_FRAME.test(text()) : /^\s+\S/.test(text());
  }
  return (line) => isIndented(line) || continuationOf(line, 0, line.length);
}

function isIndented(line: Uint8Array): boolean {
  return line.length > 1 && (line[0] === 32 || line[0] === 9);
}
