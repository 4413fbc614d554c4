/**
 * Objects as files below a folder. An object is written under a temporary name, synced, and then linked or renamed to
 * its own, and the folder is synced: the order in which a power cut leaves the old or the new.
 */
import fs from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf, WeirError } from "../errors.ts";
import { isObjectName, type ObjectEntry, type ObjectReader, type ObjectStore } from "./objects.ts";

/** Begins names that are no objects yet; a listing leaves them out. */
const TEMPORARY = ".tmp-";

export class FolderObjects implements ObjectStore, ObjectReader {
  readonly name: string;
  readonly #folder: string;

  /** @param folder made where missing */
  constructor(folder: string) {
    this.#folder = folder;
    this.name = folder;
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    try {
      const { buffer, byteOffset, length } = await fs.readFile(this.#path(name));
      return new Uint8Array(buffer, byteOffset, length);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw this.#failed("read", name, error);
    }
  }

  async slice(name: string, from: number, to: number): Promise<Uint8Array | undefined> {
    let file;
    try {
      file = await fs.open(this.#path(name), "r");
      const bytes = new Uint8Array(Math.max(0, Math.min(to, (await file.stat()).size) - from));
      let at = 0;
      while (at < bytes.length) {
        const { bytesRead } = await file.read(bytes, at, bytes.length - at, from + at);
        if (bytesRead === 0) break;
        at += bytesRead;
      }
      return bytes.subarray(0, at);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw this.#failed("read", name, error);
    } finally {
      await file?.close();
    }
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    await this.#write(name, bytes, async (from, to) => {
      await fs.rename(from, to);
    });
  }

  async create(name: string, bytes: Uint8Array): Promise<boolean> {
    let made = true;
    await this.#write(name, bytes, async (from, to) => {
      try {
        await fs.link(from, to); // unlike rename(), it fails where there is one
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
        made = false;
      }
      await fs.unlink(from);
    });
    return made;
  }

  async *list(folder: string): AsyncIterable<ObjectEntry> {
    let entries;
    try {
      entries = await fs.readdir(join(this.#folder, folder), { withFileTypes: true });
    } catch (error) {
      if (codeOf(error) === "ENOENT") return;
      throw this.#failed("list", folder, error);
    }
    for (const entry of entries) {
      const name = folder + entry.name;
      if (entry.isDirectory()) yield* this.list(`${name}/`);
      else if (entry.isFile() && !entry.name.startsWith(TEMPORARY)) {
        const stat = await fs.stat(join(this.#folder, name)).catch(() => undefined); // just deleted
        if (stat !== undefined) yield { name, bytes: stat.size };
      }
    }
  }

  async *folders(folder: string): AsyncIterable<string> {
    try {
      const entries = await fs.readdir(join(this.#folder, folder), { withFileTypes: true });
      for (const entry of entries) if (entry.isDirectory()) yield entry.name;
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw this.#failed("list", folder, error);
    }
  }

  async delete(name: string): Promise<void> {
    try {
      await fs.rm(this.#path(name), { force: true });
    } catch (error) {
      throw this.#failed("delete", name, error);
    }
  }

  close(): void {}

  #path(name: string): string {
    if (!isObjectName(name)) throw new Error(`Not the name of an object: ${name}`);
    return join(this.#folder, name);
  }

  async #write(
    name: string,
    bytes: Uint8Array,
    publish: (from: string, to: string) => Promise<void>,
  ): Promise<void> {
    const path = this.#path(name), folder = dirname(path);
    const temporary = join(folder, `${TEMPORARY}${crypto.randomUUID()}`);
    try {
      await fs.mkdir(folder, { recursive: true });
      const file = await fs.open(temporary, "wx", 0o640);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await publish(temporary, path);
      const handle = await fs.open(folder, "r");
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      await fs.rm(temporary, { force: true }).catch(() => {}); // what failed is told, not this
      throw this.#failed("write", name, error);
    }
  }

  #failed(action: string, name: string, error: unknown): WeirError {
    const code = codeOf(error);
    return new WeirError(
      "ARCHIVE_FOLDER",
      `Cannot ${action} ${name} in ${this.#folder}: ${messageOf(error)}`,
      {
        hint: code === "ENOSPC"
          ? "Make room on that disk."
          : code === "EACCES" || code === "EPERM"
          ? "Let the transfer's user write to that folder."
          : "Look at the folder and its disk.",
        retriable: true,
        cause: error,
      },
    );
  }
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? "";
}
