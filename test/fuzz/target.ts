/**
 * What is fuzzed: code that reads bytes of somebody else's making, with the properties that have to hold whatever they
 * are. A target throws where one does not; what the code is documented to throw the target takes itself.
 */

export interface Target {
  /** Also the folder of its corpus. */
  name: string;
  /** Which code, and what has to hold. */
  what: string;
  /** Texts that the mutator puts in: what the code looks for. */
  words: readonly string[];
  /** Longest input. */
  bytesMax: number;
  /** Random inputs in `npm test`. */
  cases: number;
  /**
   * Throws where a property is broken. Returns a few words on what came out; an input with new ones is kept and
   * mutated further.
   */
  run(input: Uint8Array): string | Promise<string>;
  /** Gives up what `run` opened. */
  close?(): Promise<void>;
}

/** A property that an input breaks. */
export class Broken extends Error {
  override readonly name = "Broken";
}

/** Throws Broken unless `holds`. */
export function must(holds: boolean, what: () => string): asserts holds {
  if (!holds) throw new Broken(what());
}

/** Throws Broken where the two are not the same as JSON. */
export function mustEqual(found: unknown, expected: unknown, what: string): void {
  const a = JSON.stringify(found), b = JSON.stringify(expected);
  must(a === b, () => `${what}: ${cut(a)} instead of ${cut(b)}`);
}

function cut(text: string | undefined): string {
  return text === undefined ? "undefined" : text.length > 400 ? `${text.slice(0, 400)}…` : text;
}

/** Text of the input; bytes that are no UTF-8 become U+FFFD. */
export function textOf(input: Uint8Array): string {
  return new TextDecoder().decode(input);
}
