/** A file system of a few megabytes in memory, to fill up: mounted for one test, gone with it. Needs root. */
import { run } from "./process.ts";
import { type TempDir, tempDir } from "./temp.ts";

export class SmallDisk implements AsyncDisposable {
  readonly #dir: TempDir;
  readonly #path: string;

  private constructor(dir: TempDir) {
    this.#dir = dir;
    this.#path = dir.join("disk");
  }

  static async open(bytes: number): Promise<SmallDisk> {
    if (Deno.uid() !== 0) {
      throw new Error(
        "A disk for this test is mounted as root: run the tests as root (sudo -E npm test)",
      );
    }
    const disk = new SmallDisk(await tempDir("weir-disk-"));
    await Deno.mkdir(disk.#path);
    await run("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "weir-test", disk.#path]);
    return disk;
  }

  join(name: string): string {
    return `${this.#path}/${name}`;
  }

  /** Takes up `bytes` with a file of its own. */
  fill(bytes: number): void {
    Deno.writeFileSync(this.join("ballast"), new Uint8Array(bytes));
  }

  /** Gives back what `fill` took. */
  empty(): void {
    Deno.removeSync(this.join("ballast"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("umount", ["--lazy", this.#path]);
    await this.#dir.remove();
  }
}
