/**
 * Block devices out of /proc/diskstats, and mounted filesystems. A filesystem that does not answer
 * within its time limit is reported as an error and left alone until the pending question is
 * answered: a dead file server costs one thread, never a scrape.
 */
import type { Clock } from "../../core/ports/clock.ts";
import type { HostFiles } from "./host_files.ts";
import type { DiskCounters, DiskIdentity, Filesystem, Mount } from "./host_sample.ts";
import { messageOf } from "../../core/errors.ts";

const NO_IDENTITY: DiskIdentity = { path: "", wwn: "", model: "", serial: "", revision: "" };

/** Reads /proc/diskstats; devices whose name fits `hide` are marked. */
export function parseDiskstats(text: string, hide: RegExp): DiskCounters[] {
  const found: DiskCounters[] = [];
  for (const line of text.split("\n")) {
    const words = line.trim().split(/\s+/);
    if (words.length < 14) continue;
    const numbers = words.slice(3).map(Number);
    found.push({
      device: words[2],
      major: Number(words[0]),
      minor: Number(words[1]),
      readsCompleted: numbers[0],
      readsMerged: numbers[1],
      sectorsRead: numbers[2],
      readMs: numbers[3],
      writesCompleted: numbers[4],
      writesMerged: numbers[5],
      sectorsWritten: numbers[6],
      writeMs: numbers[7],
      ioNow: numbers[8],
      ioMs: numbers[9],
      weightedMs: numbers[10],
      discards: numbers.length < 15 ? undefined : {
        completed: numbers[11],
        merged: numbers[12],
        sectors: numbers[13],
        ms: numbers[14],
      },
      flushes: numbers.length < 17 ? undefined : { completed: numbers[15], ms: numbers[16] },
      identity: NO_IDENTITY,
      wwid: "",
      hidden: hide.test(words[2]),
    });
  }
  return found;
}

/** What udev stored of a device (/run/udev/data/b8:0). */
export function parseUdev(text: string): DiskIdentity {
  const of = (key: string) => new RegExp(`^E:${key}=(.*)$`, "m").exec(text)?.[1] ?? "";
  return {
    path: of("ID_PATH"),
    wwn: of("ID_WWN"),
    model: of("ID_MODEL"),
    serial: of("SCSI_IDENT_SERIAL") || of("ID_SERIAL_SHORT"),
    revision: of("ID_REVISION"),
  };
}

/**
 * Reads a mounts table; octal escapes such as "\040" become characters. A path mounted twice is its
 * last mount.
 */
export function parseMounts(text: string, ignorePath: RegExp, ignoreType: RegExp): Mount[] {
  const byPath = new Map<string, Mount>();
  for (const line of text.split("\n")) {
    const [device, path, fsType, options] = line.split(" ");
    if (options === undefined) continue;
    const mountPoint = unescape(path);
    // What lies under a later mount at the same place cannot be reached any more.
    byPath.delete(mountPoint);
    if (ignorePath.test(mountPoint) || ignoreType.test(fsType)) continue;
    const readOnly = options.split(",").includes("ro");
    byPath.set(mountPoint, { device: unescape(device), mountPoint, fsType, readOnly });
  }
  return [...byPath.values()];
}

function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}

/** Asks mounted filesystems for their sizes, each within a time limit. */
export class FilesystemReader {
  #files: HostFiles;
  #clock: Clock;
  #limitMs: number;
  /** Mount points that have not answered yet. */
  #stuck = new Set<string>();

  constructor(files: HostFiles, clock: Clock, limitMs: number) {
    this.#files = files;
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** How many mount points have not answered yet. */
  get stuck(): number {
    return this.#stuck.size;
  }

  /** Never rejects: a mount point that fails carries its error. */
  read(mounts: readonly Mount[]): Promise<Filesystem[]> {
    return Promise.all(mounts.map((mount) => this.#one(mount)));
  }

  async #one(mount: Mount): Promise<Filesystem> {
    if (this.#stuck.has(mount.mountPoint)) {
      return { ...mount, error: "still waiting for an earlier answer" };
    }
    this.#stuck.add(mount.mountPoint);
    const asked = this.#files.statfs(mount.mountPoint)
      .then((counts): Filesystem => ({ ...mount, counts }))
      .catch((error): Filesystem => ({ ...mount, error: messageOf(error) }))
      .finally(() => this.#stuck.delete(mount.mountPoint));
    const end = new AbortController();
    const late = this.#clock.sleep(this.#limitMs, end.signal)
      .then((): Filesystem => ({ ...mount, error: `no answer within ${this.#limitMs} ms` }));
    const result = await Promise.race([asked, late]);
    end.abort();
    return result;
  }
}
