/**
 * Recognises a file: its head, which grows with it, and the bytes before an offset. Hashes, not the bytes, are kept, so
 * that no log text stands in a checkpoint.
 */
import { createHash } from "node:crypto";
import { crc32c } from "../../core/kafka/crc32c.ts";
import { followsTrail } from "./trail.ts";
import type { Packed } from "../unpack/packed_file.ts";

/** Bytes of the head that are looked at. */
export const HEAD_BYTES = 1024;
/** Bytes before an offset that are looked at. */
export const MARK_BYTES = 64;

/** Of how many first bytes a prefix holds a sum, where the file has so many. */
const SUMMED_BYTES = [64, 256, HEAD_BYTES] as const;

const TEXT_BYTES = 64;

/** What is kept in memory of the first bytes of each open file: a new file differs in it from most, without a read. */
export interface Prefix {
  /** The first 64 bytes as latin1. */
  text: string;
  /** Sums of the first SUMMED_BYTES, as far as there are so many. */
  sums: readonly number[];
}

/** `bytes`: the first ones of a file, HEAD_BYTES of them or all. */
export function prefixOf(bytes: Uint8Array): Prefix {
  const sums: number[] = [];
  for (let i = 0, from = 0; i < SUMMED_BYTES.length; i++) {
    if (bytes.length < SUMMED_BYTES[i]) break;
    sums.push(crc32c(bytes, from, SUMMED_BYTES[i], sums[i - 1] ?? 0));
    from = SUMMED_BYTES[i];
  }
  return { text: String.fromCharCode(...bytes.subarray(0, TEXT_BYTES)), sums };
}

/** False where neither of two files can begin as the other one does. */
export function prefixesFit(a: Prefix, b: Prefix): boolean {
  const common = Math.min(a.sums.length, b.sums.length);
  if (common > 0) return a.sums[common - 1] === b.sums[common - 1];
  return a.text.length < b.text.length ? b.text.startsWith(a.text) : a.text.startsWith(b.text);
}

export interface Hash {
  length: number;
  /** 16 bytes of SHA-256, base64url. */
  hash: string;
}

export function hashOf(bytes: Uint8Array): Hash {
  return {
    length: bytes.length,
    hash: createHash("sha256").update(bytes).digest("base64url").slice(0, 22),
  };
}

/** What is known of a file from an earlier look. */
export interface KnownFile {
  device: number;
  inode: number;
  head: Hash;
  /** It was truncated or replaced: its own inode holds another life. */
  retired?: boolean;
  /** Only a packed copy may be it, and only one that is as long as what was read. */
  brief?: boolean;
  /** Where it is a packed file. */
  packed?: Packed;
  /** It is a copy that ends before what was read: its size at least, and the bytes before that. */
  ends?: { size: number; mark: Hash };
  /** Of one that was truncated or removed (trail.ts). */
  trail?: number[];
  /** For each topic: acknowledged offset and the bytes before it. */
  marks: readonly { offset: number; mark: Hash }[];
}

/** A file as it is now, with access to its bytes. */
export interface SeenFile {
  device: number;
  inode: number;
  size: number;
  /** Where it is a packed file that was unpacked once. */
  packed?: Packed;
  /** Reads exactly `length` bytes at `position`, or fewer at the end. */
  read(position: number, length: number): Promise<Uint8Array>;
}

/**
 * True where head and all marks of `known` are found in `seen`: the file has only grown since.
 * @param mayEnd it may also be a copy that ends before what was read
 */
export async function sameContent(
  known: KnownFile,
  seen: SeenFile,
  mayEnd = false,
): Promise<boolean> {
  if (samePacked(known.packed, seen.packed)) return true;
  if (seen.size < known.head.length) return false;
  const furthest = Math.max(0, ...known.marks.map(({ offset }) => offset));
  if (known.brief && (seen.packed === undefined || seen.size !== furthest)) return false;
  const head = await seen.read(0, known.head.length);
  if (head.length !== known.head.length || hashOf(head).hash !== known.head.hash) return false;
  if (seen.size < furthest) return await isPrefix(known, seen, mayEnd);
  for (const { offset, mark } of known.marks) {
    const bytes = await seen.read(offset - mark.length, mark.length);
    if (hashOf(bytes).hash !== mark.hash) return false;
  }
  return true;
}

/** True where the file is a copy that ends before what was read of its original. */
async function isPrefix(
  { ends, trail }: KnownFile,
  seen: SeenFile,
  mayEnd: boolean,
): Promise<boolean> {
  if (ends === undefined) return mayEnd && await followsTrail(trail ?? [], seen);
  if (seen.size < ends.size) return false;
  const { length, hash } = ends.mark;
  return hashOf(await seen.read(ends.size - length, length)).hash === hash;
}

/** The end of a copy that is shorter than what was read of its original: it is known by that. */
export async function endAt(
  size: number,
  read: SeenFile["read"],
): Promise<{ size: number; mark: Hash }> {
  const start = Math.max(0, size - MARK_BYTES);
  return { size, mark: hashOf(await read(start, size - start)) };
}

function samePacked(a?: Packed, b?: Packed): boolean {
  return a !== undefined && b !== undefined && a.size === b.size && a.hash === b.hash;
}

/**
 * Which of the known files this is, if any, in the order that docs/decisions/0002-recognition.md gives: the same inode with
 * the same content (device included, then without it); else the only known file with this content whose own inode is
 * gone or was just truncated. A known file without a head was never read, so it is never recognised: nothing is
 * lost or doubled by a new generation.
 */
export async function recognise<K extends KnownFile>(
  seen: SeenFile,
  known: readonly K[],
  ownInodeGone: (candidate: K) => Promise<boolean>,
): Promise<K | undefined> {
  const read = known.filter((candidate) => candidate.head.length > 0);
  const sameInode = read.filter(({ inode, retired }) => inode === seen.inode && !retired)
    .sort((a, b) => Number(b.device === seen.device) - Number(a.device === seen.device));
  for (const candidate of sameInode) {
    if (await sameContent(candidate, seen)) return candidate;
  }
  const moved: K[] = [];
  for (const candidate of read) {
    if (candidate.inode === seen.inode) continue;
    if (await sameContent(candidate, seen, true) && await ownInodeGone(candidate)) {
      moved.push(candidate);
    }
  }
  return moved.length === 1 ? moved[0] : undefined;
}
