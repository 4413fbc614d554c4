/** Texts that stand in many bodies, made into bytes once. */

const encoder = new TextEncoder();

/** Bytes that are written again and again, kept so that four are copied at once. */
export interface Piece {
  words: Int32Array;
  length: number;
  /** Where it lies in the memory of the body that has this number. */
  body: number;
  address: number;
}

/** A text as it stands in a body. */
export function piece(text: string): Piece {
  const bytes = encoder.encode(text);
  const words = new Int32Array((bytes.length + 3) >> 2), view = new DataView(words.buffer);
  new Uint8Array(words.buffer).set(bytes);
  for (let i = 0; i < words.length; i++) words[i] = view.getInt32(i * 4, true);
  return { words, length: bytes.length, body: -1, address: 0 };
}

/** A text as the inside of a JSON string, as bytes. */
export function jsonText(text: string): Uint8Array {
  return encoder.encode(JSON.stringify(text).slice(1, -1));
}
