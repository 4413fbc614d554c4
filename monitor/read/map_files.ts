/**
 * HostFiles out of a table of paths: the in-memory adapter, for unit tests. A path that ends in "@"
 * is a symbolic link.
 */
import type { HostFiles } from "./host_files.ts";
import type { VolumeCounts } from "./host_sample.ts";

export class MapFiles implements HostFiles {
  /** Absolute path → text; an Error is thrown when it is read. May be changed between reads. */
  files: Record<string, string | Error>;
  volumes: Record<string, VolumeCounts>;
  /** Folders that `forgetSys` was called with. */
  forgotten: string[] = [];

  constructor(files: Record<string, string | Error>, volumes: Record<string, VolumeCounts> = {}) {
    this.files = files;
    this.volumes = volumes;
  }

  proc(path: string): string {
    return this.#read(`/proc/${path}`);
  }
  tryProc(path: string): string | undefined {
    return this.#try(`/proc/${path}`);
  }
  trySys(path: string): string | undefined {
    return this.#try(`/sys/${path}`)?.trim();
  }
  keptSys(path: string): string | undefined {
    return this.trySys(path);
  }
  forgetSys(folder: string): void {
    this.forgotten.push(folder);
  }
  close(): void {
    // Nothing is kept open.
  }
  listProc(path: string): string[] {
    return this.#list(path === "" ? "/proc/" : `/proc/${path}/`);
  }
  listSys(path: string): string[] {
    return this.#list(`/sys/${path}/`);
  }
  foldersSys(path: string): string[] {
    const inside = (name: string) =>
      Object.keys(this.files).some((file) => file.startsWith(`/sys/${path}/${name}/`));
    return this.listSys(path).filter(inside);
  }
  sysLink(path: string): string | undefined {
    return this.#try(`/sys/${path}@`);
  }
  tryRoot(path: string): string | undefined {
    return this.#try(path);
  }
  tryRootBytes(path: string): Uint8Array | undefined {
    const text = this.#try(path);
    return text === undefined ? undefined : Uint8Array.from(text, (char) => char.charCodeAt(0));
  }
  statfs(mountPoint: string): Promise<VolumeCounts> {
    const found = this.volumes[mountPoint];
    return found === undefined
      ? Promise.reject(new Error(`no such mount: ${mountPoint}`))
      : Promise.resolve(found);
  }

  #read(path: string): string {
    const text = this.files[path];
    if (text === undefined) throw new Deno.errors.NotFound(`no such file: ${path}`);
    if (text instanceof Error) throw text;
    return text;
  }
  #try(path: string): string | undefined {
    const text = this.files[path];
    return text instanceof Error ? undefined : text;
  }
  #list(folder: string): string[] {
    const names = Object.keys(this.files).filter((path) => path.startsWith(folder))
      .map((path) => path.slice(folder.length).split("/")[0].replace(/@$/, ""));
    return [...new Set(names)].sort();
  }
}
