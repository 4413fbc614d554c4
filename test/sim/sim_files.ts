/** The simulated Files: memory with short reads, passing faults and a full disk, by seed. */
import { WeirError } from "../../core/errors.ts";
import type { DirEntry, FileHandle, FileStat } from "../../core/ports/files.ts";
import { MemoryFiles } from "../../core/ports/memory_files.ts";
import type { Random } from "../support/random.ts";

export class SimFiles extends MemoryFiles {
  readonly #random: Random;
  faulty = true;

  constructor(random: Random) {
    super();
    this.#random = random;
  }

  #maybeFail(action: string, path: string): void {
    if (!this.faulty || !this.#random.chance(0.01)) return;
    throw new WeirError("FILE_FAILED", `Cannot ${action} "${path}": simulated`, {
      retriable: true,
    });
  }

  override async open(path: string): Promise<FileHandle> {
    this.#maybeFail("open", path);
    const handle = await super.open(path);
    return {
      stat: () => handle.stat(),
      close: () => handle.close(),
      read: async (into, position) => {
        this.#maybeFail("read", path);
        const short = this.faulty && into.length > 1 && this.#random.chance(0.2);
        return await handle.read(
          short ? into.subarray(0, 1 + this.#random.below(into.length - 1)) : into,
          position,
        );
      },
    };
  }

  override async stat(path: string): Promise<FileStat> {
    this.#maybeFail("look at", path);
    return await super.stat(path);
  }

  override async readDir(path: string): Promise<DirEntry[]> {
    this.#maybeFail("list", path);
    return await super.readDir(path);
  }

  override async writeAtomic(path: string, content: Uint8Array): Promise<void> {
    if (this.faulty && this.#random.chance(0.03)) {
      throw new WeirError("DISK_FULL", `Cannot write "${path}": no room`, { retriable: true });
    }
    await super.writeAtomic(path, content);
  }
}
