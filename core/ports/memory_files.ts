/**
 * The in-memory Files adapter: directories are implied by paths, handles outlive rename and removal, `writeAtomic` is
 * atomic. For unit tests and the simulator, with the calls of a writer beside those of the port.
 */
import { WeirError } from "../errors.ts";
import type { DirEntry, FileHandle, Files, FileStat } from "./files.ts";

interface Node {
  inode: number;
  bytes: Uint8Array;
  links: number;
  modifiedMs: number;
  /** Open handles: while there is one, the inode is not free. */
  handles: number;
}

export class MemoryFiles implements Files {
  readonly #nodes = new Map<string, Node>();
  readonly #watchers = new Set<
    { directories: readonly string[]; changed: (path: string) => void }
  >();
  #nextInode = 1;
  #free: number[] = [];
  /** Of new nodes; change it to play a remount. */
  device = 1;
  /** Every inode number is used again as soon as it is free. */
  reuseInodes = false;
  /** Open handles now. */
  openHandles = 0;
  /** Thrown by the next `writeAtomic` calls. */
  writeFailure: WeirError | undefined;

  // What a program that writes logs does:

  append(path: string, text: string | Uint8Array): void {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    const node = this.#nodes.get(path) ?? this.#create(path);
    const joined = new Uint8Array(node.bytes.length + bytes.length);
    joined.set(node.bytes);
    joined.set(bytes, node.bytes.length);
    node.bytes = joined;
    node.modifiedMs++;
    this.#tell(path);
  }
  truncate(path: string, size = 0): void {
    const node = this.#need(path, "truncate");
    node.bytes = node.bytes.slice(0, size);
    node.modifiedMs++;
    this.#tell(path);
  }
  rename(from: string, to: string): void {
    const node = this.#need(from, "rename");
    if (this.#nodes.has(to)) this.#unlink(to);
    this.#nodes.delete(from);
    this.#nodes.set(to, node);
    this.#tell(from);
    this.#tell(to);
  }
  copy(from: string, to: string): void {
    const bytes = this.#need(from, "copy").bytes.slice();
    if (this.#nodes.has(to)) this.#unlink(to);
    this.#create(to).bytes = bytes;
    this.#tell(to);
  }
  paths(): string[] {
    return [...this.#nodes.keys()];
  }
  content(path: string): Uint8Array {
    return this.#need(path, "read").bytes;
  }

  #create(path: string): Node {
    const inode = this.reuseInodes ? this.#free.pop() ?? this.#nextInode++ : this.#nextInode++;
    const above: string[] = []; // directories that come into being with it
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      if (!this.#isDirectory(path.slice(0, at))) above.push(path.slice(0, at));
    }
    const node = { inode, bytes: new Uint8Array(0), links: 1, modifiedMs: 0, handles: 0 };
    this.#nodes.set(path, node);
    for (const directory of above) this.#tell(directory);
    return node;
  }
  #unlink(path: string): void {
    const node = this.#need(path, "remove");
    node.links--;
    this.#freeInode(node);
    this.#nodes.delete(path);
  }
  #freeInode(node: Node): void {
    if (node.links === 0 && node.handles === 0) this.#free.push(node.inode);
  }
  #need(path: string, action: string): Node {
    const node = this.#nodes.get(path);
    if (node === undefined) {
      throw new WeirError("FILE_NOT_FOUND", `Cannot ${action} "${path}": no such file`);
    }
    return node;
  }
  #tell(path: string): void {
    const directory = path.slice(0, path.lastIndexOf("/")) || "/";
    for (const watcher of this.#watchers) {
      if (watcher.directories.includes(directory)) watcher.changed(path);
    }
  }
  #isDirectory(path: string): boolean {
    const prefix = path.endsWith("/") ? path : `${path}/`;
    return [...this.#nodes.keys()].some((name) => name.startsWith(prefix));
  }
  #statOf(node: Node): FileStat {
    return {
      kind: "file",
      size: node.bytes.length,
      device: this.device,
      inode: node.inode,
      links: node.links,
      modifiedMs: node.modifiedMs,
    };
  }

  // The port:

  open(path: string): Promise<FileHandle> {
    const node = this.#nodes.get(path);
    if (node === undefined) {
      return Promise.reject(new WeirError("FILE_NOT_FOUND", `Cannot open "${path}": no such file`));
    }
    this.openHandles++;
    node.handles++;
    let open = true;
    return Promise.resolve({
      stat: () => Promise.resolve(this.#statOf(node)),
      read: (into: Uint8Array, position: number) => {
        const part = node.bytes.subarray(position, position + into.length);
        into.set(part);
        return Promise.resolve(part.length);
      },
      close: () => {
        if (!open) return;
        open = false;
        this.openHandles--;
        node.handles--;
        this.#freeInode(node);
      },
    });
  }
  stat(path: string): Promise<FileStat> {
    const node = this.#nodes.get(path);
    if (node !== undefined) return Promise.resolve(this.#statOf(node));
    if (this.#isDirectory(path)) {
      return Promise.resolve({
        kind: "directory",
        size: 0,
        device: this.device,
        inode: 0,
        links: 2,
        modifiedMs: 0,
      });
    }
    return Promise.reject(
      new WeirError("FILE_NOT_FOUND", `Cannot look at "${path}": no such file`),
    );
  }
  async realPath(path: string): Promise<string> {
    await this.stat(path);
    return path;
  }
  readDir(path: string): Promise<DirEntry[]> {
    const prefix = path.endsWith("/") ? path : `${path}/`;
    const found = new Map<string, DirEntry>();
    for (const name of this.#nodes.keys()) {
      if (!name.startsWith(prefix)) continue;
      const [first, ...rest] = name.slice(prefix.length).split("/");
      found.set(first, { name: first, kind: rest.length > 0 ? "directory" : "file" });
    }
    if (found.size === 0) {
      return Promise.reject(
        new WeirError("FILE_NOT_FOUND", `Cannot list "${path}": no such directory`),
      );
    }
    return Promise.resolve([...found.values()]);
  }
  async readText(path: string): Promise<string> {
    return await new TextDecoder().decode(this.#need(path, "read").bytes);
  }
  async writeAtomic(path: string, content: Uint8Array): Promise<void> {
    if (this.writeFailure !== undefined) throw this.writeFailure;
    if (this.#nodes.has(path)) this.#unlink(path);
    this.#create(path).bytes = content.slice();
    await Promise.resolve();
  }
  async remove(path: string): Promise<void> {
    this.#unlink(path);
    this.#tell(path);
    await Promise.resolve();
  }
  watch(
    directories: readonly string[],
    changed: (path: string) => void,
    signal: AbortSignal,
  ): void {
    const watcher = { directories, changed };
    this.#watchers.add(watcher);
    signal.addEventListener("abort", () => this.#watchers.delete(watcher), { once: true });
  }
}
