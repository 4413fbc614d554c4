/**
 * Bytes of an HTTP answer as text lines, and as server-sent events. Promises: lines may be cut anywhere by the network,
 * also inside a character; a line or event that never ends is an error, not memory.
 */
import { WeirError } from "../core/errors.ts";

/** Longest line or event that is held, in characters. */
export const PIECE_CHARS_MAX = 64 * 1024 * 1024;

export interface ServerEvent {
  /** Last id that was sent up to here; "" where none was. */
  id: string;
  event: string;
  data: string;
}

/** Lines without their ends (LF or CRLF); a last one without an end counts. Throws API_ANSWER. */
export async function* textLines(
  body: AsyncIterable<Uint8Array>,
  charsMax = PIECE_CHARS_MAX,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pieces: string[] = [], held = 0;
  for await (const bytes of body) {
    const parts = decoder.decode(bytes, { stream: true }).split("\n");
    for (const part of parts.slice(0, -1)) {
      pieces.push(part);
      yield withoutReturn(pieces.join(""));
      pieces = [];
      held = 0;
    }
    const rest = parts[parts.length - 1];
    pieces.push(rest);
    held += rest.length;
    if (held > charsMax) throw tooLong(charsMax);
  }
  const last = withoutReturn(pieces.join("") + decoder.decode());
  if (last !== "") yield last;
}

/**
 * Events of a stream, after the rules of the HTML standard; comments are left out, and so is an event that the end of
 * the stream cut off. Throws API_ANSWER.
 */
export async function* serverEvents(
  lines: AsyncIterable<string>,
  charsMax = PIECE_CHARS_MAX,
): AsyncGenerator<ServerEvent> {
  let id = "", event = "", data: string[] = [], held = 0;
  for await (const line of lines) {
    if (line === "") {
      if (data.length > 0) {
        yield { id, event: event === "" ? "message" : event, data: data.join("\n") };
      }
      event = "";
      data = [];
      held = 0;
      continue;
    }
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "id" && !value.includes("\0")) id = value;
    else if (name === "event") event = value;
    else if (name === "data") {
      data.push(value);
      held += value.length;
      if (held > charsMax) throw tooLong(charsMax);
    }
  }
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

function tooLong(charsMax: number): WeirError {
  return new WeirError("API_ANSWER", `The answer has a line of more than ${charsMax} characters`, {
    hint: "Is this the address of `weir up`?",
  });
}
