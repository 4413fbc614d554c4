/**
 * Control groups below /sys/fs/cgroup, of version 1 or 2, whichever is mounted: containers, services
 * and the slices they lie in. The groups nearest to the root come first, and no more are read than
 * asked for; the rest is counted. Names and images come from Docker's own files, where they may be
 * read; nothing is asked of a runtime.
 */
import { type Controller, CONTROLLERS, readGroup1 } from "./cgroup_v1.ts";
import { readGroup2 } from "./cgroup_v2.ts";
import type { Containers, ContainerUsage } from "./container_usage.ts";
import type { HostFiles } from "./host_files.ts";

const ROOT = "fs/cgroup";
/** Groups below groups that are looked into: pods lie three deep, nested runtimes twice that. */
const DEPTH_MAX = 8;
/** Where a folder has more groups than any host runs, the walk ends too. */
const WALKED_MAX = 5000;
/** A container's id, as Docker, Podman and containerd make it, at the end of a group's name. */
const CONTAINER_ID = /(?:^|[-/:])([0-9a-f]{64})(?:\.scope)?$/;

interface Named {
  name: string;
  image: string;
}

export class ContainerReader {
  #files: HostFiles;
  #ignore: RegExp;
  #max: number;
  /** "254:0" → "vda". */
  #devices = new Map<string, string>();
  /** Container id → what Docker calls it; those that are gone are forgotten. */
  #names = new Map<string, Named>();

  /** `ignore`: groups that are left out with all below them; `max`: most groups in a sample. */
  constructor(files: HostFiles, ignore: RegExp, max: number) {
    this.#files = files;
    this.#ignore = ignore;
    this.#max = max;
  }

  /** Throws where no control groups are mounted. */
  read(): Containers {
    const version2 = this.#files.trySys(`${ROOT}/cgroup.controllers`) !== undefined;
    const homes = version2 ? new Map<Controller, string>() : this.#hierarchies();
    if (!version2 && homes.size === 0) throw new Error("no control groups are mounted");
    const roots = version2 ? [ROOT] : [...new Set(homes.values())];
    const { ids, leftOut } = this.#walk(roots);
    const deviceOf = (number: string) => this.#deviceOf(number);
    const found = ids.map((id): ContainerUsage => {
      const path = id === "/" ? "" : id;
      const usage = version2
        ? readGroup2((name) => this.#files.trySys(`${ROOT}${path}/${name}`), deviceOf)
        : readGroup1((controller, name) => {
          const home = homes.get(controller);
          return home === undefined ? undefined : this.#files.trySys(`${home}${path}/${name}`);
        }, deviceOf);
      return { id, ...this.#nameOf(id), ...usage };
    });
    this.#forget(ids);
    return { found, leftOut };
  }

  /** Folders of version 1: "cpu,cpuacct" is one folder for two controllers. */
  #hierarchies(): Map<Controller, string> {
    const homes = new Map<Controller, string>();
    for (const folder of this.#files.foldersSys(ROOT)) {
      const names = folder.split(",");
      for (const controller of CONTROLLERS) {
        // The folder "cpu" may be a link to "cpu,cpuacct": either will do.
        if (names.includes(controller)) homes.set(controller, `${ROOT}/${folder}`);
      }
    }
    return homes;
  }

  /** Paths of the groups in any of the hierarchies, by depth. */
  #walk(roots: readonly string[]): { ids: string[]; leftOut: number } {
    const ids = ["/"];
    let level = [""], walked = 0;
    for (let depth = 0; depth < DEPTH_MAX && level.length > 0; depth++) {
      const below = new Set<string>();
      for (const parent of level) {
        for (const root of roots) {
          for (const name of this.#files.foldersSys(`${root}${parent}`)) {
            if (walked + below.size >= WALKED_MAX) break;
            const id = `${parent}/${name}`;
            if (!this.#ignore.test(id)) below.add(id);
          }
        }
      }
      level = [...below];
      walked += level.length;
      ids.push(...level);
    }
    const leftOut = Math.max(0, ids.length - this.#max);
    return { ids: ids.slice(0, this.#max), leftOut };
  }

  #deviceOf(number: string): string {
    const known = this.#devices.get(number);
    if (known !== undefined) return known;
    const link = this.#files.sysLink(`dev/block/${number}`);
    const device = link?.slice(link.lastIndexOf("/") + 1) ?? number;
    this.#devices.set(number, device);
    return device;
  }

  #nameOf(id: string): Named {
    const container = CONTAINER_ID.exec(id)?.[1];
    if (container === undefined) return { name: "", image: "" };
    const known = this.#names.get(container);
    if (known !== undefined) return known;
    const text = this.#files.tryRoot(`/var/lib/docker/containers/${container}/config.v2.json`);
    const named = text === undefined ? { name: "", image: "" } : namesOf(text);
    this.#names.set(container, named);
    return named;
  }

  #forget(ids: readonly string[]): void {
    if (this.#names.size === 0) return;
    const there = new Set(ids.map((id) => CONTAINER_ID.exec(id)?.[1]));
    for (const container of this.#names.keys()) {
      if (!there.has(container)) this.#names.delete(container);
    }
  }
}

/** Out of Docker's config.v2.json; "" for what it does not say. */
function namesOf(text: string): Named {
  try {
    const { Name, Config } = JSON.parse(text);
    const said = (value: unknown) => typeof value === "string" ? value : "";
    return { name: said(Name).replace(/^\//, ""), image: said(Config?.Image) };
  } catch {
    return { name: "", image: "" }; // written at this moment, or another version's: known by id alone
  }
}
