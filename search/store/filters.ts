/**
 * Filters: which blocks may hold a token. Bloom filters of about 12 bits a distinct token and 5
 * places each (some 0.5 % false positives, no false negatives), 64 blocks to a group. A group is
 * stored by place, not by block: a row of 64 bits, one a block, for each place, so that a question
 * about a token reads five rows for 64 blocks. Blocks of a group that is not complete have their
 * tokens in memory; after a restart these are taken from their text again when they are asked for.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Need } from "./plan.ts";

/** Blocks in a group. */
export const GROUP_BLOCKS = 64;
const BITS_PER_TOKEN = 12;
/** Places of one token. */
const PLACES = 5;
/** Rows of places in one row of the database, so that it fills a page of 4 KB. */
const PIECE_PLACES = 504;
const ROW_BYTES = GROUP_BLOCKS / 8;
/** More than a group has pieces. */
const PIECES_MAX = 65_536;

interface Group {
  id: number;
  firstBlock: number;
  lastBlock: number;
  places: number;
}

/** One bit a block of a group: the low and the high 32. */
type Mask = readonly [number, number];
const ALL: Mask = [-1, -1];

export class Filters {
  /** Ascending, apart. */
  #groups: Group[] = [];
  /** Tokens of blocks that are in no group yet. */
  readonly #loose = new Map<number, Int32Array>();
  readonly #tokensOfBlock: (block: number) => Int32Array | undefined;
  readonly #firstBlock: () => number;
  readonly #sql: Record<string, StatementSync>;

  /**
   * @param tokensOfBlock takes the tokens of a sealed block from its text
   * @param firstBlock the oldest block that there is; Infinity where there is none
   */
  constructor(
    database: DatabaseSync,
    tokensOfBlock: (block: number) => Int32Array | undefined,
    firstBlock: () => number,
  ) {
    this.#tokensOfBlock = tokensOfBlock;
    this.#firstBlock = firstBlock;
    this.#sql = {
      all: database.prepare(
        "SELECT id, first_block AS firstBlock, last_block AS lastBlock, places FROM groups ORDER BY id",
      ),
      add: database.prepare(
        "INSERT INTO groups (first_block, last_block, places) VALUES (?,?,?)",
      ),
      addPiece: database.prepare("INSERT INTO slices (id, bits) VALUES (?,?)"),
      piece: database.prepare("SELECT bits FROM slices WHERE id=?"),
      drop: database.prepare("DELETE FROM groups WHERE id=?"),
      dropPieces: database.prepare("DELETE FROM slices WHERE id>=? AND id<?"),
    };
    this.load();
  }

  load(): void {
    this.#groups = this.#sql.all.all() as unknown as Group[];
    this.#loose.clear();
  }

  /**
   * Notes the tokens of a block that was just sealed; blocks come in ascending order. Within a
   * transaction.
   */
  add(block: number, tokens: Int32Array): void {
    this.#loose.set(block, tokens);
    const last = this.#groups[this.#groups.length - 1];
    // Blocks of before a restart belong to the group as well.
    const first = Math.max(Math.min(this.#firstBlock(), block), (last?.lastBlock ?? 0) + 1);
    if (block - first + 1 >= GROUP_BLOCKS) this.#close(first, block);
  }

  /** Writes the blocks `first` to `last` as a group. */
  #close(first: number, last: number): void {
    const lists: (Int32Array | undefined)[] = [];
    let most = 0, sum = 0;
    for (let block = first; block <= last; block++) {
      const tokens = this.#tokens(block);
      lists.push(tokens);
      most = Math.max(most, tokens?.length ?? 0);
      sum += tokens?.length ?? 0;
    }
    // Between the mean and the largest: large blocks get some more false positives, small ones fewer.
    const tokens = (sum / lists.length + most) / 2;
    const places = Math.max(64, Math.ceil(tokens * BITS_PER_TOKEN));
    const id = Number(this.#sql.add.run(first, last, places).lastInsertRowid);
    const rows = new Uint8Array(places * ROW_BYTES);
    lists.forEach((hashes, column) => {
      if (hashes !== undefined) mark(rows, hashes, places, column);
    });
    const pieceBytes = PIECE_PLACES * ROW_BYTES;
    for (let piece = 0; piece * pieceBytes < rows.length; piece++) {
      const bits = rows.subarray(piece * pieceBytes, (piece + 1) * pieceBytes);
      this.#sql.addPiece.run(id * PIECES_MAX + piece, bits);
    }
    this.#groups.push({ id, firstBlock: first, lastBlock: last, places });
    for (let block = first; block <= last; block++) this.#loose.delete(block);
  }

  #tokens(block: number): Int32Array | undefined {
    let tokens = this.#loose.get(block);
    if (tokens === undefined) {
      tokens = this.#tokensOfBlock(block);
      if (tokens !== undefined) this.#loose.set(block, tokens);
    }
    return tokens;
  }

  /** Forgets the groups of which every block is below `firstKept`. Within a transaction. */
  dropBelow(firstKept: number): void {
    for (const group of this.#groups) {
      if (group.lastBlock >= firstKept) continue;
      this.#sql.drop.run(group.id);
      this.#sql.dropPieces.run(group.id * PIECES_MAX, (group.id + 1) * PIECES_MAX);
    }
    this.#groups = this.#groups.filter((group) => group.lastBlock >= firstKept);
    for (const block of [...this.#loose.keys()]) if (block < firstKept) this.#loose.delete(block);
  }

  /**
   * A question to be put to many blocks: `false` means that the block certainly does not meet the
   * need.
   */
  ask(need: Need): (block: number) => boolean {
    if (need === undefined) return () => true;
    const masks = new Map<Group, Mask>();
    return (block) => {
      const group = this.#groupOf(block);
      if (group === undefined) {
        const tokens = this.#tokens(block);
        return tokens === undefined || meets(need, (hash) => tokens.includes(hash));
      }
      let mask = masks.get(group);
      if (mask === undefined) masks.set(group, mask = this.#maskOf(group, need));
      const column = block - group.firstBlock;
      return (mask[column >> 5] >>> (column & 31) & 1) === 1;
    };
  }

  #groupOf(block: number): Group | undefined {
    let low = 0, high = this.#groups.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1, group = this.#groups[middle];
      if (block < group.firstBlock) high = middle - 1;
      else if (block > group.lastBlock) low = middle + 1;
      else return group;
    }
    return undefined;
  }

  #maskOf(group: Group, need: Need): Mask {
    if (need === undefined) return ALL;
    let low = -1, high = -1;
    if ("hashes" in need) {
      for (const hash of need.hashes) {
        for (const place of placesOf(hash, group.places)) {
          const piece = Math.floor(place / PIECE_PLACES);
          const row = this.#sql.piece.get(group.id * PIECES_MAX + piece) as
            | { bits: Uint8Array }
            | undefined;
          if (row === undefined) return [0, 0];
          const at = (place - piece * PIECE_PLACES) * ROW_BYTES;
          const view = new DataView(row.bits.buffer, row.bits.byteOffset + at, ROW_BYTES);
          low &= view.getInt32(0, true);
          high &= view.getInt32(4, true);
          if ((low | high) === 0) return [0, 0];
        }
      }
      return [low, high];
    }
    if ("every" in need) {
      for (const one of need.every) {
        const mask = this.#maskOf(group, one);
        low &= mask[0];
        high &= mask[1];
        if ((low | high) === 0) break;
      }
      return [low, high];
    }
    low = high = 0;
    for (const one of need.any) {
      const mask = this.#maskOf(group, one);
      low |= mask[0];
      high |= mask[1];
    }
    return [low, high];
  }
}

function meets(need: Need, has: (hash: number) => boolean): boolean {
  if (need === undefined) return true;
  if ("hashes" in need) return need.hashes.every(has);
  if ("any" in need) return need.any.some((one) => meets(one, has));
  return need.every.every((one) => meets(one, has));
}

function stepOf(hash: number): number {
  return (Math.imul(hash, 0x9e3779b1) >>> 0) | 1;
}

function placesOf(hash: number, places: number): number[] {
  const step = stepOf(hash);
  const found: number[] = [];
  let place = hash >>> 0;
  for (let k = 0; k < PLACES; k++) {
    found.push(place % places);
    place = (place + step) >>> 0;
  }
  return found;
}

/** Sets the bit of the column in the rows of all places of the hashes. */
function mark(rows: Uint8Array, hashes: Int32Array, places: number, column: number): void {
  const byte = column >> 3, bit = 1 << (column & 7);
  for (let i = 0; i < hashes.length; i++) {
    const hash = hashes[i];
    const step = stepOf(hash) >>> 0;
    let place = hash >>> 0;
    for (let k = 0; k < PLACES; k++) {
      rows[(place % places) * ROW_BYTES + byte] |= bit;
      place = (place + step) >>> 0;
    }
  }
}
