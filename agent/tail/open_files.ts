/**
 * The open files by inode and by path. A file is opened inside the allowed roots alone, and once, whatever names lead
 * to it; whatever is opened here is closed by `release`.
 */
import { WeirError } from "../../core/errors.ts";
import { type Files, isNotFound } from "../../core/ports/files.ts";
import { PackedFile } from "../unpack/packed_file.ts";
import { UnpackPool } from "../unpack/unpack_pool.ts";
import { openInside } from "./discovery.ts";
import { HEAD_BYTES, prefixOf } from "./fingerprint.ts";
import type { KnownFiles } from "./known_files.ts";
import { newFileState } from "./new_state.ts";
import type { TailContext } from "./tail_context.ts";
import { TailedFile } from "./tailed_file.ts";
import { keyOf } from "./turns.ts";

export interface OpenFilesOptions {
  files: Files;
  roots: readonly string[];
  /** Leave out files that begin with a NUL byte in their first 512 bytes. */
  skipBinary: boolean;
}

export class OpenFiles {
  readonly #options: OpenFilesOptions;
  readonly #known: KnownFiles;
  readonly #byKey = new Map<string, TailedFile>();
  readonly #byPath = new Map<string, TailedFile>();
  readonly #unpackPool = new UnpackPool();

  constructor(options: OpenFilesOptions, known: KnownFiles) {
    this.#options = options;
    this.#known = known;
  }

  /** By device and inode, oldest first. */
  get byKey(): ReadonlyMap<string, TailedFile> {
    return this.#byKey;
  }

  get size(): number {
    return this.#byKey.size;
  }

  values(): IterableIterator<TailedFile> {
    return this.#byKey.values();
  }

  at(path: string): TailedFile | undefined {
    return this.#byPath.get(path);
  }

  /**
   * Opens the file at a path. Rejects with its WeirError, with BINARY_FILE where it is no text, and with NotYet where
   * it is a packed one that has to be unpacked first.
   */
  async open(path: string, context: TailContext, round: number): Promise<TailedFile> {
    const { files, roots } = this.#options;
    const { handle, stat } = await openInside(path, roots, files);
    const key = keyOf(stat);
    const same = this.#byKey.get(key);
    if (same !== undefined) { // its name changed a moment ago
      handle.close();
      return same;
    }
    const isPacked = path.endsWith(".gz");
    const unpacked = isPacked ? new PackedFile(handle, this.#unpackPool) : handle;
    const file = new TailedFile(context, unpacked, newFileState(path, stat), path);
    try {
      if (file.packed !== undefined) await this.#beginUnpacking(file, stat.inode);
      const begin = await file.read(0, HEAD_BYTES);
      if (this.#options.skipBinary && begin.subarray(0, 512).includes(0)) {
        throw new WeirError("BINARY_FILE", `Not read: "${path}" is not text`);
      }
      file.modifiedMs = stat.modifiedMs;
      file.life.prefix = prefixOf(begin);
      file.round = file.prefixRound = round;
      this.#byKey.set(key, file);
      this.setPath(file, path);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  async #beginUnpacking(file: TailedFile, inode: number): Promise<void> {
    const known = this.#known.packedOf(inode);
    if (known !== undefined) await file.packed!.trust(known);
    await file.measure();
    if (known?.isTold && file.packed!.packed === known) file.faultTold = known.fault ?? "";
  }

  setPath(file: TailedFile, path: string): void {
    this.#forgetPath(file);
    file.isMoved ||= file.path !== path;
    file.path = path;
    this.#byPath.set(path, file);
  }

  /** No path that is wanted leads to it; `as`: the one that it is told of by. */
  detach(file: TailedFile, as = file.path): void {
    if (as !== file.path) this.#forgetPath(file);
    file.path = as;
    file.detached = true;
  }

  #forgetPath(file: TailedFile): void {
    if (this.#byPath.get(file.path) === file) this.#byPath.delete(file.path);
  }

  /** True where the path leads to this device and inode now. Rejects with the WeirError of a fault that may pass. */
  async leadsTo(path: string, key: string): Promise<boolean> {
    try {
      return keyOf(await this.#options.files.stat(path)) === key;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /** Closes a file; it is no open one any more. */
  release(file: TailedFile): void {
    const key = keyOf(file.state);
    if (this.#byKey.get(key) === file) this.#byKey.delete(key);
    this.#forgetPath(file);
    file.close();
  }
}
