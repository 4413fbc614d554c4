/**
 * Which file systems are mounted where, as the kernel lists them, and which of them get their answers from another
 * machine or process: those may stop answering, for good. Asking here touches none of them: a path is followed link by
 * link up to the first such mount, and no further.
 */
import type { Clock } from "./ports/clock.ts";

export interface Mount {
  /** The kernel's number of this mount; the next one at the same place has another. */
  id: string;
  /** Where it is mounted, absolute. */
  point: string;
  /** "nfs4", "fuse.sshfs". */
  type: string;
  /** Its answers come from another machine or process. */
  isRemote: boolean;
}

export interface MountsOptions {
  clock: Clock;
  /** The text of /proc/self/mountinfo; throws where there is none. */
  mountinfo: () => string;
  /** What a link holds; undefined where the path is none, or cannot be read. */
  readLink: (path: string) => Promise<string | undefined>;
}

const REMOTE =
  /^(fuse(blk|\..*)?|nfs4?|cifs|smb3|smbfs|ceph|9p|virtiofs|afs|lustre|gpfs|beegfs|orangefs|ocfs2|gfs2|autofs)$/;
/** How long the list is taken as it was read. */
const LISTED_MS = 1000;
/** As the kernel's own limit. */
const LINKS_MAX = 40;

export class Mounts {
  readonly #options: MountsOptions;
  #byPoint = new Map<string, Mount>();
  #hasRemote = false;
  #listedMs = -Infinity;

  constructor(options: MountsOptions) {
    this.#options = options;
  }

  /** True where there is a mount that may stop answering; else nothing has to be asked about paths. */
  get hasRemote(): boolean {
    this.#list();
    return this.#hasRemote;
  }

  /** The list is read anew before the next answer. */
  listAgain(): void {
    this.#listedMs = -Infinity;
  }

  /** The mount that a path without links lies on; undefined where it is none of the remote ones. */
  remoteAt(path: string): Mount | undefined {
    if (!this.hasRemote) return undefined;
    const mount = this.#at(path);
    return mount?.isRemote ? mount : undefined;
  }

  /** The first remote mount that a path leads over by any link; undefined where it is local all the way. */
  async remoteOn(path: string): Promise<Mount | undefined> {
    if (!this.hasRemote) return undefined;
    const rest = path.split("/").filter((part) => part !== "");
    let at = "";
    for (let links = 0; rest.length > 0 && links <= LINKS_MAX;) {
      const part = rest.shift()!;
      if (part === ".") continue;
      if (part === "..") {
        at = at.slice(0, Math.max(0, at.lastIndexOf("/")));
        continue;
      }
      const next = `${at}/${part}`;
      const mount = this.#at(next);
      if (mount?.isRemote) return mount;
      const target = await this.#options.readLink(next);
      if (target === undefined) at = next;
      else {
        links++;
        rest.unshift(...target.split("/").filter((one) => one !== ""));
        if (target.startsWith("/")) at = "";
      }
    }
    return undefined;
  }

  #at(path: string): Mount | undefined {
    for (let at = path; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
      const mount = this.#byPoint.get(at);
      if (mount !== undefined) return mount;
    }
    return this.#byPoint.get("/");
  }

  #list(): void {
    const now = this.#options.clock.monotonicMs();
    if (now - this.#listedMs < LISTED_MS) return;
    this.#listedMs = now;
    let text: string;
    try {
      text = this.#options.mountinfo();
    } catch {
      text = ""; // no Linux, or no /proc: nothing is known, and nothing is held back
    }
    this.#byPoint = mountsOf(text);
    this.#hasRemote = [...this.#byPoint.values()].some(({ isRemote }) => isRemote);
  }
}

/** The mounts of a mountinfo by their place; of several at one place the one on top. */
export function mountsOf(text: string): Map<string, Mount> {
  const mounts = new Map<string, Mount>();
  for (const line of text.split("\n")) {
    const [before, after] = line.split(" - ");
    if (after === undefined) continue;
    const [id, , , , written] = before.split(" "), [type] = after.split(" ");
    if (written === undefined) continue;
    const point = written.replace(/\\([0-7]{3})/g, (_, code) => {
      return String.fromCharCode(parseInt(code, 8));
    });
    mounts.set(point, { id, point, type, isRemote: REMOTE.test(type) });
  }
  return mounts;
}
