/**
 * A clock of a process's own that jumps while it runs: libfaketime, which is loaded before the C library. The time of
 * day alone moves; what measures intervals goes on, as where an operator or NTP sets a host's clock.
 */
import { sayOnStderr, unpackedPackage } from "./real/install.ts";
import { removeAll, type TempDir, tempDir } from "./temp.ts";

export class FakeClock implements AsyncDisposable {
  /** For the environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: TempDir;

  private constructor(library: string, folder: TempDir) {
    this.#folder = folder;
    this.env = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: folder.join("clock"),
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      FAKETIME_DONT_RESET: "1",
    };
  }

  /** A clock that is right. */
  static async make(): Promise<FakeClock> {
    const clock = new FakeClock(await libraryPath(), await tempDir("weir-clock-"));
    clock.jump(0);
    return clock;
  }

  /** From now on it is so many seconds ahead of the right time; fewer than 0: behind it. */
  jump(seconds: number): void {
    const path = this.#folder.join("clock"), sign = seconds < 0 ? "-" : "+";
    Deno.writeTextFileSync(`${path}.new`, `${sign}${Math.abs(seconds)}`);
    Deno.renameSync(`${path}.new`, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder.remove();
    for (const path of leftBehind()) await removeAll(path);
  }
}

/** What the library made in shared memory for processes that were killed. */
function leftBehind(): string[] {
  return [...Deno.readDirSync("/dev/shm")].map(({ name }) => name).filter((name) => {
    const pid = /^(?:sem\.)?faketime_(?:sem|shm)_(\d+)$/.exec(name)?.[1];
    return pid !== undefined && !isRunning(pid);
  }).map((name) => `/dev/shm/${name}`);
}

function isRunning(pid: string): boolean {
  try {
    return Deno.statSync(`/proc/${pid}`).isDirectory;
  } catch {
    return false; // it has ended
  }
}

/** Where the library is, unpacked once in the cache: nothing is installed. */
async function libraryPath(): Promise<string> {
  const folder = await unpackedPackage("libfaketime", sayOnStderr);
  const libraries = `${folder}/usr/lib`;
  for (const { name } of Deno.readDirSync(libraries)) {
    const path = `${libraries}/${name}/faketime/libfaketimeMT.so.1`;
    if (name.includes("linux-gnu")) return path;
  }
  throw new Error(`The Debian package libfaketime has no library in ${libraries}`);
}
