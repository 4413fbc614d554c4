/**
 * Unwraps what container engines write: Docker's JSON lines and the CRI format. A long line stands there in parts; they
 * are joined by stream, so that stdout and stderr do not mix. The engine's own time is not kept.
 */

export interface Part {
  stream: string;
  value: Uint8Array;
  /** The line's last part. */
  isLast: boolean;
}

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** `{"log":"text\n","stream":"stdout","time":"…"}`; undefined where a line is nothing of the kind. */
export function dockerPart(line: Uint8Array): Part | undefined {
  if (line[0] !== 123) return undefined;
  try {
    const { log, stream } = JSON.parse(decoder.decode(line)) as { log?: unknown; stream?: unknown };
    if (typeof log !== "string") return undefined;
    const isLast = log.endsWith("\n");
    const text = isLast ? log.slice(0, log.endsWith("\r\n") ? -2 : -1) : log;
    return { stream: String(stream), value: encoder.encode(text), isLast };
  } catch {
    return undefined;
  }
}

/** `2026-11-21T10:00:00.1Z stdout F text`: P is a part, F the last one; undefined where a line is nothing of the kind. */
export function criPart(line: Uint8Array): Part | undefined {
  const time = line.indexOf(32);
  const stream = time < 0 ? -1 : line.indexOf(32, time + 1);
  if (stream < 0) return undefined;
  let tags = line.indexOf(32, stream + 1);
  if (tags < 0) tags = line.length;
  const name = decoder.decode(line.subarray(time + 1, stream));
  const tag = line[stream + 1];
  if ((name !== "stdout" && name !== "stderr") || (tag !== 70 && tag !== 80)) return undefined;
  return { stream: name, value: line.subarray(tags + 1), isLast: tag === 70 };
}
