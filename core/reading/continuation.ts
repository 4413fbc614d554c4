/**
 * Which lines without a time of their own go on the event before them, by their beginning. Indented
 * lines do in any case and are not asked for here.
 */

const encode = (text: string) => new TextEncoder().encode(text);
const STARTS = [
  "at ",
  "Caused by:",
  "Suppressed:",
  "... ",
  "Traceback (most recent call last)",
  "During handling of the above exception",
  "The above exception was the direct cause",
  "goroutine ",
  "--- End of ",
].map(encode);
const ENDINGS = ["Exception", "Error", "Throwable", "Interrupt", "Exit", "Warning", "Iteration"]
  .map(encode);
/** The class name of an exception is not longer. */
const NAME_BYTES_MAX = 200;

/**
 * True where the line `bytes[from..to)`, which is not indented and has no time, goes on an event.
 */
export function continuationOf(bytes: Uint8Array, from: number, to: number): boolean {
  next: for (const start of STARTS) {
    if (to - from < start.length || bytes[from] !== start[0]) continue;
    for (let i = 1; i < start.length; i++) if (bytes[from + i] !== start[i]) continue next;
    return true;
  }
  return isBrace(bytes, from, to) || isException(bytes, from, to);
}

/**
 * `}`, `)`, `]` alone or with a comma: the end of something that was printed over several lines.
 */
function isBrace(bytes: Uint8Array, from: number, to: number): boolean {
  const byte = bytes[from];
  return to - from <= 2 && (byte === 125 || byte === 41 || byte === 93);
}

/** `java.lang.IllegalStateException: …`, `ValueError: …`, `KeyboardInterrupt`. */
function isException(bytes: Uint8Array, from: number, to: number): boolean {
  const first = bytes[from];
  if (!((first | 32) >= 97 && (first | 32) <= 122)) return false;
  const end = Math.min(to, from + NAME_BYTES_MAX);
  let stop = from;
  while (stop < end && isNameByte(bytes[stop])) stop++;
  if (stop < to && bytes[stop] !== 58) return false;
  next: for (const ending of ENDINGS) {
    if (stop - from < ending.length) continue;
    const at = stop - ending.length;
    for (let i = 0; i < ending.length; i++) if (bytes[at + i] !== ending[i]) continue next;
    // "Error: something" is a message of its own in most logs; a class has a longer name.
    return at > from;
  }
  return false;
}

function isNameByte(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || ((byte | 32) >= 97 && (byte | 32) <= 122) || byte === 46 ||
    byte === 95 || byte === 36;
}
