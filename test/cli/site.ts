/** `weir up` from source over one folder of logs, and the other commands asked about it. */
import { type Ended, type Program, startProgram } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Starts `weir ARGS…` from source. */
export function weir(args: readonly string[], env: Record<string, string> = {}): Program {
  return startProgram(Deno.execPath(), [
    "run",
    "-A",
    "--quiet",
    "--no-check",
    "cli/main.ts",
    ...args,
  ], {
    cwd: ROOT,
    env: { NO_COLOR: "1", TZ: "UTC", WEIR_TOKEN: "", ...env },
  });
}

/** Runs `weir ARGS…` to its end. */
export async function ask(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  await using program = weir(args, env);
  return await program.toEnd();
}

export class UpSite implements AsyncDisposable {
  readonly #dir: TempDir;
  #program: Program | undefined;
  #url = "";

  private constructor(dir: TempDir) {
    this.#dir = dir;
  }

  /** Starts it over files with these texts. */
  static async open(files: Readonly<Record<string, string>>): Promise<UpSite> {
    const site = new UpSite(await tempDir("weir-cli-"));
    Deno.mkdirSync(site.path(""));
    for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(site.path(name), text);
    await site.start();
    return site;
  }

  /** "http://127.0.0.1:PORT" */
  get url(): string {
    return this.#url;
  }

  get address(): string {
    return new URL(this.#url).host;
  }

  /** The path of a log file. */
  path(name: string): string {
    return this.#dir.join(`logs/${name}`);
  }

  /** The path of something of its own data. */
  dataPath(name: string): string {
    return this.#dir.join(`data/${name}`);
  }

  append(name: string, text: string): void {
    Deno.writeTextFileSync(this.path(name), text, { append: true });
  }

  /** Starts it, at the address that it had before. */
  async start(): Promise<void> {
    const listen = this.#url === "" ? "127.0.0.1:0" : this.address;
    const data = this.#dir.join("data");
    this.#program = weir(["up", this.path(""), "--listen", listen, "--data", data]);
    const match = await this.#program.waitForLine(/Weir is at\s+(http:\S+)/);
    this.#url = match[1].replace(/\/$/, "");
  }

  /** Ends it; its data stays. */
  async stop(): Promise<void> {
    await this.#program?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#dir.remove();
  }
}
