/** Real journal files without a journald: systemd-journal-remote writes them from the export format. */
import { needCommand, sayOnStderr } from "../support/real/install.ts";
import { run } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp.ts";

/** Debian keeps it off the PATH. */
const WRITER = "/lib/systemd/systemd-journal-remote";

export class JournalFiles implements AsyncDisposable {
  readonly #dir: TempDir;
  #microseconds = Date.UTC(2026, 10, 20) * 1000;

  private constructor(dir: TempDir) {
    this.#dir = dir;
    Deno.mkdirSync(this.folder);
  }

  static async open(): Promise<JournalFiles> {
    await needCommand("journalctl", "systemd", sayOnStderr);
    await needCommand(WRITER, "systemd-journal-remote", sayOnStderr);
    return new JournalFiles(await tempDir("weir-journal-"));
  }

  get folder(): string {
    return this.#dir.join("journal");
  }

  /** Appends entries, each with the usual fields besides its own. A `_BOOT_ID` begins another boot. */
  async append(entries: readonly Readonly<Record<string, string>>[]): Promise<void> {
    const parts: Uint8Array[] = [];
    for (const entry of entries) {
      const fields = {
        __REALTIME_TIMESTAMP: String(this.#microseconds += 1000),
        __MONOTONIC_TIMESTAMP: String(this.#microseconds),
        _BOOT_ID: "3b8b1f5e6a1c4c1e9f0a1b2c3d4e5f60",
        _MACHINE_ID: "5d8b1f5e6a1c4c1e9f0a1b2c3d4e5f61",
        _HOSTNAME: "journal-host",
        ...entry,
      };
      for (const [name, value] of Object.entries(fields)) parts.push(exported(name, value));
      parts.push(new Uint8Array([10]));
    }
    const path = this.#dir.join("entries");
    await Deno.writeFile(
      path,
      new Blob(parts as BlobPart[]).stream() as ReadableStream<Uint8Array>,
    );
    await run(WRITER, [`--output=${this.folder}/all.journal`, path]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dir.remove();
  }
}

/** One field; with its size where its value holds a line feed. */
function exported(name: string, value: string): Uint8Array {
  const encoder = new TextEncoder();
  if (!value.includes("\n")) return encoder.encode(`${name}=${value}\n`);
  const bytes = encoder.encode(value), head = encoder.encode(`${name}\n`);
  const out = new Uint8Array(head.length + 8 + bytes.length + 1);
  out.set(head);
  new DataView(out.buffer).setBigUint64(head.length, BigInt(bytes.length), true);
  out.set(bytes, head.length + 8);
  out[out.length - 1] = 10;
  return out;
}
